"""How a log row is written down: stored columns, canonical form, MAC. Writers and verifiers share this file.

Both work on the stored bytes, never on decrypted values: a row can be verified after the key of its protected
values has been erased.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from json.encoder import encode_basestring
from typing import Any
from weakref import ReferenceType, ref

from sqlalchemy import LargeBinary, column, func, select, table
from sqlalchemy.engine import Connection
from sqlalchemy.sql import TableClause

from app.audit.models import AccessLog, AuditPurge, AuditSeal, ChangeLog
from app.core.copying import put_columns
from app.core.crypto import EncryptedText, ring

# Writers hold this lock shared for the rest of their transaction, the sealer takes it for an instant: when it
# has it, every row up to the highest id is committed and none can slip under a seal later (PostgreSQL; SQLite has
# one writer anyway).
WRITERS_LOCK = 0x4765426C
_LOCK = select(func.pg_advisory_xact_lock_shared(WRITERS_LOCK))
HELD = "audit_lock_held"
PROTECTED = "change_log.protected"


def _raw(model: type) -> TableClause:
    """The table with ciphertext columns as plain bytes: encrypting is done here, not in the column type."""
    columns = [
        column(c.name, LargeBinary() if isinstance(c.type, EncryptedText) else c.type)
        for c in model.__table__.columns  # type: ignore[attr-defined]
    ]
    return table(model.__tablename__, *columns)  # type: ignore[attr-defined]


CHANGE_LOG = _raw(ChangeLog)
ACCESS_LOG = _raw(AccessLog)
AUDIT_SEAL = _raw(AuditSeal)
AUDIT_PURGE = _raw(AuditPurge)
LOGS: dict[str, TableClause] = {"change_log": CHANGE_LOG, "access_log": ACCESS_LOG}
_INSERTS = {log: raw.insert() for log, raw in LOGS.items()}
_CONTENT = {log: [c.name for c in raw.columns if c.name not in {"id", "mac"}] for log, raw in LOGS.items()}
MANY = 200  # rows from which the way of bulk writes is the quicker one
_canonical = json.JSONEncoder(ensure_ascii=False).encode
_text = encode_basestring  # what the encoder does with a text


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    return value


def content(log: str, row: Mapping[str, Any]) -> bytes:
    """Canonical bytes of a row without its id and MAC (the id is given by the database at the insert)."""
    return _canonical([log, *[_plain(row.get(n)) for n in _CONTENT[log]]]).encode()


def link(row: Mapping[str, Any]) -> bytes:
    """What the chain takes up of a row: its place and its MAC, which covers the rest."""
    return str(row["id"]).encode() + b":" + bytes(row["mac"]) + b"\n"


def seal_content(seal: Mapping[str, Any]) -> bytes:
    """Canonical bytes of a seal without id and MAC."""
    return _of_table(AUDIT_SEAL, seal)


def purge_content(purge: Mapping[str, Any]) -> bytes:
    """Canonical bytes of a purge without id and MAC."""
    return _of_table(AUDIT_PURGE, purge)


def _of_table(raw: TableClause, row: Mapping[str, Any]) -> bytes:
    names = [c.name for c in raw.columns if c.name not in {"id", "mac"}]
    return json.dumps([raw.name, *(_plain(row.get(n)) for n in names)]).encode()


def hold_writers_lock(connection: Connection) -> None:
    """Shared, until the end of the transaction, and asked for once in it.

    What was asked for inside a savepoint is given back when the savepoint is rolled back: it is remembered for that
    savepoint only. A transaction is known by its object, so a new one on the same connection asks anew.
    """
    if connection.dialect.name != "postgresql":
        return
    within: Any = connection.get_nested_transaction()
    held: tuple[ReferenceType[Any], ...] = connection.info.get(HELD, ())
    whole = connection.get_transaction()
    if any(known() is not None and known() in (whole, within) for known in held):
        return
    connection.execute(_LOCK)
    whole = connection.get_transaction()  # the statement may have begun it
    if whole is not None:
        connection.info[HELD] = (ref(within or whole),)


def write(connection: Connection, log: str, rows: Sequence[dict[str, Any]]) -> None:
    """Insert finished rows with their MACs; a failure fails the caller's transaction."""
    if not rows:
        return
    if len(rows) >= MANY:
        write_columns(connection, log, {name: [row.get(name) for row in rows] for name in _CONTENT[log]})
        return
    hold_writers_lock(connection)
    keys = ring()
    for row in rows:
        row["mac"] = keys.mac(content(log, row))
    connection.execute(_INSERTS[log], rows)


def write_columns(connection: Connection, log: str, columns: Mapping[str, list[Any]]) -> None:
    """``write`` for rows that are columns already (bulk writes): every column of the log, without key and MAC."""
    hold_writers_lock(connection)
    macs = ring().macs(contents(log, columns))
    put_columns(connection, LOGS[log], {name: columns[name] for name in _CONTENT[log]} | {"mac": macs})


def contents(log: str, columns: Mapping[str, list[Any]]) -> list[bytes]:
    """``content`` of many rows: what is the same in all of them is written down once."""
    count = len(next(iter(columns.values())))
    parts: list[list[str]] = []
    before = "[" + _canonical(log)
    for name in _CONTENT[log]:
        cells = columns[name]
        if cells.count(cells[0]) == count:
            before += ", " + _canonical(_plain(cells[0]))
        else:
            parts += [[before + ", "] * count, _written(cells)]
            before = ""
    parts.append([before + "]"] * count)
    return ["".join(row).encode() for row in zip(*parts, strict=True)]


def _written(cells: list[Any]) -> list[str]:
    kinds = set(map(type, cells))
    if kinds == {int}:
        return list(map(str, cells))
    if kinds == {str}:
        return list(map(_text, cells))
    if kinds <= {bytes, type(None)}:
        return ["null" if value is None else f'"{value.hex()}"' for value in cells]
    return [_canonical(_plain(value)) for value in cells]
