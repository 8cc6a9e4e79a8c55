"""The request edge: CSRF everywhere, headers on every answer, no GET that writes, refusals in plain words."""

from __future__ import annotations

import base64
import json
import re
import zlib

import pytest
from sqlalchemy import event

from app.areas.security import gate
from app.core import edge
from app.core.errors import Conflict, Throttled
from tests.integration.test_security_sessions import state
from tests.support.world import csrf_of, sign_in

pytestmark = pytest.mark.any_database

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
KEY = "01890000-0000-7000-8000-000000000000"


def rules(app):
    """(endpoint, path, methods) of every rule, arguments filled in."""
    with app.test_request_context():
        adapter = app.url_map.bind("localhost")
        for rule in app.url_map.iter_rules():
            values = {name: "css/geban.css" if name == "filename" else KEY for name in rule.arguments}
            for name, converter in rule._converters.items():
                if type(converter).__name__ == "IntegerConverter":
                    values[name] = 1
            yield (
                rule.endpoint,
                adapter.build(rule.endpoint, values, method=next(iter(rule.methods))),
                rule.methods,
            )


@pytest.fixture
def routes(_app):
    return list(rules(_app))


def test_every_unsafe_route_refuses_a_request_without_token(app, world, routes):
    """As form and as JSON; nothing is exempted."""
    from app.extensions import csrf

    assert not csrf._exempt_views
    assert not csrf._exempt_blueprints
    client = sign_in(app, world, "admin_system", second_factor=True)
    checked = 0
    for endpoint, path, methods in routes:
        for method in set(UNSAFE) & set(methods):
            for more in ({"data": {"a": "1"}}, {"json": {"a": 1}}):
                answer = client.open(path, method=method, **more)
                assert answer.status_code == 400, (endpoint, method, answer.status_code)
                checked += 1
            answer = client.open(path, method=method, json={}, headers={"X-CSRFToken": "made-up"})
            assert (answer.status_code, answer.get_json()["code"]) == (400, "csrf"), endpoint
    assert checked > 20
    assert state(client)["signed_in"] is True


def test_a_token_of_another_session_is_worth_nothing(app, world):
    mine, other = sign_in(app, world, "worker_a"), sign_in(app, world, "worker_t")
    token = state(other)["csrf_token"]
    assert mine.post("/logout/", data={"csrf_token": token}).status_code == 400


# pages that ask first by GET and act by POST
ASKING = {"ProposalView.act", "CorrectionView.act"}


def test_delete_and_logout_by_get_do_not_exist(routes):
    for endpoint, path, methods in routes:
        name = endpoint.rpartition(".")[2]
        if endpoint in ASKING:
            continue
        if name in {"logout", "act", "settings", "restore", "action", "action_post"}:
            assert "GET" not in methods, (endpoint, path)
    assert not {"UtilView.back", "LocaleView.index", "MenuApi.get_menu_data"} & {r[0] for r in routes}
    assert not [r for r in routes if r[1].startswith("/api/v1/security")]


def check_headers(answer, where):
    headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff", where
    assert headers["Referrer-Policy"] == "same-origin", where
    assert "frame-ancestors 'none'" in policy, where
    assert "default-src 'none'" in policy, where
    assert "unsafe" not in policy, where
    assert not re.search(r"https?:|\*", policy), where


@pytest.fixture
def written(app):
    """What reaches the database beside a session's own time stamp and the access log; the test may clear it."""
    from app.extensions import db

    found: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        if statement.startswith(("INSERT", "UPDATE", "DELETE", "REPLACE")) and not re.match(
            r"(UPDATE sign_in|INSERT INTO access_log)", statement
        ):
            found.append(statement[:60])

    event.listen(db.engine, "before_cursor_execute", note)
    yield found
    event.remove(db.engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    "username", [None, "admin_system", "admin_security", "operator", "clerk_a", "worker_a"]
)
def test_no_get_writes_anything_and_headers_stand_on_every_answer(app, world, routes, written, username):
    client = app.test_client() if username is None else sign_in(app, world, username, second_factor=True)
    written.clear()
    for endpoint, path, methods in [*routes, ("none", "/no/such/page", {"GET"})]:
        if "GET" in methods:
            answer = client.get(path)
            check_headers(answer, endpoint)
            answer.close()
            if not edge.is_static(endpoint):
                assert answer.headers["Cache-Control"] == "no-store", endpoint
                assert answer.status_code < 500, endpoint
            assert written == [], endpoint


def test_head_writes_no_more_than_get(app, world, routes, written):
    client = sign_in(app, world, "worker_a", second_factor=True)
    written.clear()
    for endpoint, path, methods in routes:
        if "GET" in methods:
            client.head(path).close()
            assert written == [], endpoint


def test_the_nonce_is_new_for_every_answer_and_stands_on_inline_scripts(client):
    seen = set()
    for _n in range(3):
        answer = client.get("/login/")
        nonce = re.search(
            r"script-src 'self' 'nonce-([^']+)'", answer.headers["Content-Security-Policy"]
        ).group(1)
        seen.add(nonce)
        page = answer.get_data(as_text=True)
        for script in re.findall(r"<script\b[^>]*>", page):
            assert f'nonce="{nonce}"' in script, script
        assert not re.search(r"\son[a-z]+=|\sstyle=", page)
    assert len(seen) == 3


def test_https_says_so_for_a_year(app, client):
    plain, secure = client.get("/login/"), client.get("/login/", base_url="https://localhost")
    assert "Strict-Transport-Security" not in plain.headers
    assert "max-age=31536000" in secure.headers["Strict-Transport-Security"]


def test_the_cookie_is_http_only_and_same_site(app, client):
    cookie = client.get("/login/").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io"])
def test_other_hosts_are_refused(client, host):
    for path in ("/login/", "/", "/static/css/geban.css"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 400
        assert host not in answer.get_data(as_text=True)


def cookie_text(client):
    """What anybody who holds the cookie can read."""
    raw = client.get_cookie("geban").value
    payload = raw[1:].split(".")[0] if raw.startswith(".") else raw.split(".")[0]
    data = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    return (zlib.decompress(data) if raw.startswith(".") else data).decode()


def test_the_cookie_holds_no_address_and_no_query(app, world):
    client = sign_in(app, world, "clerk_a")
    for path in ("/?q=Wang", "/account/?name=Wang", "/users/list/?q=Wang", "/nowhere?id=430281198502210014"):
        client.get(path)
    text = cookie_text(client)
    assert set(json.loads(text)) <= {"_user_id", "csrf_token", "locale", "_flashes"}
    for part in ("Wang", "4302", "?", "http", "page_history"):
        assert part not in text


def test_anonymous_visitors_reach_public_routes_only(app, routes):
    """Default deny: a new route is closed until somebody opens it on purpose."""
    open_now = {endpoint for endpoint, _path, _methods in routes if gate.is_public(endpoint)}
    known = {
        "static", "appbuilder.static", "health",
        "LoginView.login", "LoginView.logout", "LoginView.language",
        "VerifyView.check",  # a paper's number and check word (documents)
        "NoticeView.show",  # the notice that residents sign, without anything personal (registry)
        "SessionApi.show", "SessionApi.create", "SessionApi.end",
    }  # fmt: skip
    assert open_now <= known
    client = app.test_client()
    for endpoint, path, methods in routes:
        if "GET" in methods and endpoint not in open_now:
            answer = client.get(path)
            assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (303, "/login/"), (
                endpoint
            )
            assert client.get(path, headers={"Accept": "application/json"}).status_code == 401, endpoint


def test_where_one_wanted_to_go_is_kept_without_its_query(client):
    assert client.get("/users/list/?q=Wang").headers["Location"] == "/login/?next=/users/list/"


def test_a_form_sent_too_late_leads_back_to_its_page(app, world):
    """Idle expiry locks, it does not wipe: the draft waits on the page of the form."""
    client = sign_in(app, world, "worker_a")
    token = state(client)["csrf_token"]
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "ended"
    headers = {"Referer": "http://localhost/account/password?next=/x"}
    late = client.post("/account/password", data={"csrf_token": token}, headers=headers)
    assert late.headers["Location"] == "/login/?next=/account/password"
    foreign = client.post("/account/password", headers={"Referer": "http://evil.example/account/"})
    assert foreign.headers["Location"] == "/login/"


# --- refusals --------------------------------------------------------------------------------------------------

RAISED = {
    "domain": (lambda: (_ for _ in ()).throw(Conflict("Somebody was faster.")), 409, "Somebody was faster."),
    "throttled": (lambda: (_ for _ in ()).throw(Throttled(retry_after=60)), 429, ""),
    "bug": (lambda: 1 // 0, 500, ""),
}


@pytest.fixture
def failing(app, world, monkeypatch):
    """A signed-in client, and a page that fails as it is told."""

    def _failing(name):
        monkeypatch.setitem(app.view_functions, "MyAccount.index", RAISED[name][0])
        monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
        return sign_in(app, world, "worker_a")

    return _failing


@pytest.mark.parametrize("name", RAISED)
@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_refusals_are_sentences_and_leak_nothing(failing, name, accept):
    _f, status, sentence = RAISED[name]
    answer = failing(name).get("/account/", headers={"Accept": accept})
    text = answer.get_data(as_text=True)
    assert answer.status_code == status
    assert sentence in text
    for inside in ("Traceback", "ZeroDivision", "app/", ".py", "sqlalchemy"):
        assert inside not in text
    if accept == "application/json":
        assert set(answer.get_json()) >= {"code", "message"}
    if status == 429:
        assert answer.headers["Retry-After"] == "60"
    if status == 500:
        assert re.search(r"[0-9a-f]{8}", text)
        assert "Nothing was saved" not in text  # a page that only reads


def test_the_log_of_an_error_names_its_reference_but_no_query(failing, caplog):
    answer = failing("bug").get("/account/?q=Wang", headers={"Accept": "application/json"})
    assert answer.get_json()["reference"] in caplog.text
    assert "Wang" not in caplog.text


def test_database_errors_do_not_write_values_into_the_log(app):
    from app.extensions import db

    assert db.engine.hide_parameters


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("PUT", "/account/", 405),
        ("GET", "/logout/", 405),
        ("GET", "/users/show/zzz", 400),
    ],
)
def test_common_mistakes_have_a_page(app, world, method, path, status):
    client = sign_in(app, world, "operator")
    answer = client.open(path, method=method, headers={"X-CSRFToken": state(client)["csrf_token"]})
    assert answer.status_code == status
    assert "<h1" in answer.get_data(as_text=True)


def test_too_large_a_form_is_413(app, world, monkeypatch):
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 1000)
    client = sign_in(app, world, "worker_a")
    token = state(client)["csrf_token"]
    answer = client.post("/account/settings", data={"csrf_token": token, "language": "x" * 2000})
    assert answer.status_code == 413


def test_an_expired_form_says_what_to_do(app, world):
    client = sign_in(app, world, "worker_a")
    page = client.post("/account/settings", data={"language": "en"}).get_data(as_text=True)
    client.post("/account/settings", data={"csrf_token": state(client)["csrf_token"], "language": "en"})
    again = client.post("/account/settings", data={}).get_data(as_text=True)
    assert "CSRF" not in page + again
    assert "Reload it" in again


# --- language --------------------------------------------------------------------------------------------------


def test_language_is_a_post_and_belongs_to_the_account(app, world):
    client = sign_in(app, world, "worker_a")
    token = {"csrf_token": state(client)["csrf_token"]}
    assert client.post("/account/settings", data={**token, "language": "zh"}).status_code == 303
    assert 'lang="zh-CN"' in client.get("/account/").get_data(as_text=True)
    assert client.post("/account/settings", data={**token, "language": "xx"}).status_code == 400
    # the other account keeps the language of the site, and an address sets none
    other = sign_in(app, world, "worker_t")
    assert 'lang="en"' in other.get("/account/?_l_=zh").get_data(as_text=True)


def test_visitors_choose_a_language_before_signing_in(client):
    token = csrf_of(client.get("/login/"))
    client.post("/language/", data={"csrf_token": token, "language": "zh", "next": "//evil.example"})
    assert 'lang="zh-CN"' in client.get("/login/").get_data(as_text=True)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000])
def test_json_deeper_than_the_stack_is_bad_input(app, world, text):
    client = sign_in(app, world, "clerk_a")
    headers = {"X-CSRFToken": state(client)["csrf_token"], "Content-Type": "application/json"}
    answer = client.post("/drafts/save", data=text, headers=headers)
    assert answer.status_code == 400, answer.status_code
