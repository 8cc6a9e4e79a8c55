"""The sealer: chains the rows of both logs by id, each minute, and closes each local day (guards, section 5).

A seal covers the rows (from_id, to_id] of one log: digest = SHA-256(previous digest, then id and MAC of each row).
The MAC key is outside the database; the newest seal of each log and all day seals are also written to a folder
outside the database, which tells a cut tail. Writers are never serialised by the chain.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.audit.rows import AUDIT_SEAL, LOGS, WRITERS_LOCK, link, seal_content
from app.core import clock
from app.core.actor import Actor
from app.core.crypto import ring
from app.core.scope import acting_as
from app.core.session import unit_of_work

SEALER_LOCK = WRITERS_LOCK + 1
START = bytes(32)
SEALER = Actor(label="sealer", origin="worker")
CHUNK = 5000
_log = logging.getLogger(__name__)
Row = Mapping[str, Any]


def seal(now: datetime, folder: Path) -> list[dict[str, Any]]:
    """Seal what was written since the last seal; returns the new seals (none when there is nothing to do).

    Another sealer at work, or a writer that holds on to its transaction, only puts it off to the next minute.
    """
    with acting_as(SEALER) as session:
        if session.get_bind().dialect.name == "postgresql":
            highest = _highest_settled(session)
            if highest is None:
                return []
            made = _seal_up_to(session, highest, now)
        else:
            with unit_of_work(session):  # the only writer: everything up to here is committed
                made = [
                    s
                    for log in LOGS
                    if (s := _seal_log(session.connection(), log, _highest(session, log), now))
                ]
        if made:
            _export(session.connection(), folder)
        return made


def _highest(session: Session, log: str) -> int:
    return session.connection().execute(select(func.coalesce(func.max(LOGS[log].c.id), 0))).scalar_one()


def _highest_settled(session: Session) -> dict[str, int] | None:
    """Highest ids below which no transaction is still writing, or None when a writer takes too long."""
    try:
        with session.begin():
            # waiting writers queue behind this lock: half a second at most, then the next minute will do
            session.connection().exec_driver_sql("SET LOCAL lock_timeout = '500ms'")
            session.execute(select(func.pg_advisory_xact_lock(WRITERS_LOCK)))
            return {log: _highest(session, log) for log in LOGS}
    except OperationalError as error:
        if "lock timeout" not in str(error):
            raise
        _log.warning("sealing put off: a writer holds its transaction open")
        return None


def _seal_up_to(session: Session, highest: Mapping[str, int], now: datetime) -> list[dict[str, Any]]:
    with session.begin():
        if not session.scalar(select(func.pg_try_advisory_xact_lock(SEALER_LOCK))):
            return []
        return [s for log in LOGS if (s := _seal_log(session.connection(), log, highest[log], now))]


def _seal_log(connection: Connection, log: str, to_id: int, now: datetime) -> dict[str, Any] | None:
    last = last_seal(connection, log)
    from_id, previous = (last["to_id"], bytes(last["digest"])) if last else (0, START)
    day = _closed_day(last, now)
    if to_id <= from_id and day is None:
        return None
    digest, count = digest_of(previous, rows_between(connection, log, from_id, to_id))
    made = {
        "at": now,
        "log": log,
        "from_id": from_id,
        "to_id": max(to_id, from_id),
        "count": count,
        "day": day,
        "previous": previous,
        "digest": digest,
    }
    made["mac"] = ring().mac(seal_content(made))
    connection.execute(AUDIT_SEAL.insert(), made)
    return made


def _closed_day(last: Row | None, now: datetime) -> str | None:
    """The local day that this seal closes: the day of the last seal, once it is over."""
    if last is None:
        return None
    day = clock.to_local(last["at"]).date()
    return day.isoformat() if day < clock.to_local(now).date() else None


def last_seal(connection: Connection, log: str) -> Row | None:
    """The newest seal of a log."""
    query = select(AUDIT_SEAL).where(AUDIT_SEAL.c.log == log).order_by(AUDIT_SEAL.c.id.desc()).limit(1)
    return connection.execute(query).mappings().first()


def rows_between(connection: Connection, log: str, from_id: int, to_id: int | None) -> Iterator[Row]:
    """Rows of (from_id, to_id] in id order, read by chunks; to the end for None."""
    table, last = LOGS[log], from_id
    while True:
        query = select(table).where(table.c.id > last).order_by(table.c.id).limit(CHUNK)
        if to_id is not None:
            query = query.where(table.c.id <= to_id)
        found = connection.execute(query).mappings().all()
        yield from found
        if len(found) < CHUNK:
            return
        last = found[-1]["id"]


def digest_of(previous: bytes, rows: Iterable[Row]) -> tuple[bytes, int]:
    """(digest, number of rows) of a link of the chain."""
    h, count = hashlib.sha256(previous), 0
    for row in rows:
        h.update(link(row))
        count += 1
    return h.digest(), count


# --- outside the database -------------------------------------------------------------------------------------


def outside(found: Row) -> dict[str, Any]:
    """A seal as it is written to the folder: enough to recognise it in the database."""
    return {
        "id": found["id"],
        "log": found["log"],
        "at": found["at"].isoformat(),
        "to_id": found["to_id"],
        "day": found["day"],
        "digest": bytes(found["digest"]).hex(),
    }


def _export(connection: Connection, folder: Path) -> None:
    """``last-<log>.json`` holds the newest seal, ``<log>.jsonl`` every day seal. Copy the folder to another machine."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for log in LOGS:
        newest = last_seal(connection, log)
        if newest is None:
            continue
        tmp = folder / f"last-{log}.tmp"
        _write(tmp, "w", json.dumps(outside(newest)))
        tmp.replace(folder / f"last-{log}.json")
        days = folder / f"{log}.jsonl"
        known = max((s["id"] for s in read_days(days)), default=0)
        query = select(AUDIT_SEAL).where(
            AUDIT_SEAL.c.log == log, AUDIT_SEAL.c.day.is_not(None), AUDIT_SEAL.c.id > known
        )
        closed = connection.execute(query.order_by(AUDIT_SEAL.c.id)).mappings().all()
        _write(days, "a", "".join(json.dumps(outside(s)) + "\n" for s in closed))


def read_days(path: Path) -> list[dict[str, Any]]:
    """The day seals of a file; none when there is no file yet."""
    return [json.loads(line) for line in path.read_text().splitlines() if line] if path.exists() else []


def _write(path: Path, mode: str, text: str) -> None:
    with path.open(mode) as f:
        f.write(text)
        f.flush()
        os.fsync(f.fileno())
