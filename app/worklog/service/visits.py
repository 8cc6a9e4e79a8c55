"""Visits: planned for a day, logged door by door, finished when each door has an outcome (S3-63, S3-64, S3-65)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.areas.models import Staff
from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, StaleVersion
from app.worklog.choices import MET, Outcome, VisitState
from app.worklog.models import Visit, VisitPurpose, VisitStep, VisitStop, VisitWorker
from app.worklog.service.doors import seen_at


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

    Raises Invalid for a day in the past, a visit without a door or a worker, or a worker out of reach.
    """
    doors, workers = list(doors), list(dict.fromkeys(workers))
    if planned_on < to_local(now).date():
        raise Invalid(_("The day of the visit lies in the past."), field="planned_on")
    if not doors:
        raise Invalid(_("Choose at least one household to visit."), field="doors")
    need_workers(session, actor, workers)
    visit = Visit(area_id=area_id, planned_on=planned_on, slot=slot, title=title, visit_type=visit_type)
    session.add(visit)
    session.flush()
    for door in doors:
        add_stop(session, visit, door)
    visit.workers = [VisitWorker(visit_id=visit.id, staff_id=staff_id) for staff_id in workers]
    _step(visit, actor, now, "plan", None, VisitState.planned)
    session.flush()
    return visit


def need_workers(session: Session, actor: Actor, workers: list[int]) -> None:
    """Everybody named must be staff within reach; oneself always is."""
    if not workers:
        raise Invalid(_("Choose who makes the visit."), field="workers")
    others = [w for w in workers if w != actor.staff_id]
    known = set(session.scalars(select(Staff.id).where(Staff.id.in_(others)))) if others else set()
    if set(others) - known:
        raise Invalid(_("Choose workers of your area."), field="workers")


def open_visit(session: Session, uid: str, version: int | str | None = None) -> Visit:
    """A visit with its doors, locked for this unit of work. NotFound outside the scope, StaleVersion when changed."""
    query = (
        select(Visit)
        .where(Visit.uid == uid)
        .options(selectinload(Visit.stops), selectinload(Visit.workers), selectinload(Visit.purposes))
        .with_for_update(of=Visit)
        .execution_options(populate_existing=True)
    )
    visit = session.scalars(query).one_or_none()
    if visit is None:
        raise NotFound()
    if version is not None and str(visit.version) != str(version):
        raise StaleVersion()
    return visit


def add_stop(session: Session, visit: Visit, door: Door) -> VisitStop:
    """One more door at the end of the way. Conflict when the visit is finished."""
    need_planned(visit)
    stop = VisitStop(
        visit_id=visit.id,
        seq=max((s.seq for s in visit.stops), default=0) + 1,
        person_id=door.person_id,
        household_id=door.household_id,
        dwelling_id=door.dwelling_id,
    )
    visit.stops.append(stop)
    return stop


def add_purpose(
    session: Session,
    visit: Visit,
    record_type: str,
    ref_kind: str,
    ref_uid: str,
    stop: VisitStop | None = None,
) -> VisitPurpose:
    """Say why the visit is made, at which (stored) door; many purposes may share one visit."""
    purpose = VisitPurpose(
        visit_id=visit.id,
        stop_id=stop.id if stop is not None else None,
        record_type=record_type,
        ref_kind=ref_kind,
        ref_uid=ref_uid,
    )
    visit.purposes.append(purpose)
    return purpose


def need_planned(visit: Visit) -> None:
    if visit.state != VisitState.planned:
        raise Conflict(_("This visit is already finished."))


def log_stop(
    session: Session, visit: Visit, stop: VisitStop, now: datetime, outcome: str, note: str = ""
) -> None:
    """Write down what came of one door (code list visit_outcome). Invalid for an outcome that does not exist."""
    need_planned(visit)
    Outcome.parse(outcome, field="outcome")
    stop.outcome, stop.at, stop.note = outcome, now, note.strip()[:300] or None
    visit.started_at = visit.started_at or now
    seen_at(
        session,
        outcome,
        to_local(now).date(),
        household_id=stop.household_id,
        dwelling_id=stop.dwelling_id,
    )
    session.flush()


def finish_visit(session: Session, actor: Actor, visit: Visit, now: datetime) -> Visit:
    """End a visit when each door has an outcome; nobody met at any door makes it a missed one."""
    need_planned(visit)
    open_doors = [s for s in visit.stops if s.outcome is None]
    if open_doors:
        raise Conflict(_("%(n)s doors have no outcome yet.", n=len(open_doors)))
    _end(
        visit,
        actor,
        now,
        VisitState.done if any(s.outcome in MET for s in visit.stops) else VisitState.missed,
    )
    session.flush()
    return visit


def cancel_visit(session: Session, actor: Actor, visit: Visit, now: datetime, reason: str) -> Visit:
    """Call a visit off before the first door. Conflict once a door has an outcome, Invalid without a reason."""
    need_planned(visit)
    if not reason.strip():
        raise Invalid(_("Please say why."), field="reason")
    if any(s.outcome for s in visit.stops):
        raise Conflict(_("The visit has begun: give each door an outcome instead."))
    _end(visit, actor, now, VisitState.cancelled, reason)
    session.flush()
    return visit


def _end(visit: Visit, actor: Actor, now: datetime, state: VisitState, reason: str | None = None) -> None:
    if actor.read_only:
        raise NotAllowed()
    visit.state, visit.ended_at = state.value, now
    _step(
        visit,
        actor,
        now,
        "cancel" if state is VisitState.cancelled else "finish",
        VisitState.planned,
        state,
        reason,
    )


def _step(
    visit: Visit,
    actor: Actor,
    now: datetime,
    action: str,
    source: VisitState | None,
    target: VisitState,
    reason: str | None = None,
) -> None:
    visit.steps.append(
        VisitStep.of(action, source, target, actor=actor, now=now, reason=reason, visit_id=visit.id)
    )
