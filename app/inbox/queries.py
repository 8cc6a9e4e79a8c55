"""Reading the inbox: one's own lines and one's own jobs, nobody else's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import gettext
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from app.core.jobs import Job
from app.inbox.models import Notice

PAGE = 30


def _due(user_id: int, now: datetime) -> ColumnElement[bool]:
    return and_(Notice.user_id == user_id, Notice.show_from <= now)


def lines(
    session: Session, user_id: int, now: datetime, *, page: int = 0, unread: bool = False
) -> tuple[list[Notice], bool]:
    """(lines of a page, whether there are more): unread ones first, the newest on top; reminders from their time on."""
    query = select(Notice).where(_due(user_id, now))
    if unread:
        query = query.where(Notice.read_at.is_(None))
    query = query.order_by(Notice.read_at.is_not(None), Notice.show_from.desc(), Notice.id.desc())
    found = list(session.scalars(query.offset(page * PAGE).limit(PAGE + 1)))
    return found[:PAGE], len(found) > PAGE


def unread_count(session: Session, user_id: int, now: datetime) -> int:
    """Lines that wait to be read."""
    query = select(func.count()).select_from(Notice).where(_due(user_id, now), Notice.read_at.is_(None))
    return session.scalar(query) or 0


def jobs_of(session: Session, user_id: int, most: int = 10) -> list[Job]:
    """The newest jobs that run or ran for a user."""
    return list(
        session.scalars(select(Job).where(Job.acting_user == user_id).order_by(Job.id.desc()).limit(most))
    )


def words(message: str, params: dict[str, Any] | None) -> str:
    """A line in the reader's language; a parameter ``{"msgid": …}`` is translated as well."""
    inner = {k: v["msgid"] for k, v in (params or {}).items() if isinstance(v, dict)}
    given = {**(params or {}), **{k: gettext(msgid) for k, msgid in inner.items()}}
    text = gettext(message)
    try:
        return text % given
    except (KeyError, ValueError, TypeError):  # an old line whose message has changed since
        return text
