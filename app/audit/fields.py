"""What of a row goes into the change log: which tables, which columns, and which values only as ciphertext."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

from sqlalchemy import LargeBinary, inspect
from sqlalchemy.orm import Mapper, RelationshipDirection
from sqlalchemy.types import TypeDecorator

from app.core import extra, policy
from app.core.crypto import EncryptedText
from app.core.models import StepBase

# Logs, sign-ins, queues, drafts, what one keeps about lists, counters and FAB's permission tables (they follow the code).
# Step tables are history themselves and append-only.
UNLOGGED = frozenset(
    {
        "change_log", "access_log", "audit_seal", "audit_purge",
        "sign_in", "login_attempt", "password_history",
        "job", "draft", "submission", "saved_view", "bulk_edit", "notice", "outbox_message",
        "area_counter", "serial_counter", "print_log", "import_row",
        "ab_permission", "ab_view_menu", "ab_permission_view", "ab_role", "ab_register_user",
    }
)  # fmt: skip
# the log says who and when itself
BOOKKEEPING = frozenset({"id", "uid", "version", "created_at", "created_by", "updated_at", "updated_by"})
SIGN_IN_COUNTS = {
    "last_login", "login_count", "fail_login_count", "created_on", "changed_on", "created_by_fk", "changed_by_fk",
}  # fmt: skip
# a running import counts its rows with each chunk; its steps are history of their own
IMPORT_COUNTS = {
    "chunks_done", "rows_total", "rows_bad", "rows_warned", "rows_made", "rows_changed", "rows_same", "rows_skipped",
    "rows_undone", "summary", "job_uid",
}  # fmt: skip
NOISE = {("ab_user", name) for name in SIGN_IN_COUNTS} | {("import_batch", name) for name in IMPORT_COUNTS}
# shown as changed, never with a value, not even encrypted
SECRET = frozenset({("ab_user", "password"), ("account", "totp_secret")})
MARK = "***"
EXTRA_STORES = ("extra", "extra_closed")
PROTECTED_LEVELS = frozenset({"L3", "L4", "L5"})


@dataclass(frozen=True, slots=True)
class Field:
    """A logged column: how its values are written down and whether they are protected."""

    key: str
    protected: bool
    secret: bool
    binary: bool

    def plain(self, value: Any) -> Any:
        """A JSON value: dates as ISO text, bytes as their digest, secrets as a mark."""
        if value is None:
            return None
        if self.secret:
            return MARK
        if self.binary:
            return f"sha256:{hashlib.sha256(value).hexdigest()}"
        return value if isinstance(value, (str, int, float, bool, list, dict)) else _text(value)


def _text(value: Any) -> Any:
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else str(value)


@lru_cache(maxsize=1024)
def is_logged(model: type) -> bool:
    """Whether changes of a mapped class are written to the change log."""
    name = getattr(model, "__tablename__", None)
    return name is not None and name not in UNLOGGED and not issubclass(model, StepBase)


@lru_cache(maxsize=1024)
def fields_of(model: type) -> tuple[Field, ...]:
    """The logged columns of a mapped class."""
    mapper: Mapper[Any] = inspect(model)
    table = model.__tablename__  # type: ignore[attr-defined]
    found = []
    for prop in mapper.column_attrs:
        column = prop.columns[0]
        if column.name in BOOKKEEPING or (table, column.name) in NOISE or column.primary_key:
            continue
        encrypted = isinstance(column.type, EncryptedText)
        raw = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
        found.append(
            Field(
                prop.key,
                protected=encrypted or _is_protected(table, column.name),
                secret=(table, column.name) in SECRET,
                binary=isinstance(raw, LargeBinary) and not encrypted,
            )
        )
    return tuple(found)


def _is_protected(table: str, column: str) -> bool:
    rule = policy.rules().get((table, column))
    return (table, column) in policy.logged_closed() or (rule is not None and rule.level in PROTECTED_LEVELS)


@lru_cache(maxsize=1024)
def collections_of(model: type) -> tuple[str, ...]:
    """Many-to-many collections: they have no row of their own in the log (roles of a user)."""
    mapper: Mapper[Any] = inspect(model)
    return tuple(r.key for r in mapper.relationships if r.direction is RelationshipDirection.MANYTOMANY)


def split(model: type, old: dict[str, Any], new: dict[str, Any]) -> tuple[str, str | None]:
    """(``changes``, ``protected``) as JSON texts ``{field: [old, new]}`` of the fields that differ."""
    open_part: dict[str, Any] = {}
    closed_part: dict[str, Any] = {}
    for f in fields_of(model):
        key = f.key
        before, after = old.get(key) if old else None, new.get(key)
        if before != after and key in EXTRA_STORES and extra.has_extra(model):
            _extra_split(model, key, before, after, open_part, closed_part)
        elif before != after:
            (closed_part if f.protected and not f.secret else open_part)[key] = [
                f.plain(before),
                f.plain(after),
            ]
    for key in old.keys() & new.keys() & set(collections_of(model)):
        if old[key] != new[key]:
            open_part[key] = [old[key], new[key]]
    return dump(open_part), dump(closed_part) if closed_part else None


def split_new(model: type, rows: Mapping[str, list[Any]]) -> tuple[list[str], list[str | None]]:
    """``split`` of new rows of a class that stand as columns: all ``changes``, and all ``protected``."""
    count = len(next(iter(rows.values())))
    open_part: list[list[str]] = []
    closed_part: list[list[str]] = []
    stores = EXTRA_STORES if extra.has_extra(model) else ()
    # custom fields stand behind all others, as x_… does in the order of the alphabet
    for f in sorted(fields_of(model), key=lambda f: (f.key in stores, f.key)):
        cells = rows.get(f.key)
        pieces = None if cells is None else _extra_pieces(cells) if f.key in stores else _pieces(f, cells)
        if pieces is not None:
            (closed_part if f.protected and not f.secret else open_part).append(pieces)
    opened = [f"{{{text}}}" for text in _joined(open_part, count)]
    return opened, [f"{{{text}}}" if text else None for text in _joined(closed_part, count)]


def _pieces(f: Field, cells: list[Any]) -> list[str] | None:
    """What each row says of a field, empty where it has no value; None when no row has one."""
    head, first = f"{_compact(f.key)}:[null,", cells[0]
    if cells.count(first) == len(cells):
        return None if first is None else [f"{head}{_compact(f.plain(first))}]"] * len(cells)
    known: dict[Any, str] = {}
    found: list[str] = []
    kinds = set(map(type, cells)) - {type(None)}
    if kinds == {int} and not (f.secret or f.binary):
        return ["" if value is None else f"{head}{value}]" for value in cells]
    if kinds == {str} and not (f.secret or f.binary):
        return ["" if value is None else f"{head}{encode_basestring(value)}]" for value in cells]
    for value in cells:
        piece = "" if value is None else known.get(value) if type(value) in _PLAIN else None
        if piece is None:
            plain = f.plain(value)
            piece = f"{head}{encode_basestring(plain) if type(plain) is str else _compact(plain)}]"
            if type(value) in _PLAIN:
                known[value] = piece
        found.append(piece)
    return found


def _extra_pieces(cells: list[Any]) -> list[str] | None:
    if cells.count(None) == len(cells):
        return None
    return [
        ",".join(
            f"{_compact(extra.PREFIX + key)}:[null,{_compact(value)}]"
            for key, value in sorted((answers or {}).items())
            if value is not None
        )
        for answers in cells
    ]


_PLAIN = frozenset({str, date})  # compared by what they say, so that one piece does for all alike


def _joined(columns: list[list[str]], count: int) -> list[str]:
    if not columns:
        return [""] * count
    return [",".join(filter(None, row)) for row in zip(*columns, strict=True)]


def _extra_split(
    model: type, store: str, old: Any, new: Any, open_part: dict[str, Any], closed_part: dict[str, Any]
) -> None:
    """Each custom field is a line of its own. What stands in the closed store is protected, whatever became of it."""
    before, after = (value if isinstance(value, dict) else {} for value in (old, new))
    part = open_part if store == "extra" else closed_part
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            part[extra.PREFIX + key] = [before.get(key), after.get(key)]


_compact = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def dump(value: Any) -> str:
    """Compact JSON with sorted keys."""
    return _compact(value)
