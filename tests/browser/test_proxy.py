"""Proxy services in the browser: five elders on a phone, the department by keyboard, the card brought home; axe."""

from __future__ import annotations

import json
import os

import pytest
from sqlalchemy import select

from app.proxy.models import ProxyCase
from app.worklog.models import WorkSlot
from tests.browser.test_axe_pages import SIZES
from tests.browser.test_field import Finger
from tests.factories.proxy import step, walk, years_before
from tests.factories.registry import ResidentFactory, make_home, make_household
from tests.support.rows import fresh

pytestmark = pytest.mark.browser
pytest_plugins = ("tests.support.proxy",)
NAMES = ("Elder An", "Elder Bai", "Elder Cao", "Elder Deng", "Elder E")
MOST_TAPS = 6
SMALL = """() => [...document.querySelectorAll(
    'main .btn, main select, main input:not([type=hidden]):not([type=checkbox])')]
  .filter(e => e.offsetParent && e.getBoundingClientRect().height < 43.5
    && !e.classList.contains('tomselected') && !e.closest('.ts-control'))
  .map(e => e.outerHTML.slice(0, 90))"""
TOO_WIDE = "(e => e.scrollWidth - e.clientWidth)(document.querySelector('dialog[open]'))"


@pytest.fixture
def elders(system, world):
    """Five elders of grid A11 behind five doors."""
    for n, name in enumerate(NAMES, 1):
        home = make_home(system, world.areas["grid_a11"], str(40 + n))
        make_household(system, home, [ResidentFactory(name=name, birth=years_before(70 + n))])
    system.commit()
    return NAMES


def keep(task: str, taps: int) -> None:
    """Keep the figure where `python -m tools.keystrokes` finds it."""
    target = os.environ.get("KEYSTROKES_FILE")
    if target:
        with open(target, "a", encoding="utf-8") as file:
            file.write(json.dumps({"task": task, "taps": taps, "bar": MOST_TAPS}) + "\n")


def states(system) -> list[str]:
    return list(fresh(system).scalars(select(ProxyCase.state).order_by(ProxyCase.id)))


class Thumb(Finger):
    """A finger that begins anew with each task."""

    def task(self, name: str) -> None:
        """The task is done: hold it against the bar, keep it, begin anew."""
        assert 0 < self.taps <= MOST_TAPS, (name, self.taps)
        keep(name, self.taps)
        self.taps = 0


@pytest.mark.demand("S3-65", "S3-66", "S3-49")
def test_five_elders_on_a_phone_takes_less_than_seven_taps_a_task(open_as, system, elders):
    page = open_as("worker_a", "phone")
    thumb = Thumb(page)

    # booked: the yearly stamp, today and everybody of 65 and older are proposed
    page.goto("/field/plan")
    page.wait_for_selector(".gf-people label")
    for n in range(len(NAMES)):
        thumb.tap(f".gf-people label >> nth={n}")
    thumb.tap("form[data-send] button[type=submit]")
    thumb.task("plan a round for five people")
    page.wait_for_url("**/field/round/**")
    assert states(system) == ["booked"] * 5
    # logged: five doors, each signed with a finger
    for _n in range(len(NAMES)):
        thumb.tap("a.btn-primary[href*='/field/door/'], a[href*='/field/door/']")
        page.wait_for_selector(".gf-outcomes")
        thumb.tap(".gf-outcomes label")
        thumb.tap("[data-required] label")
        thumb.tap("[data-field=consent] label")
        thumb.sign()
        thumb.tap("form[data-send] button[type=submit]")
        page.wait_for_url("**/field/round/**")
        thumb.task("log a visit at one door")
    assert states(system) == ["collected"] * 5

    # handed in at once
    thumb.tap("form[action$='/submit'] button")
    page.wait_for_load_state("networkidle")
    thumb.task("hand in all cases of a round")
    assert states(system) == ["submitted"] * 5


def finish_by_keyboard(page, uid: str, result_no: str) -> None:
    """The department's four steps without a mouse: the main button by Enter, the dialog by Ctrl+Enter."""
    for action in ("receive", "accept", "process", "approve"):
        page.goto(f"/cases/show/{uid}")
        main = page.locator(f"a.btn-primary[href$='/act/{action}']")
        main.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector("dialog[open] form[data-step-form]")
        if action == "approve":
            page.fill("dialog[open] [name=result_no]", result_no)
        with page.expect_navigation():
            page.keyboard.press("Control+Enter")


@pytest.mark.demand("S3-50", "S3-51")
def test_the_department_finishes_by_keyboard_and_bringing_the_card_home_takes_less_than_seven_taps(
    open_as, system, sessions, booked
):
    uid = booked()
    walk(sessions, uid, "submit")
    pc = open_as("health", "pc")
    pc.goto("/proxy/")
    pc.keyboard.press("ArrowDown")
    assert pc.evaluate("document.activeElement.getAttribute('href')") == f"/cases/show/{uid}"
    pc.keyboard.press("Enter")
    pc.wait_for_url(f"**/cases/show/{uid}")
    finish_by_keyboard(pc, uid, "WJ-5")
    case = fresh(system).scalars(select(ProxyCase)).one()
    assert (case.state, case.result_no) == ("approved", "WJ-5")

    step(sessions["worker"], uid, "fetch")
    phone = open_as("worker_a", "phone")
    phone.goto(f"/field/deliver/{uid}")
    thumb = Thumb(phone)
    phone.wait_for_selector("[data-signature] canvas")
    thumb.sign()
    thumb.tap("form[data-send] button[type=submit]")
    phone.wait_for_url("**/field/rate/**")
    thumb.task("hand over a result")
    assert states(system) == ["delivered"]
    # the resident's own taps on the worker's phone
    thumb.tap(".gf-levels label:nth-child(2)")
    thumb.tap("form[data-send] button[type=submit]")
    phone.wait_for_selector(".gf-thanks")
    assert states(system) == ["evaluated"]


def test_a_refused_step_keeps_the_dialog_and_what_was_typed(open_as, system, booked):
    uid = booked()
    page = open_as("clerk_a", "pc")
    page.goto(f"/cases/show/{uid}")
    page.locator("details.gb-pop summary").filter(has=page.locator("svg")).last.click()
    page.locator("a[data-step][href$='/act/rebook']").click()
    page.wait_for_selector("dialog[open]")
    page.fill("dialog[open] [name=reason]", "the son called")
    page.fill("dialog[open] [name=appointment]", "2001-01-01")
    page.locator("dialog[open] button[type=submit]").click()
    page.wait_for_selector("dialog[open] [data-refusal]:not([hidden])")
    assert page.input_value("dialog[open] [name=reason]") == "the son called"
    assert page.evaluate("document.activeElement.name") == "appointment"
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog[open]", state="detached")
    assert states(system) == ["booked"]


def test_the_second_of_two_windows_is_told(open_as, system, sessions, booked):
    uid = booked()
    page = open_as("clerk_a", "pc")
    page.goto(f"/cases/show/{uid}")
    page.locator("a.btn-primary[data-step]").click()
    page.wait_for_selector("dialog[open]")
    step(sessions["worker"], uid, "entrust")
    page.select_option("dialog[open] [name=consent]", "yes")
    page.locator("dialog[open] button[type=submit]").click()
    page.wait_for_selector("dialog[open] [data-refusal]:not([hidden])")
    assert page.inner_text("dialog[open] [data-refusal]").strip()
    assert states(system) == ["entrusted"]


@pytest.mark.demand("S3-63")
def test_a_clerk_books_by_letters_and_one_click_on_a_free_time_fills_the_day(open_as, system, elders, world):
    for weekday in range(7):
        system.add(WorkSlot(area_id=world.areas["com_a1"], weekday=weekday, slot="09:00-10:00", places=3))
    system.commit()
    page = open_as("clerk_a", "pc")
    page.goto("/proxy/book")
    page.wait_for_selector(".ts-control")
    page.locator("#person-ts-control").click()
    page.keyboard.type("eldera")
    page.wait_for_selector(".ts-dropdown .option")
    page.keyboard.press("Enter")
    page.locator("#item-ts-control").click()
    page.keyboard.type("mz-01")
    page.wait_for_selector(".ts-dropdown .option:has-text('MZ-01')")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-conditions]:not([hidden]) select")
    page.select_option("#condition-0", "no")
    box = page.locator("#item + .ts-wrapper .ts-control")
    page.locator("#slot").focus()
    left = box.bounding_box()["height"]
    box.click()
    # what grew while it is open would draw the next button away from under the mouse
    assert box.bounding_box()["height"] == left
    free = page.locator("label:has(input[name=place])").nth(2)
    free.click()
    day = page.locator("input[name=place]").nth(2).get_attribute("data-day")
    assert page.input_value("[name=appointment]") == day
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/cases/show/**")
    case = fresh(system).scalars(select(ProxyCase)).one()
    assert (case.party_name, case.booked_for.isoformat(), case.booked_slot) == (
        "Elder An",
        day,
        "09:00-10:00",
    )
    assert [m.applies for m in case.materials if m.condition] == [False, None]


def test_axe_targets_and_no_side_scroll(open_as, axe, sessions, booked):
    """The case between two steps and the forms of its steps; the lists and the booking stand in test_axe_pages."""
    uid = booked("MZ-01")
    walk(sessions, uid, "collect")
    wj = booked()
    walk(sessions, wj, "receive")
    pages = {account: open_as(account) for account in ("worker_a", "health")}
    found = {}
    for account, path in (
        ("worker_a", f"/cases/show/{uid}"),
        ("worker_a", f"/cases/{uid}/act/request_supplement"),
        ("worker_a", f"/cases/{uid}/act/withdraw"),
        ("health", f"/cases/show/{wj}"),
        ("health", f"/cases/{wj}/act/request_supplement"),
    ):
        page = pages[account]
        page.set_viewport_size(SIZES["pc"])
        page.goto(path)
        for size, box in SIZES.items():
            page.set_viewport_size(box)
            found[path, size] = axe(page)
            assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 1, (path, size)
        assert page.evaluate(SMALL) == [], path
    assert {path: what for path, what in found.items() if what} == {}


@pytest.mark.parametrize("size", ["phone", "pc"])
def test_axe_of_the_dialog(open_as, axe, sessions, booked, size):
    uid = booked()
    walk(sessions, uid, "entrust")
    page = open_as("worker_a", size)
    page.goto(f"/cases/show/{uid}")
    page.locator("a.btn-primary[data-step]").first.click()
    page.wait_for_selector("dialog[open] form")
    assert axe(page) == []
    assert page.evaluate(TOO_WIDE) <= 1
