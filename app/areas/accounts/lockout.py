"""Lockout: five failures in thirty minutes lock an account name or an address for thirty (guards, section 4).

A try is counted *before* the password is looked at and given back when it was right. So of any number of parallel
tries no more than the limit are ever compared, and the answer is the same for names that do not exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, delete, or_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.areas.models import LoginAttempt
from app.core.crypto import blind
from app.core.errors import Throttled
from app.core.scope import unscoped
from app.core.session import unit_of_work

ACCOUNT, ADDRESS = "a", "n"


@dataclass(frozen=True, slots=True)
class Limit:
    """``tries`` failures within ``span`` lock for ``span``."""

    tries: int
    span: timedelta


def subject(kind: str, value: str) -> str:
    """The row key of a name or an address: a keyed digest, so that the table holds neither."""
    return f"{kind}:{blind('login_attempt', value.strip().lower() or '-')}"


def _count(session: Session, key: str, limit: Limit, now: datetime) -> tuple[int, datetime | None]:
    """One more try of a subject, in one atomic statement: (tries in this span, locked until)."""
    row: Any = LoginAttempt
    over = or_(row.locked_until <= now, and_(row.locked_until.is_(None), row.first_at <= now - limit.span))
    dialect: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    first_lock = now + limit.span if limit.tries <= 1 else None
    fresh = {"failures": 1, "first_at": now, "locked_until": first_lock}
    reached = and_(row.locked_until.is_(None), row.failures + 1 >= limit.tries)
    again = {
        "failures": case((over, 1), else_=row.failures + 1),
        "first_at": case((over, now), else_=row.first_at),
        "locked_until": case((over, first_lock), (reached, now + limit.span), else_=row.locked_until),
    }
    insert = dialect.insert(LoginAttempt).values(subject=key, **fresh)
    upsert = insert.on_conflict_do_update(index_elements=["subject"], set_=again)
    failures, locked_until = session.execute(upsert.returning(row.failures, row.locked_until)).one()
    return failures, locked_until


class Attempt:
    """One try that has been counted; ``succeeded()`` gives it back."""

    def __init__(self, keys: dict[str, str]) -> None:
        self.keys = keys

    def succeeded(self, session: Session, *, whole: bool = True) -> None:
        """The secret was right: the account starts anew, the address gets this one try back.

        The address keeps its other failures: an attacker's own valid account must not clear them. ``whole`` False
        means that a one-time code is still due: the account's count stands, or codes could be guessed for ever.
        """
        if whole:
            session.execute(delete(LoginAttempt).where(LoginAttempt.subject == self.keys[ACCOUNT]))
        address = LoginAttempt.subject == self.keys[ADDRESS]
        session.execute(
            update(LoginAttempt)
            .where(address, LoginAttempt.failures > 0)
            .values(failures=LoginAttempt.failures - 1, locked_until=None)
        )


@contextmanager
def _own_transaction() -> Iterator[Session]:
    with unscoped("lockout: tries are counted before anybody is known") as session, unit_of_work(session):
        yield session


def begin(name: str, address: str, now: datetime, account: Limit, network: Limit) -> Attempt:
    """Count a try by name and by address in a committed transaction of its own; Throttled when one is locked."""
    keys = {ACCOUNT: subject(ACCOUNT, name), ADDRESS: subject(ADDRESS, address)}
    limits = {ACCOUNT: account, ADDRESS: network}
    waits = []
    with _own_transaction() as session:
        for kind in (ADDRESS, ACCOUNT):  # always in this order: two tries must not wait for each other
            failures, until = _count(session, keys[kind], limits[kind], now)
            if failures > limits[kind].tries:
                waits.append(int(((until or now) - now).total_seconds()) or 1)
    if waits:
        raise Throttled(retry_after=max(waits))
    return Attempt(keys)


def release(session: Session, name: str) -> None:
    """Lift the lock of an account name (an administrator gave it a new password)."""
    session.execute(delete(LoginAttempt).where(LoginAttempt.subject == subject(ACCOUNT, name)))


def purge(session: Session, before: datetime) -> int:
    """Forget tries that began before a moment and no longer lock; returns how many."""
    old = and_(
        LoginAttempt.first_at < before,
        or_(LoginAttempt.locked_until.is_(None), LoginAttempt.locked_until < before),
    )
    return session.execute(delete(LoginAttempt).where(old)).rowcount  # type: ignore[attr-defined]
