"""What a row of a sheet wrote: the records it made, and those it changed with their values before, for the undoing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import get_history

from app.audit.fields import BOOKKEEPING, is_logged


class Recorder:
    """Listens to the flushes of one session. Statements past the flush (core/bulk) are their writer's own matter."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._made: list[Any] = []
        self._old: dict[Any, dict[str, Any]] = {}

    @contextmanager
    def listening(self) -> Iterator[Recorder]:
        """Inside, everything the session writes is noted."""
        event.listen(self.session, "after_flush", self._flushed)
        try:
            yield self
        finally:
            event.remove(self.session, "after_flush", self._flushed)

    def _flushed(self, session: Session, _context: Any) -> None:
        for row in session.new:
            if is_logged(type(row)):
                self._made.append(row)
        for row in session.dirty:
            if is_logged(type(row)) and row not in self._made and session.is_modified(row):
                known = self._old.setdefault(row, {})
                for key, value in _changes(row):
                    known.setdefault(key, value)

    def drain(self) -> tuple[list[list[Any]], list[list[Any]]]:
        """(made, before) since the last call: [[table, key, version]], [[table, key, version, {attribute: old}]]."""
        made = [[*_name(row), _version(row)] for row in self._made]
        before = [[*_name(row), _version(row), old] for row, old in self._old.items() if old]
        self._made, self._old = [], {}
        return made, before


def _name(row: Any) -> tuple[str, int]:
    return type(row).__tablename__, row.id


def _version(row: Any) -> int | None:
    return getattr(row, "version", None)


def _changes(row: Any) -> Iterator[tuple[str, Any]]:
    state = inspect(row)
    for prop in state.mapper.column_attrs:
        if prop.key in BOOKKEEPING or prop.key not in state.dict:
            continue
        history = get_history(row, prop.key)
        if history.added:
            yield prop.key, frozen(history.deleted[0] if history.deleted else None)


def frozen(value: Any) -> Any:
    """A value as it is kept in JSON."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def thawed(model: Any, attribute: str, value: Any) -> Any:
    """The same value for the column again."""
    if not isinstance(value, str):
        return value
    kind = _python_type(inspect(model).columns[attribute].type)
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is date:
        return date.fromisoformat(value)
    return Decimal(value) if kind is Decimal else value


def _python_type(column_type: Any) -> Any:
    try:
        return column_type.python_type
    except NotImplementedError:
        return str
