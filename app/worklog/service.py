"""Verbs of the work log. Upper domains write down into it: one visit, one record a deed (S3-64, S1-56)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Conflict, Invalid
from app.worklog.models import ServiceRecord, Visit, VisitPurpose, VisitStep, VisitStop, VisitWorker

CONTENT_LENGTH = 60  # characters of a line on the monthly register (F01)


@dataclass(frozen=True)
class Door:
    """One stop of a planned visit."""

    person_id: int | None = None
    household_id: int | None = None
    dwelling_id: int | None = None


def plan_visit(
    session: Session,
    actor: Actor,
    now: datetime,
    *,
    area_id: int,
    planned_on: date,
    doors: Iterable[Door],
    workers: Iterable[int],
    visit_type: str = "V3",
    slot: str | None = None,
    title: str | None = None,
) -> Visit:
    """Plan a visit: where, when, by whom (staff ids, the first one leads), in walking order.

    Raises Invalid for a day in the past or a visit without a door or a worker.
    """
    doors, workers = list(doors), list(workers)
    if planned_on < to_local(now).date():
        raise Invalid(_("The day of the visit lies in the past."), field="planned_on")
    if not doors:
        raise Invalid(_("Choose at least one household to visit."), field="doors")
    if not workers:
        raise Invalid(_("Choose who makes the visit."), field="workers")
    visit = Visit(area_id=area_id, planned_on=planned_on, slot=slot, title=title, visit_type=visit_type)
    visit.stops = [
        VisitStop(seq=n, person_id=d.person_id, household_id=d.household_id, dwelling_id=d.dwelling_id)
        for n, d in enumerate(doors, 1)
    ]
    visit.workers = [VisitWorker(staff_id=staff_id) for staff_id in dict.fromkeys(workers)]
    session.add(visit)
    session.flush()
    session.add(VisitStep(visit_id=visit.id, at=now, action="plan", to_state="planned"))
    return visit


def add_purpose(
    session: Session, visit: Visit, record_type: str, ref_kind: str, ref_uid: str
) -> VisitPurpose:
    """Say why the visit is made; many purposes may share one visit."""
    purpose = VisitPurpose(visit_id=visit.id, record_type=record_type, ref_kind=ref_kind, ref_uid=ref_uid)
    session.add(purpose)
    return purpose


def log_stop(
    session: Session, visit: Visit, stop: VisitStop, now: datetime, outcome: str, note: str = ""
) -> None:
    """Write down what came of one door (code list visit_outcome)."""
    if visit.state != "planned":
        raise Conflict(_("This visit is already finished."))
    stop.outcome, stop.at, stop.note = outcome, now, note or None
    visit.started_at = visit.started_at or now
    session.flush()


def finish_visit(session: Session, visit: Visit, now: datetime) -> Visit:
    """End a visit when each door has an outcome; nobody met at any door makes it a missed one."""
    if visit.state != "planned":
        raise Conflict(_("This visit is already finished."))
    open_doors = [s for s in visit.stops if s.outcome is None]
    if open_doors:
        raise Conflict(_("%(n)s doors have no outcome yet.", n=len(open_doors)))
    state = "done" if any(s.outcome in {"met", "family", "phone"} for s in visit.stops) else "missed"
    visit.state, visit.ended_at = state, now
    session.add(VisitStep(visit_id=visit.id, at=now, action="finish", from_state="planned", to_state=state))
    session.flush()
    return visit


def write_record(
    session: Session,
    actor: Actor,
    now: datetime,
    *,
    area_id: int,
    record_type: str,
    content: str,
    way: str = "door",
    result: str = "done",
    visit_id: int | None = None,
    household_id: int | None = None,
    ref_kind: str | None = None,
    ref_uid: str | None = None,
) -> ServiceRecord | None:
    """Add one line of the worker's day. Actors without a staff record (commands) leave no line."""
    if actor.staff_id is None:
        return None
    record = ServiceRecord(
        area_id=area_id,
        staff_id=actor.staff_id,
        done_on=to_local(now).date(),
        record_type=record_type,
        content=content[:CONTENT_LENGTH],
        way=way,
        result=result,
        visit_id=visit_id,
        household_id=household_id,
        ref_kind=ref_kind,
        ref_uid=ref_uid,
    )
    session.add(record)
    return record
