"""One first start at a time, whoever begins it (guards, section 6: two nodes on an empty database)."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, func, select

LOCK_KEY = 0x47654261  # any constant of ours: the advisory lock is per database


@contextmanager
def start_lock(engine: Engine, home: Path) -> Iterator[None]:
    """Hold the start lock: session-level advisory lock (PostgreSQL) or flock on a file of the home (SQLite)."""
    with _advisory(engine) if engine.dialect.name == "postgresql" else _file(home / "start.lock"):
        yield


@contextmanager
def _advisory(engine: Engine) -> Iterator[None]:
    # its own connection, outside any transaction: the migration may commit and roll back as it likes
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("SET lock_timeout = 0")
        connection.exec_driver_sql("SET statement_timeout = 0")
        connection.execute(select(func.pg_advisory_lock(LOCK_KEY)))
        try:
            yield
        finally:
            connection.execute(select(func.pg_advisory_unlock(LOCK_KEY)))
            connection.invalidate()  # the settings above must not go back into the pool


@contextmanager
def _file(path: Path) -> Iterator[None]:
    with path.open("w") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(f, fcntl.LOCK_UN)
