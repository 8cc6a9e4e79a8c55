"""The clerk's page in Chromium: a household of four by keyboard alone within a minute, and nothing typed is lost."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import func, select

from app.core.drafts import Draft
from app.core.pinyin import spell
from app.registry.models import HouseholdMember, MoveInRequest, Person, PersonDocument, PersonPhone
from app.registry.rules.rooms import plan_rooms
from app.registry.service import homes
from tests.browser.conftest import SIZES, serving
from tests.factories.registry import Resident, ResidentFactory, id_number, make_home, make_household

pytestmark = pytest.mark.browser
FAMILY = yaml.safe_load((Path(__file__).resolve().parents[1] / "data" / "family.yaml").read_text())
SECONDS_A_KEY, BAR = 0.28, 60


class Keys:
    """A keyboard that counts. A Chinese word costs its pinyin letters and the key that chooses it."""

    def __init__(self, page: Any) -> None:
        self.page, self.count = page, 0

    def press(self, key: str) -> Keys:
        self.page.keyboard.press(key)
        self.count += len(key.split("+"))
        return self

    def type(self, text: str) -> Keys:
        self.page.keyboard.type(text)
        self.count += len(text)
        return self

    def word(self, text: str) -> Keys:
        self.page.keyboard.insert_text(text)
        self.count += len(spell(text)[0]) + 1
        return self

    def row(self, one: dict, *, head: bool = False) -> Keys:
        """One member as a clerk types it: Enter takes the offers for head, ethnic group and registration."""
        self.word(one["name"]).press("Enter")
        if not head:
            self.type(one["relation"])
        self.press("Enter").type(number_of(one)).press("Enter").press("Enter")
        return self.type(one["phone"]).press("Enter").press("Enter")


def number_of(one: dict) -> str:
    return id_number(one["birth"], one["sequence"], male=one["male"])


@pytest.fixture
def site(app, chromium, login_as):
    """``site("worker_a")`` is a page of the real app, signed in."""
    contexts, troubles = [], []
    with serving(app) as served:

        def _page(username: str, size: str = "pc") -> Any:
            context = chromium.new_context(base_url=served.url, viewport=SIZES[size], locale="zh-CN")
            contexts.append(context)
            cookie = login_as(username).get_cookie(app.config["SESSION_COOKIE_NAME"])
            context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": served.url}])
            page = context.new_page()
            page.on("pageerror", lambda error: troubles.append(str(error)))
            return page

        yield _page
        for context in contexts:
            context.close()
        served.settle()
    assert not troubles


@pytest.fixture
def flats(system, world) -> list[str]:
    """A staircase of two floors with two flats in the worker's grid, in walking order."""
    building = homes.create_building(system, name="3", area_id=world.areas["grid_a11"])
    from app.core import clock

    made = homes.build(system, building, plan_rooms(units=1, floors=2, flats=2), now=clock.now())
    system.commit()
    return [d.uid for d in made]


def open_home(site, uid: str, size: str = "pc") -> Any:
    page = site("worker_a", size)
    page.goto(f"/census/dwelling/{uid}")
    page.wait_for_selector(".gc-row")
    return page


def saved(page: Any) -> None:
    page.wait_for_selector(".gb-flash-success")


def fresh(system) -> Any:
    system.rollback()
    return system


@pytest.mark.demand("S4-53")
def test_a_household_of_four_takes_less_than_a_minute_of_typing(site, flats, system):
    page = open_home(site, flats[0])
    keys = Keys(page)
    for i, one in enumerate(FAMILY):
        keys.row(one, head=i == 0)
    with page.expect_navigation(url=f"**/{flats[1]}"):
        keys.press("Control+Shift+Enter")
    people = fresh(system).scalars(select(Person).order_by(Person.id)).all()
    assert [(p.name, p.sex, p.birth_date) for p in people] == [
        (one["name"], "1" if one["male"] else "2", one["birth"]) for one in FAMILY
    ]
    relations = system.scalars(select(HouseholdMember.relation).order_by(HouseholdMember.id))
    assert list(relations) == [one["relation"] for one in FAMILY]
    numbers = system.scalars(select(PersonDocument.number).order_by(PersonDocument.id))
    assert list(numbers) == [number_of(one) for one in FAMILY]
    phones = system.scalars(select(PersonPhone.number).order_by(PersonPhone.id))
    assert list(phones) == [one["phone"] for one in FAMILY if one["phone"]]
    assert {p.ethnic for p in people} == {"01"}
    note("household of four", keys.count, keys.count * SECONDS_A_KEY, BAR)
    assert keys.count * SECONDS_A_KEY <= BAR, f"{keys.count} keystrokes"


def note(task: str, count: int, seconds: float, bar: float) -> None:
    """Keep the figure where `python -m tools.keystrokes` finds it."""
    target = os.environ.get("KEYSTROKES_FILE")
    if target:
        line = {"task": task, "keystrokes": count, "seconds": round(seconds, 1), "bar": bar}
        with Path(target).open("a") as file:
            file.write(json.dumps(line) + "\n")


def test_typing_survives_a_crash_and_a_lost_answer(site, flats, system):
    page = open_home(site, flats[0])
    with page.expect_response("**/census/draft/*") as kept:
        Keys(page).row(FAMILY[0], head=True)
    assert kept.value.ok
    page.reload()
    page.wait_for_selector("[data-restored]")
    assert page.locator("input[data-key=name]").first.input_value() == FAMILY[0]["name"]
    # the server saves, the answer never arrives; pressing save again adds nobody
    lost = []

    def lose(route: Any) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch().status)
        route.abort()

    page.route("**/census/save/*", lose)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".gb-flash-danger")
    assert lost == [200]
    page.keyboard.press("Control+Enter")
    saved(page)
    assert fresh(system).scalar(select(func.count(Person.id))) == 1
    assert system.scalar(select(func.count(Draft.id))) == 0


def test_the_number_fills_and_says_what_differs(site, flats):
    page = open_home(site, flats[0])
    keys = (
        Keys(page)
        .word(FAMILY[0]["name"])
        .press("Enter")
        .press("Enter")
        .type(number_of(FAMILY[0]))
        .press("Enter")
    )
    assert page.locator("input[data-key=birth]").first.input_value() == str(FAMILY[0]["birth"])
    assert page.evaluate("document.activeElement.dataset.key") == "ethnic"
    page.locator("input[data-key=birth]").first.fill("19790507")
    page.locator("input[data-key=birth]").first.press("Enter")
    page.wait_for_selector("[data-reason=number_reason]")
    assert "the ID number says" in page.locator(".gc-bad").first.inner_text()
    assert page.locator("input[data-key=birth]").first.input_value() == "1979-05-07"
    assert "gc-wrong" in page.locator("input[data-key=birth]").first.get_attribute("class")
    assert keys.count > 0


def test_a_wrong_check_digit_is_a_warning_with_a_reason(site, flats, system):
    number = number_of(FAMILY[0])
    wrong = number[:-1] + ("1" if number[-1] != "1" else "2")
    page = open_home(site, flats[0])
    keys = Keys(page).word(FAMILY[0]["name"]).press("Enter").press("Enter").type(wrong).press("Enter")
    page.wait_for_selector("[data-reason=number_reason]")
    keys.press("Control+Enter")
    page.wait_for_selector(".gb-flash-danger")
    assert page.evaluate("document.activeElement.dataset.reason") == "number_reason"
    keys.type("as on the card").press("Control+Enter")
    saved(page)
    row = fresh(system).scalars(select(PersonDocument)).one()
    assert (row.warning, row.warning_reason) == ("check_digit", "as on the card")


def test_a_match_stands_beside_the_form_and_is_used_by_key(site, flats, system, world):
    known = Resident("Gao Ming", True, FAMILY[0]["birth"], number_of(FAMILY[0]))
    make_household(system, make_home(system, world.areas["grid_a11"], "9"), [known])
    system.commit()
    page = open_home(site, flats[0])
    keys = Keys(page).word(FAMILY[0]["name"]).press("Enter").press("Enter").type(known.number).press("Enter")
    page.wait_for_selector(".gc-beside")
    assert "Gao Ming" in page.locator(".gc-beside").inner_text()
    keys.press("Alt+u")
    page.wait_for_selector(".gc-known")
    keys.press("Control+Enter")
    saved(page)
    assert fresh(system).scalar(select(func.count(Person.id))) == 1


def test_registered_elsewhere_leads_to_a_request_only(site, flats, system, world):
    born = {"birth": FAMILY[1]["birth"], "male": FAMILY[1]["male"]}
    stranger = ResidentFactory(name="Hidden Name", number=number_of(FAMILY[1]), **born)
    make_household(system, make_home(system, world.areas["grid_t11"]), [stranger])
    system.commit()
    page = open_home(site, flats[0])
    keys = Keys(page).row(FAMILY[0], head=True)
    keys.word(FAMILY[1]["name"]).press("Enter").type("10").press("Enter").type(stranger.number).press("Enter")
    page.wait_for_selector('[data-key="Alt+M"]')
    assert "Hidden" not in page.content()
    keys.press("Alt+m").press("Control+Enter")
    saved(page)
    assert fresh(system).scalars(select(MoveInRequest)).one().entered_name == FAMILY[1]["name"]
    assert FAMILY[1]["name"] in page.locator("[data-requests]").inner_text()


def test_codes_are_typed_by_number_letters_or_word(site, flats):
    page = open_home(site, flats[0])
    field = page.locator("input[data-key=relation]").first
    for typed in ("10", "po"):
        field.fill("")
        field.type(typed)
        field.press("Enter")
        assert field.evaluate("f => f.codeField.code") == "10"
    field.fill("")
    field.type("qqqq")
    field.press("Enter")
    assert page.evaluate("document.activeElement.dataset.key") == "relation"


@pytest.mark.parametrize("size", ["pc", "phone"])
def test_nothing_lies_outside_the_screen_and_axe_is_content(site, flats, system, world, axe, size):
    make_household(system, make_home(system, world.areas["grid_a11"], "9"))
    system.commit()
    page = open_home(site, flats[0], size)
    width = SIZES[size]["width"]
    pages = [f"/census/dwelling/{flats[0]}", "/census/", f"/homes/building?area={world.uids['grid_a11']}"]
    for address in pages:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
        assert axe(page) == [], address
