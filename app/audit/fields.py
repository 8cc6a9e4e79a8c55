"""What of a row goes into the change log: which tables, which columns, and which values only as ciphertext."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import LargeBinary, inspect
from sqlalchemy.orm import Mapper, RelationshipDirection
from sqlalchemy.types import TypeDecorator

from app.core import policy
from app.core.crypto import EncryptedText
from app.core.models import StepBase

# Logs, sign-ins, queues, drafts, counters and FAB's permission tables (they follow the code). Step tables are history
# themselves and append-only.
UNLOGGED = frozenset(
    {
        "change_log", "access_log", "audit_seal", "audit_purge",
        "sign_in", "login_attempt", "password_history",
        "job", "draft", "submission", "notice", "outbox_message",
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
    "rows_done", "rows_total", "rows_bad", "rows_warned", "rows_made", "rows_changed", "rows_same", "rows_skipped",
    "rows_undone", "summary", "job_uid",
}  # fmt: skip
NOISE = {("ab_user", name) for name in SIGN_IN_COUNTS} | {("import_batch", name) for name in IMPORT_COUNTS}
# shown as changed, never with a value, not even encrypted
SECRET = frozenset({("ab_user", "password"), ("account", "totp_secret")})
MARK = "***"
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
        if before != after:
            (closed_part if f.protected and not f.secret else open_part)[key] = [
                f.plain(before),
                f.plain(after),
            ]
    for key in old.keys() & new.keys() & set(collections_of(model)):
        if old[key] != new[key]:
            open_part[key] = [old[key], new[key]]
    return dump(open_part), dump(closed_part) if closed_part else None


_compact = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def dump(value: Any) -> str:
    """Compact JSON with sorted keys."""
    return _compact(value)
