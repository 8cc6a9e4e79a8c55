"""A running clock: started once, paused only for a recorded reason, stopped once, never restarted.

Clocks are values: every verb returns a new one, so that the service can write the difference as history.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Self

from flask_babel import lazy_gettext as _

from app.core.choices import Choice
from app.core.errors import Conflict, Invalid
from app.core.sla.deadlines import Deadline, Pause, WorkCalendar, deadline, elapsed_time

EVERY = "*"
AGREED = (
    "appointment"  # reason of a wait for an agreed day: the one pause that knows its end from the beginning
)


class Light(Choice):
    """Green up to 80 % of the time, yellow up to the deadline, red after it."""

    green = "green", _("on time"), "green"
    yellow = "yellow", _("due soon"), "yellow"
    red = "red", _("overdue"), "red"


@dataclass(frozen=True)
class Clock:
    """One limit being measured. While it is paused `due_at` is the deadline as it stood when the pause began."""

    code: str
    started: datetime
    limit: float
    unit: str
    due_at: datetime
    warn_at: datetime
    provisional: bool
    version: str
    pauses: tuple[Pause, ...] = ()
    stopped: datetime | None = None

    @classmethod
    def start(cls, code: str, at: datetime, limit: float, unit: str, calendar: WorkCalendar) -> Self:
        due = deadline(at, limit, unit, calendar)
        return cls(code, at.astimezone(UTC), limit, unit, due.at, due.warn_at, due.provisional, due.version)

    @property
    def paused_since(self) -> datetime | None:
        last = self.pauses[-1] if self.pauses else None
        return last.start if last is not None and last.end is None else None

    @property
    def is_paused(self) -> bool:
        return self.paused_since is not None

    @property
    def is_running(self) -> bool:
        return self.stopped is None and not self.is_paused

    def pause(self, at: datetime, reason: str) -> Self:
        """Stop counting. Invalid without a reason; Conflict when it does not run or `at` lies before its last entry."""
        if not (reason or "").strip():
            raise Invalid(_("A clock is paused only with a reason."), field="reason")
        if not self.is_running:
            raise Conflict(_("This clock is not running."))
        clock = self._arrived(at)
        return replace(clock, pauses=(*clock.pauses, Pause(clock._after(at), None, reason)))

    def wait(self, at: datetime, until: datetime | None, calendar: WorkCalendar) -> Self:
        """Do not count until an agreed moment. A later agreement takes the place of an earlier one from now on; one that
        lies behind changes nothing, and what was used before stays used: a late clock does not become a timely one.
        Conflict for a clock that does not run.
        """
        if not self.is_running:
            raise Conflict(_("This clock is not running."))
        clock = self._arrived(at)
        since = clock._after(at)
        if until is None or until <= since:
            return clock.recompute(calendar)
        waits = (*clock.pauses, Pause(since, until.astimezone(UTC), AGREED))
        return replace(clock, pauses=waits).recompute(calendar)

    def _arrived(self, at: datetime) -> Self:
        """A wait for an agreed moment ends early when something happens before it."""
        last = self.pauses[-1] if self.pauses else None
        if last is None or last.reason != AGREED or last.end is None or not last.start <= at < last.end:
            return self
        return replace(self, pauses=(*self.pauses[:-1], replace(last, end=at.astimezone(UTC))))

    def resume(self, at: datetime, calendar: WorkCalendar) -> Self:
        """Count on; the deadline moves by what the pause took away."""
        last = self.pauses[-1] if self.pauses else None
        if self.stopped is not None or last is None or last.end is not None:
            raise Conflict(_("This clock is not paused."))
        ended = replace(last, end=self._after(at))
        return replace(self, pauses=(*self.pauses[:-1], ended)).recompute(calendar)

    def stop(self, at: datetime, calendar: WorkCalendar) -> Self:
        """The measured step is done; an open pause ends with it."""
        if self.stopped is not None:
            raise Conflict(_("This clock has been stopped."))
        if self.is_paused:
            clock = self.resume(at, calendar)
        else:
            clock = self._arrived(at)
            clock = clock if clock is self else clock.recompute(calendar)
        return replace(clock, stopped=clock._after(at))

    def reopen(self, at: datetime, reason: str, calendar: WorkCalendar) -> Self:
        """A stop is taken back: the clock runs on from where it stood. The time between does not count and is kept as a
        pause with its reason. Conflict for a clock that runs.
        """
        if self.stopped is None:
            raise Conflict(_("This clock is running."))
        since, until = self.stopped, self._after(at)
        if until < since:
            raise Conflict(_("This lies before the last entry of the clock."))
        running = replace(self, stopped=None, pauses=(*self.pauses, Pause(since, until, reason)))
        return running.recompute(calendar)

    def recompute(self, calendar: WorkCalendar) -> Self:
        """The same clock under this calendar: for a pause that ended, or when a year's days have been published."""
        due: Deadline = deadline(self.started, self.limit, self.unit, calendar, self._ended_pauses())
        return replace(
            self, due_at=due.at, warn_at=due.warn_at, provisional=due.provisional, version=due.version
        )

    def light(self, now: datetime) -> Light:
        moment = self._moment(now)
        if moment > self.due_at:
            return Light.red
        return Light.green if moment <= self.warn_at else Light.yellow

    def is_overdue(self, now: datetime) -> bool:
        return self.light(now) is Light.red

    def used(self, now: datetime, calendar: WorkCalendar) -> timedelta:
        """Time that has counted so far (see `elapsed_time`)."""
        return elapsed_time(self.started, self.stopped or now, self.unit, calendar, self.pauses)

    def _moment(self, now: datetime) -> datetime:
        return self.stopped or self.paused_since or now

    def _ended_pauses(self) -> tuple[Pause, ...]:
        return tuple(pause for pause in self.pauses if pause.end is not None)

    def _after(self, at: datetime) -> datetime:
        last = self.started
        if self.pauses:
            last = self.pauses[-1].end or self.pauses[-1].start
        if at < last:
            raise Conflict(_("This lies before the last entry of the clock."))
        return at.astimezone(UTC)


@dataclass(frozen=True)
class Tick:
    """What a transition does to a clock: `op` is start, stop, pause, resume, reopen or wait; `clock` may be EVERY.

    `wait` holds the clock until the moment that was agreed (``agreed`` of `apply_ticks`). `anew` allows a step clock to
    begin again as a new clock when the step is entered a second time; a promise is given once and never starts twice.
    """

    op: str
    clock: str
    reason: str = ""
    anew: bool = False

    def __post_init__(self) -> None:
        if self.op not in ("start", "stop", "pause", "resume", "reopen", "wait"):
            raise ValueError(f"unknown clock operation {self.op!r}")
        if (self.op in ("pause", "reopen")) != bool(self.reason):
            raise ValueError("what does not count has a reason, and nothing else has one")
        if self.op == "start" and self.clock == EVERY:
            raise ValueError("a clock is started by its name")


def apply_ticks(
    clocks: Mapping[str, Clock],
    ticks: Iterable[Tick],
    at: datetime,
    calendar: WorkCalendar,
    limits: Mapping[str, tuple[float, str]],
    *,
    since: datetime | None = None,
    agreed: Mapping[str, Callable[[Clock], datetime | None]] | None = None,
) -> dict[str, Clock]:
    """The clocks after a transition. ``since`` is the moment whose stops a `reopen` takes back; ``agreed`` says by clock
    code until when a `wait` lasts.

    `limits` gives (amount, unit) by clock code; a clock without a limit is never started. Operations on clocks
    that are absent, stopped or already so change nothing, because one transition serves cases in which, say, the
    statutory time has not begun. A clock that begins anew replaces the stopped one of its code.
    """
    result = dict(clocks)
    for tick in ticks:
        for code in [*result] if tick.clock == EVERY else [tick.clock]:
            if tick.op == "reopen":
                changed = _reopened(result.get(code), tick, at, calendar, since)
            elif tick.op == "wait":
                changed = _waiting(result.get(code), at, calendar, (agreed or {}).get(code))
            else:
                changed = _tick(result.get(code), tick, code, at, calendar, limits)
            if changed is not None:
                result[code] = changed
    return result


def _reopened(
    clock: Clock | None, tick: Tick, at: datetime, calendar: WorkCalendar, since: datetime | None
) -> Clock | None:
    stopped_then = clock is not None and clock.stopped is not None and clock.stopped == since
    return clock.reopen(at, tick.reason, calendar) if clock is not None and stopped_then else clock


def _waiting(
    clock: Clock | None,
    at: datetime,
    calendar: WorkCalendar,
    agreed: Callable[[Clock], datetime | None] | None,
) -> Clock | None:
    if clock is None or agreed is None or not clock.is_running:
        return clock
    return clock.wait(at, agreed(clock), calendar)


def _tick(
    clock: Clock | None,
    tick: Tick,
    code: str,
    at: datetime,
    calendar: WorkCalendar,
    limits: Mapping[str, tuple[float, str]],
) -> Clock | None:
    if tick.op == "start":
        may_begin = clock is None or (tick.anew and clock.stopped is not None)
        return Clock.start(code, at, *limits[code], calendar) if may_begin and code in limits else clock
    if clock is None or clock.stopped is not None:
        return clock
    if tick.op == "stop":
        return clock.stop(at, calendar)
    if tick.op == "pause":
        return clock if clock.is_paused else clock.pause(at, tick.reason)
    return clock.resume(at, calendar) if clock.is_paused else clock
