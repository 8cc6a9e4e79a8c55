"""Every route × every role with the ids of another town: no foreign word comes out, no row changes, nothing breaks.

A route with an argument that the sweep does not know fails the test: a new route needs a case here.
"""

from __future__ import annotations

import re

import pytest
from flask import Flask

from tests.support.marked import MARK, Marked, fingerprint
from tests.support.registers import is_one_of_many
from tests.support.world import csrf_of

# one of each kind of scope sweeps on both databases; the others differ by role, which no database decides
ACCOUNTS = (
    "worker_a",
    "clerk_a_reads_t",
    *(
        pytest.param(name, marks=pytest.mark.any_database)
        for name in ("health", "clerk_a", "town_clerk_a", "office_a", "hotline", "nobody", None)
    ),
)
NOT_SWEPT = {
    "static": "files of ours",
    "appbuilder.static": "files of FAB",
    "LoginView.logout": "ends the sweep's own session",
    "SessionApi.end": "ends the sweep's own session",
    "MyAccount.end_others": "own sessions only, under test in test_security_sessions",
    "LoginView.login": "under test in test_security_login",
    "SessionApi.create": "under test in test_security_login",
}
# a post on the county sees the county's cases by their numbers; that names stay masked: test_proxy_views
IN_SCOPE = {"hotline": ("ProxyCaseView.", "Home.", "Search.")}
# arguments that do not name a record
PLAIN = {
    "filename": "x",
    "number": "1",
    "token": "none",
    "code": "F10",
    "page": "1",
    "locale": "en",
    "version": "1",
    "kind": "x",
    "seq": "1",
    "column": "number",
    "child": "PersonView",
    "section": "x",
    "job_uid": "00000000-0000-7000-8000-000000000000",
    "list_name": "gender",
    "day": "2026-11-03",
    "key": "x",
    "name": "x",
    "list_of": "PersonView",
    "action": "submit",
    "index": "1",
}
# record arguments of pages that are no ModelView: endpoint prefix → table
TABLES: dict[str, str] = {
    "AttachmentView": "attachment",
    "CampaignDesk": "campaign",
    "CensusDesk": "dwelling",
    "CheckDesk": "rental_home",
    "FieldDesk": "visit",
    "ProxyDesk": "proxy_case",
    "UserAdminView": "staff",
    "SheetDesk": "sheet_pack",
    "SignInView": "sign_in",
    "ImportDesk": "import_batch",
    "Inbox": "notice",
    "ChangeDesk": "bulk_edit",
}
RECORD = {
    "pk",
    "uid",
    "case_uid",
    "visit_uid",
    "post_uid",
    "stop_uid",
    "dwelling_uid",
    "household_uid",
    "person_uid",
    "building_uid",
    "request_uid",
}


@pytest.fixture
def foreign(system, world):
    """One marked row of every guarded table in a grid of town T."""
    account = world.accounts["worker_t"]
    marked = Marked(system, world.areas["grid_t11"], account.user_id, account.staff_id)
    rows = marked.make_all()
    system.commit()
    return rows


def table_of(app: Flask, endpoint: str) -> str | None:
    name = endpoint.partition(".")[0]
    if name in TABLES:
        return TABLES[name]
    view = app.extensions["geban_pages"].get(name)
    model = getattr(getattr(view, "datamodel", None), "obj", None)
    return model.__tablename__ if model is not None else None


def argument(app: Flask, endpoint: str, name: str, foreign: dict) -> str:
    if name in RECORD:
        row = foreign.get(name.removesuffix("_uid")) if name != "uid" else None
        row = row or foreign.get(table_of(app, endpoint) or "")
        return str(getattr(row, "uid", "00000000-0000-7000-8000-000000000000"))
    if name not in PLAIN:
        pytest.fail(f"{endpoint}: the sweep does not know the argument {name!r}")
    return PLAIN[name]


def address(app: Flask, rule, foreign: dict) -> str:
    def fill(match: re.Match) -> str:
        return argument(app, rule.endpoint, match.group(1).rpartition(":")[2], foreign)

    return re.sub(r"<([^>]+)>", fill, rule.rule)


def form_of(app: Flask, endpoint: str, foreign: dict) -> dict[str, str]:
    """Whatever the page may take, naming foreign records wherever a record can be named."""
    data = {
        "reason": MARK,
        "version": "1",
        "confirm": "1",
        "action": "submit",
        "q": MARK,
        "text": MARK,
        "next": "//evil.example",
    }
    view = app.extensions["geban_pages"].get(endpoint.partition(".")[0])
    for column in (*getattr(view, "add_columns", ()), *getattr(view, "edit_columns", ())):
        fact = view.datamodel.facts.get(column)
        target = getattr(fact, "model", None) or getattr(fact, "target", None)
        row = foreign.get(getattr(target, "__tablename__", "")) or foreign.get(column.removesuffix("_id"))
        data[column] = str(getattr(row, "uid", MARK))
    data["area"] = data["area_id"] = str(foreign["dwelling"].area.uid)
    return data


def visible_text(answer) -> str:
    return answer.get_data().decode(errors="replace")


@pytest.mark.parametrize("account", ACCOUNTS, ids=str)
def test_no_route_shows_or_changes_what_belongs_to_another_town(
    app, client, login_as, foreign, system, account
):
    visitor = login_as(account) if account else client
    token = csrf_of(visitor.get("/")) or csrf_of(visitor.get("/login/"))
    before = fingerprint(system)
    leaks, broken = [], []
    for rule in app.url_map.iter_rules():
        if rule.endpoint in NOT_SWEPT or is_one_of_many(rule.endpoint):
            continue
        url = address(app, rule, foreign)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            sent = (
                {"data": {**form_of(app, rule.endpoint, foreign), "csrf_token": token}}
                if method != "GET"
                else {}
            )
            answer = visitor.open(url, method=method, headers={"X-CSRFToken": token}, **sent)
            shown = visible_text(answer).replace(f'value="{MARK}"', "").replace(f">{MARK}<", "")
            own = rule.endpoint.startswith(IN_SCOPE.get(account or "", ("-",)))
            if not own and (f"{MARK} " in shown or re.search(rf"{MARK}[a-z]", shown)):
                leaks.append((method, url, answer.status_code))
            if answer.status_code >= 500:
                broken.append((method, rule.rule, answer.status_code))
    system.rollback()
    system.expire_all()
    after = fingerprint(system)
    assert leaks == []
    assert broken == []
    assert [t for t in before if before[t] != after[t]] == []


def test_the_sweep_would_notice_a_leak(app, login_as, foreign, world):
    """The other town's own clerk sees the marked rows: the marker reaches the screen where it may."""
    pages = app.extensions["geban_pages"]
    view = next((v for n, v in pages.items() if n == "StaffView"), None)
    if view is None:
        pytest.skip("no view of staff mounted")
    text = login_as("town_clerk_t").get(f"{view.route_base}/list/").get_data(as_text=True)
    assert MARK in text
