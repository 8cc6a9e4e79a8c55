"""One custom field as the rest of the program uses it: how a value is read, written and asked for."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Boolean, String, case, literal, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from app.core import codes

PREFIX = "x_"
OPEN_LEVELS = frozenset({"L1", "L2", "L3"})
CLOSED_LEVELS = frozenset({"L4", "L5"})
# kind of the definition → kind as facts of columns have it
KINDS = {"text": "text", "number": "decimal", "date": "date", "choice": "code", "yes_no": "bool"}
LONGEST = 200
# digits of a number in all and behind the point: as many as JSON carries without loss
PRECISION, SCALE = 14, 4
# as long as the code of a group
GRANT_LENGTH = 24


class IsoDay(TypeDecorator[date]):
    """A day that stands as ISO text inside JSON: it sorts and compares as text does."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: object) -> str | None:
        return value.isoformat() if isinstance(value, date) else value

    def process_result_value(self, value: str | None, dialect: object) -> date | None:
        return _day(value)


class is_kind(FunctionElement[bool]):
    """Whether the value of a key in a JSON object is a ``number`` or a ``boolean``."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, store: Any, key: str, kind: str) -> None:
        super().__init__(store, literal(key), literal(f"$.{key}"), literal(kind))


@compiles(is_kind, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    store, key, _path, kind = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(jsonb_typeof({store} -> {key}) = {kind})"


@compiles(is_kind, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    store, _key, path, kind = (compiler.process(clause, **kw) for clause in element.clauses)
    kinds = f"CASE {kind} WHEN 'number' THEN 'integer real' ELSE 'true false' END"
    return f"(instr({kinds}, json_type({store}, {path})) > 0)"


@dataclass(frozen=True, slots=True)
class ExtraColumn:
    """One custom field of a kind of record.

    ``name`` (``x_<key>``) stands in addresses, forms, filters, ledgers and sheets. ``kind`` is one of text decimal date
    code bool, as facts of columns have it. ``paths`` are the areas in which it is asked (with all below them), none for
    everywhere; ``is_current`` is whether it is asked today.
    """

    name: str
    key: str
    table: str
    label: str
    kind: str
    code_list: str | None
    level: str
    is_required: bool
    help: str
    seq: int
    in_list: bool
    paths: tuple[str, ...]
    valid_from: date | None
    valid_to: date | None

    @property
    def is_open(self) -> bool:
        """Whether values stand in the open store of the record, where a statement can ask for them."""
        return self.level in OPEN_LEVELS

    @property
    def grant(self) -> str:
        """The grant by name that opens a field of level L5."""
        return f"{self.table}:{self.key}"[:GRANT_LENGTH]

    @property
    def store(self) -> str:
        """The column of the record that holds the values."""
        return "extra" if self.is_open else "extra_closed"

    def is_asked_on(self, day: date) -> bool:
        """Whether the field is asked on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )

    def is_asked_in(self, path: str) -> bool:
        """Whether the field is asked in the area of this path."""
        return not self.paths or any(path.startswith(own) for own in self.paths)

    def read(self, row: Any) -> Any:
        """The value of a record (entity, row or mapping): str, Decimal, date, code or bool; None where there is none."""
        store = row.get(self.store) if isinstance(row, Mapping) else getattr(row, self.store)
        return self.parse(store.get(self.key) if isinstance(store, Mapping) else None)

    def write(self, row: Any, value: Any) -> None:
        """Set the value of a record (entity or mutable mapping); None or an empty text takes it out."""
        is_mapping = isinstance(row, MutableMapping)
        before = row.get(self.store) if is_mapping else getattr(row, self.store)
        store = dict(before) if isinstance(before, Mapping) else {}
        stored = self.stored(value)
        if stored is None:
            store.pop(self.key, None)
        else:
            store[self.key] = stored
        # a new dict: the session sees no change inside the old one
        if (store or None) == (before or None):
            return
        if is_mapping:
            row[self.store] = store or None
        else:
            setattr(row, self.store, store or None)

    def parse(self, stored: Any) -> Any:
        """What a stored JSON value means; None for what the field cannot hold."""
        if stored is None or stored == "":
            return None
        if self.kind == "decimal":
            return _number(stored)
        if self.kind == "date":
            return _day(stored)
        if self.kind == "bool":
            return stored if isinstance(stored, bool) else None
        return str(stored)

    def stored(self, value: Any) -> Any:
        """The JSON value of a Python value. Raises ValueError for what the field cannot hold."""
        if value is None or value == "":
            return None
        if self.kind == "decimal":
            number = round(Decimal(value), SCALE)
            if not number.is_finite() or abs(number) >= Decimal(10) ** (PRECISION - SCALE):
                raise ValueError(value)
            return int(number) if number == number.to_integral_value() else float(number)
        if self.kind == "date":
            return (value if isinstance(value, date) else date.fromisoformat(value)).isoformat()
        if self.kind == "bool":
            if not isinstance(value, bool):
                raise ValueError(value)
            return value
        text = str(value).strip()
        if len(text) > LONGEST or "\x00" in text:
            raise ValueError(value)
        return text or None

    def wire(self, value: Any) -> str:
        """A value as it would be typed into a field."""
        if value is None:
            return ""
        if self.kind == "bool":
            return "1" if value else "0"
        return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)

    def is_fillable(self, session: Session) -> bool:
        """Whether there is anything to choose: an empty list must not keep anybody from saving."""
        return self.kind != "code" or bool(codes.choices(session, self.code_list or ""))

    def expression(self, model: Any) -> Any:
        """The value in SQL, typed as ``read`` gives it. Raises ValueError for a closed field: it stands encrypted."""
        if not self.is_open:
            raise ValueError(f"{self.name} is stored encrypted")
        found = model.extra[self.key]
        # of another kind than the field's: PostgreSQL would refuse the whole statement, and with it the list
        if self.kind == "decimal":
            return case((is_kind(model.extra, self.key, "number"), found.as_numeric(PRECISION, SCALE)))
        if self.kind == "bool":
            return case((is_kind(model.extra, self.key, "boolean"), found.as_boolean()))
        if self.kind == "date":
            return type_coerce(found.as_string(), IsoDay())
        return found.as_string()


def _number(stored: Any) -> Decimal | None:
    if isinstance(stored, bool):
        return None
    try:
        number = Decimal(str(stored))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _day(stored: Any) -> date | None:
    try:
        return date.fromisoformat(stored) if stored else None
    except (TypeError, ValueError):
        return None
