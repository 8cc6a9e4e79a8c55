"""Whom to visit next, proposed by building in walking order (S3-62): open cases, doors where nobody was met, yearly
stamps and care visits that are due. What stands on a planned visit is not proposed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from app.core.actor import Actor
from app.proxy.models import ProxyCase, ServiceItemVersion
from app.proxy.queries.homes import short_name
from app.proxy.queries.names import SENSITIVE
from app.proxy.rules.errands import MOST_ERRANDS, TO_COLLECT, ErrandKind, key_of, kind_of
from app.proxy.rules.stages import TO_DELIVER
from app.proxy.service.renewals import name_of
from app.proxy.service.rounds import homes_of
from app.registry.choices import CLOSED_LEVEL, ProposalState, ProposalTopic
from app.registry.models import Building, Dwelling, Person, PersonGroup, Proposal
from app.registry.queries.walking import PLACE, stop_of, with_places
from app.registry.rules.addresses import walking_key
from app.registry.service import proposals
from app.registry.service.renewing import ALIVE
from app.worklog.choices import VisitState
from app.worklog.models import Visit, VisitPurpose, VisitStop, VisitWorker

FAR: tuple[Any, ...] = (1,)  # people without a known home come last
REVISITED = timedelta(days=120)  # doors that were rung at longer ago are proposed no more


@dataclass
class Errand:
    """One reason to go to a door; ``key`` names it in a form, ``what`` is the service or empty."""

    kind: ErrandKind
    key: str
    who: str
    what: str
    due: date | None
    person_id: int | None = None
    dwelling_id: int | None = None


@dataclass
class DoorOfErrands:
    """A door of a building or group, and everything that is to be done there."""

    address: str
    errands: list[Errand] = field(default_factory=list)


@dataclass
class Block:
    """A building, or a village group or road, with its doors in walking order."""

    name: str
    doors: list[DoorOfErrands] = field(default_factory=list)


def proposed(session: Session, actor: Actor, today: date, ahead: int) -> tuple[list[Block], bool]:
    """Doors to visit up to ``ahead`` days from today, by building in walking order; and whether there is more than one
    round holds: then the most urgent are shown.
    """
    until = today + timedelta(days=ahead)
    found = [
        *(case_errand(c, u) for c, u in _cases(session, actor, until)),
        *(revisit_errand(*row) for row in _revisits(session, actor, today, until)),
        *(review_errand(session, p) for p in _reviews(session, until)),
        *(care_errand(g) for g in _care(session, until)),
    ]
    found.sort(key=lambda e: (e.due or today, e.key))
    return _blocks(session, found[:MOST_ERRANDS]), len(found) > MOST_ERRANDS


# --- where errands come from -------------------------------------------------------------------------------------


def planned() -> Any:
    """Sub-select of the visits that are still to be walked."""
    return select(Visit.id).where(Visit.state == VisitState.planned.value)


def _cases(session: Session, actor: Actor, until: date) -> list[Any]:
    collect = and_(
        ProxyCase.state.in_(TO_COLLECT), or_(ProxyCase.booked_for.is_(None), ProxyCase.booked_for <= until)
    )
    query = (
        select(ProxyCase, Person.id)
        .outerjoin(Person, Person.uid == ProxyCase.person_uid)
        .join(ProxyCase.item_version)
        .where(ProxyCase.staff_id == actor.staff_id, ProxyCase.closed_at.is_(None))
        .where(or_(collect, ProxyCase.state.in_(TO_DELIVER)))
        .where(or_(ProxyCase.visit_id.is_(None), ProxyCase.visit_id.not_in(planned())))
        .options(
            contains_eager(ProxyCase.item_version).load_only(
                ServiceItemVersion.name, ServiceItemVersion.sensitivity
            )
        )
        .order_by(func.coalesce(ProxyCase.step_due_at, ProxyCase.promise_due_at), ProxyCase.id)
        .limit(MOST_ERRANDS + 1)
    )
    return [tuple(row) for row in session.execute(query)]


def case_errand(case: ProxyCase, person_id: int | None) -> Errand:
    """An open case as an errand; a service of level 4 or 5 is not named beside the name."""
    kind = kind_of(case.state)
    what = "" if case.item_version.sensitivity in SENSITIVE else case.item_version.name
    due = case.supplement_until if case.state == "supplement" else case.booked_for
    return Errand(kind, key_of(kind, case.uid), case.party_name, what, due, person_id)


def came_again() -> Any:
    """Condition of a door in an enclosing select: it stands on a later visit, walked or planned."""
    later, after = aliased(VisitStop), aliased(Visit)
    seen = (
        select(later.id)
        .join(after, after.id == later.visit_id)
        .where(later.id > VisitStop.id, after.state != VisitState.cancelled.value)
        .where(
            or_(
                and_(later.person_id.is_not(None), later.person_id == VisitStop.person_id),
                and_(VisitStop.person_id.is_(None), later.dwelling_id == VisitStop.dwelling_id),
            )
        )
    )
    return seen.exists()


def care_on_the_way() -> Any:
    """Sub-select of the memberships whose care visit stands on a planned round."""
    return select(VisitPurpose.ref_uid).where(
        VisitPurpose.ref_kind == PersonGroup.__tablename__, VisitPurpose.visit_id.in_(planned())
    )


def _revisits(session: Session, actor: Actor, today: date, until: date) -> list[Any]:
    mine = select(VisitWorker.visit_id).where(VisitWorker.staff_id == actor.staff_id)
    query = (
        select(VisitStop)
        .where(VisitStop.revisit_on.between(today - REVISITED, until), VisitStop.visit_id.in_(mine))
        .where(~came_again())
        .options(
            joinedload(VisitStop.person), joinedload(VisitStop.dwelling), joinedload(VisitStop.household)
        )
        .order_by(VisitStop.revisit_on, VisitStop.id)
        .limit(MOST_ERRANDS + 1)
    )
    return [(stop,) for stop in session.scalars(query)]


def revisit_errand(stop: VisitStop) -> Errand:
    """A door where nobody was met, from the day on which it was to be tried again."""
    who = stop.person.name if stop.person else str(stop.household or "")
    return Errand(
        ErrandKind.revisit,
        key_of(ErrandKind.revisit, stop.uid),
        who,
        "",
        stop.revisit_on,
        stop.person_id,
        stop.dwelling_id,
    )


def _reviews(session: Session, until: date) -> list[Proposal]:
    query = (
        select(Proposal)
        .join(Person, Person.id == Proposal.person_id)
        .where(
            Proposal.state == str(ProposalState.open),
            Proposal.topic == str(ProposalTopic.renewal),
            Proposal.item_code.is_not(None),
            Proposal.due_on <= until,
            *ALIVE,
        )
        .options(contains_eager(Proposal.person).load_only(Person.name))
        .order_by(Proposal.due_on, Proposal.id)
        .limit(MOST_ERRANDS + 1)
    )
    return list(session.scalars(query))


def review_errand(session: Session, row: Proposal) -> Errand:
    """A yearly stamp or a result that ends: a case of its service, which is named where a list may name it."""
    rule = proposals.rule_of(row.rule)
    is_open = rule is None or rule.level not in SENSITIVE
    what = name_of(session, row.item_code or "") if is_open else ""
    key = key_of(ErrandKind.review, row.uid)
    return Errand(ErrandKind.review, key, row.person.name, what, row.due_on, row.person_id)


def _care(session: Session, until: date) -> list[PersonGroup]:
    query = (
        select(PersonGroup)
        .join(Person, Person.id == PersonGroup.person_id)
        .where(PersonGroup.next_visit_on <= until, PersonGroup.valid_to.is_(None), *ALIVE)
        # a planned visit to a member of a group of level 5 would tell of the group to everybody who sees the round
        .where(PersonGroup.level != CLOSED_LEVEL, PersonGroup.uid.not_in(care_on_the_way()))
        .options(contains_eager(PersonGroup.person).load_only(Person.name))
        .order_by(PersonGroup.next_visit_on, PersonGroup.id)
        .limit(MOST_ERRANDS + 1)
    )
    return list(session.scalars(query))


def care_errand(row: PersonGroup) -> Errand:
    """A care visit; the group stays unsaid, as in every list."""
    key = key_of(ErrandKind.care, row.uid)
    return Errand(ErrandKind.care, key, row.person.name, "", row.next_visit_on, row.person_id)


# --- in walking order --------------------------------------------------------------------------------------------


def places(session: Session, dwelling_ids: Sequence[int]) -> dict[int, tuple[tuple[Any, ...], str, str]]:
    """Dwelling id → (sort key of the walk, building or group, door); one statement."""
    if not dwelling_ids:
        return {}
    query = with_places(select(Dwelling, Building.estate, Building.name, *PLACE[1:])).options(
        joinedload(Dwelling.unit)
    )
    found = {}
    for home, estate, building, *place in session.execute(query.where(Dwelling.id.in_(dwelling_ids))):
        stop = stop_of((home.id, *place))
        block = f"{estate or ''}{building}" if building else stop.village_group or home.road or ""
        found[home.id] = ((0, walking_key(stop)), block, short_name(home))
    return found


def _blocks(session: Session, errands: Sequence[Errand]) -> list[Block]:
    homes = homes_of(session, [e.person_id for e in errands if e.person_id and not e.dwelling_id])
    for errand in errands:
        home = homes.get(errand.person_id or 0, (None, None))[0]
        errand.dwelling_id = errand.dwelling_id or (home.id if home is not None else None)
    walk = places(session, sorted({e.dwelling_id for e in errands if e.dwelling_id}))
    far = (FAR, "", "")
    ordered = sorted(errands, key=lambda e: (walk.get(e.dwelling_id or 0, far)[0], e.who, e.key))
    blocks: list[Block] = []
    last: int | None = None
    for errand in ordered:
        _key, block, address = walk.get(errand.dwelling_id or 0, far)
        if not blocks or blocks[-1].name != block:
            blocks.append(Block(block))
            last = None
        if not blocks[-1].doors or errand.dwelling_id is None or errand.dwelling_id != last:
            blocks[-1].doors.append(DoorOfErrands(address))
        blocks[-1].doors[-1].errands.append(errand)
        last = errand.dwelling_id
    return blocks
