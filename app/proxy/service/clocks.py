"""The clocks of a case between the pure rules and their rows: what a transition starts, pauses and stops."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.areas.service.calendars import calendar_for
from app.core.sla import Clock, Pause, Tick, apply_ticks
from app.proxy.choices import PROMISE_CLOCKS, STEP_CLOCKS
from app.proxy.models import CaseClock, ClockPause, ProxyCase
from app.proxy.rules import clock_limits


def rows_of(session: Session, case: ProxyCase) -> dict[str, CaseClock]:
    """The newest row of each clock of a case; an older one of the same code has stopped for good."""
    query = (
        select(CaseClock)
        .where(CaseClock.case_id == case.id)
        .order_by(CaseClock.id)
        .options(selectinload(CaseClock.pauses))
    )
    return {row.kind: row for row in session.scalars(query)}


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
    """Apply a transition's clock operations and store the difference; keeps the case's two due times in step."""
    rows = rows_of(session, case)
    before = {code: as_clock(row) for code, row in rows.items()}
    version = case.item_version
    limits = clock_limits(version.statutory_days, version.promised_days)
    after = apply_ticks(before, ticks, now, calendar_for(session, case.area_id), limits)
    for code, clock in after.items():
        old = before.get(code)
        if clock is not old:
            fresh = old is None or old.started != clock.started
            _store(session, case, clock, None if fresh else rows[code])
    show_due(case, after)


def _store(session: Session, case: ProxyCase, clock: Clock, row: CaseClock | None) -> None:
    if row is None:
        row = CaseClock(case_id=case.id, kind=clock.code, started_at=clock.started)
        row.amount, row.unit = int(clock.limit), clock.unit
        session.add(row)
    row.due_at, row.warn_at, row.stopped_at = clock.due_at, clock.warn_at, clock.stopped
    row.provisional, row.calendar_version = clock.provisional, clock.version
    for n, pause in enumerate(clock.pauses):
        if n < len(row.pauses):
            row.pauses[n].to_at = pause.end
        else:
            row.pauses.append(
                ClockPause(case_id=case.id, reason=pause.reason, from_at=pause.start, to_at=pause.end)
            )


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
