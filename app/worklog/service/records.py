"""One line of a worker's day for each deed: the monthly register F01 is made of them (S1-56)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.clock import to_local
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
