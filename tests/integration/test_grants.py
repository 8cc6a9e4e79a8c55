"""The site's own PostgreSQL role works with everything and changes nothing that may only grow."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, make_url, select, text
from sqlalchemy.exc import ProgrammingError

from app.audit import triggers
from app.audit.grants import changeable_logs
from app.audit.models import AccessLog
from app.audit.seal import seal
from app.audit.service import log_access
from app.core import clock
from app.core.actor import Actor
from app.registry.models import Dwelling
from app.site import status
from tests.support import commands

ROOT = Path(__file__).resolve().parents[2]
ROLE = "geban_site"


@pytest.fixture
def owner(app):
    """The engine of the owner; the tests are about roles, which SQLite has not."""
    from app.extensions import db

    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no roles")
    with db.engine.begin() as connection:
        connection.execute(text(f"CREATE ROLE {ROLE} LOGIN"))
    yield db.engine
    with db.engine.begin() as connection:
        connection.execute(text(f"DROP OWNED BY {ROLE}"))
        connection.execute(text(f"DROP ROLE {ROLE}"))


def command(app, *arguments):
    return app.test_cli_runner().invoke(args=["grants", *arguments])


@pytest.fixture
def site(app, owner):
    """An engine that signs in as the site's role."""
    done = command(app, "--role", ROLE, "--apply")
    assert done.exit_code == 0, done.output
    engine = create_engine(make_url(owner.url).set(username=ROLE), poolclass=NullPool)
    yield engine
    engine.dispose()


@pytest.mark.demand("S1-57")
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_what_may_only_grow_is_out_of_reach(site, statement):
    for table in triggers.tables():
        with site.connect() as connection, pytest.raises(ProgrammingError, match="permission denied"):
            connection.execute(text(statement.format(table)))


def test_the_triggers_cannot_be_dropped_and_the_schema_not_changed(site):
    for statement in (
        "DROP TRIGGER change_log_no_update ON change_log",
        "ALTER TABLE change_log DISABLE TRIGGER ALL",
        "DROP TABLE access_log",
        "UPDATE alembic_version SET version_num = 'x'",
        "SET session_replication_role = replica",
    ):
        with site.connect() as connection, pytest.raises(ProgrammingError):
            connection.execute(text(statement))


def test_old_access_rows_are_removed_through_the_owner_s_function_only(site, system, tmp_path):
    with clock.frozen(clock.now() - timedelta(days=300)):
        log_access("READ", "person", 1, actor=Actor(user_id=1))
    log_access("READ", "person", 2, actor=Actor(user_id=1))
    seal(clock.now(), tmp_path)
    old, young = system.scalars(select(AccessLog.id).order_by(AccessLog.id)).all()
    with site.begin() as connection:
        assert connection.execute(text(f"SELECT geban_purge_access({old - 1}, {old})")).scalar() == 1
    with site.connect() as connection, pytest.raises(Exception, match="append-only"):
        connection.execute(text(f"SELECT geban_purge_access({young - 1}, {young})"))


WORK = """
from app import create_app
from app.core import counters
from app.core.scope import unscoped
from app.core.session import unit_of_work
from app.registry.models import Dwelling
from config import TestConfig
from sqlalchemy import text

app = create_app(TestConfig())
with app.app_context(), unscoped("a unit of work in the role of the site") as session:
    assert session.connection().execute(text("SELECT current_user")).scalar() == "geban_site"
    with unit_of_work(session):
        session.add(Dwelling(area_id=%d, address="Road 1"))
    assert counters.verify(session) == []
    counters.rebuild(session)
    session.commit()
    print(app.test_client().get("/health").json)
"""

# several commands in one process: starting one takes longer than most commands
COMMANDS = """
import sys
from run import app

for line in sys.argv[1:]:
    done = app.test_cli_runner().invoke(args=line.split())
    assert done.exit_code == 0, (line, done.output, done.exception)
"""


def run(env, *arguments):
    done = commands.run("-c", *arguments, env=env)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_site_does_its_work_in_that_role(app, owner, site, system, world, request, tmp_path):
    """A unit of work with log and counters, worker with sealing and purge, verification, backup."""
    request.getfixturevalue("_database").touch_all()
    with owner.begin() as connection:  # the tests' own copy of the rows, which a backup would take along
        connection.execute(text(f"GRANT USAGE ON SCHEMA seed TO {ROLE}"))
        connection.execute(text(f"GRANT SELECT ON ALL TABLES IN SCHEMA seed TO {ROLE}"))
    url = site.url.render_as_string(hide_password=False)
    home = tmp_path / "home"
    home.mkdir()
    keys = {"GEBAN_KEYS": str(app.config["GEBAN_KEYS"]), "GEBAN_HOME": str(home)}
    env = dict(os.environ) | keys | {"GEBAN_DATABASE_URL": url, "GEBAN_ENV": "test"}
    run(env, WORK % world.areas["grid_a11"])
    run(env, COMMANDS, "worker --once", "verify-audit", f"backup {tmp_path / 'site.gbk'}")
    system.rollback()
    assert system.scalars(select(Dwelling.address)).all() == ["Road 1"]
    failed = text("SELECT kind, error FROM job WHERE state <> 'done'")
    assert system.connection().execute(failed).all() == []


def test_a_role_that_no_grant_binds_is_refused(app, owner):
    assert "superuser" in command(app, "--role", owner.url.username).output
    assert "no role" in command(app, "--role", "nobody_at_all", "--apply").output
    with owner.begin() as connection:
        connection.execute(text(f"ALTER TABLE draft OWNER TO {ROLE}"))
    said = command(app, "--role", ROLE)
    assert said.exit_code == 1
    assert "owns draft" in said.output
    with owner.begin() as connection:
        connection.execute(text(f"ALTER TABLE draft OWNER TO {owner.url.username}"))


def test_without_apply_the_statements_are_printed_only(app, owner):
    said = command(app, "--role", ROLE)
    assert said.exit_code == 0
    assert 'GRANT SELECT, INSERT ON "public"."change_log" TO "geban_site";' in said.output
    with owner.connect() as connection:
        query = text(f"SELECT has_table_privilege('{ROLE}', 'change_log', 'SELECT')")
        assert connection.execute(query).scalar() is False


def test_the_status_page_tells_a_role_that_could_change_the_logs(app, site, system, tmp_path):
    with site.connect() as connection:
        assert changeable_logs(connection) == []
    found = {str(f.label): f for f in status.facts(system, tmp_path, clock.now())}
    fact = found["Logs that the site's database role could change"]
    assert (fact.level, fact.value) == ("bad", len(triggers.tables()))
    assert "grants" in str(fact.hint)


def test_a_plain_owner_sets_a_site_up_from_the_roles_of_deploy(app, tmp_path):
    """deploy/postgresql.sql, `init` and `grants` by an owner who is no superuser, and a start by the site's role."""
    from app.extensions import db

    if db.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no roles")
    server = create_engine(db.engine.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    lines = (ROOT / "deploy" / "postgresql.sql").read_text().splitlines()
    made = [s for s in "\n".join(line for line in lines if not line.startswith("--")).split(";") if s.strip()]
    env = dict(os.environ) | {"GEBAN_HOME": str(tmp_path), "GEBAN_ENV": "test"}
    try:
        with server.connect() as connection:
            for statement in made:
                connection.execute(text(statement))
        for user, asked in (
            ("geban_owner", ("init", "grants --role geban_site --apply")),
            ("geban_site", ("worker --once", "verify-audit")),
        ):
            url = db.engine.url.set(username=user, database="geban").render_as_string(hide_password=False)
            run(env | {"GEBAN_DATABASE_URL": url}, COMMANDS, *asked)
    finally:
        with server.connect() as connection:
            connection.execute(text("DROP DATABASE IF EXISTS geban WITH (FORCE)"))
            for role in ("geban_owner", ROLE):
                connection.execute(text(f"DROP ROLE IF EXISTS {role}"))


def test_sqlite_has_no_roles(app):
    from app.extensions import db

    if db.engine.dialect.name == "postgresql":
        pytest.skip("PostgreSQL has")
    said = command(app, "--role", ROLE)
    assert (said.exit_code, "no roles" in said.output) == (1, True)
