"""What create_app checks and hangs on the request edge."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask, g
from flask_appbuilder.security.sqla.models import Role as RoleRow
from sqlalchemy import func, inspect, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.middleware.proxy_fix import ProxyFix

from app.areas.security import gate, language, visitor
from app.audit.triggers import KEEP_DAYS
from app.audit.verify import keys_fit
from app.core import actor, crypto, files, scope
from app.registry.views import moved
from app.site import health, journal
from config import WEAK_SECRETS, Refused

DISTINCT = 10  # characters: "aaaa…" is long and worth nothing


def check(app: Flask) -> None:
    """Make the home and the session secret; refuse settings that are not safe in production (guards, section 4)."""
    home = app.config["GEBAN_HOME"]
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not app.config["SECRET_KEY"]:
            app.config["SECRET_KEY"] = _stored_secret(home)
    except OSError as error:
        raise Refused(
            f"GEBAN_HOME: {home} cannot be used ({error.strerror}): name a folder that this user may write"
        ) from error
    if 0 < app.config["ACCESS_LOG_DAYS"] < KEEP_DAYS:
        raise Refused(f"GEBAN_ACCESS_LOG_DAYS: the access log is kept for at least {KEEP_DAYS} days")
    if app.config["GEBAN_ENV"] == "production":
        for problem in _unsafe(app):
            raise Refused(problem)


def _unsafe(app: Flask) -> Iterator[str]:
    secret = app.config["SECRET_KEY"]
    if secret.lower() in WEAK_SECRETS or len(secret) < 32 or len(set(secret)) < DISTINCT:
        yield "GEBAN_SECRET_KEY is weak: set 32 or more random characters, or unset it to have one made"
    if app.debug:
        yield "debug mode is on in production: it shows the inside of the program to everybody"
    if app.config["GEBAN_DEMO"]:
        yield "GEBAN_DEMO is on in production: the demo city has known accounts; set GEBAN_ENV=demo"
    if (app.config["GEBAN_HOME"] / "demo-accounts.json").exists():
        yield "this home holds the demo city with known accounts: set GEBAN_ENV=demo, or another GEBAN_HOME"


def _stored_secret(home: Path) -> str:
    """The session secret of this site, made on the first start; linked into place whole, so that nobody reads half."""
    path = home / "keys" / "session-secret"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        own = path.with_name(f"session-secret.{secrets.token_hex(4)}")
        with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as f:
            f.write(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):
            os.link(own, path)
        own.unlink()
    return path.read_text().strip()


def load_keys(app: Flask) -> None:
    """Load the keyring; attachments lie beside it. Before the first start there is none: ``init`` stores a new one."""
    path = app.config["GEBAN_KEYS"]
    crypto.use(
        crypto.Keyring.load(path) if path.exists() else crypto.Keyring.fresh(app.config["GEBAN_CIPHER"])
    )
    files.use(files.LocalStore(app.config["GEBAN_ATTACHMENTS"]))


def request_edge(app: Flask) -> None:
    """Every request starts as nobody and ends as nobody: a worker thread must not keep the last actor."""

    def _enter() -> Any | None:
        g.actor_token = actor._current.set(actor.NOBODY)
        return gate.check()

    # first of all, before the CSRF check too: its error page would load the user without a token to reset
    app.before_request_funcs.setdefault(None, []).insert(0, _enter)

    app.after_request(visitor.remember_role)

    @app.teardown_request
    def _leave(_error: BaseException | None) -> None:
        token = g.pop("actor_token", None)
        if token is not None:
            actor._current.reset(token)

    if app.config["GEBAN_PROXIES"]:
        hops = app.config["GEBAN_PROXIES"]
        # without this, everybody behind the proxy would share its address and one lockout
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]


def finish(app: Flask) -> None:
    """What needs the mounted views: health page, the language of a request, the checks against the database."""
    health.install(app)
    moved.install(app)
    if app.config["GEBAN_ENV"] != "test":
        keep_log(app.config["GEBAN_HOME"])
    app.extensions["babel"].locale_selector = language.choose
    with scope.unscoped("start-up: keys and the Public role are checked before there is anybody") as session:
        try:
            began = inspect(session.connection()).has_table(RoleRow.__tablename__)
        except OperationalError as error:
            if not app.config["GEBAN_KEYS"].exists():  # new keys might be the wrong ones once it is back
                raise Refused(unreachable(error)) from error
            return  # `/health` says it
        if began:
            check_keys(session, app.config["GEBAN_KEYS"])
            check_public_role(session)


def keep_log(home: Path) -> None:
    """Begin the program's own log. Raises Refused where the home cannot be written to."""
    try:
        journal.install(home)
    except OSError as error:
        raise Refused(f"GEBAN_HOME: no log can be written below {home} ({error.strerror})") from error


def unreachable(error: OperationalError) -> str:
    """Why the database does not answer, in one sentence; the driver names host and user, never the password."""
    reason = str(error.orig).strip().splitlines()[0]
    return f"the database cannot be reached ({reason}): look at GEBAN_DATABASE_URL"


def check_keys(session: Session, path: Path) -> None:
    """Refuse keys that are not those of the database: what was written with them would be lost, and every log row
    would look forged.
    """
    if path.exists() and keys_fit(session):
        return
    wrong = "is not the one of this database" if path.exists() else "is missing"
    raise Refused(f"the key file {path} {wrong}: put the site's own one into place (GEBAN_KEYS)")


def check_public_role(session: Session) -> None:
    """Refuse to start when the Public role holds a permission: it would be everybody's."""
    held = select(func.count()).select_from(RoleRow).join(RoleRow.permissions).where(RoleRow.name == "Public")
    if session.scalar(held):
        raise Refused(
            "the role Public holds permissions: remove them from ab_permission_view_role and start again"
        )
