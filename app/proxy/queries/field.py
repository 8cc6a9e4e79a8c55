"""What a worker sees on the phone: rounds, doors in walking order (S3-65, S1-31)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.core.actor import Actor
from app.core.errors import NotFound
from app.proxy.choices import PaperForm, PaperState, State
from app.proxy.models import ProxyCase
from app.proxy.rules import missing_materials
from app.proxy.rules.stages import TO_DELIVER, TO_FETCH
from app.proxy.service.materials import seen
from app.proxy.service.rounds import CASE
from app.registry.models import PersonGroup
from app.worklog import queries as worklog
from app.worklog.choices import VisitState
from app.worklog.models import Visit, VisitStop, VisitWorker

MOST_ROUNDS = 60


@dataclass
class RoundCard:
    """One round in the list: which service, how far it is."""

    visit: Visit
    item: str
    doors: int
    logged: int
    to_submit: int
    to_fetch: int
    to_deliver: int


@dataclass
class StopCard:
    """One person of a round and the cases that are done for them there."""

    stop: VisitStop
    name: str
    cases: list[ProxyCase] = field(default_factory=list)


@dataclass
class DoorCard:
    """One door: the people behind it, in walking order."""

    address: str
    people: list[StopCard] = field(default_factory=list)


# --- rounds ------------------------------------------------------------------------------------------------------


def my_rounds(session: Session, actor: Actor, today: date) -> dict[str, list[RoundCard]]:
    """Rounds of the worker that are not over: late, today, to come, and walked ones with cases under way."""
    open_cases = select(ProxyCase.visit_id).where(
        ProxyCase.closed_at.is_(None), ProxyCase.visit_id.is_not(None)
    )
    query = (
        select(Visit)
        .where(worklog.made_by(actor.staff_id), Visit.state != VisitState.cancelled.value)
        .where(or_(Visit.state == VisitState.planned.value, Visit.id.in_(open_cases)))
        .options(selectinload(Visit.stops), joinedload(Visit.area))
        .order_by(Visit.planned_on, Visit.slot, Visit.id)
        .limit(MOST_ROUNDS)
    )
    visits = list(session.scalars(query))
    cases = _cases_by_visit(session, visits)
    found: dict[str, list[RoundCard]] = {"late": [], "today": [], "later": [], "walked": []}
    for visit in visits:
        found[_when(visit, today)].append(_card(visit, cases[visit.id]))
    return found


def _when(visit: Visit, today: date) -> str:
    if visit.state != VisitState.planned:
        return "walked"
    return "late" if visit.planned_on < today else "today" if visit.planned_on == today else "later"


def _cases_by_visit(session: Session, visits: Sequence[Visit]) -> dict[int, list[ProxyCase]]:
    query = (
        select(ProxyCase)
        .where(ProxyCase.visit_id.in_([v.id for v in visits]))
        .options(joinedload(ProxyCase.item_version, innerjoin=True))
        .order_by(ProxyCase.id)
    )
    found: dict[int, list[ProxyCase]] = defaultdict(list)
    for case in session.scalars(query):
        found[case.visit_id or 0].append(case)
    return found


def _card(visit: Visit, cases: Sequence[ProxyCase]) -> RoundCard:
    def count(*states: str) -> int:
        return sum(c.state in states for c in cases)

    return RoundCard(
        visit,
        cases[0].item_version.name if cases else visit.title or "",
        len(visit.stops),
        sum(s.outcome is not None for s in visit.stops),
        count(State.collected.value),
        count(*TO_FETCH),
        count(*TO_DELIVER),
    )


def round_of(session: Session, uid: str) -> Visit:
    """A round with its doors, for reading. NotFound outside the scope."""
    query = (
        select(Visit)
        .where(Visit.uid == uid)
        .options(
            joinedload(Visit.area),
            selectinload(Visit.stops).joinedload(VisitStop.dwelling),
            selectinload(Visit.stops).joinedload(VisitStop.person),
            selectinload(Visit.workers).joinedload(VisitWorker.staff),
            selectinload(Visit.purposes),
        )
    )
    visit = session.scalars(query).one_or_none()
    if visit is None:
        raise NotFound()
    return visit


def cases_by_stop(session: Session, visit: Visit) -> dict[int, list[ProxyCase]]:
    """Stop id → its cases as they stand now, with papers; a case that moved to another round is left out."""
    behind = {p.ref_uid: p.stop_id for p in visit.purposes if p.ref_kind == CASE}
    query = (
        select(ProxyCase)
        .where(ProxyCase.uid.in_(behind), ProxyCase.visit_id == visit.id)
        .options(
            joinedload(ProxyCase.item_version, innerjoin=True),
            selectinload(ProxyCase.materials),
            selectinload(ProxyCase.custody),
        )
        .order_by(ProxyCase.id)
    )
    found: dict[int, list[ProxyCase]] = defaultdict(list)
    for case in session.scalars(query):
        found[behind[case.uid] or 0].append(case)
    return found


def doors_of(session: Session, visit: Visit) -> list[DoorCard]:
    """The doors of a round in walking order; people who live together stand behind one door."""
    cases = cases_by_stop(session, visit)
    found: list[DoorCard] = []
    last: int | None = None
    for stop in visit.stops:
        mine = cases[stop.id]
        if not found or stop.dwelling_id is None or stop.dwelling_id != last:
            found.append(DoorCard(address_of(stop, mine)))
        found[-1].people.append(StopCard(stop, name_of(stop, mine), mine))
        last = stop.dwelling_id
    return found


def name_of(stop: VisitStop, cases: Sequence[ProxyCase]) -> str:
    """Who is visited: the person of the registry, else the party of the case."""
    return stop.person.name if stop.person is not None else cases[0].party_name if cases else ""


def address_of(stop: VisitStop, cases: Sequence[ProxyCase]) -> str:
    """Where the door is."""
    if stop.dwelling is not None:
        return stop.dwelling.address
    return str((cases[0].party or {}).get("address") or "") if cases else ""


def stop_of(session: Session, visit_uid: str, stop_uid: str) -> tuple[Visit, VisitStop, list[ProxyCase]]:
    """One door of a round with its cases; NotFound where any of them is outside the scope."""
    visit = round_of(session, visit_uid)
    stop = next((s for s in visit.stops if s.uid == stop_uid), None)
    if stop is None:
        raise NotFound()
    return visit, stop, cases_by_stop(session, visit)[stop.id]


def care_of(visit: Visit, stop: VisitStop) -> list[str]:
    """Uids of the group memberships that are to be called on at a door."""
    kind = PersonGroup.__tablename__
    return [p.ref_uid for p in visit.purposes if p.stop_id == stop.id and p.ref_kind == kind and p.ref_uid]


def still_missing(case: ProxyCase) -> list[str]:
    """What keeps a case from being handed in: required papers that are not there, conditions nobody answered."""
    papers = seen(case)
    return [*missing_materials(papers), *(p.condition or p.name for p in papers if p.applies is None)]


def first_state(material: Any) -> str:
    """How a paper stands on the form before anybody touches it: shared ones need not be asked for (S3-49)."""
    if material.state == PaperState.asked and material.share_exempt:
        return PaperState.shared.value
    return str(material.state)


def round_uid(session: Session, case: ProxyCase) -> str | None:
    """Uid of the round a case belongs to, where the actor may see it."""
    return session.scalars(select(Visit.uid).where(Visit.id == case.visit_id)).one_or_none()


def visit_uid_of(session: Session, stop_uid: str) -> str:
    """Uid of the visit a stop belongs to. NotFound outside the scope."""
    query = select(Visit.uid).join(VisitStop, VisitStop.visit_id == Visit.id).where(VisitStop.uid == stop_uid)
    uid = session.scalars(query).one_or_none()
    if uid is None:
        raise NotFound()
    return uid


def case_of(session: Session, uid: str) -> ProxyCase:
    """One case for reading. NotFound outside the scope."""
    case = session.scalars(select(ProxyCase).where(ProxyCase.uid == uid)).one_or_none()
    if case is None:
        raise NotFound()
    return case


def keeps_originals(cases: Sequence[ProxyCase]) -> bool:
    """Whether a paper of these cases is an original that stays with the worker: then a day to give it back is asked."""
    return any(m.form == PaperForm.original and not m.is_authorization for c in cases for m in c.materials)
