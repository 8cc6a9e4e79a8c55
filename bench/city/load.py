"""Rows into tables at the speed of the database, below the project's own bulk writer.

``core/bulk`` writes the change log and asks the guard for each row, as an import must. Fifty million log rows are not
what a page is measured on, so this loader writes plain rows only: COPY text with indexes and foreign keys made
afterwards on PostgreSQL, ``executemany`` on SQLite. Counters are set by ``core/counters.rebuild``, as after a restore.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from sqlalchemy import Engine, Table

from app.core import clock

BLOCK = 50_000  # keys taken from a sequence at once
CHUNK = 20_000  # rows of one COPY


def constants(table: Table, given: tuple[str, ...]) -> dict[str, Any]:
    """Values of the columns that nobody gives: the model's defaults; for a required column without one, an empty value.

    The registry grows columns; the loader shall not have to know them.
    """
    found: dict[str, Any] = {}
    for column in table.columns:
        default: Any = column.default
        if column.name in given:
            continue
        if default is not None and default.is_scalar:
            found[column.name] = default.arg
        elif column.nullable or column.server_default is not None:
            continue
        else:
            found[column.name] = _empty(column)
    return found


def _empty(column: Any) -> Any:
    python: type = column.type.python_type if column.type.__class__.__name__ != "Instant" else datetime
    return {datetime: clock.now(), date: clock.today(), int: 0, bool: False}.get(python, "")


class Sink:
    """Takes tuples of one table and writes them in chunks."""

    def __init__(self, loader: Any, table: Table, columns: tuple[str, ...]) -> None:
        extra = constants(table, columns)
        self.name, self.columns = table.name, (*columns, *extra)
        self.rest = tuple(extra.values())
        self.rows: list[Any] = []
        self.loader = loader

    def add(self, row: tuple[Any, ...]) -> None:
        self.rows.append(row)
        if len(self.rows) >= CHUNK:
            self.flush()

    def flush(self) -> None:
        rows, self.rows = self.rows, []
        if rows:
            self.loader.write(self, rows)


class SqliteLoader:
    """One transaction, prepared statements."""

    def __init__(self, engine: Engine) -> None:
        self.connection: Any = engine.raw_connection()
        self.connection.execute("PRAGMA synchronous=OFF")
        self.connection.execute("PRAGMA foreign_keys=OFF")
        self.connection.execute("BEGIN IMMEDIATE")

    def binary(self, value: bytes) -> Any:
        return value

    def ids(self, table: str) -> Iterator[int]:
        while True:
            take = "UPDATE sqlite_sequence SET seq = seq + ? WHERE name = ? RETURNING seq"
            found = self.connection.execute(take, (BLOCK, table)).fetchall()
            if not found:
                self.connection.execute("INSERT INTO sqlite_sequence(name, seq) VALUES (?, 0)", (table,))
                continue
            yield from range(found[0][0] - BLOCK + 1, found[0][0] + 1)

    def write(self, sink: Sink, rows: list[Any]) -> None:
        names, marks = ", ".join(sink.columns), ", ".join("?" * len(sink.columns))
        rest = tuple(plain(v) for v in sink.rest)
        self.connection.executemany(
            f"INSERT INTO {sink.name} ({names}) VALUES ({marks})", [row + rest for row in rows]
        )

    def finish(self) -> None:
        self.connection.commit()
        self.connection.execute("ANALYZE")
        self.connection.execute("PRAGMA foreign_keys=ON")
        self.connection.execute("PRAGMA synchronous=FULL")
        self.connection.close()


def plain(value: Any) -> Any:
    """As SQLite keeps it: instants without their zone."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    return value.isoformat() if isinstance(value, date) else value


class PostgresLoader:
    """COPY in a thread of its own, while the next rows are being made; indexes are dropped before and made after."""

    def __init__(self, engine: Engine, tables: list[str]) -> None:
        self.engine, self.tables = engine, tables
        self.chunks: queue.Queue[Any] = queue.Queue(maxsize=12)
        self.problem: BaseException | None = None
        self.borrowed: Any = engine.raw_connection()
        self.keys: Any = self.borrowed.driver_connection
        self.keys.autocommit = True
        self.again = list(self._drop())
        self.writer = threading.Thread(target=self._write_all, daemon=True)
        self.writer.start()

    def binary(self, value: bytes) -> str:
        return "\\\\x" + value.hex()

    def ids(self, table: str) -> Iterator[int]:
        sequence = f"pg_get_serial_sequence('{table}', 'id')"
        while True:
            first = self.keys.execute(f"SELECT nextval({sequence})").fetchone()[0]
            self.keys.execute(f"SELECT setval({sequence}, {first + BLOCK - 1})")
            yield from range(first, first + BLOCK)

    def _drop(self) -> Iterator[str]:
        """Drop what slows a load down; yields the statements that bring it back."""
        for table in self.tables:
            constraints = self.keys.execute(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE conrelid = %s::regclass AND contype = 'u'",
                (table,),
            ).fetchall()
            for name, definition in constraints:
                self.keys.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
                yield f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" {definition}'
            indexes = self.keys.execute(
                "SELECT i.relname, pg_get_indexdef(i.oid) FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid"
                " WHERE x.indrelid = %s::regclass AND NOT x.indisprimary",
                (table,),
            ).fetchall()
            for name, definition in indexes:
                self.keys.execute(f'DROP INDEX "{name}"')
                yield definition

    def write(self, sink: Sink, rows: list[Any]) -> None:
        rest = "".join("\t" + _text(v) for v in sink.rest)
        text = "\n".join(["\t".join([_text(v) for v in row]) + rest for row in rows])
        if self.problem is not None:
            raise self.problem
        self.chunks.put((sink.name, sink.columns, text.encode() + b"\n"))

    def _write_all(self) -> None:
        try:
            borrowed: Any = self.engine.raw_connection()
            raw = borrowed.driver_connection
            raw.execute(
                "SET session_replication_role = replica"
            )  # the rows fit each other: no look-up for each key
            raw.execute("SET synchronous_commit = off")
            raw.execute("SET statement_timeout = 0")
            while (chunk := self.chunks.get()) is not None:
                table, columns, body = chunk
                with (
                    raw.cursor() as cursor,
                    cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy,
                ):
                    copy.write(body)
            raw.commit()
            borrowed.invalidate()
        except BaseException as problem:
            self.problem = problem
            while self.chunks.get() is not None:
                pass

    def finish(self) -> None:
        self.chunks.put(None)
        self.writer.join()
        if self.problem is not None:
            raise self.problem
        self.keys.execute("SET statement_timeout = 0")
        self.keys.execute("SET maintenance_work_mem = '1GB'")
        for statement in self.again:
            self.keys.execute(statement)
        for table in self.tables:
            self.keys.execute(f"VACUUM (ANALYZE) {table}")
        self.keys.execute("ANALYZE")
        self.borrowed.invalidate()  # with its settings


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    if value is None:
        return "\\N"
    return value.isoformat() if isinstance(value, datetime | date) else str(value)
