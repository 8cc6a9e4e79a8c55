"""Everything a merge changes, written down as it is flushed, and the way back.

Whatever service a merge calls, the ledger sees the rows: nothing has to be remembered by hand. Steps of state machines
are history and stay as they were written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import event, inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.orm.attributes import get_history

from app.core.extra import PREFIX, Extra
from app.core.models import AppendOnly

# bookkeeping follows by itself
LEFT_OUT = frozenset({"id", "version", "updated_at", "updated_by"})


STORES = ("extra", "extra_closed")


@dataclass
class Ledger:
    """Operations in the order in which they reached the database, as plain JSON."""

    operations: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Left:
    """A value that the way back left alone, because it was changed since."""

    table: str
    row_id: int
    column: str


@contextmanager
def recording(session: Session) -> Iterator[Ledger]:
    """Note every row that the session writes inside."""
    ledger = Ledger()

    def note(flushed: Session, _context: Any) -> None:
        ledger.operations += [{"op": "insert", **_key(row)} for row in flushed.new if not _is_history(row)]
        for row in flushed.dirty:
            if flushed.is_modified(row) and (changed := _changed(row)):
                ledger.operations.append({"op": "update", **_key(row), "columns": changed})
        ledger.operations += [
            {"op": "delete", **_key(row), "values": _values(row)} for row in flushed.deleted
        ]

    event.listen(session, "after_flush", note)
    try:
        yield ledger
        session.flush()
    finally:
        event.remove(session, "after_flush", note)


def _is_history(row: Any) -> bool:
    return isinstance(row, AppendOnly)


def _key(row: Any) -> dict[str, Any]:
    return {"table": row.__tablename__, "id": row.id}


def _columns(row: Any) -> list[str]:
    mapper: Mapper[Any] = inspect(type(row))
    return [prop.key for prop in mapper.column_attrs if prop.key not in LEFT_OUT]


def _changed(row: Any) -> dict[str, list[Any]]:
    found = {}
    for key in _columns(row):
        history = get_history(row, key)
        if history.added:
            if not history.deleted:
                raise RuntimeError(
                    f"{row.__tablename__}.{key} was set before it was read: there is no way back"
                )
            found[key] = [_plain(history.deleted[0]), _plain(history.added[0])]
    return found


def _values(row: Any) -> dict[str, Any]:
    return {key: _plain(getattr(row, key)) for key in _columns(row)}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"instant": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, Decimal):
        return {"number": str(value)}
    if isinstance(value, (dict, list)):
        return {"json": value}
    return str(value) if isinstance(value, str) else value


_READERS: dict[str, Callable[[Any], Any]] = {
    "instant": datetime.fromisoformat,
    "date": date.fromisoformat,
    "number": Decimal,
    "json": lambda value: value,
}


def _read(value: Any) -> Any:
    if isinstance(value, dict):
        ((kind, plain),) = value.items()
        return _READERS[kind](plain)
    return value


def revert(session: Session, operations: list[dict[str, Any]]) -> list[Left]:
    """Take operations back, the last one first. What was changed since is left alone and named."""
    classes: dict[str, type] = {m.class_.__tablename__: m.class_ for m in Model.registry.mappers}
    left: list[Left] = []
    for operation in reversed(operations):
        back = _BACK[operation["op"]]
        try:
            with session.begin_nested():
                left += back(session, classes[operation["table"]], operation)
        except IntegrityError:  # something new has taken the place
            left.append(Left(operation["table"], operation["id"], ""))
    return left


def _row(session: Session, model: type, key: int) -> Any:
    return session.get(model, key, execution_options={"with_deleted": True}, populate_existing=True)


def _undo_update(session: Session, model: type, operation: dict[str, Any]) -> list[Left]:
    row = _row(session, model, operation["id"])
    if row is None:
        return [Left(operation["table"], operation["id"], "")]
    left = []
    for key, (old, new) in operation["columns"].items():
        if key in STORES and isinstance(row, Extra):
            left += _undo_extra(row, key, _read(old) or {}, _read(new) or {})
        elif getattr(row, key) == _read(new):
            setattr(row, key, _read(old))
        else:
            left.append(Left(operation["table"], operation["id"], key))
    return left


def _undo_extra(row: Any, store: str, old: dict[str, Any], new: dict[str, Any]) -> list[Left]:
    """Custom fields go back one by one, each unless it was changed since."""
    left, values = [], dict(getattr(row, store) or {})
    for key in (key for key in old.keys() | new.keys() if old.get(key) != new.get(key)):
        if values.get(key) != new.get(key):
            left.append(Left(row.__tablename__, row.id, PREFIX + key))
        elif key in old:
            values[key] = old[key]
        else:
            values.pop(key, None)
    setattr(row, store, values or None)
    return left


def _undo_insert(session: Session, model: type, operation: dict[str, Any]) -> list[Left]:
    row = _row(session, model, operation["id"])
    if row is not None:
        session.delete(row)
    return []


def _undo_delete(session: Session, model: type, operation: dict[str, Any]) -> list[Left]:
    values = {key: _read(value) for key, value in operation["values"].items()}
    row: Any = model(id=operation["id"], **values)
    session.add(row)
    session.flush()
    if "created_by" in values and values["created_by"] is None:
        row.created_by = None  # the guard of the session names whoever adds a row
    return []


_BACK: dict[str, Callable[[Session, type, dict[str, Any]], list[Left]]] = {
    "update": _undo_update,
    "insert": _undo_insert,
    "delete": _undo_delete,
}
