"""Bring the database to the newest schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from flask import Flask
from sqlalchemy import Connection, Engine

from app.audit import triggers
from app.core import fieldwords, search

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def upgrade(app: Flask, engine: Engine) -> None:
    """Run all migrations and make the triggers in one transaction: a broken one leaves the database as it was."""
    config = app.extensions["migrate"].migrate.get_config(str(MIGRATIONS))
    with engine.connect() as connection, rebuilding(connection), connection.begin():
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        triggers.ensure(connection)
        search.ensure(connection)
        fieldwords.ensure(connection)
        check_keys(connection)


@contextmanager
def rebuilding(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by copying it and dropping the old one, which foreign keys in force would refuse. They
    are switched off around the transaction (inside one the switch does nothing); ``check_keys`` looks afterwards.
    """
    driver = connection.connection.dbapi_connection if connection.dialect.name == "sqlite" else None
    if driver is None:
        yield
        return
    driver.execute("PRAGMA foreign_keys=OFF")  # type: ignore[attr-defined]
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")  # type: ignore[attr-defined]


def check_keys(connection: Connection) -> None:
    """Raises RuntimeError, which rolls the migration back, when a row of SQLite points at nothing."""
    if connection.dialect.name != "sqlite":
        return
    lost = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if lost:
        raise RuntimeError(
            f"the migration left {len(lost)} rows without what they point at, first in {lost[0][0]}"
        )
