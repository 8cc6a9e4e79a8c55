"""Server-side sessions: what ends one, and that an ended cookie opens nothing (guards, section 4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event, select, update

from app.areas.accounts import sessions
from app.areas.models import Account, Post, SignIn
from app.core import clock
from tests.support.world import PASSWORD, csrf_of, sign_in


def state(client):
    return client.get("/api/v1/session").get_json()


@pytest.mark.parametrize("username", ["worker_a", "admin_security"])
def test_login_opens_a_session_and_logout_ends_it(login_as, username):
    client = login_as(username)
    assert state(client)["signed_in"] is True
    token = state(client)["csrf_token"]
    assert client.post("/logout/", data={"csrf_token": token}).status_code == 303
    assert state(client)["signed_in"] is False


def test_a_cookie_replayed_after_logout_opens_nothing(app, login_as):
    client = login_as("worker_a")
    stolen = client.get_cookie("geban").value
    client.delete("/api/v1/session", headers={"X-CSRFToken": state(client)["csrf_token"]})
    thief = app.test_client()
    thief.set_cookie("geban", stolen)
    assert state(thief)["signed_in"] is False
    assert thief.get("/account/").status_code == 303


def test_logout_by_get_does_nothing(login_as):
    client = login_as("worker_a")
    assert client.get("/logout/").status_code == 405
    assert state(client)["signed_in"] is True


def test_the_cookie_changes_at_login_and_nothing_planted_survives(app, world):
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "planted"
        cookie["planted"] = "1"
    page = client.get("/login/")
    before = csrf_of(page)
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["planted"] = "planted", "1"
    answer = client.post("/login/", data={"username": "worker_a", "password": PASSWORD, "csrf_token": before})
    assert answer.status_code == 303
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != "planted"
        assert "planted" not in cookie
    # the CSRF token of before the login is worth nothing afterwards
    assert client.post("/logout/", data={"csrf_token": before}).status_code == 400


def test_the_table_holds_no_token(app, world, login_as, system):
    client = login_as("worker_a")
    with client.session_transaction() as cookie:
        token = cookie["_user_id"]
    assert len(token) >= 43
    row = system.scalars(select(SignIn)).one()
    assert token not in (row.token_hash, row.uid)


@pytest.mark.parametrize(
    ("minutes", "step", "alive"),
    [(29, 29, True), (31, 31, False), (11 * 60, 20, True), (12 * 60 + 1, 20, False)],
)
def test_thirty_minutes_idle_and_twelve_hours_in_all(app, world, minutes, step, alive):
    with clock.frozen(clock.now()) as watch:
        client = sign_in(app, world, "worker_a")
        for _i in range(minutes // step - 1):
            watch.move(minutes=step)
            state(client)
        watch.move(minutes=minutes - (minutes // step - 1) * step)
        assert state(client)["signed_in"] is alive


def test_a_session_that_ran_out_stays_out(app, world):
    with clock.frozen(clock.now()) as watch:
        client = sign_in(app, world, "worker_a")
        watch.move(minutes=31)
        assert state(client)["signed_in"] is False
        watch.move(minutes=-30)
        assert state(client)["signed_in"] is False


def test_seen_at_is_written_at_most_once_a_minute(app, world, system):
    with clock.frozen(clock.now()) as watch:
        client = sign_in(app, world, "worker_a")
        seen = select(SignIn.seen_at)
        first = system.scalar(seen)
        watch.move(seconds=59)
        state(client)
        system.rollback()
        assert system.scalar(seen) == first
        watch.move(seconds=2)
        state(client)
        system.rollback()
        assert system.scalar(seen) == first + timedelta(seconds=61)


def change_epoch(db, account):
    sessions.end_all(db, account.user_id, clock.now(), sessions.ROLE)


def deactivate(db, account):
    from flask_appbuilder.security.sqla.models import User

    db.execute(update(User).where(User.id == account.user_id).values(active=False))


def give_another_role(db, account):
    post = db.scalars(select(Post).where(Post.staff_id == account.staff_id)).one()
    post.valid_to = clock.today() + timedelta(days=3)


@pytest.mark.parametrize("change", [change_epoch, deactivate, give_another_role])
def test_sessions_end_when_rights_change(app, world, system, change):
    client = sign_in(app, world, "worker_a")
    assert state(client)["signed_in"] is True
    change(system, world.accounts["worker_a"])
    system.commit()
    assert state(client)["signed_in"] is False


def test_an_ordinary_change_of_a_post_ends_nothing(app, world, system):
    client = sign_in(app, world, "worker_a")
    post = system.scalars(select(Post).where(Post.staff_id == world.accounts["worker_a"].staff_id)).one()
    post.worker_no = 7
    system.commit()
    assert state(client)["signed_in"] is True


def test_a_session_opened_beside_the_end_of_all_is_dead_too(app, world, system):
    """The epoch is read before, the end comes between: the row carries the old epoch."""
    account = world.accounts["worker_a"]
    client = sign_in(app, world, "worker_a")
    system.execute(update(Account).where(Account.user_id == account.user_id).values(epoch=Account.epoch + 1))
    system.commit()
    assert state(client)["signed_in"] is False


def test_sign_in_costs_two_selects(app, world):
    from app.extensions import db

    client = sign_in(app, world, "worker_a")
    seen = []

    def note(_connection, _cursor, statement, *_rest):
        if not statement.startswith(("BEGIN", "PRAGMA", "SET")):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert state(client)["signed_in"] is True
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert len(seen) == 2, seen


def test_a_request_leaves_no_actor_behind(app, world):
    from app.core.actor import current_actor

    before = current_actor()
    client = sign_in(app, world, "worker_a")
    state(client)
    client.post("/account/settings", data={})  # stopped by CSRF
    client.get("/nowhere")
    assert current_actor() == before


def test_acting_in_another_held_role(app, world):
    client = sign_in(app, world, "clerk_a_reads_t", role="workstation")
    first = state(client)
    token = {"csrf_token": first["csrf_token"]}
    assert first["role"] == "workstation"
    assert client.post("/account/act", data={**token, "role": "leader"}).status_code == 303
    assert state(client)["role"] == "leader"
    assert client.post("/account/act", data={**token, "role": "center_operator"}).status_code == 403
    assert state(client)["role"] == "leader"
