"""The two doors, lockout, second factor, passwords (guards, section 4)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pyotp
import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select, update

from app.areas.accounts import lockout, login, passwords
from app.areas.models import Account, LoginAttempt, PasswordHistory
from app.audit.models import AccessLog
from app.core import clock
from app.core.errors import Throttled
from tests.integration.test_security_sessions import state
from tests.support.world import PASSWORD, csrf_of, sign_in


def by_form(client, username, password=PASSWORD, **more):
    token = csrf_of(client.get("/login/"))
    return client.post(
        "/login/", data={"username": username, "password": password, "csrf_token": token, **more}
    )


def by_api(client, username, password=PASSWORD, **more):
    token = state(client)["csrf_token"]
    body = {"username": username, "password": password, **more}
    return client.post("/api/v1/session", json=body, headers={"X-CSRFToken": token})


DOORS = {"form": by_form, "api": by_api}


@pytest.fixture
def far(app):
    """A client from an address of its own, so that only the account's lock is looked at."""

    def _far(number):
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = f"10.9.{number // 250}.{number % 250 + 1}"
        return client

    return _far


@pytest.mark.any_database
@pytest.mark.parametrize("door", DOORS)
def test_right_password_signs_in(client, door):
    assert DOORS[door](client, "worker_a").status_code in {200, 303}
    assert state(client)["username"] == "worker_a"


@pytest.mark.any_database
@pytest.mark.parametrize("door", DOORS)
def test_user_names_do_not_mind_case(client, door):
    DOORS[door](client, " Worker_A ")
    assert state(client)["signed_in"] is True


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("username", ["worker_a", "no_such_person"])
def test_five_tries_lock_an_account_for_thirty_minutes(far, door, username):
    with clock.frozen(clock.now()) as watch:
        for n in range(5):
            assert DOORS[door](far(n), username, "wrong").status_code == 401
        locked = DOORS[door](far(6), username)
        assert locked.status_code == 429
        assert 1700 < int(locked.headers["Retry-After"]) <= 1800
        watch.move(minutes=29)
        assert DOORS[door](far(7), username).status_code == 429
        watch.move(minutes=2)
        assert DOORS[door](far(8), username).status_code == (
            401 if username == "no_such_person" else 200 if door == "api" else 303
        )


@pytest.mark.parametrize("door", DOORS)
def test_five_tries_lock_an_address(app, door):
    for n in range(5):
        assert DOORS[door](app.test_client(), f"guess_{n}", "wrong").status_code == 401
    assert DOORS[door](app.test_client(), "worker_a").status_code == 429


def test_the_lock_holds_at_both_doors(far):
    for n in range(5):
        by_form(far(n), "worker_a", "wrong")
    assert by_api(far(9), "worker_a").status_code == 429


def test_success_starts_the_account_anew_but_keeps_the_failures_of_the_address(app, far):
    for n in range(4):
        by_form(far(n), "worker_a", "wrong")
    assert by_form(far(5), "worker_a").status_code == 303
    for n in range(4):
        assert by_form(far(10 + n), "worker_a", "wrong").status_code == 401
    for n in range(4):
        assert by_api(app.test_client(), f"guess_{n}", "wrong").status_code == 401
    assert by_form(app.test_client(), "worker_t").status_code == 303
    assert by_api(app.test_client(), "guess_9", "wrong").status_code == 401
    assert by_form(app.test_client(), "worker_t").status_code == 429


def test_parallel_tries_get_no_more_than_five_comparisons(app, world):
    """Tries are counted before the password is compared: twenty at once are five looks at most."""
    limit = lockout.Limit(5, login.timedelta(minutes=30))
    start, now = threading.Barrier(20), clock.now()

    def attempt(n):
        start.wait()
        try:
            lockout.begin("worker_a", f"10.8.0.{n}", now, limit, limit)
        except Throttled:
            return 0
        return 1

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(attempt, range(20))) == 5


def test_the_table_of_tries_holds_neither_name_nor_address(client, system):
    by_form(client, "worker_a", "wrong")
    subjects = " ".join(system.scalars(select(LoginAttempt.subject)))
    assert "worker" not in subjects
    assert "127.0" not in subjects


@pytest.mark.any_database
def test_the_answer_is_the_same_for_known_and_unknown(app, far):
    known, unknown = by_form(far(1), "worker_a", "wrong"), by_form(far(2), "no_such_person", "wrong")
    assert known.status_code == unknown.status_code == 401
    for answer in (known, unknown):
        assert "worker_a" not in answer.get_data(as_text=True).replace('value="worker_a"', "")
    assert by_api(far(3), "worker_a", "wrong").get_json() == by_api(far(4), "nobody_here", "x").get_json()


@pytest.mark.any_database
def test_an_unknown_name_costs_the_same_work(app, far, monkeypatch):
    done = []
    monkeypatch.setattr(passwords, "check_password_hash", lambda *a: done.append(a[0]) or False)
    for n, name in enumerate(("worker_a", "no_such_person")):
        by_api(far(n), name, "wrong")
    assert len(done) == 2
    assert done[0].split("$")[0] == done[1].split("$")[0]


@pytest.mark.any_database
@pytest.mark.parametrize("name", ["inactive", "without_account"])
def test_inactive_users_and_bare_fab_users_get_the_same_refusal(app, far, system, name):
    if name == "inactive":
        system.execute(update(User).where(User.username == "worker_a").values(active=False))
    else:
        system.add(
            User(
                username="bare", first_name="b", last_name="", email="b@b.invalid", active=True,
                password=passwords.hash_of(PASSWORD),
            )
        )  # fmt: skip
    system.commit()
    assert by_api(far(1), "worker_a" if name == "inactive" else "bare").status_code == 401


def test_logins_stand_in_the_access_log(app, far, system):
    by_form(far(1), "worker_a")
    by_form(far(2), "worker_a", "wrong")
    by_form(far(3), "typed-my-secret-here", "wrong")
    rows = system.scalars(select(AccessLog).order_by(AccessLog.id)).all()
    assert [r.action for r in rows] == ["LOGIN", "LOGIN_FAILED", "LOGIN_FAILED"]
    assert rows[0].actor == "Worker A"
    assert rows[1].user_id == rows[0].user_id
    assert "secret" not in (rows[2].detail or "")
    assert rows[2].address == "10.9.0.4"


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("target", "goes"),
    [
        ("/account/", "/account/"),
        ("http://localhost/account/?a=1", "/account/?a=1"),
        ("//evil.example/", "/"),
        ("http://evil.example/account/", "/"),
        ("////evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/\tx", "/"),
        ("http://[bad", "/"),
    ],
)
def test_next_stays_on_this_site(client, target, goes):
    assert by_form(client, "worker_a", next=target).headers["Location"] == goes


# --- second factor ---------------------------------------------------------------------------------------------


def code_of(world, username, at=None):
    return pyotp.TOTP(world.accounts[username].totp_secret).at(at or clock.now())


def test_without_the_code_an_administrator_reaches_nothing_else(client, world):
    assert by_form(client, "admin_security").headers["Location"].startswith("/account/otp")
    assert client.get("/users/list/").headers["Location"].startswith("/account/otp")
    assert client.get("/users/list/", headers={"Accept": "application/json"}).status_code == 403
    page = csrf_of(client.get("/account/otp"))
    assert client.post("/account/act", data={"csrf_token": page, "role": "x"}).status_code == 303
    answer = client.post("/account/otp", data={"csrf_token": page, "otp": code_of(world, "admin_security")})
    assert answer.status_code == 303
    assert client.get("/users/list/").status_code == 200


def test_a_code_works_once(far, world):
    with clock.frozen(clock.now()):
        code = code_of(world, "admin_security")
        assert by_api(far(1), "admin_security", otp=code).status_code == 200
        assert by_api(far(2), "admin_security", otp=code).status_code == 401


def test_codes_cannot_be_guessed_by_signing_in_again_and_again(far):
    """The right password alone does not clear the count of an account with one-time codes."""
    answers = [by_api(far(n), "admin_security", otp="" if n % 2 else "000000").status_code for n in range(8)]
    assert answers[5:] == [429] * 3


def test_a_role_that_needs_codes_must_enrol_first(app, world, system):
    account = world.accounts["admin_system"]
    system.execute(
        update(Account)
        .where(Account.user_id == account.user_id)
        .values(totp_secret=None, totp_confirmed_at=None)
    )
    system.commit()
    client = sign_in(app, world, "admin_system")
    assert client.get("/").headers["Location"].startswith("/account/enrol")
    token = {"csrf_token": csrf_of(client.get("/account/enrol"))}
    client.post("/account/enrol", data={**token, "step": "begin"})
    system.rollback()
    secret = system.get(Account, account.user_id).totp_secret
    page = client.get("/account/enrol").get_data(as_text=True)
    assert "<svg" in page
    assert "style=" not in page[page.index("<svg") : page.index("</svg>")]
    assert client.post("/account/enrol", data={**token, "otp": "000000"}).status_code == 400
    assert client.get("/").headers["Location"].startswith("/account/enrol")
    assert client.post("/account/enrol", data={**token, "otp": pyotp.TOTP(secret).now()}).status_code == 303
    assert client.get("/").status_code == 200


@pytest.mark.any_database
def test_the_secret_is_shown_only_until_it_is_confirmed(app, world):
    client = sign_in(app, world, "admin_system", second_factor=True)
    assert client.get("/account/enrol").status_code == 303


# --- passwords -------------------------------------------------------------------------------------------------


def change(client, old, new, repeated=None):
    token = csrf_of(client.get("/account/password"))
    data = {"csrf_token": token, "old": old, "password": new, "repeated": repeated or new}
    return client.post("/account/password", data=data)


@pytest.mark.any_database
def test_an_initial_password_must_be_changed_on_every_page(app, world, system):
    system.execute(
        update(Account)
        .where(Account.user_id == world.accounts["worker_a"].user_id)
        .values(must_change_password=True)
    )
    system.commit()
    client = sign_in(app, world, "worker_a")
    for path in ("/", "/users/list/", "/account/"):
        assert client.get(path).headers["Location"].startswith("/account/password"), path
    assert change(client, PASSWORD, "Plum-orchard-28").status_code == 303
    assert client.get("/account/").status_code == 200


def test_an_own_change_ends_the_other_sessions_and_gives_this_one_a_new_token(app, world):
    client, other = sign_in(app, world, "worker_a"), sign_in(app, world, "worker_a")
    with client.session_transaction() as cookie:
        before = cookie["_user_id"]
    assert change(client, PASSWORD, "Plum-orchard-28").status_code == 303
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != before
    assert state(client)["signed_in"] is True
    assert state(other)["signed_in"] is False


@pytest.mark.any_database
@pytest.mark.parametrize(
    "new", ["Plum-28", "plumorchardgarden", "password2026", "worker_a-2026-x", "Abcdefghij1", "aaaaaaaaaa1"]
)
def test_weak_passwords_are_refused(app, world, new):
    client = sign_in(app, world, "worker_a")
    assert change(client, PASSWORD, new).status_code == 400
    assert state(client)["signed_in"] is True


@pytest.mark.any_database
def test_the_last_five_passwords_cannot_come_back(app, world, system):
    client = sign_in(app, world, "worker_a")
    used = [PASSWORD, *(f"Plum-orchard-{n}{n}" for n in range(1, 6))]
    for old, new in pairwise(used):
        assert change(client, old, new).status_code == 303
    for again in used[1:]:
        assert change(client, used[-1], again).status_code == 400, again
    rows = system.scalars(select(PasswordHistory.password_hash)).all()
    assert len(rows) == 5
    assert change(client, used[-1], used[0]).status_code == 303


@pytest.mark.any_database
def test_the_old_password_is_needed_and_its_guesses_are_counted(app, world, system):
    client = sign_in(app, world, "worker_a")
    answers = [change(client, "wrong-guess", "Plum-orchard-28").status_code for _n in range(7)]
    assert answers == [401] * 5 + [429] * 2
    stored = system.scalar(select(User.password).where(User.username == "worker_a"))
    assert passwords.matches(stored, PASSWORD)


@pytest.mark.any_database
def test_expiry_is_a_setting(app, world):
    with clock.frozen(clock.now()) as watch:
        app.config["PASSWORD_DAYS"] = 90
        try:
            assert sign_in(app, world, "worker_a").get("/account/").status_code == 200
            watch.move(days=91)
            assert (
                sign_in(app, world, "worker_a")
                .get("/account/")
                .headers["Location"]
                .startswith("/account/password")
            )
        finally:
            app.config["PASSWORD_DAYS"] = 0
