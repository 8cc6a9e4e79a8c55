"""The quickest way of many rows into one table; everything else about them is the callers' business."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from sqlalchemy import Connection, FromClause

Rows = Sequence[dict[str, Any]]


def put(connection: Connection, table: FromClause, names: dict[str, str], rows: Rows) -> None:
    """Write many rows into a table as fast as the driver goes: COPY on PostgreSQL, one prepared statement on SQLite.

    ``names`` is column → key in the rows. Values are what the column types would bind (ciphertext, UTC instants,
    JSON text). No guard, no log, no counters: these are the callers' business.
    """
    dialect = connection.dialect
    keys = list(names.values())
    binds = [table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
    # most columns need nothing done to their values
    changing = [(n, bind) for n, bind in enumerate(binds) if bind is not None]
    columns = ", ".join(f'"{n}"' for n in names)
    title = f'"{cast(Any, table).name}"'
    if dialect.name == "postgresql":
        cursor = cast(Any, connection.connection).cursor()
        with cursor, cursor.copy(f"COPY {title} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(_bound(row, keys, changing))
        return
    marks = ", ".join("?" * len(keys))
    statement = f"INSERT INTO {title} ({columns}) VALUES ({marks})"  # noqa: S608 names of our own tables
    connection.exec_driver_sql(statement, [tuple(_bound(row, keys, changing)) for row in rows])


def _bound(row: dict[str, Any], keys: list[str], changing: list[tuple[int, Callable[..., Any]]]) -> list[Any]:
    values = [row[key] for key in keys]
    for n, bind in changing:
        values[n] = bind(values[n])
    return values
