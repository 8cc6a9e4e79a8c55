"""Who is told when a time runs short or is over: the words of the rules, and when a rule speaks. Pure.

Owner is who has the case in hand: the department from the hand-in to the decision, else the worker; of an opinion it is the
office that was asked. Each level above hears later: station, town, county.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.choices import Choice
from app.core.errors import Invalid
from app.core.sla import Unit, WorkCalendar, deadline
from app.core.sla.deadlines import WARN_SHARE
from app.proxy.choices import PROMISE_CLOCKS, STEP_CLOCKS, ClockCode, State


class Watched(Choice):
    """What has an end beside the single clocks."""

    steps = "steps", _("Every step"), "blue"
    promises = "promises", _("Statutory and promised limit"), "purple"
    pause = "pause", _("Public notice, assessment, suspension"), "yellow"
    supplement = "supplement", _("Day for missing papers"), "yellow"
    custody = "custody", _("Originals in our hands"), "blue"
    callback = "callback", _("Call-back after a bad rating"), "red"
    opinion = "opinion", _("Opinion of an assisting department"), "blue"


class Moment(Choice):
    """When a rule speaks."""

    warn = "warn", _("time runs short"), "yellow"
    late = "late", _("overdue"), "red"


class Told(Choice):
    """Who is told."""

    owner = "owner", _("who has the case in hand"), "grey"
    department = "department", _("the department"), "blue"
    station = "station", _("the station"), "yellow"
    town = "town", _("the town"), "red"
    county = "county", _("the county"), "red"


# a level at which nobody holds a post hands the line up
UPWARDS = {
    Told.owner: Told.station,
    Told.department: Told.town,
    Told.station: Told.town,
    Told.town: Told.county,
}
ABOVE = frozenset({Told.station, Told.town, Told.county})
SUBJECTS = (*((w.value, w.label) for w in Watched), *((c.value, c.label) for c in ClockCode))
AT_DEPARTMENT = frozenset(
    {State.submitted, State.prechecking, State.accepted, State.processing, State.suspended}
)
MOST_AFTER = 60


def clocks_of(subject: str) -> frozenset[str]:
    """The clocks a rule is about; empty for what is no clock."""
    if subject == Watched.steps:
        return frozenset(clock.value for clock in STEP_CLOCKS)
    if subject == Watched.promises:
        return frozenset(clock.value for clock in PROMISE_CLOCKS)
    return frozenset({subject} & {clock.value for clock in ClockCode})


def check_rule(subject: Any, moment: Any, after: Any, unit: Any, tells: Any) -> None:
    """Raises Invalid for a rule that could not speak, or that would speak later than a warning has a meaning."""
    if subject not in dict(SUBJECTS):
        raise Invalid(_("This choice does not exist."), field="clock")
    Moment.parse(moment, field="moment")
    Told.parse(tells, field="tells")
    Unit.parse(unit, field="unit")
    if not isinstance(after, int) or not 0 <= after <= MOST_AFTER:
        raise Invalid(_("Between 0 and %(most)s.", most=MOST_AFTER), field="after")
    if moment == Moment.warn and after:
        raise Invalid(_("A warning is given at once: write 0."), field="after")


def short_at(since: datetime, due: datetime) -> datetime:
    """From when time runs short for what has no clock of its own: its last fifth."""
    return since + (due - since) * WARN_SHARE


def speaks_at(due: datetime, after: int, unit: str, calendar: WorkCalendar) -> datetime:
    """When somebody is told so long after a deadline. A day that ended at midnight is the day before."""
    return due if not after else deadline(due - timedelta(microseconds=1), after, unit, calendar).at


def at_department(state: str, department_id: int | None) -> bool:
    """Whether the case lies with its department."""
    return department_id is not None and state in AT_DEPARTMENT
