"""What create_app checks and hangs on the request edge."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from flask import Flask, g, request
from flask_login import current_user

from app.core import actor, crypto
from config import WEAK_SECRETS


class Refused(RuntimeError):
    """The settings are not safe to start with; the message says which and what to do."""


def check(app: Flask) -> None:
    """Refuse weak secrets and the demo in production (guards, section 4)."""
    home = app.config["GEBAN_HOME"]
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not app.config["SECRET_KEY"]:
        app.config["SECRET_KEY"] = _stored_secret(home)
    if app.config["GEBAN_ENV"] == "production":
        secret = app.config["SECRET_KEY"]
        if secret.lower() in WEAK_SECRETS or len(secret) < 32:
            raise Refused(
                "GEBAN_SECRET_KEY is weak: set 32 or more random characters, or unset it to have one made"
            )
        if app.config["GEBAN_DEMO"]:
            raise Refused(
                "GEBAN_DEMO is on in production: the demo city has known accounts; set GEBAN_ENV=demo"
            )


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
    """Load the keyring, making one on the very first start (before there is any data)."""
    path = app.config["GEBAN_KEYS"]
    if not path.exists():
        crypto.Keyring.fresh(app.config["GEBAN_CIPHER"]).save_first(path)
    crypto.use(crypto.Keyring.load(path))


def request_edge(app: Flask) -> None:
    """Every request starts as nobody and ends as nobody: a worker thread must not keep the last actor."""

    @app.before_request
    def _enter() -> None:
        g.actor_token = actor._current.set(actor.NOBODY)
        if request.endpoint and not request.endpoint.endswith("static"):
            _ = current_user.is_authenticated  # loads user and actor

    @app.teardown_request
    def _leave(_error: BaseException | None) -> None:
        token = g.pop("actor_token", None)
        if token is not None:
            actor._current.reset(token)
