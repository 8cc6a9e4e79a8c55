"""Server-side sessions: the cookie holds a random token, the table its hash; an ended row never comes back.

A session ends at logout, at a change of password or role, at deactivation (``Account.epoch`` rises), after
``IDLE_MINUTES`` without a request and after ``SESSION_HOURS`` in all (guards, section 4).
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Update, delete, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.areas.actors import SessionFacts
from app.areas.models import Account, SignIn
from app.core.crypto import token_hash
from app.core.scope import unscoped

TOUCH_EVERY = timedelta(minutes=1)
TOKEN_BYTES = 32

LOGOUT, IDLE, EXPIRED, FORCED = "logout", "idle", "expired", "forced"
CHANGED, ROLE, DEACTIVATED, FACTOR = "password", "role", "deactivated", "second_factor"


def open_sign_in(
    session: Session,
    user_id: int,
    now: datetime,
    *,
    role: str | None = None,
    address: str = "",
    agent: str = "",
    second_factor: bool = False,
) -> str:
    """Begin a session and return its token; flushes. ``second_factor``: a one-time code was checked just now."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    epoch, last_role = session.execute(
        select(Account.epoch, Account.acting_role).where(Account.user_id == user_id)
    ).one()
    session.add(
        SignIn(
            token_hash=token_hash(token),
            user_id=user_id,
            epoch=epoch,
            started_at=now,
            seen_at=now,
            confirmed_at=now,
            second_factor_at=now if second_factor else None,
            acting_role=role or last_role,
            address=address[:45] or None,
            agent=agent[:160] or None,
        )
    )
    session.flush()
    return token


def verdict(facts: SessionFacts, now: datetime, idle: timedelta, longest: timedelta) -> str | None:
    """Why a session is no good any more, or None while it is."""
    if facts.ended_at is not None or not facts.active:
        return DEACTIVATED if facts.ended_at is None else LOGOUT
    if facts.epoch != facts.account_epoch:
        return FORCED
    if now - facts.started_at >= longest:
        return EXPIRED
    if now - facts.seen_at >= idle:
        return IDLE
    return None


def end_sign_in(session: Session, sign_in_id: int, now: datetime, reason: str) -> bool:
    """End one session; True when it was still open."""
    query = update(SignIn).where(SignIn.id == sign_in_id, SignIn.ended_at.is_(None))
    result = session.execute(query.values(ended_at=now, end_reason=reason))
    return bool(result.rowcount)  # type: ignore[attr-defined]


def end_all(session: Session, user_id: int, now: datetime, reason: str, *, but: int | None = None) -> None:
    """End every session of a user; ``but`` names one that lives on (own password change).

    The epoch rises too: a session that is being opened at this moment by another process carries the old one.
    """
    raised = (
        update(Account)
        .where(Account.user_id == user_id)
        .values(epoch=Account.epoch + 1)
        .returning(Account.epoch)
    )
    epoch = session.scalar(raised)
    ended = update(SignIn).where(SignIn.user_id == user_id, SignIn.ended_at.is_(None))
    if but is not None:
        session.execute(update(SignIn).where(SignIn.id == but, SignIn.ended_at.is_(None)).values(epoch=epoch))
        ended = ended.where(SignIn.id != but)
    session.execute(ended.values(ended_at=now, end_reason=reason))


def confirm(session: Session, sign_in_id: int, now: datetime) -> None:
    """The user gave the password again."""
    session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(confirmed_at=now))


def pass_second_factor(session: Session, sign_in_id: int, now: datetime) -> None:
    """The user gave a one-time code in this session."""
    session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(second_factor_at=now))


def act_as(session: Session, facts: SessionFacts, role: str) -> None:
    """Make ``role`` the acting role of this session and the first choice at the next sign-in."""
    session.execute(update(SignIn).where(SignIn.id == facts.id).values(acting_role=role))
    session.execute(update(Account).where(Account.user_id == facts.user_id).values(acting_role=role))


def keep_role(facts: SessionFacts, role: str) -> None:
    """Go on with ``role`` in this session, in a short transaction of its own."""
    _brief(update(SignIn).where(SignIn.id == facts.id, SignIn.ended_at.is_(None)).values(acting_role=role))


def touch(facts: SessionFacts, now: datetime) -> None:
    """Move ``seen_at``, at most once a minute, in a short transaction of its own.

    A busy database makes it wait 200 ms at most: a page must not stall for a time stamp.
    """
    if now - facts.seen_at < TOUCH_EVERY:
        return
    _brief(update(SignIn).where(SignIn.id == facts.id, SignIn.ended_at.is_(None)).values(seen_at=now))


def close_stale(facts: SessionFacts, now: datetime, reason: str) -> None:
    """Write down that a session ran out, so that no change of settings or clocks revives it."""
    if facts.ended_at is None:
        open_row = update(SignIn).where(SignIn.id == facts.id, SignIn.ended_at.is_(None))
        _brief(open_row.values(ended_at=now, end_reason=reason))


def _brief(statement: Update) -> None:
    """Run one update in its own transaction; give up after 200 ms of waiting for a lock."""
    with unscoped("sign-in: the session's own time stamps") as session:
        connection = session.connection()
        sqlite = connection.dialect.name == "sqlite"
        impatient = "PRAGMA busy_timeout=200" if sqlite else "SET LOCAL lock_timeout = '200ms'"
        connection.exec_driver_sql(impatient)
        try:
            session.execute(statement)
            written = True
        except OperationalError:
            written = False
        if sqlite:  # the pragma belongs to the pooled connection, not to the transaction
            connection.exec_driver_sql("PRAGMA busy_timeout=30000")
        session.commit() if written else session.rollback()


def purge_ended(session: Session, before: datetime) -> int:
    """Delete rows of sessions that ended before a moment (kept at least six months); returns how many."""
    return session.execute(delete(SignIn).where(SignIn.ended_at < before)).rowcount  # type: ignore[attr-defined]
