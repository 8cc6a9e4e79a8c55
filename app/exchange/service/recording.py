"""What rows of a sheet wrote: the records each made, and those it changed with their values before, for the undoing."""

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

Noted = tuple[list[list[Any]], list[list[Any]]]


class Recorder:
    """Listens to the flushes of one session. Statements past the flush (core/bulk) are their writer's own matter.

    ``row`` is the row that is being written. Rows may wait for one flush: what such a row has put into the session is
    its own by ``claim``.
    """

    def __init__(self, session: Session) -> None:
        self.session, self.row = session, 0
        self.forget()

    def forget(self) -> None:
        """Nothing of what was noted holds: it was taken back."""
        self._claimed: dict[Any, int] = {}
        self._maker: dict[Any, int] = {}
        self._made: dict[int, list[Any]] = {}
        self._old: dict[int, dict[Any, dict[str, Any]]] = {}

    @contextmanager
    def listening(self) -> Iterator[Recorder]:
        """Inside, everything the session writes is noted."""
        event.listen(self.session, "after_flush", self._flushed)
        try:
            yield self
        finally:
            event.remove(self.session, "after_flush", self._flushed)

    def claim(self) -> None:
        """What waits in the session and is nobody's yet was put there by the present row."""
        for record in self._waiting():
            self._claimed.setdefault(record, self.row)

    def is_untouched(self) -> bool:
        """Whether the present row has written nothing so far."""
        if self.row in self._made or self.row in self._old:
            return False
        return all(record in self._claimed for record in self._waiting())

    def _waiting(self) -> Iterator[Any]:
        yield from self.session.new
        yield from self.session.dirty
        yield from self.session.deleted

    def _flushed(self, session: Session, _context: Any) -> None:
        for record in session.new:
            if is_logged(type(record)):
                number = self._maker[record] = self._claimed.pop(record, self.row)
                self._made.setdefault(number, []).append(record)
        for record in session.dirty:
            if is_logged(type(record)) and session.is_modified(record):
                number = self._claimed.pop(record, self.row)
                if self._maker.get(record) != number:
                    known = self._old.setdefault(number, {}).setdefault(record, {})
                    for key, value in _changes(record):
                        known.setdefault(key, value)

    def drain(self, number: int) -> Noted:
        """(made, before) of a row, once: [[table, key, version]], [[table, key, version, {attribute: old}]]."""
        made = [[*_name(record), _version(record)] for record in self._made.pop(number, ())]
        old = self._old.pop(number, {})
        before = [[*_name(record), _version(record), values] for record, values in old.items() if values]
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
        return getattr(column_type, "impl", column_type).python_type  # an instant is a datetime beneath
    except NotImplementedError:
        return str
