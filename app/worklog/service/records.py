"""One line of a worker's day for each deed: the monthly register F01 is made of them (S1-56)."""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Invalid
from app.worklog.models import ServiceRecord

CONTENT_LENGTH = 60  # characters of a line on the monthly register (F01)


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
    done_on: date | None = None,
) -> ServiceRecord | None:
    """Add one line of the worker's day, today's unless ``done_on`` says another. Actors without a staff record (commands)
    leave no line.
    """
    if actor.staff_id is None:
        return None
    record = ServiceRecord(
        area_id=area_id,
        staff_id=actor.staff_id,
        done_on=done_on or to_local(now).date(),
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


def claim(actor: Actor, today: date, record: ServiceRecord, *, is_new: bool) -> None:
    """A record written by hand belongs to the worker who writes it, on a day that has come. Raises Invalid."""
    if is_new:
        if actor.staff_id is None:
            raise Invalid(_("Only a worker with a post writes service records."))
        record.staff_id = actor.staff_id
    if record.done_on and record.done_on > today:
        raise Invalid(_("The day lies in the future."), field="done_on")


def may_change(actor: Actor, record: ServiceRecord) -> bool:
    """Lines that a visit or a case wrote are never changed by hand; others only by their worker."""
    return record.ref_kind is None and record.staff_id == actor.staff_id
