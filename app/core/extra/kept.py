"""Custom fields as the rest of the program uses them: which are in force, how a value is read, written and asked for.

The definitions are few and read on every page, so a process keeps them in memory (as code lists are kept) and reads them
again when the stamp of the newest change moves.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Engine, String, event, func, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator

from app.core.extra.models import Extra, ExtraField, ExtraFieldArea
from app.core.session import PlainGuardedSession

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
# what another process changed is seen after a second, what this one changed at once; areas may be moved by a plan
TRUST, OLDEST = 1.0, 60.0


class IsoDay(TypeDecorator[date]):
    """A day that stands as ISO text inside JSON: it sorts and compares as text does."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: object) -> str | None:
        return value.isoformat() if isinstance(value, date) else value

    def process_result_value(self, value: str | None, dialect: object) -> date | None:
        return _day(value)


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

    def expression(self, model: Any) -> Any:
        """The value in SQL, typed as ``read`` gives it. Raises ValueError for a closed field: it stands encrypted."""
        if not self.is_open:
            raise ValueError(f"{self.name} is stored encrypted")
        found = model.extra[self.key]
        if self.kind == "decimal":
            return found.as_numeric(PRECISION, SCALE)
        if self.kind == "bool":
            return found.as_boolean()
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


# --- what a process keeps ---------------------------------------------------------------------------------------

# replaced as a whole: other threads read it
_kept: list[dict[str, dict[str, ExtraColumn]]] = [{}]
_stamp: list[Any] = [None]
_asked: list[float] = [0.0]
_read: list[float] = [0.0]


def _forget(*_event: object) -> None:
    _asked[0] = 0.0


@event.listens_for(PlainGuardedSession, "after_flush")
def _changed(session: Session, _context: object) -> None:
    touched = (*session.new, *session.dirty, *session.deleted)
    if any(isinstance(row, ExtraField | ExtraFieldArea) for row in touched):
        session.info["extra_changed"] = True
        session.info.pop("extra_checked", None)


@event.listens_for(PlainGuardedSession, "after_commit")
def _committed(session: Session) -> None:
    if not session.in_nested_transaction() and session.info.pop("extra_changed", None):
        _forget()
        _stamp[0] = None


@event.listens_for(PlainGuardedSession, "after_rollback")
def _rolled_back(session: Session) -> None:
    if session.info.pop("extra_changed", None):
        _forget()
        _stamp[0] = None


event.listen(Engine, "engine_disposed", _forget)


def refresh(session: Session) -> None:
    """Read the definitions again where they have changed; asks the database once a second at most."""
    now = time.monotonic()
    own = session.info.get("extra_changed") and "extra_checked" not in session.info
    if now - session.info.get("extra_checked", 0.0) < TRUST:
        return
    session.info["extra_checked"] = now
    if now - _asked[0] < TRUST and not own:
        return
    newest = session.execute(select(func.max(ExtraField.updated_at), func.count(ExtraField.id))).one()
    key = (str(session.get_bind().url), *newest)  # type: ignore[union-attr]
    if _stamp[0] == key and now - _read[0] < OLDEST and not own:
        _asked[0] = now
        return
    found = _definitions(session) if newest[1] else {}
    _kept[0] = found
    _stamp[0], _asked[0], _read[0] = key, now, now


def _definitions(session: Session) -> dict[str, dict[str, ExtraColumn]]:
    area = Model.metadata.tables["area"]
    paths: dict[int, list[str]] = {}
    where = select(ExtraFieldArea.field_id, area.c.path).join(area, area.c.id == ExtraFieldArea.area_id)
    for field_id, path in session.execute(where.order_by(area.c.path)):
        paths.setdefault(field_id, []).append(path)
    found: dict[str, dict[str, ExtraColumn]] = {}
    query = select(ExtraField).order_by(ExtraField.subject, ExtraField.seq, ExtraField.id)
    for row in session.scalars(query):
        found.setdefault(row.subject, {})[PREFIX + row.key] = ExtraColumn(
            PREFIX + row.key,
            row.key,
            row.subject,
            row.label,
            KINDS.get(row.kind, "text"),
            row.code_list if row.kind == "choice" else None,
            row.level,
            row.is_required,
            row.help or "",
            row.seq,
            row.in_list,
            tuple(paths.get(row.id, ())),
            row.valid_from,
            row.valid_to,
        )
    return found


def known(model: Any) -> dict[str, ExtraColumn]:
    """All custom fields of a class by name as this process knows them, ended ones too; asks the database nothing."""
    found = _kept[0]
    return found.get(model.__table__.name, {}) if found and has_extra(model) else {}


def has_extra(model: Any) -> bool:
    """Whether records of a class may have custom fields."""
    return isinstance(model, type) and issubclass(model, Extra)


def column_of(model: Any, name: str) -> ExtraColumn | None:
    """The custom field of a name such as ``x_f1``, if the class has it."""
    return known(model).get(name) if name.startswith(PREFIX) else None


def all_columns(session: Session, model: Any) -> list[ExtraColumn]:
    """All custom fields of a class in their order, ended and coming ones too."""
    if not has_extra(model):
        return []
    refresh(session)
    return list(known(model).values())


def columns(
    session: Session, model: Any, *, area_id: int | None = None, day: date | None = None
) -> list[ExtraColumn]:
    """The custom fields of a class that are asked on a day (today), in an area if one is given."""
    from app.core.clock import today

    found = [c for c in all_columns(session, model) if c.is_asked_on(day or today())]
    if area_id is None or not any(c.paths for c in found):
        return found
    area = Model.metadata.tables["area"]
    path = session.scalar(select(area.c.path).where(area.c.id == area_id)) or ""
    return [c for c in found if c.is_asked_in(path)]
