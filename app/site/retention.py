"""Attachments after their time: each gets the term of its purpose, and goes when the term is over (guards, section 3).

The row is deleted as any record is, so the change log keeps whose file it was and that it went by its term; the bytes go
after the commit, and what a crash leaves behind is a file without a record, which ``site.files`` finds.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import not_, or_, select
from sqlalchemy.orm import Session

from app import seeds
from app.audit.service import reason
from app.core import clock, files, jobs
from app.core.files import Attachment

CHUNK = 200
TAG = "retention"
WHY = "The term for which it is kept is over"
EVERYTHING = {"with_deleted": True}


def terms() -> dict[str, int]:
    """Years by purpose."""
    return {purpose: int(given["years"]) for purpose, given in seeds.read("retention")["purposes"].items()}


def last_day(stored: date, years: int) -> date:
    """The last day on which a file is kept; the 29th of February counts as the 28th."""
    try:
        return stored.replace(year=stored.year + years)
    except ValueError:
        return stored.replace(year=stored.year + years, day=28)


def retain(work: jobs.Work) -> dict[str, Any]:
    """Set missing terms, then delete what is past its term; chunk by chunk, each a step. A second run finds nothing."""
    set_ = gone = 0
    known = terms()
    while without := _without_term(work.session, known):
        with work.step() as session:
            for attachment in _rows(session, without):
                stored = clock.to_local(attachment.created_at).date()
                attachment.keep_until = last_day(stored, known[attachment.purpose])
        set_ += len(without)
    while over := _over(work.session, work.now, known):
        with work.step() as session, reason(WHY, tag=TAG):
            keys = [attachment.storage_key for attachment in _rows(session, over)]
            for attachment in _rows(session, over):
                session.delete(attachment)
        for key in keys:
            files.store().delete(key)
        gone += len(over)
    return {"set": set_, "gone": gone}


def _without_term(session: Session, known: dict[str, int]) -> list[int]:
    query = select(Attachment.id).where(
        Attachment.keep_until.is_(None), or_(*(Attachment.purpose == purpose for purpose in known))
    )
    return list(session.scalars(query.order_by(Attachment.id).limit(CHUNK), execution_options=EVERYTHING))


def _over(session: Session, now: datetime, known: dict[str, int]) -> list[int]:
    """What is past its term, but for what another record has used within that term (a photo that a later case reuses)."""
    today = clock.to_local(now).date()
    used = [
        (Attachment.purpose == purpose) & files.is_needed(now - timedelta(days=366 * years))
        for purpose, years in known.items()
    ]
    query = select(Attachment.id).where(Attachment.keep_until < today, not_(or_(*used)))
    return list(session.scalars(query.order_by(Attachment.id).limit(CHUNK), execution_options=EVERYTHING))


def _rows(session: Session, ids: list[int]) -> list[Attachment]:
    query = select(Attachment).where(Attachment.id.in_(ids))
    return list(session.scalars(query, execution_options=EVERYTHING))
