"""Fixtures shared by all tests that need the app: one app a session, a fresh seeded database a test.

GEBAN_TEST_DB picks the database: ``sqlite`` (default) or ``postgres`` (an own server on loopback).
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.clients import SeparateClient
from tests.support.databases import Database, postgres_database, sqlite_database
from tests.support.world import World, build_world, sign_in


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The GEBAN_HOME of this test session."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def _database(home: Path) -> Iterator[Database]:
    make = postgres_database if os.environ.get("GEBAN_TEST_DB") == "postgres" else sqlite_database
    with make(home) as database:
        yield database


@pytest.fixture(scope="session")
def _app(home: Path, _database: Database):
    os.environ.update({"GEBAN_HOME": str(home), "GEBAN_DATABASE_URL": _database.url, "GEBAN_ENV": "test"})
    from app import create_app
    from config import TestConfig

    application = create_app(TestConfig())
    application.test_client_class = SeparateClient
    with application.app_context():
        _database.world = build_world(application)
        _database.keep(application)
    # half a million objects stay to the end: the collector, which else walks them every few requests, need not
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    return application


@pytest.fixture
def app(_app, _database: Database):
    """The app on a database that holds the test world and nothing else; an app context is open."""
    _database.restore(_app)
    with _app.app_context():
        yield _app
        from app.extensions import db

        db.session.remove()
    _database.close(_app)


@pytest.fixture
def world(app, _database: Database) -> World:
    """Names, ids and accounts of the test world (tests/support/world.py)."""
    return _database.world


@pytest.fixture
def client(app):
    """An anonymous client."""
    return app.test_client()


@pytest.fixture
def login_as(app, world: World) -> Callable:
    """``login_as("worker_a")`` gives a client signed in as that account of the world."""

    def _login(username: str):
        return sign_in(app, world, username)

    return _login


@pytest.fixture
def system(app):
    """A session without row scope, for arranging and asserting."""
    from app.core.scope import unscoped

    with unscoped("tests arrange and assert") as session:
        yield session


@pytest.fixture
def acting(app, world: World):
    """``acting("worker_a")`` is a session in the scope of that account."""
    from contextlib import ExitStack

    from app.areas.actors import build_actor
    from app.core import clock
    from app.core.scope import acting_as

    with ExitStack() as stack:

        def _acting(username: str, role: str | None = None):
            actor, _seats = build_actor(world.accounts[username].user_id, clock.today(), role=role)
            return stack.enter_context(acting_as(actor))

        yield _acting
