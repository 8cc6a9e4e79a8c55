"""The way back in for administrators, second factor of exporters, nightly upkeep, proxies."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, select
from werkzeug.middleware.proxy_fix import ProxyFix

from app import startup
from app.areas.accounts import lockout, passwords, sessions, upkeep
from app.areas.models import Account, LoginAttempt, SignIn
from app.areas.security import recently_confirmed
from app.core import clock
from app.core.jobs import registry
from tests.integration.test_security_sessions import state
from tests.support.world import PASSWORD, sign_in

JSON = {"Accept": "application/json"}


def test_the_operator_of_the_machine_resets_an_administrator(app, world, system):
    client = sign_in(app, world, "admin_security", second_factor=True)
    answer = app.test_cli_runner().invoke(args=["reset-password", "Admin_Security", "--codes"])
    assert answer.exit_code == 0, answer.output
    secret = answer.output.split()[-1]
    user = system.scalars(select(User).where(User.username == "admin_security")).one()
    account = system.get(Account, user.id)
    assert passwords.matches(user.password, secret)
    assert account.must_change_password
    assert account.totp_confirmed_at is None
    assert state(client)["signed_in"] is False


def test_an_unknown_name_is_told(app):
    answer = app.test_cli_runner().invoke(args=["reset-password", "no_such_person"])
    assert answer.exit_code == 1
    assert "no account" in answer.output


@pytest.mark.parametrize(
    ("username", "minutes", "code"),
    [("operator", 4, None), ("operator", 6, "code_needed"), ("clerk_a", 0, "second_factor_needed")],
)
def test_exports_need_a_fresh_one_time_code_of_this_session(app, world, monkeypatch, username, minutes, code):
    exporting = recently_confirmed(lambda: "rows", second_factor=True)
    monkeypatch.setitem(app.view_functions, "MyAccount.index", exporting)
    with clock.frozen(clock.now()) as watch:
        client = sign_in(app, world, username, second_factor=True)
        watch.move(minutes=minutes)
        answer = client.get("/account/", headers=JSON)
        assert answer.status_code == (403 if code else 200)
        if code:
            assert answer.get_json()["code"] == code
        if code == "code_needed":
            headers, url = {"X-CSRFToken": state(client)["csrf_token"]}, answer.get_json()["confirm_url"]
            right = pyotp.TOTP(world.accounts[username].totp_secret).at(clock.now())
            assert client.post(url, json={"password": PASSWORD}, headers=headers).status_code == 401
            given = {"password": PASSWORD, "code": right}
            assert client.post(url, json=given, headers=headers).status_code == 200
            assert client.get("/account/", headers=JSON).status_code == 200


def test_the_kernel_asks_for_a_fresh_password(app, world, monkeypatch):
    """Reveal in the base views goes through this hook."""
    from app.core import hooks

    def view():
        hooks.require_fresh_login()
        return "plain value"

    monkeypatch.setitem(app.view_functions, "MyAccount.index", view)
    with clock.frozen(clock.now()) as watch:
        client = sign_in(app, world, "worker_a")
        assert client.get("/account/").data == b"plain value"
        watch.move(minutes=6)
        assert (
            client.get("/account/", headers={"Accept": "application/json"}).get_json()["code"]
            == "confirm_needed"
        )


def test_signing_in_again_ends_the_session_before(app, world, login_as, system):
    from tests.support.world import PASSWORD

    client = login_as("worker_a")
    headers = {"X-CSRFToken": state(client)["csrf_token"]}
    body = {"username": "worker_t", "password": PASSWORD}
    assert client.post("/api/v1/session", json=body, headers=headers).status_code == 200
    assert state(client)["username"] == "worker_t"
    open_now = select(SignIn.user_id).where(SignIn.ended_at.is_(None))
    assert list(system.scalars(open_now)) == [world.accounts["worker_t"].user_id]


def test_upkeep_forgets_what_no_longer_counts(app, world, system):
    now = clock.now()
    limit = lockout.Limit(5, timedelta(minutes=30))
    lockout.begin("somebody", "10.0.0.1", now - timedelta(days=2), limit, limit)
    lockout.begin("somebody_else", "10.0.0.2", now, limit, limit)
    sign_in(app, world, "worker_a")
    system.add(
        SignIn(
            token_hash="x" * 64, user_id=world.accounts["worker_t"].user_id, epoch=1,
            started_at=now - timedelta(days=300), seen_at=now - timedelta(days=300), ended_at=now - timedelta(days=299),
        )
    )  # fmt: skip
    system.commit()
    assert upkeep.TIDY in registry.daily_jobs()
    assert lockout.purge(system, now - upkeep.KEEP_TRIES) == 2
    assert sessions.purge_ended(system, now - upkeep.KEEP_SESSIONS) == 1
    system.commit()
    assert system.scalar(select(func.count()).select_from(LoginAttempt)) == 2
    assert system.scalar(select(func.count()).select_from(SignIn)) == 1


@pytest.mark.parametrize(("hops", "address"), [(0, "10.1.1.1"), (1, "203.0.113.9")])
def test_the_address_behind_a_proxy_is_read_only_when_told(hops, address):
    app = Flask(__name__)
    app.config["GEBAN_PROXIES"] = hops
    startup.request_edge(app)
    assert isinstance(app.wsgi_app, ProxyFix) is bool(hops)
    seen = {}

    def inner(environ, _start):
        seen.update(environ)
        return []

    wsgi = inner
    if hops:
        app.wsgi_app.app = inner
        wsgi = app.wsgi_app
    wsgi({"REMOTE_ADDR": "10.1.1.1", "HTTP_X_FORWARDED_FOR": "198.51.100.7, 203.0.113.9"}, None)
    assert seen["REMOTE_ADDR"] == address
