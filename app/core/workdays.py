"""Working days and office hours of an area: the national days, its own days, its seasons.

National days with the weekends worked in exchange come from the package `chinesecalendar`, which ends with the
last published year. Everything an administrator may change is plain data (a JSON column of the area's calendar):

    {"days": {"2026-04-03": {"work": false}, "2026-02-13": {"hours": [["08:30", "12:00"]]}},
     "hours": [["08:30", "12:00"], ["13:30", "17:30"]],
     "seasons": [{"from": "05-01", "to": "09-30", "hours": [["08:00", "12:00"], ["14:30", "17:30"]]}]}

Hours are local and ascending; a season may cross the new year; the first season that fits is taken.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache
from itertools import pairwise
from typing import Any

import chinese_calendar
from flask_babel import lazy_gettext as _

from app.core.errors import Invalid

Hours = tuple[tuple[time, time], ...]
DEFAULT_HOURS: Hours = ((time(8, 30), time(12)), (time(13, 30), time(17, 30)))


@dataclass(frozen=True)
class Season:
    """Office hours from one month and day to another, both included."""

    first: tuple[int, int]
    last: tuple[int, int]
    hours: Hours

    def covers(self, day: date) -> bool:
        at = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= at <= self.last
        return at >= self.first or at <= self.last


@dataclass(frozen=True)
class DayRule:
    """What an area says of one day; None leaves the national word or the season's hours."""

    work: bool | None = None
    hours: Hours | None = None


class AreaCalendar:
    """A `WorkCalendar` (see `sla`) for one area."""

    def __init__(
        self,
        days: Mapping[date, DayRule] | None = None,
        hours: Hours = DEFAULT_HOURS,
        seasons: tuple[Season, ...] = (),
        version: str = "",
    ) -> None:
        self._days = dict(days or {})
        self._hours = hours
        self._seasons = seasons
        self._version = f"{national_version()}{version and '-' + version}"

    @property
    def version(self) -> str:
        return self._version

    def has_data(self, day: date) -> bool:
        """Whether the day is settled by the area or by the published year."""
        return self._rule(day).work is not None or _national(day) is not None

    def is_workday(self, day: date) -> bool:
        """The area's word, else the nation's, else Monday to Friday."""
        own, national = self._rule(day).work, _national(day)
        if own is not None:
            return own
        return day.weekday() < 5 if national is None else national

    def office_hours(self, day: date) -> Hours:
        own = self._rule(day).hours
        if own is not None:
            return own
        return next((season.hours for season in self._seasons if season.covers(day)), self._hours)

    def _rule(self, day: date) -> DayRule:
        return self._days.get(day, _NO_RULE)


_NO_RULE = DayRule()


def calendar_from(data: Mapping[str, Any] | None) -> AreaCalendar:
    """The calendar of plain data as shown above; raises Invalid(field="calendar") where it cannot be read."""
    plain = dict(data or {})
    try:
        days = {date.fromisoformat(day): _day_rule(rule) for day, rule in plain.get("days", {}).items()}
        hours = _hours(plain["hours"]) if "hours" in plain else DEFAULT_HOURS
        seasons = tuple(_season(one) for one in plain.get("seasons", ()))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Invalid(_("The working-day calendar cannot be read."), field="calendar") from None
    text = json.dumps(plain, sort_keys=True)
    # the version names the content: any change of days or hours makes the open deadlines count anew
    mark = hashlib.sha256(text.encode()).hexdigest()[:8] if plain else ""
    return AreaCalendar(days, hours, seasons, mark)


@lru_cache(maxsize=1)
def last_published_year() -> int:
    """The last year for which the State Council's working days are known."""
    return max(chinese_calendar.holidays).year


@lru_cache(maxsize=1)
def national_version() -> str:
    """Names the published days: the last year and a mark of their content, for a year may be amended."""
    days = sorted({*chinese_calendar.holidays, *chinese_calendar.workdays})
    mark = hashlib.sha256("".join(day.isoformat() for day in days).encode()).hexdigest()[:6]
    return f"cn{last_published_year()}.{mark}"


@lru_cache(maxsize=8192)
def _national(day: date) -> bool | None:
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


def _day_rule(rule: Mapping[str, Any]) -> DayRule:
    work = rule.get("work")
    if work not in (None, True, False):
        raise ValueError(work)
    return DayRule(work, _hours(rule["hours"]) if "hours" in rule else None)


def _season(data: Mapping[str, Any]) -> Season:
    return Season(_month_day(data["from"]), _month_day(data["to"]), _hours(data["hours"]))


def _month_day(text: str) -> tuple[int, int]:
    # a leap year, so that 02-29 may begin or end a season
    day = date.fromisoformat(f"2024-{text}")
    return day.month, day.day


def _hours(pairs: list[list[str]]) -> Hours:
    hours = tuple((time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in pairs)
    flat = [moment for pair in hours for moment in pair]
    if not flat or any(later <= earlier for earlier, later in pairwise(flat)):
        raise ValueError("office hours must ascend")
    return hours
