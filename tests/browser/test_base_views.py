"""The base views in the browser: axe, keyboard, drafts, remote selects, weight, nothing that leads away."""

from __future__ import annotations

import gzip
import re

import pytest
from sqlalchemy import func, select

from app.areas.models import Staff
from app.core.drafts import Draft
from tests.support.rows import fresh, reread

pytestmark = pytest.mark.browser

LIST, ADD = "/probe/staff/list/", "/probe/staff/add"
# with the controls that the probe alone has; all pages of the site stand in test_axe_pages
PAGES = [ADD, f"{LIST}?page_ProbeStaff=abc", "/probe/staff/show/{uid}", "/probe/staff/edit/{uid}"]


@pytest.fixture
def worker(system, world):
    """A staff row with a phone."""
    row = system.get(Staff, world.accounts["worker_a"].staff_id)
    row.phone = "13812345678"
    system.commit()
    return row


@pytest.mark.parametrize("size", ["pc", "phone"])
def test_axe_finds_nothing_on_pages_with_every_control(open_as, axe, worker, size):
    page = open_as("town_clerk_a", size)
    found = {}
    for path in PAGES:
        page.goto(path.format(uid=worker.uid))
        found[path] = axe(page)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 1, f"{path} scrolls sideways by {wide} px"
    assert {path: what for path, what in found.items() if what} == {}


@pytest.mark.parametrize("size", ["pc", "phone"])
def test_axe_finds_nothing_on_a_refused_form(open_as, axe, size):
    page = open_as("town_clerk_a", size)
    page.goto(ADD)
    page.locator("form.gb-form button[type=submit]").first.click()
    page.wait_for_selector("[data-summary]")
    assert axe(page) == []
    assert page.evaluate("document.activeElement.id") == "name"


@pytest.mark.demand("S3-05")
def test_targets_on_a_phone_are_large_enough(open_as, worker):
    page = open_as("town_clerk_a", "phone")
    small = []
    for path in (LIST, ADD, f"/probe/staff/show/{worker.uid}"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        small += page.evaluate(
            """() => [...document.querySelectorAll(
                 'button, .btn, input:not([type=hidden]):not([type=checkbox]), select, .gb-row-link, .gb-bottom a')]
               .filter(e => e.offsetParent && e.getBoundingClientRect().height < 43.5 && !e.closest('.ts-control'))
               .map(e => e.outerHTML.slice(0, 90))"""
        )
    assert small == []


def test_the_keyboard_alone_adds_a_record(open_as, system, world):
    """Type, Tab, choose by initials, Ctrl+Enter."""
    page = open_as("town_clerk_a")
    page.goto(ADD)
    assert page.evaluate("document.activeElement.id") == "name"
    page.keyboard.type("Keyboard")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.wait_for_selector(".ts-dropdown .option >> text=Community A1")
    page.keyboard.type("A12")
    page.keyboard.press("Enter")  # too early: nothing is chosen, nothing is sent
    page.wait_for_selector(".ts-dropdown .option >> text=Grid A12")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/show/**")
    row = fresh(system).scalars(select(Staff).where(Staff.name == "Keyboard")).one()
    assert row.area_id == world.areas["grid_a12"]


def test_the_search_key_and_a_number_by_post(open_as):
    page = open_as("town_clerk_a")
    page.goto(LIST)
    page.wait_for_load_state("networkidle")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "gb-q"
    page.keyboard.type("13812345678")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/")
    assert "138" not in page.url


def test_what_was_typed_survives_a_crash(open_as, system):
    page = open_as("town_clerk_a")
    page.goto(ADD)
    page.fill("#name", "Half typed")
    page.fill("#note", "a long note")
    with page.expect_response("**/drafts/save"):
        pass
    stored = fresh(system).scalars(select(Draft)).one()
    assert ["note", "a long note"] in stored.payload
    again = open_as("town_clerk_a")
    again.goto(ADD)
    again.click(".gb-flash a")
    again.wait_for_load_state()
    assert again.input_value("#name") == "Half typed"
    assert again.input_value("#note") == "a long note"


def test_a_saved_form_leaves_no_draft(open_as, system, worker):
    page = open_as("town_clerk_a")
    page.goto(f"/probe/staff/edit/{worker.uid}")
    page.fill("#note", "typed")
    with page.expect_response("**/drafts/save"):
        pass
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/show/**")
    assert fresh(system).scalar(select(func.count(Draft.id))) == 0
    assert reread(system, worker).note == "typed"


def test_leaving_unsaved_typing_asks_first(open_as):
    page = open_as("town_clerk_a")
    page.goto(ADD)
    page.fill("#name", "Not saved")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.evaluate("setTimeout(() => { location.href = '/probe/staff/list/' }, 0)")
    page.wait_for_timeout(700)
    assert asked == ["beforeunload"]
    assert page.url.endswith("/add")


def test_a_masked_number_is_shown_after_a_reason(open_as, worker):
    page = open_as("town_clerk_a")
    page.goto(f"/probe/staff/show/{worker.uid}")
    assert "13812345678" not in page.content()
    page.click("[data-reveal]")
    page.fill("#gb-dialog-value", "calling about the visit")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=13812345678")
    page.click("[data-reveal]")
    assert "13812345678" not in page.content()


def test_two_versions_side_by_side_are_settled_by_keyboard(open_as, axe, system, worker):
    page, other = open_as("town_clerk_a"), open_as("clerk_a")
    page.goto(f"/probe/staff/edit/{worker.uid}")
    other.goto(f"/probe/staff/edit/{worker.uid}")
    other.fill("#office_phone", "0731-1")
    other.keyboard.press("Control+Enter")
    other.wait_for_url("**/show/**")
    page.fill("#office_phone", "0731-2")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".gb-sides")
    assert axe(page) == []
    page.check("input[name=pick-office_phone][value=mine]")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/show/**")
    assert reread(system, worker).office_phone == "0731-2"


def test_columns_are_put_in_another_order_and_stay_so(open_as, axe):
    page = open_as("town_clerk_a", "phone")
    page.goto("/person/list/?_flt_0_sex=2")
    page.click(".gb-columns summary")
    page.wait_for_selector(".gb-column-list")
    assert axe(page) == []
    page.uncheck("input[name=column][value=sex]")
    page.locator("li", has=page.locator("[value=birth_date]")).locator("[data-move='1']").press("Enter")
    page.click("[data-column-form] button.btn-primary")
    page.wait_for_url("**/person/list/?_flt_0_sex=2")
    page.click(".gb-columns summary")
    page.wait_for_selector(".gb-column-list")
    shown = page.locator("input[name=column]:checked, input[name=column][type=hidden]")
    assert [box.get_attribute("value") for box in shown.all()][:3] == ["name", "document", "birth_date"]


def test_the_menu_of_a_phone_opens_and_closes(open_as):
    page = open_as("town_clerk_a", "phone")
    page.goto(LIST)
    page.click(".gb-menu-button")
    page.wait_for_timeout(300)
    assert page.locator("#side").bounding_box()["x"] >= 0
    page.keyboard.press("Escape")
    page.wait_for_timeout(300)
    assert page.locator("#side").bounding_box()["x"] < 0


def test_a_first_visit_to_a_list_weighs_little(open_as):
    """200 KB at most, as a web server that compresses would send it."""
    page = open_as("town_clerk_a")
    weights = {}

    def weigh(response):
        body = response.body()
        weights[response.url] = (
            len(gzip.compress(body))
            if re.search("text|javascript|svg|json", response.headers.get("content-type", ""))
            else len(body)
        )

    page.on("response", weigh)
    page.goto(LIST)
    page.wait_for_load_state("networkidle")
    assert sum(weights.values()) < 200_000, weights


def test_large_type_is_one_click_away(open_as):
    page = open_as("town_clerk_a", "phone")
    page.goto("/")
    before = page.evaluate("getComputedStyle(document.querySelector('main')).fontSize")
    page.click(".gb-me summary")
    page.click("form:has([name=large_type]) button")
    page.wait_for_load_state()
    assert float(page.evaluate("getComputedStyle(document.querySelector('main')).fontSize")[:-2]) > float(
        before[:-2]
    )
