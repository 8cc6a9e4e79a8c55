"""Bring the database to the newest schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from flask import Flask
from sqlalchemy import Engine

from app.audit import triggers
from app.core import search

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def upgrade(app: Flask, engine: Engine) -> None:
    """Run all migrations and make the triggers in one transaction: a broken one leaves the database as it was."""
    config = app.extensions["migrate"].migrate.get_config(str(MIGRATIONS))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        triggers.ensure(connection)
        search.ensure(connection)
