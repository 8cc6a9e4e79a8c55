"""Results of an office's own list: the case of a row, the real steps, and the way back (issue 5, line 7).

Who decides, what bars a decision and which clocks run is asked of the machine as when a clerk presses the button.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import NotAllowed
from app.proxy.choices import Action, State
from app.proxy.models import CaseStep, ProxyCase, ServiceItemVersion
from app.proxy.queries.desk import DUE, decided_here
from app.proxy.rules.results import READY, Decision, is_same, steps_to
from app.proxy.service import deciders
from app.proxy.service.cases import act, open_case
from app.registry.service.matching import number_index

MOST_NAMESAKES = 50
ID_CARD = "111"


def case_numbered(session: Session, number: str) -> ProxyCase | None:
    """The case of a number; None for one that is not the actor's to see, as for one that does not exist."""
    return session.scalars(select(ProxyCase).where(ProxyCase.number == number)).one_or_none()


def cases_of(
    session: Session, actor: Actor, now: datetime, name: str, number: str, item: str | None
) -> list[ProxyCase]:
    """Open cases that the actor decides, of who bears a name and the number of a document; perhaps of one service, by its
    code or name.
    """
    query = select(ProxyCase).where(ProxyCase.party_name == name, ProxyCase.closed_at.is_(None))
    query = query.where(decided_here(session, actor, now)).options(
        joinedload(ProxyCase.item_version, innerjoin=True).joinedload(ServiceItemVersion.item)
    )
    wanted, found = number_index(ID_CARD, number), []
    for case in session.scalars(query.order_by(ProxyCase.id).limit(MOST_NAMESAKES)):
        known = (case.party or {}).get("document_number")
        if wanted is None or not known or number_index(ID_CARD, known) != wanted:
            continue
        if item is None or item in (case.item_version.item.code, case.item_version.name):
            found.append(case)
    return found


def is_waiting(case: ProxyCase) -> bool:
    """Whether a result may be entered now."""
    return State.parse(case.state) in READY


def says_the_same(case: ProxyCase, decision: Decision, result_no: str | None) -> bool:
    """Whether the case was decided like this already."""
    return is_same(case.outcome, case.result_no, decision, result_no)


def need_decider(actor: Actor, now: datetime, case: ProxyCase) -> None:
    """Raises NotAllowed where another office decides the case: it is told nothing else of it."""
    if not deciders.decides(actor, case, to_local(now).date()):
        raise NotAllowed(deciders.ELSEWHERE)


def enter(
    session: Session,
    actor: Actor,
    now: datetime,
    uid: str,
    decision: Decision,
    given: Mapping[str, Any],
) -> CaseStep:
    """Take the steps up to the decision; returns the last one. Raises what the steps raise; NotAllowed where another office
    decides.
    """
    case = open_case(session, uid)
    need_decider(actor, now, case)
    steps = steps_to(State.parse(case.state), case.outcome, decision)
    for action in steps[:-1]:
        act(session, actor, now, case, action, {"handler": actor.label})
    said = {} if decision is Decision.refused else {"decision": decision.value}
    return act(session, actor, now, case, steps[-1], {**given, **said})


def acted_on(session: Session, steps: Collection[int]) -> set[int]:
    """Of some decisions, by the key of their step, those behind which the case has moved on, or that are out of sight."""
    moves = [action.value for action in Action]
    mine = select(CaseStep.id, CaseStep.case_id).where(CaseStep.id.in_(steps)).subquery()
    newest = (
        select(mine.c.id, func.max(CaseStep.id))
        .join(CaseStep, CaseStep.case_id == mine.c.case_id)
        .where(CaseStep.action.in_(moves))
        .group_by(mine.c.id)
    )
    still = {step for step, last in session.execute(newest) if step == last}
    return set(steps) - still


def take_back(session: Session, actor: Actor, now: datetime, step_id: int, reason: str) -> None:
    """Open a decision again: the case returns to the office with its reason, and the clock of corrections runs."""
    uid = session.scalars(
        select(ProxyCase.uid).join(CaseStep, CaseStep.case_id == ProxyCase.id).where(CaseStep.id == step_id)
    ).one()
    case = open_case(session, uid)
    act(session, actor, now, case, Action.return_previous, {"reason": reason})


def waiting(session: Session, actor: Actor, now: datetime, most: int) -> list[ProxyCase]:
    """Accepted cases that the actor decides, by remaining time."""
    states = [state.value for state in READY]
    query = select(ProxyCase).where(ProxyCase.state.in_(states), decided_here(session, actor, now))
    query = query.options(
        joinedload(ProxyCase.item_version, innerjoin=True).joinedload(ServiceItemVersion.item)
    )
    return list(session.scalars(query.order_by(DUE, ProxyCase.id).limit(most)))
