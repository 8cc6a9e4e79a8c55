"""Append-only tables: the database itself refuses UPDATE and DELETE (guards, section 5).

``init`` makes the triggers after every migration: rebuilding a table on SQLite (batch mode) drops them silently.
"""

from __future__ import annotations

from flask_appbuilder import Model
from sqlalchemy import inspect
from sqlalchemy.engine import Connection

from app.core.models import StepBase

# the two logs and their seals, and what was printed
LOGS = ("access_log", "audit_seal", "change_log", "print_log")

_FUNCTION = """
CREATE OR REPLACE FUNCTION geban_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only', ERRCODE = 'restrict_violation';
END $$
"""


def tables() -> tuple[str, ...]:
    """All append-only tables: the logs and every step table (house: History is rows)."""
    steps = {m.class_.__tablename__ for m in Model.registry.mappers if issubclass(m.class_, StepBase)}
    return tuple(sorted({*LOGS, *steps}))


def names(table: str) -> tuple[str, ...]:
    """Names of the triggers of a table."""
    return (f"{table}_no_update", f"{table}_no_delete", f"{table}_no_truncate")


def statements(dialect: str, table: str) -> list[str]:
    """DDL that makes one table append-only."""
    on_update, on_delete, on_truncate = names(table)
    if dialect == "postgresql":
        rows = "FOR EACH ROW EXECUTE FUNCTION geban_append_only()"
        whole = "FOR EACH STATEMENT EXECUTE FUNCTION geban_append_only()"
        return [
            f"CREATE OR REPLACE TRIGGER {on_update} BEFORE UPDATE ON {table} {rows}",
            f"CREATE OR REPLACE TRIGGER {on_delete} BEFORE DELETE ON {table} {rows}",
            f"CREATE OR REPLACE TRIGGER {on_truncate} BEFORE TRUNCATE ON {table} {whole}",
        ]
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    return [
        f"CREATE TRIGGER IF NOT EXISTS {on_update} BEFORE UPDATE ON {table} {refuse}",
        f"CREATE TRIGGER IF NOT EXISTS {on_delete} BEFORE DELETE ON {table} {refuse}",
    ]


def ensure(connection: Connection) -> None:
    """Make the triggers of all append-only tables where they are missing."""
    dialect = connection.dialect.name
    if dialect == "postgresql":
        connection.exec_driver_sql(_FUNCTION)
    for table in set(tables()) & set(inspect(connection).get_table_names()):
        for statement in statements(dialect, table):
            connection.exec_driver_sql(statement)
