"""Putting lines into inboxes. A notice is written in the business transaction, so it never tells of what did not happen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app.areas.models import Account, Post
from app.core.clock import to_local
from app.core.scope import unscoped
from app.inbox.models import Notice


def notify(
    session: Session,
    now: datetime,
    users: Iterable[int],
    kind: str,
    message: str,
    params: Mapping[str, Any] | None = None,
    *,
    link: str | None = None,
    level: str = "info",
    show_from: datetime | None = None,
    due_at: datetime | None = None,
    key: str | None = None,
) -> int:
    """One line for each user; ``message`` is an English msgid, neither it nor ``params`` holds personal data.

    ``show_from`` in the future makes it a reminder. With ``key`` a user gets the line once, however often it is
    sent. Returns the number of new lines.
    """
    users = list(dict.fromkeys(users))
    known = _known(session, key, users)
    fresh = [u for u in users if u not in known]
    for user_id in fresh:
        session.add(
            Notice(
                user_id=user_id,
                kind=kind,
                level=level,
                message=message,
                params=dict(params or {}),
                link=link,
                show_from=show_from or now,
                due_at=due_at,
                unique_key=f"{key}:{user_id}" if key else None,
            )
        )
    return len(fresh)


def _known(session: Session, key: str | None, users: list[int]) -> set[int]:
    if key is None:
        return set()
    keys = [f"{key}:{u}" for u in users]
    return set(session.scalars(select(Notice.user_id).where(Notice.unique_key.in_(keys))))


def notify_staff(
    session: Session,
    now: datetime,
    staff_id: int,
    kind: str,
    message: str,
    params: Mapping[str, Any] | None = None,
    **more: Any,
) -> int:
    """A line for the account of a staff member; staff without an account get none."""
    users = session.scalars(select(Account.user_id).where(Account.staff_id == staff_id))
    return notify(session, now, users, kind, message, params, **more)


def notify_unit(
    session: Session,
    now: datetime,
    org_unit_id: int,
    kind: str,
    message: str,
    params: Mapping[str, Any] | None = None,
    **more: Any,
) -> int:
    """A line for everybody who holds a post in an office today."""
    day = to_local(now).date()
    query = (
        select(Account.user_id)
        .join(Post, Post.staff_id == Account.staff_id)
        .where(Post.org_unit_id == org_unit_id, or_(Post.valid_to.is_(None), Post.valid_to >= day))
    )
    with unscoped(
        "inbox: who sits in an office is not in the sender's scope, only the line reaches them"
    ) as other:
        users = other.scalars(query).all()
    return notify(session, now, users, kind, message, params, **more)


def mark_read(session: Session, user_id: int, uids: Iterable[str], now: datetime) -> None:
    """Somebody has read lines of the own inbox; lines of others are left alone."""
    session.execute(
        update(Notice)
        .where(Notice.user_id == user_id, Notice.uid.in_(list(uids)), Notice.read_at.is_(None))
        .values(read_at=now)
    )


def mark_all_read(session: Session, user_id: int, now: datetime) -> int:
    """Everything that is shown today counts as read; reminders of later days stay. Returns how many lines."""
    due = (Notice.user_id == user_id, Notice.read_at.is_(None), Notice.show_from <= now)
    done = session.execute(update(Notice).where(*due).values(read_at=now))
    return int(done.rowcount)  # type: ignore[attr-defined]


def notify_role(
    session: Session,
    now: datetime,
    role: str,
    kind: str,
    message: str,
    params: Mapping[str, Any] | None = None,
    **more: Any,
) -> int:
    """A line for everybody who holds a post with this role today (auditors, administrators)."""
    day = to_local(now).date()
    query = (
        select(Account.user_id)
        .join(Post, Post.staff_id == Account.staff_id)
        .where(Post.role == role, or_(Post.valid_to.is_(None), Post.valid_to >= day))
    )
    return notify(session, now, session.scalars(query), kind, message, params, **more)
