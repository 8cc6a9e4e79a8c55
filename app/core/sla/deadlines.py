"""Deadlines and the time that has been used, pure.

Units (code list `time_unit`, GB/T 30428.8): `urgent_hour` runs day and night; `work_hour` runs in office hours;
`work_day` and `day` are counted by days: the day of the start is not counted, and a day is used up when the clock
is running at its close (end of office hours, or midnight for `day`). So a pause takes away exactly the days whose
close lies inside it, and one that is over before the close takes nothing. Zero days means the close of the day of
the start (for work days: of the first working day whose close is still ahead). Sources: Civil Code art. 200-204,
Administrative Licensing Law art. 82.

Where the calendar has no data (years not yet published) Monday to Friday are counted, and the result is marked
provisional. All instants must be aware; results are in UTC.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import islice
from typing import Protocol

from flask_babel import lazy_gettext as _

from app.core.choices import Choice
from app.core.errors import Invalid

# China has one zone and no summer time since 1991: a fixed offset needs no zone database on the machine
LOCAL_ZONE = timezone(timedelta(hours=8), "Asia/Shanghai")
WARN_SHARE = 0.8
HORIZON_DAYS = 3660
ZERO = timedelta(0)

Span = tuple[datetime, datetime]


class Unit(Choice):
    """How a limit is counted."""

    urgent_hour = "urgent_hour", _("clock hours"), "red"
    work_hour = "work_hour", _("working hours"), "blue"
    work_day = "work_day", _("working days"), "blue"
    day = "day", _("calendar days"), "grey"


class WorkCalendar(Protocol):
    """What a deadline needs to know of an area's calendar; implemented in `workdays`."""

    @property
    def version(self) -> str:
        """Changes whenever an answer may change."""

    def has_data(self, day: date) -> bool:
        """Whether `is_workday` is known for this day, not guessed."""

    def is_workday(self, day: date) -> bool:
        """Working day, weekends worked in exchange for a holiday included."""

    def office_hours(self, day: date) -> Sequence[tuple[time, time]]:
        """Office hours of a working day in local time, ascending, not touching."""


@dataclass(frozen=True)
class Pause:
    """A stretch that does not count, with the recorded reason; `end` is None while it lasts."""

    start: datetime
    end: datetime | None
    reason: str


@dataclass(frozen=True)
class Deadline:
    """`warn_at` is the instant at which 80 % are used; both lights can be asked of the database by comparing."""

    at: datetime
    warn_at: datetime
    provisional: bool
    version: str


def deadline(
    start: datetime,
    amount: float,
    unit: str,
    calendar: WorkCalendar,
    pauses: Iterable[Pause] = (),
) -> Deadline:
    """When `amount` units from `start` are used up, not counting ended pauses.

    Raises Invalid for a negative amount, a part of a day, an unknown unit or a calendar without working time.
    """
    kind = Unit.parse(unit, field="unit")
    _check_amount(amount, kind)
    started, breaks = _local(start), _merged(pauses)
    if kind in (Unit.urgent_hour, Unit.work_hour):
        due = _instant_after(started, timedelta(hours=amount), kind, calendar, breaks)
    else:
        due = _nth_close(started, int(amount), kind, calendar, breaks)
    total = _running(started, due, kind, calendar, breaks)
    # the last instant at which no more than 80 % are used: if 80 % fall on a close, the next opening
    warn = _instant_after(started, total * WARN_SHARE, kind, calendar, breaks, last=True) if total else due
    guessed = kind in (Unit.work_hour, Unit.work_day) and _is_guessed(started.date(), due.date(), calendar)
    return Deadline(due.astimezone(UTC), warn.astimezone(UTC), guessed, calendar.version)


def elapsed_time(
    start: datetime, end: datetime, unit: str, calendar: WorkCalendar, pauses: Iterable[Pause] = ()
) -> timedelta:
    """Counting time between two instants: office time for work units, all time for the others, pauses left out.

    An open pause lasts until `end`. An `end` before `start` gives zero.
    """
    kind = Unit.parse(unit, field="unit")
    until = _local(end)
    return _running(_local(start), until, kind, calendar, _merged(pauses, until))


def elapsed_days(
    start: datetime, end: datetime, unit: str, calendar: WorkCalendar, pauses: Iterable[Pause] = ()
) -> int:
    """Days used up between two instants for `work_day` and `day` (see the module's rule of counting)."""
    kind = Unit.parse(unit, field="unit")
    if kind in (Unit.urgent_hour, Unit.work_hour):
        raise Invalid(_("Hours are not counted in days."), field="unit")
    first, until = _local(start), _local(end)
    breaks = _merged(pauses, until)
    used = 0
    for close in _closes(first.date() + timedelta(days=1), until.date(), kind, calendar):
        used += close <= until and not _paused_at(close, breaks)
    return used


def due_date(at: datetime) -> date:
    """The local day a deadline falls on; midnight is the end of the day before, as clerks read it."""
    return (_local(at) - timedelta(microseconds=1)).date()


# How each unit runs ---------------------------------------------------------------------------------------------


def counts_as_workday(day: date, calendar: WorkCalendar) -> bool:
    """The calendar's word, or Monday to Friday where it has none."""
    return calendar.is_workday(day) if calendar.has_data(day) else day.weekday() < 5


def _day_spans(day: date, kind: Unit, calendar: WorkCalendar) -> list[Span]:
    if kind in (Unit.urgent_hour, Unit.day):
        midnight = datetime.combine(day, time.min, LOCAL_ZONE)
        return [(midnight, midnight + timedelta(days=1))]
    if not counts_as_workday(day, calendar):
        return []
    return [
        (datetime.combine(day, opens, LOCAL_ZONE), datetime.combine(day, closes, LOCAL_ZONE))
        for opens, closes in calendar.office_hours(day)
    ]


def _closes(first: date, last: date | None, kind: Unit, calendar: WorkCalendar) -> Iterator[datetime]:
    """The closing moment of each counting day from `first` on (to `last`, or to the horizon)."""
    days = HORIZON_DAYS if last is None else (last - first).days + 1
    for offset in range(days):
        spans = _day_spans(first + timedelta(days=offset), kind, calendar)
        if spans:
            yield spans[-1][1]


def _nth_close(
    start: datetime, amount: int, kind: Unit, calendar: WorkCalendar, breaks: list[Span]
) -> datetime:
    first = start.date() if amount == 0 else start.date() + timedelta(days=1)
    counted = (
        close
        for close in _closes(first, None, kind, calendar)
        if close >= start and not _paused_at(close, breaks)
    )
    due = next(islice(counted, max(amount, 1) - 1, None), None)
    if due is None:
        raise Invalid(_("The calendar has no working time for this limit."), field="calendar")
    return due


def _instant_after(
    start: datetime,
    amount: timedelta,
    kind: Unit,
    calendar: WorkCalendar,
    breaks: list[Span],
    *,
    last: bool = False,
) -> datetime:
    """The first instant at which `amount` has run, or with `last` the last such instant."""
    left = amount
    if left == ZERO:
        return start
    for offset in range(HORIZON_DAYS):
        for opens, closes in _free_spans(
            start.date() + timedelta(days=offset), start, kind, calendar, breaks
        ):
            size = closes - opens
            if size > left or (size == left and not last):
                return opens + left
            left -= size
    raise Invalid(_("The calendar has no working time for this limit."), field="calendar")


def _running(
    start: datetime, end: datetime, kind: Unit, calendar: WorkCalendar, breaks: list[Span]
) -> timedelta:
    total = ZERO
    for offset in range((end.date() - start.date()).days + 1):
        day = start.date() + timedelta(days=offset)
        for opens, closes in _free_spans(day, start, kind, calendar, breaks):
            total += max(ZERO, min(closes, end) - opens)
    return total


def _free_spans(
    day: date, start: datetime, kind: Unit, calendar: WorkCalendar, breaks: list[Span]
) -> Iterator[Span]:
    """What is left of a day's spans after `start`, with the pauses cut out, in order."""
    for opens, closes in _day_spans(day, kind, calendar):
        cursor = max(opens, start)
        for begin, end in breaks:
            if end <= cursor or begin >= closes:
                continue
            if begin > cursor:
                yield cursor, begin
            cursor = end
        if cursor < closes:
            yield cursor, closes


def _paused_at(close: datetime, breaks: list[Span]) -> bool:
    """Paused at a close means: when the day ended the clock stood. A pause beginning at the close came too late."""
    return any(begin < close <= end for begin, end in breaks)


def _merged(pauses: Iterable[Pause], until: datetime | None = None) -> list[Span]:
    """Pauses as disjoint local spans in order; an open one needs `until`."""
    spans: list[Span] = []
    for pause in sorted(pauses, key=lambda one: one.start):
        end = pause.end if pause.end is not None else until
        if end is None:
            raise ValueError("a clock that is paused has no deadline until it goes on")
        begin, stop = _local(pause.start), _local(end)
        if spans and begin <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], stop))
        elif begin < stop:
            spans.append((begin, stop))
    return spans


def _is_guessed(first: date, last: date, calendar: WorkCalendar) -> bool:
    days = (last - first).days
    return any(not calendar.has_data(first + timedelta(days=offset)) for offset in range(days + 1))


def _check_amount(amount: float, kind: Unit) -> None:
    whole = kind in (Unit.urgent_hour, Unit.work_hour) or amount == int(amount)
    if amount < 0 or not whole:
        raise Invalid(
            _("A limit is a whole number of days or a number of hours, not below zero."), field="amount"
        )


def _local(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("a naive datetime has no instant")
    return instant.astimezone(LOCAL_ZONE)
