"""Rounds: one visit, many doors, a case for each person there (S3-65: five elders waiting for the yearly stamp)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Conflict, DomainError, Invalid
from app.proxy.choices import Action, State
from app.proxy.models import ProxyCase
from app.proxy.rules.stages import TO_FETCH
from app.proxy.service.booking import area_for, book
from app.proxy.service.cases import WHOLE, act
from app.proxy.service.records import PROXY_RECORD
from app.registry.models import Dwelling, HouseholdDwelling, HouseholdMember, Person, Residence
from app.worklog import service as worklog
from app.worklog.models import Visit, VisitStop

CASE = "case"


@dataclass
class Together:
    """What was done with the cases of a round at once: how many went on, and why the others did not."""

    done: list[ProxyCase] = field(default_factory=list)
    left: list[tuple[ProxyCase, str]] = field(default_factory=list)


# --- planning ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Round:
    """What is planned: one service for several people on a day. ``workers`` are staff ids, the first one leads and
    carries the cases; ``answers`` hold for all (see `Booking`).
    """

    people: Sequence[Person]
    item_code: str
    planned_on: date
    slot: str | None = None
    workers: Sequence[int] = ()
    title: str | None = None
    answers: Mapping[str, bool | None] = field(default_factory=dict)


def plan_round(session: Session, actor: Actor, now: datetime, **asked: Any) -> Visit:
    """Plan one visit for several people and book a case of the service for each, in walking order (see `Round`).

    All or nothing: raises Conflict with the name when somebody has an open case of the service, Invalid without
    people, for a day in the past or a worker out of reach.
    """
    wanted = Round(**asked)
    if not wanted.people:
        raise Invalid(_("Choose at least one person."), field="people")
    staff = list(wanted.workers) or ([actor.staff_id] if actor.staff_id else [])
    places = walking_order(session, list(dict.fromkeys(wanted.people)))
    visit = worklog.plan_visit(
        session,
        actor,
        now,
        area_id=common_area(session, actor, [person for person, _door in places]).id,
        planned_on=wanted.planned_on,
        doors=[door for _person, door in places],
        workers=staff,
        slot=wanted.slot,
        title=wanted.title,
    )
    for (person, _door), stop in zip(places, visit.stops, strict=True):
        case = book(
            session,
            actor,
            now,
            person=person,
            item_code=wanted.item_code,
            appointment=wanted.planned_on,
            slot=wanted.slot,
            staff_id=staff[0],
            visit_id=visit.id,
            answers=wanted.answers,
        )
        worklog.add_purpose(session, visit, PROXY_RECORD, CASE, case.uid, stop)
    session.flush()
    return visit


def walking_order(session: Session, people: Sequence[Person]) -> list[tuple[Person, worklog.Door]]:
    """Each person with the door they live behind: by building and the order of walking, then by address."""
    found = homes_of(session, [p.id for p in people])
    far = (10**9, 10**9, "")

    def key(person: Person) -> tuple[Any, ...]:
        home = found.get(person.id)
        if home is None or home[0] is None:
            return (1, *far, person.id)
        dwelling = home[0]
        return (0, dwelling.building_id or 0, dwelling.walk_order or 0, dwelling.address, person.id)

    places = []
    for person in sorted(people, key=key):
        dwelling, household_id = found.get(person.id, (None, None))
        places.append(
            (person, worklog.Door(person.id, household_id, dwelling.id if dwelling is not None else None))
        )
    return places


def homes_of(session: Session, person_ids: Sequence[int]) -> dict[int, tuple[Dwelling | None, int | None]]:
    """Person id → (dwelling lived in, living household there)."""
    homes = (
        select(Residence.person_id, Dwelling)
        .join(Dwelling, Dwelling.id == Residence.dwelling_id)
        .where(Residence.person_id.in_(person_ids), Residence.kind == "living", Residence.valid_to.is_(None))
        .order_by(Residence.id)
    )
    found: dict[int, tuple[Dwelling | None, int | None]] = {p: (d, None) for p, d in session.execute(homes)}
    households = (
        select(HouseholdMember.person_id, HouseholdMember.household_id, HouseholdDwelling.dwelling_id)
        .join(HouseholdDwelling, HouseholdDwelling.household_id == HouseholdMember.household_id)
        .where(HouseholdMember.person_id.in_(person_ids), HouseholdMember.valid_to.is_(None))
        .where(HouseholdDwelling.valid_to.is_(None))
    )
    for person_id, household_id, dwelling_id in session.execute(households):
        dwelling, _household = found.get(person_id, (None, None))
        if dwelling is not None and dwelling.id == dwelling_id:
            found[person_id] = (dwelling, household_id)
    return found


def common_area(session: Session, actor: Actor, people: Sequence[Person]) -> Area:
    """The smallest area that holds the homes of all and lies in the actor's; else the first person's."""
    return smallest_of(actor, [area_for(session, actor, person) for person in people])


def smallest_of(actor: Actor, areas: Sequence[Area]) -> Area:
    """The smallest area that holds all of these and lies in the actor's; else the first of them."""
    paths = {area.path for area in areas}
    shared = areas[0]
    while shared.parent is not None and not all(path.startswith(shared.path) for path in paths):
        shared = shared.parent
    return shared if actor.covers(shared.path) else areas[0]


def add_to_round(session: Session, visit: Visit, case: ProxyCase, door: worklog.Door) -> VisitStop:
    """One more door for a case that is booked already."""
    stop = worklog.add_stop(session, visit, door)
    session.flush()
    worklog.add_purpose(session, visit, PROXY_RECORD, CASE, case.uid, stop)
    case.visit_id = visit.id
    session.flush()
    return stop


# --- all at once -------------------------------------------------------------------------------------------------


def cases_of(session: Session, visit: Visit) -> dict[str, ProxyCase]:
    """Cases of a round by uid, with everything a step looks at, locked. Cases out of the scope are left out."""
    uids = [p.ref_uid for p in visit.purposes if p.ref_kind == CASE]
    query = select(ProxyCase).where(ProxyCase.uid.in_(uids)).order_by(ProxyCase.id).options(*WHOLE)
    query = query.with_for_update(of=ProxyCase).execution_options(populate_existing=True)
    return {case.uid: case for case in session.scalars(query)}


def step_together(
    session: Session,
    actor: Actor,
    now: datetime,
    cases: Iterable[ProxyCase],
    action: Action,
    given: Mapping[str, Any] | None = None,
) -> Together:
    """One step for many cases. A case that cannot take it stays where it is, and the reason is told."""
    together = Together()
    for case in cases:
        try:
            with session.begin_nested():  # a refused step may have written half of what it does
                act(session, actor, now, case, action, given)
        except DomainError as refused:
            together.left.append((case, str(refused)))
        else:
            together.done.append(case)
    return together


def hand_in(session: Session, actor: Actor, now: datetime, visit: Visit, window: str) -> Together:
    """Hand in every collected case of a round; those with papers missing stay and are named."""
    ready = [c for c in cases_of(session, visit).values() if c.state == State.collected]
    if not ready:
        raise Conflict(_("No case of this round is ready to be handed in."))
    return step_together(session, actor, now, ready, Action.submit, {"window": window})


def fetch_results(session: Session, actor: Actor, now: datetime, visit: Visit) -> list[ProxyCase]:
    """Fetch the results of a round that are there and set out with them today; returns the cases on their way.

    Raises Conflict when none is waiting. A case that cannot take a step stays where it is.
    """
    waiting = [c for c in cases_of(session, visit).values() if c.state in TO_FETCH]
    if not waiting:
        raise Conflict(_("No result of this round is waiting at the office."))
    fetched: list[ProxyCase] = []
    for case in waiting:
        what = {"result": case.item_version.result_name or gettext("result")}
        fetched += step_together(session, actor, now, [case], Action.fetch, what).done
    today = {"appointment": to_local(now).date().isoformat()}
    return step_together(session, actor, now, fetched, Action.set_out, today).done
