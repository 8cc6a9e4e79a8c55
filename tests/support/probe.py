"""An app with the probe views (tests/support/views.py), beside the app of all other tests, on the same database.

Imported by the conftest.py of the folders that use it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
from sqlalchemy.orm import sessionmaker


@pytest.fixture(scope="session")
def probe_app(_app):
    from app import create_app
    from app.core import scope, session
    from app.core.actor import current_actor, set_actor
    from app.extensions import db
    from config import TestConfig
    from tests.support.clients import SeparateClient
    from tests.support.views import mount_probes, probe_permissions

    application = create_app(TestConfig())
    # one engine for both apps, so that the database fixture closes every connection before it puts rows back
    with application.app_context():
        db.engine.dispose()
    db._app_engines[application] = db._app_engines[_app]
    with _app.app_context():
        scope.use_sessions(sessionmaker(db.engine, class_=session.PlainGuardedSession))
    application.test_client_class = SeparateClient
    mount_probes(application)
    application.config["PROBE_VERBS"] = ()

    @application.before_request
    def _rights() -> None:
        actor = current_actor()
        if actor.user_id:
            more = probe_permissions(*application.config["PROBE_VERBS"])
            set_actor(dataclasses.replace(actor, permissions=actor.permissions | more))

    return application


@pytest.fixture
def probe(app, probe_app, world) -> Callable:
    """``probe("town_clerk_a")`` is a client of the probe app, signed in; every right on the probe views."""
    from app.areas.accounts import sessions
    from app.core import clock
    from app.core.scope import unscoped

    def _client(username: str, role: str | None = None, verbs: tuple[str, ...] = ()):
        probe_app.config["PROBE_VERBS"] = verbs
        with unscoped("test: sign in") as session:
            user_id = world.accounts[username].user_id
            token = sessions.open_sign_in(session, user_id, clock.now(), role=role, second_factor=True)
            session.commit()
        client = probe_app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"] = token
        return client

    yield _client
    probe_app.config["PROBE_VERBS"] = ()
