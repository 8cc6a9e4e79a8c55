"""What stands around every page: menu by rights, acting post, start page by role, drafts, search."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from app.areas.models import Staff
from app.areas.roles import ROLES
from app.audit.models import AccessLog
from app.core import icons
from app.core.drafts import Draft
from app.home import panels
from tests.support.pages import post, token_of
from tests.support.rows import fresh, reread
from tests.support.world import ACCOUNTS

pytestmark = pytest.mark.any_database

SIGNED_IN = [name for name, posts in ACCOUNTS if posts]


def side(page: str) -> str:
    return page.split('id="side"')[1].split("</nav>")[0]


@pytest.mark.parametrize("username", SIGNED_IN)
def test_everybody_has_a_start_page_in_words(probe, username):
    answer = probe(username).get("/")
    assert answer.status_code == 200
    body = re.sub(
        r"<(script|style|svg|template).*?</\1>", "", answer.text.split('<main id="main"')[1], flags=re.S
    )
    assert "None" not in body
    assert not re.search(r">\s*(True|False)\s*<", body)


def test_the_menu_holds_what_the_role_may_open_and_nothing_else(probe):
    auditor, worker = side(probe("admin_audit").get("/").text), side(probe("worker_a").get("/").text)
    assert 'data-view="ChangeLogView"' in auditor
    assert 'data-view="ChangeLogView"' not in worker
    assert 'data-view="Home" aria-current="page"' in worker


def test_the_acting_post_stands_on_every_page_and_is_switched_in_one_click(probe, world):
    client = probe("clerk_a_reads_t", role="workstation")
    page = client.get("/").text
    assert "Community A1" in page.split("gb-me-words")[1][:200]
    assert page.count('name="role"') == 2
    assert post(client, "/account/act", role="leader").status_code == 303
    assert "Town T" in client.get("/probe/staff/list/").text.split("gb-me-words")[1][:200]


def test_pages_of_one_role_do_not_leak_into_anothers_menu(probe):
    """The menu is cached per set of rights and language."""
    for _ in range(2):
        assert 'data-view="AccessLogView"' in side(probe("admin_audit").get("/").text)
        assert 'data-view="AccessLogView"' not in side(probe("worker_a").get("/").text)


def test_every_icon_of_the_menu_exists(app):
    from app.menu import MENU

    names = {e.icon for section in MENU for e in section.entries} | {section.icon for section in MENU}
    assert [name for name in names if not icons.exists(name)] == []


def test_every_role_of_the_start_page_exists():
    assert set(panels.QUEUES) <= set(ROLES)


@pytest.mark.demand("S4-62")
def test_a_number_is_searched_by_post_and_logged_without_the_number(probe, system):
    before = system.scalar(select(func.count(AccessLog.id)).where(AccessLog.action == "SEARCH"))
    client = probe("clerk_a")
    assert client.get("/search/?q=13812345678").text.count("13812345678") == 0
    assert post(client, "/search/", q="13812345678").status_code in {200, 303}
    rows = fresh(system).scalars(select(AccessLog).where(AccessLog.action == "SEARCH")).all()
    if client.application.extensions["geban_pages"].get("PersonView"):
        assert len(rows) == before + 1
    assert all("1381" not in f"{row.detail}{row.reason}" for row in rows)


@pytest.mark.parametrize("query", ["%", "_", "'", '"', "\\", "*", "x" * 60, "-2.9+92", "NEAR(", "\u738b"])
def test_no_query_breaks_the_search(probe, query):
    assert post(probe("town_clerk_a"), "/search/", q=query).status_code in {200, 303}


def test_too_long_a_query_is_refused(probe):
    assert post(probe("town_clerk_a"), "/search/", q="x" * 61).status_code == 400


def save_draft(client, **body):
    return client.post("/drafts/save", json=body, headers={"X-CSRFToken": token_of(client)})


def test_a_draft_is_encrypted_and_its_owners_alone(probe, system, world):
    client = probe("town_clerk_a")
    kept = save_draft(
        client, page="ProbeStaff:new", title="Add", values=[["name", "Secret Vera"], ["csrf_token", "t"]]
    )
    assert kept.get_json() == {"saved": True}
    row = fresh(system).scalars(select(Draft)).one()
    assert row.payload == [["name", "Secret Vera"]]
    raw = system.connection().exec_driver_sql("SELECT payload FROM draft").scalar()
    assert b"Secret" not in bytes(raw)
    assert 'value="Secret Vera"' in client.get("/probe/staff/add?draft=1").text
    assert "Secret Vera" not in probe("clerk_a").get("/probe/staff/add?draft=1").text
    assert "Secret Vera" not in probe("clerk_a").get("/drafts/").text


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"page": "../x", "values": []},
        {"page": "ProbeStaff:new", "values": "x"},
        {"page": "ProbeStaff:new", "values": [["a"]]},
        {"page": "ProbeStaff:new", "values": [["a", "x" * 500_000]]},
    ],
)
def test_a_draft_that_is_none_is_refused(probe, system, body):
    assert save_draft(probe("town_clerk_a"), **body).status_code == 400
    assert fresh(system).scalar(select(func.count(Draft.id))) == 0


def test_a_draft_can_be_thrown_away(probe, system):
    client = probe("town_clerk_a")
    save_draft(client, page="ProbeStaff:new", title="Add", values=[["name", "x"]])
    assert post(client, "/drafts/drop", page="ProbeStaff:new").status_code == 303
    assert fresh(system).scalar(select(func.count(Draft.id))) == 0


def test_a_draft_of_an_edit_keeps_the_version_it_began_with(probe, system, world):
    """Otherwise going on with an old draft would overwrite what others saved meanwhile."""
    worker = system.get(Staff, world.accounts["worker_a"].staff_id)
    client = probe("town_clerk_a")
    page = f"ProbeStaff:{worker.uid}"
    save_draft(
        client, page=page, title="Edit", values=[["_version", "1"], ["_base", "{}"], ["name", "Old draft"]]
    )
    reread(system, worker).note = "changed by somebody else"
    system.commit()
    assert 'name="_version" value="1"' in client.get(f"/probe/staff/edit/{worker.uid}?draft=1").text
