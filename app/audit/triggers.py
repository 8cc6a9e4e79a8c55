"""Append-only tables: the database itself refuses UPDATE and DELETE (guards, section 5).

One exception: rows of the access log older than half a year may be deleted, by the database's own clock. On PostgreSQL a
site whose role may not delete from the log does it through a function of the owner's.

``init`` makes the triggers after every migration: rebuilding a table on SQLite (batch mode) drops them silently.
"""

from __future__ import annotations

from flask_appbuilder import Model
from sqlalchemy import inspect
from sqlalchemy.engine import Connection

from app.core.models import AppendOnly

# the two logs and their seals, and what was printed
LOGS = ("access_log", "audit_purge", "audit_seal", "change_log", "print_log")
EXPIRING = "access_log"
KEEP_DAYS = 184  # six months, whichever they are

_FUNCTION = """
CREATE OR REPLACE FUNCTION geban_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only', ERRCODE = 'restrict_violation';
END $$
"""

# a whole purge in one statement; the caller needs no right to delete
_PURGE = f"""
CREATE OR REPLACE FUNCTION geban_purge_access(low bigint, high bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE gone bigint;
BEGIN
  DELETE FROM {EXPIRING} WHERE id > low AND id <= high;
  GET DIAGNOSTICS gone = ROW_COUNT;
  RETURN gone;
END $$
"""  # noqa: S608 a constant of this module
_KEPT = f"""
CREATE OR REPLACE FUNCTION geban_kept_half_a_year() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.at > now() - interval '{KEEP_DAYS} days' THEN
    RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only for {KEEP_DAYS} days',
      ERRCODE = 'restrict_violation';
  END IF;
  RETURN OLD;
END $$
"""


def tables() -> tuple[str, ...]:
    """All append-only tables: the logs, every step table and what is written once (house: History is rows)."""
    once = {m.class_.__tablename__ for m in Model.registry.mappers if issubclass(m.class_, AppendOnly)}
    return tuple(sorted({*LOGS, *once}))


def names(table: str) -> tuple[str, ...]:
    """Names of the triggers of a table."""
    return (f"{table}_no_update", f"{table}_no_delete", f"{table}_no_truncate")


def statements(dialect: str, table: str) -> list[str]:
    """DDL that makes one table append-only."""
    on_update, on_delete, on_truncate = names(table)
    if dialect == "postgresql":
        rows = "FOR EACH ROW EXECUTE FUNCTION geban_append_only()"
        whole = "FOR EACH STATEMENT EXECUTE FUNCTION geban_append_only()"
        kept = "FOR EACH ROW EXECUTE FUNCTION geban_kept_half_a_year()" if table == EXPIRING else rows
        return [
            f"CREATE OR REPLACE TRIGGER {on_update} BEFORE UPDATE ON {table} {rows}",
            f"CREATE OR REPLACE TRIGGER {on_delete} BEFORE DELETE ON {table} {kept}",
            f"CREATE OR REPLACE TRIGGER {on_truncate} BEFORE TRUNCATE ON {table} {whole}",
        ]
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    young = f" WHEN old.at > datetime('now', '-{KEEP_DAYS} days')" if table == EXPIRING else ""
    return [
        f"CREATE TRIGGER IF NOT EXISTS {on_update} BEFORE UPDATE ON {table} {refuse}",
        # made anew: an earlier version refused every deletion
        *([f"DROP TRIGGER IF EXISTS {on_delete}"] if young else []),
        f"CREATE TRIGGER IF NOT EXISTS {on_delete} BEFORE DELETE ON {table}{young} {refuse}",
    ]


def ensure(connection: Connection) -> None:
    """Make the triggers of all append-only tables where they are missing."""
    dialect = connection.dialect.name
    if dialect == "postgresql":
        for function in (_FUNCTION, _KEPT, _PURGE):
            connection.exec_driver_sql(function)
        connection.exec_driver_sql("REVOKE ALL ON FUNCTION geban_purge_access FROM PUBLIC")
    for table in set(tables()) & set(inspect(connection).get_table_names()):
        for statement in statements(dialect, table):
            connection.exec_driver_sql(statement)
