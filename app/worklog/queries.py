"""Times for visits, absences and visits of workers, for many workers and days at once (S3-63)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.areas.models import Area, Staff
from app.areas.queries import prefixes
from app.worklog.choices import VisitState
from app.worklog.models import StaffAbsence, Visit, VisitWorker, WorkSlot
from app.worklog.rules import SlotOf


@dataclass
class Kept:
    """The times of one worker: the own ones, and those of the nearest area that keeps any."""

    own: list[SlotOf] = field(default_factory=list)
    area: list[SlotOf] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.own or self.area)


def times_of(session: Session, staff: Iterable[Staff]) -> dict[int, Kept]:
    """Staff id → times for visits; one statement. Workers need their area loaded."""
    workers = list(staff)
    paths = {path for worker in workers for path in prefixes(worker.area.path, own=True)}
    query = (
        select(WorkSlot, Area.path)
        .join(Area, Area.id == WorkSlot.area_id)
        .where(
            or_(
                WorkSlot.staff_id.in_([w.id for w in workers]),
                and_(WorkSlot.staff_id.is_(None), Area.path.in_(sorted(paths))),
            )
        )
    )
    own: dict[int, list[SlotOf]] = defaultdict(list)
    of_area: dict[str, list[SlotOf]] = defaultdict(list)
    for row, path in session.execute(query):
        fact = SlotOf(row.weekday, row.slot, row.places)
        (of_area[path] if row.staff_id is None else own[row.staff_id]).append(fact)
    found = {}
    for worker in workers:
        near = [path for path in prefixes(worker.area.path, own=True) if path in of_area]
        found[worker.id] = Kept(own.get(worker.id, []), of_area[near[-1]] if near else [])
    return found


def absences(session: Session, staff_ids: Sequence[int], first: date, last: date) -> list[StaffAbsence]:
    """Absences that touch the days, of these workers or covered by them; both are loaded where they are in reach."""
    if not staff_ids:
        return []
    query = (
        select(StaffAbsence)
        .where(StaffAbsence.from_day <= last, StaffAbsence.to_day >= first)
        .where(or_(StaffAbsence.staff_id.in_(staff_ids), StaffAbsence.substitute_id.in_(staff_ids)))
        .options(
            joinedload(StaffAbsence.staff).joinedload(Staff.area),
            joinedload(StaffAbsence.substitute).joinedload(Staff.area),
        )
        .order_by(StaffAbsence.from_day, StaffAbsence.id)
    )
    return list(session.scalars(query))


def substitutes(session: Session, staff_ids: Iterable[int], day: date) -> dict[int, int]:
    """Staff id → who stands in on a day, for those who are away and have somebody."""
    query = select(StaffAbsence.staff_id, StaffAbsence.substitute_id).where(
        StaffAbsence.staff_id.in_(list(staff_ids)),
        StaffAbsence.substitute_id.is_not(None),
        StaffAbsence.from_day <= day,
        StaffAbsence.to_day >= day,
    )
    return {away: helper for away, helper in session.execute(query) if helper is not None}


def made_by(staff_id: int | None) -> ColumnElement[bool]:
    """Criterion on visits: those of a worker, and those of a colleague on the days on which the worker stands in."""
    own = select(VisitWorker.visit_id).where(VisitWorker.staff_id == (staff_id or 0))
    covered = (
        select(VisitWorker.id)
        .join(StaffAbsence, StaffAbsence.staff_id == VisitWorker.staff_id)
        .where(VisitWorker.visit_id == Visit.id, StaffAbsence.substitute_id == (staff_id or 0))
        .where(Visit.planned_on.between(StaffAbsence.from_day, StaffAbsence.to_day))
    )
    return or_(Visit.id.in_(own), covered.exists())


def covered_on(staff_id: int | None, day: date) -> Select[Any]:
    """Sub-select of the workers for whom somebody stands in on a day."""
    return select(StaffAbsence.staff_id).where(
        StaffAbsence.substitute_id == (staff_id or 0),
        StaffAbsence.from_day <= day,
        StaffAbsence.to_day >= day,
    )


def visits_of(session: Session, staff_ids: Sequence[int], first: date, last: date) -> list[tuple[int, Visit]]:
    """(staff id, visit) of the visits of workers on days, those that were called off left out; doors are loaded."""
    query = (
        select(VisitWorker.staff_id, Visit)
        .join(Visit, Visit.id == VisitWorker.visit_id)
        .where(VisitWorker.staff_id.in_(staff_ids), Visit.planned_on.between(first, last))
        .where(Visit.state != VisitState.cancelled.value)
        .options(selectinload(Visit.stops))
        .order_by(Visit.planned_on, Visit.slot, Visit.id)
    )
    return [(staff_id, visit) for staff_id, visit in session.execute(query)] if staff_ids else []
