"""A database to a file and back, while the site is running: SQLite's backup API, PostgreSQL's own programs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, inspect

from app.registry import walls

REVISION = "alembic_version"


class DumpFailed(RuntimeError):
    """The database could not be written out or read in; the message is the program's own."""


def name_of(engine: Engine) -> str:
    """Name of the dump inside a backup; it says which database it is for."""
    return "database.pgdump" if engine.dialect.name == "postgresql" else "database.sqlite"


def is_empty(engine: Engine) -> bool:
    """Whether the database has no table yet."""
    return not inspect(engine).get_table_names()


def dump(engine: Engine, path: Path) -> dict[str, int]:
    """Write a consistent copy to ``path`` (0600) and return its row counts by table."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return _dump_postgres(engine, path) if engine.dialect.name == "postgresql" else _dump_sqlite(engine, path)


def load(engine: Engine, path: Path) -> None:
    """Fill an empty database from a dump of the same kind."""
    if engine.dialect.name == "postgresql":
        arguments = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
        _run(
            [_program("pg_restore"), *arguments, "--dbname", engine.url.database or "", str(path)], engine.url
        )
        return
    engine.dispose()
    target = Path(engine.url.database or "")
    for leftover in (target.with_name(target.name + "-wal"), target.with_name(target.name + "-shm")):
        leftover.unlink(missing_ok=True)
    shutil.copyfile(path, target.with_name(target.name + ".new"))
    target.with_name(target.name + ".new").replace(target)


def counts(engine: Engine) -> dict[str, int]:
    """Row counts of all tables as they are now."""
    with engine.connect() as connection:
        return _counts(connection.exec_driver_sql, inspect(connection).get_table_names())


def _counts(run: Any, tables: list[str]) -> dict[str, int]:
    return {t: run(f'SELECT count(*) FROM "{t}"').fetchone()[0] for t in sorted(tables)}  # noqa: S608


# --- SQLite ---------------------------------------------------------------------------------------------------


def _dump_sqlite(engine: Engine, path: Path) -> dict[str, int]:
    import pysqlite3.dbapi2 as sqlite

    source = sqlite.connect(f"file:{engine.url.database}?mode=ro", uri=True, timeout=30)
    target = sqlite.connect(str(path))
    try:
        # all pages in one step: stepwise, every write of another process would begin the copy anew
        source.backup(target, pages=-1)
        target.execute("PRAGMA journal_mode=DELETE")
        if target.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise DumpFailed("the copy of the database is damaged")
        names = target.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        return _counts(target.execute, [row[0] for row in names.fetchall()])
    finally:
        target.close()
        source.close()


# --- PostgreSQL -----------------------------------------------------------------------------------------------


def _dump_postgres(engine: Engine, path: Path) -> dict[str, int]:
    with (
        engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection,
        connection.begin(),
    ):
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        for setting in walls.EVERYTHING:  # counted and dumped by the same eyes
            connection.exec_driver_sql(f"SET LOCAL {setting}")
        # dump and counts see the same moment
        snapshot = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
        arguments = [
            "--format=custom",
            "--no-owner",
            "--no-privileges",
            "--enable-row-security",  # the site's role does not own what it saves
            f"--snapshot={snapshot}",
            f"--file={path}",
        ]
        _run([_program("pg_dump"), *arguments, "--dbname", engine.url.database or ""], engine.url)
        return _counts(connection.exec_driver_sql, inspect(connection).get_table_names())


def _program(name: str) -> str:
    """The newest of the installed client programs: an older one refuses a newer server."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: int(p.parts[4].split(".")[0])
    )
    program = str(found[-1]) if found else shutil.which(name)
    if program is None:
        raise DumpFailed(f"{name} is missing: install the PostgreSQL client programs")
    return program


def _run(command: list[str], url: URL) -> None:
    # by environment, never by argument: other users see the arguments of a process
    given = {"PGHOST": url.host, "PGPORT": url.port, "PGUSER": url.username, "PGPASSWORD": url.password}
    given |= {"PGOPTIONS": " ".join(f"-c {setting}" for setting in walls.EVERYTHING)}
    environment = {**os.environ, **{k: str(v) for k, v in given.items() if v is not None}}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise DumpFailed(f"{Path(command[0]).name}: {done.stderr.strip()[-500:]}")
