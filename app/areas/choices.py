"""Closed lists of the areas domain: kinds of levels and plans, states of a plan, what is settled in a grid."""

from flask_babel import lazy_gettext as _

from app.core.choices import Choice


class LevelKind(Choice):
    """What a level of the tree is; names and depth are data, these four behave differently in code."""

    division = "division", _("Administrative division"), "blue"
    park = "park", _("Industrial park"), "purple"
    grid = "grid", _("Grid"), "green"
    cell = "cell", _("Micro cell"), "grey"


class PlanKind(Choice):
    """How areas are divided anew (S0-15)."""

    split = "split", _("Split"), "blue"
    merge = "merge", _("Merger"), "purple"
    transfer = "transfer", _("Transfer"), "green"


class PlanState(Choice):
    """Where a plan stands."""

    draft = "draft", _("Draft"), "grey"
    scheduled = "scheduled", _("Waiting for its day"), "blue"
    applied = "applied", _("In force"), "green"
    cancelled = "cancelled", _("Dropped"), "grey"


class PlanAction(Choice):
    """What somebody does with a plan."""

    draft = "draft", _("Draft"), "grey"
    revise = "revise", _("Change"), "grey"
    schedule = "schedule", _("Set for its day"), "blue"
    unschedule = "unschedule", _("Back to draft"), "yellow"
    apply = "apply", _("Put into force"), "green"
    cancel = "cancel", _("Drop the plan"), "red"


class Settlement(Choice):
    """What may be missing in a grid: people, duties, tasks (S4-21)."""

    people = "people", _("No worker"), "red"
    duties = "duties", _("No duties"), "yellow"
    tasks = "tasks", _("No tasks"), "yellow"
    complete = "complete", _("All settled"), "green"


# titles of code list grid_role whose holder is the named worker of a grid (S0-08, S3-11)
WORKER_POSITIONS = ("grid_worker", "grid_worker_part", "first_grid_worker")


class ExtraSubject(Choice):
    """Records that may have custom fields; the code is the table."""

    person = "person", _("Resident"), "blue"
    household = "household", _("Household"), "blue"
    dwelling = "dwelling", _("Home"), "green"
    rental_home = "rental_home", _("Rented home"), "green"
    venue = "venue", _("Venue"), "purple"
    service_record = "service_record", _("Service record"), "yellow"


class ExtraKind(Choice):
    """What a custom field holds."""

    text = "text", _("Text"), "grey"
    number = "number", _("Figure"), "grey"
    date = "date", _("Date"), "grey"
    choice = "choice", _("Choice from a code list"), "grey"
    yes_no = "yes_no", _("Yes or no"), "grey"


class ExtraLevel(Choice):
    """How far a custom field is open (app/seeds/field_policy.yaml, extra_levels)."""

    L1 = "L1", _("L1 · public"), "green"
    L2 = "L2", _("L2 · in the house"), "green"
    L3 = "L3", _("L3 · personal, as the record"), "blue"
    L4 = "L4", _("L4 · sensitive: masked in lists"), "yellow"
    L5 = "L5", _("L5 · closed: by a grant by name"), "red"
