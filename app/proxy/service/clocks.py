"""The clocks of a case between the pure rules and their rows: what a transition starts, pauses and stops."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from app.areas.service.calendars import calendar_for
from app.core.sla import AGREED, Clock, Pause, Tick, apply_ticks
from app.core.workdays import AreaCalendar
from app.proxy.choices import PROMISE_CLOCKS, STEP_CLOCKS, ClockCode, State
from app.proxy.models import CaseClock, ClockPause, ProxyCase
from app.proxy.rules import agreed_until
from app.proxy.service.limits import limits_for


def newest(case: ProxyCase) -> dict[str, CaseClock]:
    """The newest row of each clock of a case; an older one of the same code has stopped for good."""
    return {row.kind: row for row in case.clocks}


def as_clock(row: CaseClock) -> Clock:
    """A row as the pure value."""
    pauses = tuple(Pause(p.from_at, p.to_at, p.reason) for p in row.pauses)
    return Clock(
        row.kind,
        row.started_at,
        row.amount,
        row.unit,
        row.due_at,
        row.warn_at,
        row.provisional,
        row.calendar_version,
        pauses,
        row.stopped_at,
    )


def tick(session: Session, case: ProxyCase, ticks: Iterable[Tick], now: datetime) -> None:
    """Apply a transition's clock operations and store the difference; keeps the case's two due times in step.

    The clock of the visit waits for the agreed day (`agreed_until`); a clock that runs keeps the limit it began with.
    """
    ticks = tuple(ticks)
    if not ticks:
        return
    rows = newest(case)
    before = {code: as_clock(row) for code, row in rows.items()}
    limits = limits_for(session, case) if any(t.op == "start" for t in ticks) else {}
    ended = next((s.at for s in reversed(case.steps) if s.to_state == State.cancelled), None)
    agreed = {
        str(ClockCode.collect): lambda c: agreed_until(case.booked_for, case.booked_slot, c.limit, c.unit)
    }
    calendar = calendar_for(session, case.area_id)
    after = apply_ticks(before, ticks, now, calendar, limits, since=ended, agreed=agreed)
    for code, clock in after.items():
        old = before.get(code)
        if clock is not old:
            _store(case, clock, None if old is None or _began_anew(old, clock) else rows[code])
    show_due(case, after)


def _began_anew(old: Clock, clock: Clock) -> bool:
    """Whether this is another measurement: a stopped row is never opened again, even within the same second, but by a
    reopening, which keeps the time between as a pause.
    """
    reopened = any(pause.reason != AGREED for pause in clock.pauses[len(old.pauses) :])
    return old.started != clock.started or (
        old.stopped is not None and clock.stopped is None and not reopened
    )


def _store(case: ProxyCase, clock: Clock, row: CaseClock | None) -> None:
    if row is None:
        row = CaseClock(case_id=case.id, kind=str(clock.code), started_at=clock.started, pauses=[])
        row.amount, row.unit = int(clock.limit), str(clock.unit)
        case.clocks.append(row)
    row.due_at, row.warn_at, row.stopped_at = clock.due_at, clock.warn_at, clock.stopped
    row.provisional, row.calendar_version = clock.provisional, clock.version
    for n, pause in enumerate(clock.pauses):
        if n < len(row.pauses):
            if row.pauses[n].to_at != pause.end:
                row.pauses[n].to_at = pause.end
        else:
            row.pauses.append(
                ClockPause(case_id=case.id, reason=pause.reason, from_at=pause.start, to_at=pause.end)
            )


def recount(case: ProxyCase, calendar: AreaCalendar) -> dict[str, list[str]]:
    """Count the clocks of a case that have not stopped by this calendar: {clock: [old due, new due]} of those that
    moved. What was provisional becomes final when the calendar of that year is there.
    """
    rows, moved = newest(case), {}
    clocks = {code: as_clock(row) for code, row in rows.items()}
    for code, old in clocks.items():
        if old.stopped is None:
            clocks[code] = new = old.recompute(calendar)
            if new.due_at != old.due_at:
                moved[code] = [old.due_at.isoformat(), new.due_at.isoformat()]
            if new != old:
                _store(case, new, rows[code])
    show_due(case, clocks)
    return moved


def show_due(case: ProxyCase, clocks: dict[str, Clock]) -> None:
    """Copy the running step clock and the tighter promise to the case, so that lists sort and colour by column."""
    step = _tightest(clocks, STEP_CLOCKS)
    promise = _tightest(clocks, PROMISE_CLOCKS)
    case.step_due_at = step.due_at if step else None
    case.step_warn_at = step.warn_at if step else None
    case.step_provisional = bool(step and step.provisional)
    case.promise_due_at = promise.due_at if promise else None
    case.promise_warn_at = promise.warn_at if promise else None
    case.promise_provisional = bool(promise and promise.provisional)


def _tightest(clocks: dict[str, Clock], codes: Iterable[str]) -> Clock | None:
    running = [clocks[c] for c in codes if c in clocks and clocks[c].is_running]
    return min(running, key=lambda clock: clock.due_at) if running else None
