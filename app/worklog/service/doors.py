"""Doors that somebody stood at for the registry: care visits, checks, census (S3-64: one visit, many purposes).

A worker's unplanned doors of one day in one area are one visit, the walk of the day: each door is a stop, each reason a
purpose, each deed a line of the day.
"""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session, selectinload

from app.core import clock, codes, removal
from app.core.actor import Actor
from app.core.clock import to_local
from app.registry.models import Household, HouseholdDwelling
from app.registry.signals import DOOR_TAKEN_BACK, DOOR_VISITED, DoorTakenBack, DoorVisit
from app.worklog.choices import AT_THE_DOOR, Outcome, VisitState
from app.worklog.models import ServiceRecord, Visit, VisitPurpose, VisitStep, VisitStop, VisitWorker
from app.worklog.service.records import write_record

WALK = "walk"  # the action of the first step of a walk of the day
EVERYDAY = "V1"  # code list visit_type
TYPES = "service_record_type"
WRONG_TAP = removal.step(
    "tap",
    _("A wrong tap, taken back"),
    _("This was a wrong tap that was taken back. Record what was done at the door again."),
)


def receive(visit: DoorVisit, *, session: Session, actor: Actor, now: datetime) -> str | None:
    """Write the door down as a stop of the walk of the day, with its purpose and the worker's line.

    Raises Invalid for an outcome that does not exist. Actors without a staff record leave no visit, but the household
    counts as seen. Of what must not be seen at a door only the worker's line is written.
    """
    Outcome.parse(visit.outcome, field="outcome")
    today = to_local(now).date()
    if visit.line_only:
        _line(session, visit, None, actor, now)
        return None
    seen_at(session, visit.outcome, today, household_id=visit.household_id, dwelling_id=visit.dwelling_id)
    if actor.staff_id is None:
        return None
    walk = _walk(session, visit.area_id, actor, now)
    stop = _stop(walk, visit)
    stop.outcome, stop.at, stop.note = visit.outcome, now, visit.note.strip()[:300] or stop.note
    stop.revisit_on = visit.revisit_on
    walk.ended_at = now
    session.flush()
    walk.purposes.append(
        VisitPurpose(
            visit_id=walk.id,
            stop_id=stop.id,
            record_type=visit.record_type,
            ref_kind=visit.ref_kind,
            ref_uid=visit.ref_uid,
        )
    )
    _line(session, visit, walk, actor, now)
    return walk.uid


def _line(session: Session, visit: DoorVisit, walk: Visit | None, actor: Actor, now: datetime) -> None:
    """The worker's line of the day."""
    write_record(
        session,
        actor,
        now,
        area_id=visit.area_id,
        record_type=visit.record_type,
        content=visit.content
        or dict(codes.choices(session, TYPES)).get(visit.record_type, visit.record_type),
        way="phone" if visit.outcome == Outcome.phone.value else "door",
        result=visit.result,
        visit_id=walk.id if walk else None,
        household_id=visit.household_id,
        ref_kind=visit.ref_kind,
        ref_uid=visit.ref_uid,
        done_on=visit.done_on,
    )
    session.flush()


def seen_at(
    session: Session, outcome: str, day: date, *, household_id: int | None, dwelling_id: int | None
) -> None:
    """Keep the day on which a household was last met at its door (S1-37); a telephone call is no visit."""
    if outcome not in AT_THE_DOOR or (household_id is None and dwelling_id is None):
        return
    for household in session.scalars(_behind(household_id, dwelling_id)):
        if household.last_visit_on is None or household.last_visit_on < day:
            household.last_visit_on = day


def _behind(household_id: int | None, dwelling_id: int | None) -> Select[Household]:
    """The household of a door, or all that live behind it."""
    query = select(Household).where(Household.valid_to.is_(None))
    if household_id is not None:
        return query.where(Household.id == household_id)
    here = select(HouseholdDwelling.household_id).where(
        HouseholdDwelling.dwelling_id == dwelling_id, HouseholdDwelling.valid_to.is_(None)
    )
    return query.where(Household.id.in_(here))


def _walk(session: Session, area_id: int, actor: Actor, now: datetime) -> Visit:
    """Today's walk of the worker in the area, begun with the first door."""
    begun = select(VisitStep.visit_id).where(VisitStep.action == WALK)
    mine = select(VisitWorker.visit_id).where(VisitWorker.staff_id == actor.staff_id)
    query = (
        select(Visit)
        .where(
            Visit.area_id == area_id,
            Visit.planned_on == to_local(now).date(),
            Visit.state == VisitState.done.value,
            Visit.id.in_(begun),
            Visit.id.in_(mine),
        )
        .options(selectinload(Visit.stops))
        .order_by(Visit.id)
    )
    return session.scalars(query).first() or _begin(session, area_id, actor, now)


def _begin(session: Session, area_id: int, actor: Actor, now: datetime) -> Visit:
    state = VisitState.done.value
    walk = Visit(
        area_id=area_id, visit_type=EVERYDAY, planned_on=to_local(now).date(), state=state, started_at=now
    )
    session.add(walk)
    session.flush()
    walk.workers.append(VisitWorker(visit_id=walk.id, staff_id=actor.staff_id))
    walk.steps.append(VisitStep.of(WALK, None, state, actor=actor, now=now, visit_id=walk.id))
    session.flush()
    return walk


def _stop(walk: Visit, visit: DoorVisit) -> VisitStop:
    """The stop of this door on the walk; the same door on the same day is one stop with several purposes."""
    door = (visit.dwelling_id, visit.household_id, visit.person_id)
    for stop in walk.stops:
        if (stop.dwelling_id, stop.household_id, stop.person_id) == door:
            return stop
    stop = VisitStop(
        visit_id=walk.id,
        seq=max((s.seq for s in walk.stops), default=0) + 1,
        dwelling_id=visit.dwelling_id,
        household_id=visit.household_id,
        person_id=visit.person_id,
    )
    walk.stops.append(stop)
    return stop


# --- a wrong tap ----------------------------------------------------------------------------------------------------


def take_back(tap: DoorTakenBack, *, session: Session, actor: Actor) -> None:
    """The worker's line of a wrong tap goes to the recycle bin, its purpose leaves the walk, and the door says again what it
    said before. A door that nothing else was done at leaves the walk, a walk without doors goes to the bin too.
    """
    mine = (ServiceRecord.ref_kind == tap.ref_kind, ServiceRecord.ref_uid == tap.ref_uid)
    query = select(ServiceRecord).where(
        *mine, ServiceRecord.staff_id == actor.staff_id, ServiceRecord.done_on == to_local(tap.at).date()
    )
    record = session.scalars(query.order_by(ServiceRecord.id.desc()).limit(1)).first()
    walk = session.get(Visit, record.visit_id) if record is not None and record.visit_id else None
    if record is None or walk is None:
        return
    purposes = [p for p in walk.purposes if (p.ref_kind, p.ref_uid) == (tap.ref_kind, tap.ref_uid)]
    _throw_away(record, actor)
    if purposes:
        purpose = max(purposes, key=lambda p: p.id)
        stop = purpose.stop
        session.delete(purpose)
        session.flush()
        session.expire(walk, ["purposes"])
        _leave_stop(session, walk, stop, tap)
        if not walk.stops:
            _throw_away(walk, actor)
    session.flush()


def _leave_stop(session: Session, walk: Visit, stop: VisitStop | None, tap: DoorTakenBack) -> None:
    if stop is None:
        return
    was_met, day = stop.outcome in AT_THE_DOOR, to_local(tap.at).date()
    place = (stop.household_id, stop.dwelling_id)
    if any(p.stop_id == stop.id for p in walk.purposes):
        stop.outcome = tap.outcome or stop.outcome
    else:
        session.delete(stop)
    session.flush()
    session.expire(walk, ["stops"])
    if was_met:
        _unseen(session, day, *place)


def _unseen(session: Session, day: date, household_id: int | None, dwelling_id: int | None) -> None:
    """Households that were last met at this door on that day were met on the day of the visit before."""
    for household in session.scalars(
        _behind(household_id, dwelling_id).where(Household.last_visit_on == day)
    ):
        here = select(HouseholdDwelling.dwelling_id).where(
            HouseholdDwelling.household_id == household.id, HouseholdDwelling.valid_to.is_(None)
        )
        at_home = and_(VisitStop.household_id.is_(None), VisitStop.dwelling_id.in_(here))
        query = (
            select(func.max(Visit.planned_on))
            .join(VisitStop, VisitStop.visit_id == Visit.id)
            .where(VisitStop.outcome.in_(AT_THE_DOOR), or_(VisitStop.household_id == household.id, at_home))
        )
        household.last_visit_on = session.scalar(query)


def _throw_away(row: Visit | ServiceRecord, actor: Actor) -> None:
    removal.take_away(row, WRONG_TAP, by=actor.user_id, now=clock.now())


DOOR_VISITED.connect(receive)
DOOR_TAKEN_BACK.connect(take_back)
