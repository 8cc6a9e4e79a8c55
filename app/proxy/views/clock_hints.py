"""On the page of a case: what the clocks stood for is over, missing papers have not come, who was told."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import gettext
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.clock import to_local
from app.proxy.choices import Action, State
from app.proxy.models import ProxyCase
from app.proxy.queries import alarms
from app.proxy.rules.escalation import Told
from app.proxy.service.custody import held
from app.proxy.views.parts import part


def hints(case: ProxyCase, today: date) -> list[tuple[str, tuple[Action, ...]]]:
    """Sentences with the steps they ask for. Nothing ends by itself: a lapse is proposed, and somebody takes it."""
    found: list[tuple[str, tuple[Action, ...]]] = []
    until = case.suspended_until
    if case.state == State.suspended and until is not None and until < today:
        moves = [s.action for s in case.steps if s.to_state == State.suspended != s.from_state]
        found.append((_over(str(moves[-1]), until), (Action.resume,)))
    until = case.supplement_until
    if case.state == State.supplement and until is not None and until < today:
        words = gettext(
            "Missing papers had time until %(day)s. Bring them, or have the case closed as lapsed.",
            day=until.isoformat(),
        )
        found.append((words, (Action.supply, Action.lapse)))
    late = [c for c in held(case) if c.due_back_on is not None and c.due_back_on < today]
    if late:
        first = min(c.due_back_on for c in late if c.due_back_on is not None)
        words = gettext(
            "%(count)s originals should have gone home by %(day)s.", count=len(late), day=first.isoformat()
        )
        found.append((words, ()))
    return found


def _over(action: str, day: date) -> str:
    if action == Action.publish:
        return gettext("The public notice ended on %(day)s. Please go on.", day=day.isoformat())
    if action == Action.assess:
        return gettext("The assessment was to be there by %(day)s. Please go on.", day=day.isoformat())
    return gettext("The clock stood until %(day)s. Please go on.", day=day.isoformat())


def _shown(session: Session, case: ProxyCase, actor: Actor, now: datetime) -> dict[str, Any] | None:
    found = hints(case, to_local(now).date())
    late = [due for due in (case.step_due_at, case.promise_due_at) if due is not None and due < now]
    told = []
    if found or late:  # else nobody above the owner can have been told of anything open
        told = [(Told.parse(alarm.told).label, alarm.at) for alarm in alarms.escalated(session, case)]
    return {"hints": found, "told": told} if found or told else None


part("clock_hints", "top", _shown)
