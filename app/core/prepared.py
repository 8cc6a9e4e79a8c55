"""Statements that each request runs, compiled once and handed to the driver as text (speed.md).

To find a cached statement by the key of its whole shape, and to make the context and the result of a run, costs
SQLAlchemy more than the database needs for a look-up by key. Only statements of columns can be prepared, with named values
and without lists among them; what guards them stands in them from the start.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Select

Processor = Callable[[Any], Any]


class _Made(NamedTuple):
    """The statement for one kind of database: text, fixed values, and how values go in and come out."""

    text: str
    fixed: dict[str, Any]
    places: list[str] | None  # None where the driver takes values by name
    going_in: Mapping[str, Processor]
    coming_out: list[tuple[int, Processor]]
    row: Callable[..., Any]


class Prepared:
    """A select of columns, run by ``rows`` with its values by name."""

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement
        self._made: dict[str, _Made] = {}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """The rows as named tuples."""
        made = self._made.get(connection.dialect.name) or self._make(connection.dialect, values)
        bound = made.fixed | {
            name: made.going_in[name](value) if name in made.going_in else value
            for name, value in values.items()
        }
        sent = bound if made.places is None else tuple(bound[name] for name in made.places)
        found = []
        for row in connection.exec_driver_sql(made.text, sent).all():
            cells = list(row)
            for at, process in made.coming_out:
                cells[at] = process(cells[at])
            found.append(made.row(*cells))
        return found

    def _make(self, dialect: Dialect, values: Mapping[str, Any]) -> _Made:
        compiled: Any = self.statement.compile(dialect=dialect)
        state = compiled.construct_expanded_state(values)
        fixed = {
            name: state.processors[name](value) if name in state.processors else value
            for name, value in state.parameters.items()
            if name not in values
        }
        types = [column.type.dialect_impl(dialect) for column in compiled._result_columns]
        out = [(at, type_.result_processor(dialect, None)) for at, type_ in enumerate(types)]
        made = self._made[dialect.name] = _Made(
            state.statement,
            fixed,
            list(state.positiontup) if compiled.positional else None,
            state.processors,
            [(at, process) for at, process in out if process is not None],
            namedtuple("Found", [column.keyname for column in compiled._result_columns]),
        )
        return made
