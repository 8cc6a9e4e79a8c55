"""Times for visits are kept by the station, for everybody of an area or for one worker (S3-63)."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Staff
from app.areas.service.rights import area_of, need_area
from app.core.actor import Actor
from app.core.errors import Conflict, Invalid
from app.core.sla import overlap, parse_slot
from app.worklog.models import WorkSlot
from app.worklog.rules import FRIDAY, check_slot

EVERY_WEEKDAY = range(FRIDAY + 1)


def save_slot(session: Session, actor: Actor, slot: WorkSlot) -> WorkSlot:
    """Keep one time. A worker's own stands in the worker's area.

    Raises Invalid for a time that is none, Conflict where it touches another one of the same worker or area that day,
    NotAllowed outside the acting areas.
    """
    with session.no_autoflush:
        if slot.staff_id is not None:
            worker = session.get(Staff, slot.staff_id)
            if worker is None:
                raise Invalid(_("Choose a worker of your area."), field="staff")
            slot.area_id = worker.area_id
        if not slot.area_id:
            raise Invalid(_("Choose the area, or the worker."), field="area")
        need_area(actor, area_of(session, slot.area_id).path)
        part = parse_slot(slot.slot)
        if part is None:
            raise Invalid(_("Please write the time of day like 09:00-11:00."), field="slot")
        slot.slot = part
        check_slot(slot.weekday, slot.places)
        _need_apart(session, slot)
    session.add(slot)
    session.flush()
    return slot


def save_week(session: Session, actor: Actor, slot: WorkSlot) -> list[WorkSlot]:
    """The same time from Monday to Friday; days that have it already are left as they are."""
    made = []
    for weekday in EVERY_WEEKDAY:
        one = WorkSlot(area_id=slot.area_id, staff_id=slot.staff_id, slot=slot.slot, places=slot.places)
        one.weekday = weekday
        try:
            made.append(save_slot(session, actor, one))
        except Conflict:
            continue
    if not made:
        raise Conflict(_("These times are kept already."), field="slot")
    return made


def _need_apart(session: Session, slot: WorkSlot) -> None:
    """Two times of a day that touch would count one visit twice."""
    of = WorkSlot.staff_id == slot.staff_id
    if slot.staff_id is None:
        of = WorkSlot.staff_id.is_(None) & (WorkSlot.area_id == slot.area_id)
    query = select(WorkSlot).where(of, WorkSlot.weekday == slot.weekday)
    for other in session.scalars(query):
        if other.id != slot.id and overlap(other.slot, slot.slot):
            raise Conflict(_("%(slot)s is kept on this day already.", slot=other.slot), field="slot")
