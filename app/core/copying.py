"""The quickest way of many rows into one table; everything else about them is the callers' business.

Rows are turned into columns first: most columns of a batch hold one value (a moment, a user, nothing at all), which is
then made ready once and not for each row.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from sqlalchemy import Connection, FromClause, LargeBinary, event

from app.core.crypto import EncryptedText
from app.core.session import PLANS

Rows = Sequence[dict[str, Any]]
BEHIND = "copying_behind"
AHEAD = 4  # tables whose rows may wait to be handed over
BLOCK = 500  # lines that go to PostgreSQL together: it works while the next are put together
NULL = "\\N"
# The checks of foreign keys of so many rows are the work of a few statements, which the setting of our connections would
# plan for each row anew: half of what the server does. Planned once they must not be older than this copy, though: made
# when a table was nearly empty, such a plan reads all of it for each row.
PLANNED_ONCE = "SET LOCAL plan_cache_mode = auto; DISCARD PLANS"
PLANNED_EACH_TIME = f"SET LOCAL plan_cache_mode = {PLANS}"
_has_special = re.compile(r"[\\\t\n\r]").search
_SPECIAL = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
TEXT: dict[type, Callable[[Any], str]] = {
    type(None): lambda _value: NULL,
    str: lambda value: value.translate(_SPECIAL),
    bool: lambda value: "t" if value else "f",
    int: str,
    float: repr,
    Decimal: str,
    date: date.isoformat,
    datetime: datetime.isoformat,
    bytes: lambda value: "\\\\x" + value.hex(),
}


@dataclass(frozen=True, slots=True)
class Column:
    """The bound values of a column, one for each row; ``same``: they are all the first one."""

    name: str
    cells: list[Any]
    same: bool
    default: bool  # the database puts a value of its own where none is given


def put(connection: Connection, table: FromClause, names: dict[str, str], rows: Rows) -> None:
    """Write many rows into a table as fast as the driver goes: COPY on PostgreSQL, one prepared statement on SQLite.

    ``names`` is column → key in the rows. Values are what the column types would bind (ciphertext, UTC instants,
    JSON text). No guard, no log, no counters: these are the callers' business.
    """
    put_columns(connection, table, {name: [row[key] for row in rows] for name, key in names.items()})


def put_columns(connection: Connection, table: FromClause, columns: Mapping[str, list[Any]]) -> None:
    """The same for rows that are columns already: all lists have the same length."""
    if not next(iter(columns.values()), None):
        return
    dialect, bound = connection.dialect, []
    for name, cells in columns.items():
        column: Any = table.c[name]
        bind = column.type.dialect_impl(dialect).bind_processor(dialect)
        own = getattr(column, "server_default", None) is not None
        if isinstance(column.type, EncryptedText):
            cells, bind = column.type.sealed(cells), None
        elif isinstance(column.type, LargeBinary):  # both drivers take bytes as they are
            bind = None
        bound.append(_bound(name, cells, bind, own))
    title = cast(Any, table).name
    if dialect.name == "postgresql":
        later: _Behind | None = connection.info.get(BEHIND)
        ordered, lines = _in_order(bound)
        if later is None:
            _copy(connection, title, ordered, lines)
        else:
            later.put(lambda: _copy(connection, title, ordered, lines))
    else:
        _insert(connection, title, bound)


def _bound(name: str, cells: list[Any], bind: Any, default: bool) -> Column:
    first = cells[0]
    same = cells.count(first) == len(cells)
    if bind is not None:
        cells = [bind(first)] * len(cells) if same else [bind(value) for value in cells]
    return Column(name, cells, same, default)


def _insert(connection: Connection, title: str, columns: list[Column]) -> None:
    given = [c for c in columns if c.default or not (c.same and c.cells[0] is None)]
    names, marks = ", ".join(f'"{c.name}"' for c in given), ", ".join("?" * len(given))
    statement = f'INSERT INTO "{title}" ({names}) VALUES ({marks})'  # noqa: S608 names of our own tables
    connection.exec_driver_sql(statement, list(zip(*(c.cells for c in given), strict=True)))


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


def _in_order(columns: list[Column]) -> tuple[list[Column], list[str] | None]:
    """What is the same in all rows stands once, at their end; with the rows as COPY reads them."""
    columns = sorted(columns, key=lambda c: c.same)
    return columns, _lines(columns)


def _copy(connection: Connection, title: str, columns: list[Column], lines: list[str] | None) -> None:
    """COPY as text where every value has a plain one, by the driver's own way where not."""
    names = ", ".join(f'"{c.name}"' for c in columns)
    cursor = cast(Any, connection.connection).cursor()
    # left in reverse: the copy ends before its rows go on from the place beside the table
    with (
        cursor,
        _planned_once(cursor),
        _way_in(cursor, f'"{title}"', names) as place,
        cursor.copy(f"COPY {place} ({names}) FROM STDIN") as copy,
    ):
        if lines is None:
            for row in zip(*(c.cells for c in columns), strict=True):
                copy.write_row(row)
            return
        for at in range(0, len(lines), BLOCK):
            copy.write("".join(lines[at : at + BLOCK]))


class _Behind:
    """A thread that hands rows over, in the order in which they came. Only one of both uses the connection at a time."""

    def __init__(self) -> None:
        self.thread, self.waiting = ThreadPoolExecutor(1, "copy"), deque[Future[None]]()

    def put(self, work: Callable[[], None]) -> None:
        """Hand over soon; waits where a few are waiting, for they are kept in memory."""
        while len(self.waiting) >= AHEAD:
            self.waiting.popleft().result()
        self.waiting.append(self.thread.submit(work))

    def wait(self, *_statement: Any) -> None:
        """Until all is handed over. Raises what went wrong with it."""
        while self.waiting:
            self.waiting.popleft().result()


@contextmanager
def handed_over(connection: Connection) -> Iterator[None]:
    """What is put into tables of PostgreSQL inside goes over while the caller goes on. Every other statement of the
    connection, and the end of the block, wait for it and raise what went wrong.
    """
    behind = connection.info[BEHIND] = _Behind()
    event.listen(connection, "before_cursor_execute", behind.wait)
    try:
        yield
        behind.wait()
    finally:
        behind.thread.shutdown()
        event.remove(connection, "before_cursor_execute", behind.wait)
        del connection.info[BEHIND]


def _lines(columns: list[Column]) -> list[str] | None:
    """The rows as COPY reads them; None when a value has no plain text."""
    varied = [c for c in columns if not c.same]
    same = [TEXT.get(type(c.cells[0])) for c in columns if c.same]
    if None in same:
        return None
    last = [text(c.cells[0]) for text, c in zip(same, columns[len(varied) :], strict=True)]  # type: ignore[misc]
    tail = "\t".join(last) + "\n"
    if not varied:
        return [tail] * len(columns[0].cells)
    texts = [_texts(c.cells) for c in varied]
    if any(cells is None for cells in texts):
        return None
    between = "\t" if last else ""
    return ["\t".join(row) + between + tail for row in zip(*cast(Any, texts), strict=True)]


def _texts(cells: list[Any]) -> list[str] | None:
    kinds = set(map(type, cells))
    if kinds == {int}:
        return list(map(str, cells))
    if not kinds <= TEXT.keys():
        return None
    if kinds == {bytes}:
        return ["\\\\x" + value.hex() for value in cells]
    # hardly a column has a sign that COPY reads as something else: asked of all its texts at once
    if kinds == {str} and not _has_special("".join(cells)):
        return cells
    if kinds == {str, type(None)} and not _has_special("".join(filter(None, cells))):
        return [NULL if value is None else value for value in cells]
    return [TEXT[type(value)](value) for value in cells]


@contextmanager
def _planned_once(cursor: Any) -> Iterator[None]:
    """What the server checks inside is planned once; an error ends the transaction and the setting with it."""
    cursor.execute(PLANNED_ONCE)
    yield
    cursor.execute(PLANNED_EACH_TIME)


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
