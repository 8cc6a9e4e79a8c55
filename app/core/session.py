"""The session every part of the app uses, the one way to commit, and the database settings.

SQLite runs in WAL with ``synchronous=FULL``; a unit of work that writes starts with BEGIN IMMEDIATE, everything
else with a plain BEGIN (recipes: the deferred mode lost acknowledged updates).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from zlib import crc32

from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import Engine, event, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session
from sqlalchemy_utils import aggregates

from app.core import fieldwords, search
from app.core.criteria import tell_values_once

BEGIN_OPTION = "geban_begin"
PLANS = "force_custom_plan"  # PostgreSQL: a plan made for one area is no plan for another


# FAB brings SQLAlchemy-Utils along, which looks at every object of a session after each flush for a sort of column that we
# do not have: a unit of work of a thousand rows paid for it a thousand times
event.remove(Session, "after_flush", aggregates.manager.construct_aggregate_queries)


class PlainGuardedSession(Session):
    """Session class that the scope guard and the audit listen on; nothing else may talk to business tables."""


class GuardedSession(FlaskSession, PlainGuardedSession):
    """The same inside Flask: ``db.session`` of a request."""


def engine_options(url: str) -> dict[str, Any]:
    """Engine settings for a database URL (SQLite embedded, PostgreSQL for a city)."""
    if url.startswith("sqlite"):
        import pysqlite3.dbapi2 as sqlite

        connect_args = {"timeout": 30, "check_same_thread": False}
        found = {"module": sqlite, "hide_parameters": True, "connect_args": connect_args}
        # the connection that came back last: each has a cache of its own, and the one that was used has its pages there
        return found if ":memory:" in url or url == "sqlite://" else found | {"pool_use_lifo": True}
    return {
        "hide_parameters": True,  # an error message with the values of a person would reach the log
        "pool_size": 5,
        "max_overflow": 10,
        "connect_args": {
            # a generic plan chosen after five runs took 3.5 s at city size (recipes); compiling a statement takes half a
            # second for one that runs 45 ms (reminders of a county), and none of ours is run often enough with one plan
            "options": f"-c plan_cache_mode={PLANS} -c jit=off -c statement_timeout=60000 -c lock_timeout=15000",
            "keepalives": 1,
            "keepalives_idle": 30,
            "tcp_user_timeout": 20000,
        },
    }


IDLE = 2.0  # seconds after which a connection is asked whether it still lives


def _watch(engine: Engine) -> None:
    """Ask a connection from the pool whether it lives, but not one that answered just now: a page takes two."""

    @event.listens_for(engine, "checkin")
    def _back(_dbapi_connection: Any, record: Any) -> None:
        record.info["answered"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _out(dbapi_connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get("answered", 0.0) < IDLE:
            return
        try:
            engine.dialect.do_ping(dbapi_connection)
        except engine.dialect.dbapi.Error as lost:  # type: ignore[union-attr]
            raise DisconnectionError() from lost


def prepare(engine: Engine) -> None:
    """Hang the settings of the database on an engine."""
    tell_values_once(engine.dialect)
    if engine.dialect.name != "sqlite":
        _watch(engine)
        return

    @event.listens_for(engine, "connect")
    def _connect(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "foreign_keys=ON"):
            dbapi_connection.execute(f"PRAGMA {pragma}").close()
        search.prepare_sqlite(dbapi_connection)
        fieldwords.prepare_sqlite(dbapi_connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get(BEGIN_OPTION, "BEGIN"))


def only_reading(session: Session) -> None:
    """The session will only read, statement by statement: PostgreSQL needs no transaction around them. SQLite opens
    one in any case, else another writer could come between.
    """
    if session.get_bind().dialect.name == "postgresql" and not session.in_transaction():
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})


ROOM = 32 * 1024  # kilobytes
TURNS = 0x7475726E  # the first half of the advisory locks of take_turns


def make_room(session: Session) -> None:
    """A large transaction follows: SQLite keeps its pages in memory to the commit and does not write them twice."""
    if session.get_bind().dialect.name == "sqlite":
        session.connection().exec_driver_sql(f"PRAGMA cache_size = -{ROOM}")


def take_turns(session: Session, *registers: str) -> None:
    """Whoever looks for records and makes those that are not there takes turns with others who do: on PostgreSQL two
    transactions would not see each other's and make them twice. Held to the end of the transaction; SQLite has one writer.
    """
    if session.get_bind().dialect.name == "postgresql":
        for name in sorted(registers):  # in one order: nobody waits for each other
            number = int.from_bytes(crc32(name.encode()).to_bytes(4, "big"), "big", signed=True)
            session.execute(select(func.pg_advisory_xact_lock(TURNS, number)))


_unit: ContextVar[Session | None] = ContextVar("geban_unit", default=None)


def current_unit() -> Session | None:
    """The session of the unit of work that is open in this context, or None: a log row joins it."""
    return _unit.get()


@contextmanager
def unit_of_work(session: Session) -> Iterator[Session]:
    """Run one business transaction: write lock first, commit at the end, roll back on any error.

    What was read before is read again inside (the session is rolled back first), so no decision rests on a
    snapshot that another writer has already changed. Nested use joins the outer unit.
    """
    if session.info.get("in_unit"):
        yield session
        return
    session.rollback()
    if session.get_bind().dialect.name == "sqlite":
        session.connection(execution_options={BEGIN_OPTION: "BEGIN IMMEDIATE"})
    session.info["in_unit"] = True
    token = _unit.set(session)
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        _unit.reset(token)
        session.info.pop("in_unit", None)
