"""The quickest way of many rows into one table; everything else about them is the callers' business."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
        # left in reverse: the copy ends before its rows go on from the place beside the table
        with (
            cursor,
            _way_in(cursor, title, columns) as place,
            cursor.copy(f"COPY {place} ({columns}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(_bound(row, keys, changing))
        return
    marks = ", ".join("?" * len(keys))
    statement = f"INSERT INTO {title} ({columns}) VALUES ({marks})"  # noqa: S608 names of our own tables
    connection.exec_driver_sql(statement, [tuple(_bound(row, keys, changing)) for row in rows])


@contextmanager
def _way_in(cursor: Any, title: str, columns: str) -> Iterator[str]:
    """The table itself, or one beside it where row security stands before it, which refuses COPY but not INSERT."""
    if not cursor.execute("SELECT row_security_active(%s)", (title,)).fetchone()[0]:
        yield title
        return
    made = f"AS SELECT {columns} FROM {title} WITH NO DATA"  # noqa: S608 names of our own tables
    cursor.execute(f"CREATE TEMP TABLE geban_copy ON COMMIT DROP {made}")
    yield "geban_copy"
    cursor.execute(f"INSERT INTO {title} ({columns}) SELECT {columns} FROM geban_copy")  # noqa: S608
    cursor.execute("DROP TABLE geban_copy")


def _bound(row: dict[str, Any], keys: list[str], changing: list[tuple[int, Callable[..., Any]]]) -> list[Any]:
    values = [row[key] for key in keys]
    for n, bind in changing:
        values[n] = bind(values[n])
    return values
