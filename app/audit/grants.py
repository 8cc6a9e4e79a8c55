"""Rights of the site's own database role (PostgreSQL): everything but changing what may only grow.

The triggers of ``audit.triggers`` stop a mistake; whoever owns a table can drop them. A site whose role owns nothing
cannot: it may add to the logs and read them, and that is all (guards, section 5).
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

from app.audit import triggers
from app.core.errors import Conflict, NotFound

REVISION = "alembic_version"
WORK = "SELECT, INSERT, UPDATE, DELETE"
GROW = "SELECT, INSERT"


def statements(connection: Connection, role: str) -> list[str]:
    """GRANT and REVOKE statements for a role, the same however often they are run.

    Raises NotFound for a role that the server does not know, Conflict for one that no grant binds: a superuser, or
    the owner of a table, itself or by membership.
    """
    _check(connection, role)
    quote = connection.dialect.identifier_preparer.quote_identifier
    name, schema = quote(role), quote(inspect(connection).default_schema_name or "public")
    growing = set(triggers.tables())
    found = [f"GRANT USAGE ON SCHEMA {schema} TO {name}"]
    for table in sorted(inspect(connection).get_table_names()):
        rights = "SELECT" if table == REVISION else GROW if table in growing else WORK
        place = f"{schema}.{quote(table)}"
        found += [f"REVOKE ALL ON {place} FROM {name}", f"GRANT {rights} ON {place} TO {name}"]
    found += [
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {name}",
        f"GRANT EXECUTE ON FUNCTION {schema}.geban_purge_access TO {name}",
    ]
    return found


def _check(connection: Connection, role: str) -> None:
    known = connection.execute(text("SELECT rolsuper FROM pg_roles WHERE rolname = :role"), {"role": role})
    is_super = known.scalar()
    if is_super is None:
        raise NotFound(f"the server knows no role {role}: make it first (CREATE ROLE … LOGIN PASSWORD …)")
    if is_super:
        raise Conflict(f"{role} is a superuser: no grant binds it")
    owned = text(
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND pg_has_role(:role, tableowner, 'MEMBER')"
    )
    table = connection.execute(owned, {"role": role}).scalars().first()
    if table is not None:
        raise Conflict(f"{role} owns {table}: the site's role must own no table, or no grant binds it")


def run(connection: Connection, found: Iterable[str]) -> None:
    """Run statements of a set-up in the transaction of the connection."""
    for statement in found:
        connection.exec_driver_sql(statement)


def changeable_logs(connection: Connection) -> list[str]:
    """Append-only tables that the role of this connection may change or empty; none on SQLite, which has no roles."""
    if connection.dialect.name != "postgresql":
        return []
    may = text("SELECT has_table_privilege(:table, 'UPDATE, DELETE, TRUNCATE')")
    return [t for t in triggers.tables() if connection.execute(may, {"table": t}).scalar()]
