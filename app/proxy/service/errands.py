"""A round out of the proposals (S3-62): one visit with several households, several purposes and several workers (S3-64).

What was ticked is read anew inside the scope; what somebody else has seen to meanwhile stops the whole plan with its name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.areas.models import Area
from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Conflict, Invalid, NotFound
from app.proxy.choices import Action, State
from app.proxy.models import ProxyCase
from app.proxy.queries.errands import came_again, care_on_the_way
from app.proxy.rules.errands import AHEAD, MOST_ERRANDS, TO_COLLECT, ErrandKind, parse_key
from app.proxy.rules.stages import TO_DELIVER
from app.proxy.service.booking import area_for, book
from app.proxy.service.cases import act, open_case
from app.proxy.service.records import PROXY_RECORD
from app.proxy.service.rounds import CASE, smallest_of, walking_order
from app.registry.choices import CLOSED_LEVEL, ProposalState
from app.registry.models import Person, PersonGroup, Proposal
from app.worklog import service as worklog
from app.worklog.choices import VisitState
from app.worklog.models import Visit, VisitStop

CARE_RECORD = "SR2"  # code list service_record_type
VISIT_TYPES = {True: "V3", False: "V1"}  # with a case, or an everyday round


@dataclass
class Plan:
    """What becomes of the ticked ones: people in order, doors of nobody in particular, the records by kind."""

    today: date
    cases: list[tuple[ProxyCase, Person | None]] = field(default_factory=list)
    reviews: list[Proposal] = field(default_factory=list)
    care: list[PersonGroup] = field(default_factory=list)
    revisits: list[VisitStop] = field(default_factory=list)

    @property
    def people(self) -> list[Person]:
        """Everybody who is visited, once."""
        found = [p for _case, p in self.cases if p is not None]
        found += [row.person for row in self.reviews] + [row.person for row in self.care]
        found += [stop.person for stop in self.revisits if stop.person is not None]
        return list(dict.fromkeys(found))


def plan_errands(
    session: Session,
    actor: Actor,
    now: datetime,
    *,
    keys: Sequence[str],
    planned_on: date | None,
    slot: str | None = None,
    workers: Sequence[int] = (),
    title: str | None = None,
) -> Visit:
    """One visit for everything that was ticked (``kind:uid`` each), a door a person; all or nothing.

    Cases move to the round and get its day, a yearly stamp is booked, a care visit and a door to try again become
    purposes of their stop. Raises Invalid without a day, without a tick or with too many, NotFound outside the scope,
    Conflict with the name of what was seen to meanwhile.
    """
    if planned_on is None:
        raise Invalid(_("Choose the day of the round."), field="planned_on")
    plan = read(session, keys, to_local(now).date())
    places = walking_order(session, plan.people)
    loose = [s for s in plan.revisits if s.person_id is None]
    loose_doors = [worklog.Door(None, s.household_id, s.dwelling_id) for s in loose]
    alone = [case for case, person in plan.cases if person is None]  # moved away: the case knows the address
    visit = worklog.plan_visit(
        session,
        actor,
        now,
        area_id=_area(session, actor, plan, loose).id,
        planned_on=planned_on,
        doors=[*(door for _person, door in places), *loose_doors, *(worklog.Door() for _case in alone)],
        workers=list(workers) or ([actor.staff_id] if actor.staff_id else []),
        visit_type=VISIT_TYPES[bool(plan.cases or plan.reviews)],
        slot=slot,
        title=title,
    )
    stops: dict[Any, VisitStop] = dict(
        zip(
            [*(p.id for p, _door in places), *(s.uid for s in loose), *(c.uid for c in alone)],
            visit.stops,
            strict=True,
        )
    )
    when = {"planned_on": planned_on, "slot": slot}
    for case, person in plan.cases:
        _case_on(session, actor, now, visit, case, stops[person.id if person is not None else case.uid], when)
    for proposal in plan.reviews:
        _review_on(session, actor, now, visit, proposal, stops[proposal.person_id], when)
    for group in plan.care:
        _purpose(session, visit, PersonGroup.__tablename__, group.uid, stops[group.person_id])
    for stop in plan.revisits:
        _purpose(session, visit, VisitStop.__tablename__, stop.uid, stops[stop.person_id or stop.uid])
    session.flush()
    return visit


def _purpose(session: Session, visit: Visit, kind: str, uid: str, stop: VisitStop) -> None:
    worklog.add_purpose(session, visit, CARE_RECORD, kind, uid, stop)


def _case_on(
    session: Session,
    actor: Actor,
    now: datetime,
    visit: Visit,
    case: ProxyCase,
    stop: VisitStop,
    when: Mapping[str, Any],
) -> None:
    if case.state == State.booked and (case.booked_for, case.booked_slot) != (
        when["planned_on"],
        when["slot"],
    ):
        words = {"appointment": when["planned_on"].isoformat(), "slot": when["slot"]}
        act(session, actor, now, case, Action.rebook, words | {"reason": gettext("Planned as a round")})
    worklog.add_purpose(session, visit, PROXY_RECORD, CASE, case.uid, stop)
    case.visit_id = visit.id


def _review_on(
    session: Session,
    actor: Actor,
    now: datetime,
    visit: Visit,
    row: Proposal,
    stop: VisitStop,
    when: Mapping[str, Any],
) -> None:
    wanted = {
        "person": row.person,
        "item_code": row.item_code,
        "appointment": when["planned_on"],
        "slot": when["slot"],
    }
    case = book(session, actor, now, staff_id=actor.staff_id, visit_id=visit.id, **wanted)
    worklog.add_purpose(session, visit, PROXY_RECORD, CASE, case.uid, stop)


def _area(session: Session, actor: Actor, plan: Plan, loose: Sequence[VisitStop]) -> Area:
    areas = [area_for(session, actor, person) for person in plan.people]
    areas += [session.get_one(Area, stop.visit.area_id) for stop in loose]
    areas += [case.area for case, _person in plan.cases]
    return smallest_of(actor, areas)


# --- what was ticked ---------------------------------------------------------------------------------------------


def read(session: Session, keys: Sequence[str], today: date) -> Plan:
    """The records behind the ticks, each once. Raises Invalid, NotFound, Conflict (see `plan_errands`)."""
    wanted = [parse_key(key) for key in dict.fromkeys(keys)]
    if not wanted:
        raise Invalid(_("Choose at least one household to visit."), field="errands")
    if len(wanted) > MOST_ERRANDS:
        raise Invalid(_("At most %(most)s doors in one round.", most=MOST_ERRANDS), field="errands")
    plan = Plan(today)
    for kind, uid in wanted:
        READERS[kind](session, plan, uid)
    return plan


def _seen_to(name: str) -> Conflict:
    return Conflict(_("Somebody has seen to the errand at %(name)s meanwhile.", name=name))


def _read_case(session: Session, plan: Plan, uid: str) -> None:
    case = open_case(session, uid)
    under_way = session.scalars(select(Visit.state).where(Visit.id == case.visit_id)).one_or_none()
    if case.state not in (*TO_COLLECT, *TO_DELIVER) or under_way == VisitState.planned:
        raise _seen_to(case.party_name)
    person = session.scalars(select(Person).where(Person.uid == case.person_uid)).one_or_none()
    plan.cases.append((case, person))


def _read_review(session: Session, plan: Plan, uid: str) -> None:
    row = _one(session, select(Proposal).where(Proposal.uid == uid).options(joinedload(Proposal.person)))
    if row.state != ProposalState.open or row.item_code is None:
        raise _seen_to(row.person.name)
    plan.reviews.append(row)


def _read_care(session: Session, plan: Plan, uid: str) -> None:
    query = select(PersonGroup).where(PersonGroup.uid == uid, PersonGroup.level != CLOSED_LEVEL)
    row = _locked(session, PersonGroup, query.options(joinedload(PersonGroup.person)))
    waits = select(PersonGroup.id).where(PersonGroup.id == row.id, PersonGroup.valid_to.is_(None))
    waits = waits.where(PersonGroup.next_visit_on <= plan.today + timedelta(days=max(AHEAD)))
    if session.scalar(waits.where(PersonGroup.uid.not_in(care_on_the_way()))) is None:
        raise _seen_to(row.person.name)
    plan.care.append(row)


def _read_revisit(session: Session, plan: Plan, uid: str) -> None:
    query = select(VisitStop).where(VisitStop.uid == uid).options(joinedload(VisitStop.visit))
    stop = _locked(session, VisitStop, query)
    waits = select(VisitStop.id).where(VisitStop.id == stop.id, VisitStop.revisit_on.is_not(None))
    if session.scalar(waits.where(~came_again())) is None:
        raise _seen_to(stop.person.name if stop.person is not None else str(stop.household or ""))
    plan.revisits.append(stop)


def _locked(session: Session, model: type, query: Any) -> Any:
    """A record that stays locked until the end of the unit of work: of two who plan it at once the second one waits,
    looks again, and is told.
    """
    return _one(session, query.with_for_update(of=model, key_share=True))


def _one(session: Session, query: Any) -> Any:
    row = session.scalars(query).one_or_none()
    if row is None:
        raise NotFound()
    return row


READERS: Mapping[ErrandKind, Callable[[Session, Plan, str], None]] = {
    ErrandKind.collect: _read_case,
    ErrandKind.deliver: _read_case,
    ErrandKind.review: _read_review,
    ErrandKind.care: _read_care,
    ErrandKind.revisit: _read_revisit,
}
