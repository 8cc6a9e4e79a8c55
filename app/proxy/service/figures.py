"""What lists and figures read of a case without opening its steps: when it was decided, how often it came back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.areas.service.calendars import calendar_for
from app.core.sla import elapsed_days
from app.core.workflow import Step
from app.proxy.choices import Action, ClockCode
from app.proxy.models import ProxyCase
from app.proxy.service.clocks import as_clock, newest

DECISIONS = frozenset({Action.approve, Action.refuse})
HAND_OVERS = frozenset({Action.submit, Action.fetch, Action.deliver, Action.pick_up, Action.leave})
RETURNS = frozenset(
    {Action.request_supplement, Action.return_previous, Action.return_to_start, Action.reject, Action.correct}
)


def count(session: Session, case: ProxyCase, step: Step, now: datetime) -> None:
    """Write down what this step adds to the figures of the case (S0-39, S1-68)."""
    action = step.action
    if action in RETURNS:
        case.returns += 1
    if action in HAND_OVERS:
        case.hand_overs += 1
    if action is Action.accept and case.accepted_at is None:
        case.accepted_at = now
    if action in DECISIONS:
        case.decided_at = now
        case.used_days, case.was_on_time = _measured(session, case)
    if action in {Action.deliver, Action.pick_up, Action.leave}:
        case.delivered_at = now


def _measured(session: Session, case: ProxyCase) -> tuple[int | None, bool | None]:
    """Working days that counted until the decision, and whether the tighter promise was kept; None without a clock."""
    rows = [row for kind, row in newest(case).items() if kind in {ClockCode.promise, ClockCode.statutory}]
    if not rows:
        return None, None
    clock = as_clock(min(rows, key=lambda row: row.due_at))
    end = clock.stopped or clock.due_at
    calendar = calendar_for(session, case.area_id)
    used = elapsed_days(clock.started, end, clock.unit, calendar, clock.pauses)
    return used, end <= clock.due_at
