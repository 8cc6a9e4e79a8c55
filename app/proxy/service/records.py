"""The worker's line in the work log for what was done in a case (S1-56)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.proxy.models import ProxyCase
from app.worklog.service import write_record

PROXY_RECORD = "SR7"  # code list service_record_type


def write_line(session: Session, actor: Actor, now: datetime, case: ProxyCase, result: str = "done") -> None:
    """One line: the service, done or ongoing, with the case behind it."""
    write_record(
        session,
        actor,
        now,
        area_id=case.area_id,
        record_type=PROXY_RECORD,
        content=case.item_version.name,
        way="proxy",
        result=result,
        visit_id=case.visit_id,
        ref_kind="case",
        ref_uid=case.uid,
    )
