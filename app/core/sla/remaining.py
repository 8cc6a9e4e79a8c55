"""What is left of a limit, or by how much it is over, as clerks say it: working days and hours. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.sla.deadlines import LOCAL_ZONE, Unit, WorkCalendar, elapsed_days, elapsed_time

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Left:
    """Whole days and full hours beside them; ``over`` when the limit has passed. Of office time where ``working``, else of
    day and night.
    """

    days: int
    hours: int
    over: bool
    working: bool


def remaining(due: datetime, now: datetime, unit: str, calendar: WorkCalendar) -> Left:
    """Time that counts between now and the deadline.

    Days are those used up after the first one; hours are what is left of the first day and what has begun of the last.
    So on Monday at 14:30, due at the close of Wednesday, two working days and three hours are left.
    """
    kind = Unit.parse(unit, field="unit")
    over = now > due
    first, last = (due, now) if over else (now, due)
    if kind in (Unit.urgent_hour, Unit.day):
        days, rest = divmod(last - first, DAY)
        return Left(days, rest // HOUR, over, False)
    measure = Unit.work_day
    days = elapsed_days(first, last, measure, calendar)
    rest = elapsed_time(first, min(last, _midnight(first) + DAY), measure, calendar)
    begun = _midnight(last)
    if begun > first and not elapsed_days(begun - DAY, last, measure, calendar):
        rest += elapsed_time(begun, last, measure, calendar)
    return Left(days, rest // HOUR, over, True)


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(LOCAL_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
