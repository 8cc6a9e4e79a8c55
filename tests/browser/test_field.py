"""The worker's phone in the browser: a door with a drawn signature in at most six taps; axe; targets; no side scroll."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.drafts import Draft
from app.core.files import Attachment
from app.core.scope import session_actor
from app.core.session import unit_of_work
from app.proxy.models import ProxyCase
from app.proxy.service import rounds
from app.registry.models import Person
from tests.factories.proxy import years_before
from tests.factories.registry import ResidentFactory, make_home, make_household
from tests.support.rows import fresh

pytestmark = pytest.mark.browser
MOST_TAPS = 6


@pytest.fixture
def round_url(system, world, acting):
    """A round of the worker of A11 with one door."""
    home = make_home(system, world.areas["grid_a11"], "21")
    make_household(system, home, [ResidentFactory(name="Elder Li", birth=years_before(70))])
    system.commit()
    session = acting("worker_a")
    with unit_of_work(session):
        people = list(session.scalars(select(Person).where(Person.name == "Elder Li")))
        visit = rounds.plan_round(
            session,
            session_actor(session),
            clock.now(),
            people=people,
            item_code="WJ-02",
            planned_on=clock.today(),
        )
    return f"/field/round/{visit.uid}"


class Finger:
    """Counts what the worker does: each tap, and the signature as one."""

    def __init__(self, page) -> None:
        self.page, self.taps = page, 0

    def tap(self, selector: str) -> None:
        self.page.locator(selector).first.tap()
        self.taps += 1

    def sign(self) -> None:
        pad = self.page.locator("[data-signature] canvas")
        pad.scroll_into_view_if_needed()
        box = pad.bounding_box()
        x, y = box["x"] + 40, box["y"] + 60
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        for n in range(20):
            self.page.mouse.move(x + n * 9, y + n % 5 * 12)
        self.page.mouse.up()
        self.taps += 1


@pytest.mark.demand("S3-49")
def test_a_door_is_logged_in_six_taps_with_a_drawn_signature(open_as, system, round_url):
    page = open_as("worker_a", "phone")
    page.goto(round_url)
    finger = Finger(page)
    finger.tap("a[href*='/field/door/']")
    page.wait_for_selector(".gf-outcomes")
    finger.tap(".gf-outcomes label")
    finger.tap("[data-required] label")
    finger.tap("[data-field=consent] label")
    finger.sign()
    finger.tap("form[data-send] button[type=submit]")
    page.wait_for_url("**/field/round/**")
    assert finger.taps <= MOST_TAPS
    session = fresh(system)
    assert session.scalars(select(ProxyCase.state)).all() == ["collected"]
    kept = session.scalars(select(Attachment)).one()
    assert (kept.media_type, kept.purpose) == ("image/png", "signature")


def test_a_refusal_loses_nothing_that_was_typed(open_as, system, round_url):
    page = open_as("worker_a", "phone")
    page.goto(round_url)
    page.locator("a[href*='/field/door/']").first.tap()
    page.wait_for_selector(".gf-outcomes")
    page.locator(".gf-outcomes label").first.tap()
    page.fill("#note", "the dog bites")
    page.locator("form[data-send] button[type=submit]").tap()
    page.wait_for_selector("[data-refusal]:not([hidden])")
    assert page.locator("[data-field=signature][data-wrong]").count() == 1
    assert page.input_value("#note") == "the dog bites"
    assert fresh(system).scalars(select(ProxyCase.state)).all() == ["booked"]


def test_a_stray_back_asks_and_loses_neither_words_nor_signature(open_as, system, round_url):
    page = open_as("worker_a", "phone")
    page.goto(round_url)
    page.locator("a[href*='/field/door/']").first.tap()
    page.wait_for_selector(".gf-outcomes")
    page.locator(".gf-outcomes label").first.tap()
    page.fill("#note", "the dog bites")
    Finger(page).sign()
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    with page.expect_response("**/drafts/save"):
        pass
    door = page.url
    page.goto(round_url)
    assert asked == ["beforeunload"]
    page.goto(door)
    page.wait_for_selector(".gf-is-signed")
    assert page.input_value("#note") == "the dog bites"
    assert page.locator(".gf-outcomes input").first.is_checked()
    assert page.locator("[data-signature]").is_visible()
    page.locator("[data-required] label").first.tap()
    page.locator("[data-field=consent] label").first.tap()
    page.locator("form[data-send] button[type=submit]").tap()
    page.wait_for_url("**/field/round/**")
    session = fresh(system)
    assert session.scalars(select(ProxyCase.state)).all() == ["collected"]
    picture = session.scalars(select(Attachment)).one()
    assert picture.purpose == "signature"
    assert session.scalars(select(Draft)).all() == []


@pytest.mark.parametrize("size", ["phone", "pc"])
def test_axe_and_targets(open_as, axe, round_url, size):
    page = open_as("worker_a", size)
    page.goto(round_url)
    door = page.locator("a[href*='/field/door/']").first.get_attribute("href")
    found = {}
    for path in ("/field/plan", door):
        page.goto(path)
        if path == door:
            page.locator(".gf-outcomes label").first.click()
        found[path] = axe(page)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 1, path
        small = page.evaluate(
            """() => [...document.querySelectorAll('main .btn, main .gf-chips span, main select, main .gf-people label')]
               .filter(e => e.offsetParent && e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML.slice(0, 90))"""
        )
        assert size == "pc" or small == [], path
    assert {path: what for path, what in found.items() if what} == {}
