"""Checking the logs: finds edited, removed, added and reordered rows, broken seals and cut tails."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from app.audit.purge import AT_LEAST
from app.audit.rows import AUDIT_PURGE, AUDIT_SEAL, LOGS, content, purge_content, seal_content
from app.audit.seal import START, digest_of, outside, read_days, rows_between
from app.core.crypto import ring

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something that should not be so: ``kind`` edited | changed_set | seal | cut, and where."""

    log: str
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.log}: {self.text}"


@dataclass
class Verdict:
    """What was read and what was found; ``unsealed`` rows wait for the next seal (their MACs were checked), ``purged``
    ones were removed by right after their time.
    """

    rows: int = 0
    seals: int = 0
    unsealed: int = 0
    purged: int = 0
    flaws: list[Flaw] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not self.flaws


def verify(session: Session, folder: Path, since: datetime | None = None) -> Verdict:
    """Read both logs from the first row to the last. ``folder`` holds the seals kept outside the database.

    With ``since``, rows that were sealed before are passed over; their seals are still checked (the nightly look).
    """
    verdict, connection = Verdict(), session.connection()
    for log in LOGS:
        query = select(AUDIT_SEAL).where(AUDIT_SEAL.c.log == log).order_by(AUDIT_SEAL.c.id)
        seals = connection.execute(query).mappings().all()
        gone = _check_purges(connection, log, {s["id"]: s for s in seals}, verdict)
        end = _check_seals(connection, log, seals, verdict, since, gone)
        for row in _checked(log, rows_between(connection, log, end, None), verdict):
            verdict.unsealed += bool(row)
        verdict.flaws += _outside_flaws(log, {s["id"]: outside(s) for s in seals}, folder)
        verdict.flaws += _tail_flaws(connection, log, gone)
    return verdict


def keys_fit(session: Session) -> bool:
    """Whether the loaded keys are those of the data: the first row of the change log says so. True without rows."""
    log = "change_log"
    query = select(LOGS[log]).order_by(LOGS[log].c.id).limit(1)
    row = session.connection().execute(query).mappings().first()
    return row is None or hmac.compare_digest(bytes(row["mac"]), ring().mac(content(log, row)))


def _check_purges(connection: Connection, log: str, seals: Mapping[int, Row], verdict: Verdict) -> int:
    """Check what says that rows were removed by right; returns the id up to which they were."""
    query = select(AUDIT_PURGE).where(AUDIT_PURGE.c.log == log).order_by(AUDIT_PURGE.c.id)
    end = 0
    for purge in connection.execute(query).mappings():
        seal = seals.get(purge["seal_id"])
        if not hmac.compare_digest(bytes(purge["mac"]), ring().mac(purge_content(purge))):
            verdict.flaws.append(Flaw(log, "purge", f"purge {purge['id']} was edited"))
        elif purge["from_id"] != end or seal is None or bytes(seal["digest"]) != bytes(purge["digest"]):
            verdict.flaws.append(Flaw(log, "purge", f"purge {purge['id']} does not fit the seals"))
        elif seal["at"] > purge["at"] - AT_LEAST:
            verdict.flaws.append(Flaw(log, "purge", f"purge {purge['id']} came too early"))
        else:
            end = purge["to_id"]
            verdict.purged += purge["count"]
    return end


def _check_seals(
    connection: Connection,
    log: str,
    seals: Sequence[Row],
    verdict: Verdict,
    since: datetime | None,
    gone: int,
) -> int:
    """Check the chain of a log; returns the id up to which rows are sealed. Of rows up to ``gone`` there is none left."""
    previous, end = START, 0
    for seal in seals:
        verdict.seals += 1
        if not hmac.compare_digest(bytes(seal["mac"]), ring().mac(seal_content(seal))):
            verdict.flaws.append(Flaw(log, "seal", f"seal {seal['id']} was edited"))
        if bytes(seal["previous"]) != previous or seal["from_id"] != end:
            verdict.flaws.append(Flaw(log, "seal", f"seal {seal['id']} does not follow the one before it"))
        if seal["to_id"] > gone and (since is None or seal["at"] >= since):
            rows = _checked(log, rows_between(connection, log, seal["from_id"], seal["to_id"]), verdict)
            digest, count = digest_of(bytes(seal["previous"]), rows)
            if digest != bytes(seal["digest"]):
                verdict.flaws.append(_set_flaw(log, seal, count))
        previous, end = bytes(seal["digest"]), seal["to_id"]
    if gone and next(rows_between(connection, log, 0, gone), None) is not None:
        verdict.flaws.append(Flaw(log, "changed_set", f"rows up to {gone} were removed, but there are some"))
    return end


def _set_flaw(log: str, seal: Row, count: int) -> Flaw:
    where = (
        f"rows {seal['from_id'] + 1} to {seal['to_id']} (seal {seal['id']}, {seal['at']:%Y-%m-%d %H:%M} UTC)"
    )
    missing = seal["count"] - count
    if missing > 0:
        return Flaw(log, "changed_set", f"{where}: {missing} removed")
    if missing < 0:
        return Flaw(log, "changed_set", f"{where}: {-missing} added")
    return Flaw(log, "changed_set", f"{where}: exchanged or reordered")


def _checked(log: str, rows: Iterator[Row], verdict: Verdict) -> Iterator[Row]:
    keys = ring()
    for row in rows:
        verdict.rows += 1
        if not hmac.compare_digest(bytes(row["mac"]), keys.mac(content(log, row))):
            verdict.flaws.append(Flaw(log, "edited", f"row {row['id']} was edited"))
        yield row


def _outside_flaws(log: str, inside: dict[int, dict[str, Any]], folder: Path) -> Iterator[Flaw]:
    newest = folder / f"last-{log}.json"
    kept = read_days(folder / f"{log}.jsonl")
    if newest.exists():
        kept.append(json.loads(newest.read_text()))
    for seal in kept:
        found = inside.get(seal["id"])
        if found is None:
            yield Flaw(log, "cut", f"seal {seal['id']} of {seal['at']} is missing: the log was cut")
        elif (found["digest"], found["to_id"]) != (seal["digest"], seal["to_id"]):
            yield Flaw(log, "seal", f"seal {seal['id']} differs from its copy outside the database")


def _tail_flaws(connection: Connection, log: str, gone: int) -> Iterator[Flaw]:
    """SQLite remembers the highest key ever committed: rows cut off before they were sealed leave a gap."""
    if connection.dialect.name != "sqlite":
        return
    query = f"SELECT seq, (SELECT coalesce(max(id), 0) FROM {log}) FROM sqlite_sequence WHERE name = '{log}'"  # noqa: S608
    for given, highest in connection.exec_driver_sql(query):
        if given > max(highest, gone):
            yield Flaw(log, "cut", f"rows {highest + 1} to {given} are missing: the log was cut")
