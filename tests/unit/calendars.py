"""Calendars for the tests of deadlines: a small one with everything settable."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time

from app.core.sla import LOCAL_ZONE

MORNING = (time(8, 30), time(12))
AFTERNOON = (time(13, 30), time(17, 30))


@dataclass
class ToyCalendar:
    """Monday to Friday but for `closed`, plus `open_`; data ends with `until`."""

    closed: Collection[date] = ()
    open_: Collection[date] = ()
    until: date = date(2099, 12, 31)
    hours: tuple[tuple[time, time], ...] = (MORNING, AFTERNOON)
    version: str = "toy"

    def has_data(self, day: date) -> bool:
        return day <= self.until

    def is_workday(self, day: date) -> bool:
        # beyond its data it answers nonsense, so that a rule which asks all the same is caught
        if day > self.until:
            return False
        return day in self.open_ or (day.weekday() < 5 and day not in self.closed)

    def office_hours(self, day: date) -> tuple[tuple[time, time], ...]:
        return self.hours


def local(*parts: int) -> datetime:
    """A moment of local wall-clock time."""
    return datetime(*parts, tzinfo=LOCAL_ZONE)  # type: ignore[misc, arg-type]
