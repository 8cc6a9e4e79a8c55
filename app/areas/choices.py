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
