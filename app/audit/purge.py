"""Old rows of the access log go after their time; what is left can still be verified (guards, section 5).

Whole seals go, oldest first: the seals stay and keep the chain, and a purge row with a MAC says which rows are gone by
right. A row younger than half a year is refused here, and by the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import delete, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from app.audit.rows import AUDIT_PURGE, AUDIT_SEAL, LOGS, purge_content
from app.audit.triggers import EXPIRING, KEEP_DAYS
from app.core.crypto import ring
from app.core.errors import Invalid

AT_LEAST = timedelta(days=KEEP_DAYS)
ROWS = 20_000  # in one transaction
Row = Mapping[str, Any]


def purge_some(session: Session, now: datetime, keep: timedelta) -> int | None:
    """Remove the oldest seal's worth of rows (or several, up to 20,000) older than ``keep``; None when there are none.

    Raises Invalid for less than half a year. Runs in the caller's transaction.
    """
    if keep < AT_LEAST:
        raise Invalid(_("The access log is kept for at least %(days)s days.", days=KEEP_DAYS))
    connection = session.connection()
    start = purged_to(connection)
    last = _last_seal_to_go(connection, start, now - keep)
    if last is None:
        return None
    gone = _remove(connection, start, last["to_id"])
    made = {
        "at": now,
        "log": EXPIRING,
        "from_id": start,
        "to_id": last["to_id"],
        "count": gone,
        "seal_id": last["id"],
        "digest": bytes(last["digest"]),
    }
    made["mac"] = ring().mac(purge_content(made))
    connection.execute(AUDIT_PURGE.insert(), made)
    return gone


def purged_to(connection: Connection) -> int:
    """The highest id whose row has been removed; 0 when none has."""
    highest = select(func.coalesce(func.max(AUDIT_PURGE.c.to_id), 0)).where(AUDIT_PURGE.c.log == EXPIRING)
    return int(connection.execute(highest).scalar_one())


def _last_seal_to_go(connection: Connection, start: int, before: datetime) -> Row | None:
    """The seal up to which rows go now. A seal is never older than its rows."""
    ripe = (
        select(AUDIT_SEAL)
        .where(AUDIT_SEAL.c.log == EXPIRING, AUDIT_SEAL.c.to_id > start, AUDIT_SEAL.c.at < before)
        .order_by(AUDIT_SEAL.c.id)
    )
    last, rows = None, 0
    for seal in connection.execute(ripe.limit(ROWS)).mappings():
        rows += seal["count"]
        if last is not None and rows > ROWS:
            break
        last = seal
    return last


def _remove(connection: Connection, low: int, high: int) -> int:
    if connection.dialect.name == "postgresql":
        return int(connection.execute(select(func.geban_purge_access(low, high))).scalar_one())
    log = LOGS[EXPIRING]
    return connection.execute(delete(log).where(log.c.id > low, log.c.id <= high)).rowcount
