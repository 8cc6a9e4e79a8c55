"""The worker's day in the browser: every step of a case from the start page in at most six taps; a code at the door; two
phones and a PC on the same round at once.
"""

from __future__ import annotations

import io

import pytest
import segno
from sqlalchemy import select

from app.areas.models import Staff
from app.core import clock
from app.core.scope import session_actor
from app.core.session import unit_of_work
from app.proxy.models import CaseStep, ProxyCase
from app.proxy.service import rounds
from app.registry.models import Dwelling, Person
from app.registry.rules.door_codes import code_of
from app.worklog.models import VisitStop
from tests.browser.test_proxy import SMALL, Thumb, elders, states
from tests.factories.areas import make_post
from tests.factories.proxy import step
from tests.support.rows import fresh

__all__ = ["elders"]
pytestmark = pytest.mark.browser
pytest_plugins = ("tests.support.proxy",)
DOORS = "a[href*='/field/door/']"
SAVE = "form[data-send] button[type=submit]"


def picture(text: str) -> dict:
    """A photo of a QR code, as a file field takes it."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="png", scale=9, border=6)
    return {"name": "code.png", "mimeType": "image/png", "buffer": out.getvalue()}


def log_door(thumb: Thumb) -> None:
    """At the door, with everything in order."""
    page = thumb.page
    page.wait_for_selector(".gf-outcomes")
    thumb.tap(".gf-outcomes label")
    thumb.tap("[data-required] label")
    thumb.tap("[data-field=consent] label")
    thumb.sign()
    thumb.tap(SAVE)
    page.wait_for_url("**/field/round/**")


class Day(Thumb):
    """A thumb whose every task begins on the start page."""

    def begin(self) -> None:
        self.page.goto("/")
        self.taps = 0

    def follow(self, selector: str, url: str) -> None:
        """Tap, and wait for the page it leads to."""
        self.tap(selector)
        self.page.wait_for_url(url)


@pytest.mark.demand("S3-61", "S3-62", "S3-51")
def test_every_step_from_the_start_page_takes_less_than_seven_taps(open_as, system, sessions, elders):
    page = open_as("worker_a", "phone")
    day = Day(page)

    day.begin()
    day.follow(".gb-home-quick a[href$='/field/homes']", "**/field/homes")
    day.follow(".gt-rows a", "**/field/homes/group**")
    day.follow(".gt-rows a:has-text('Elder An')", "**/field/home/**")
    day.follow(".gt-members .btn-primary", "**/field/new**")
    day.tap(".gt-services label")
    day.follow(SAVE, "**/field/door/**")
    day.task("from the start page: a new case for a resident of my households")
    assert states(system) == ["booked"]

    day.begin()
    day.follow(f".gb-rows {DOORS}", "**/field/door/**")
    log_door(day)
    day.task("from the start page: log a door with papers and signature")
    assert states(system) == ["collected"]

    def from_today(chip: str, step_: str) -> None:
        day.begin()
        day.follow(".gb-home-quick a[href$='/field/']", "**/field/")
        if chip:
            day.follow(f".gt-chips a[href*='show={chip}']", f"**show={chip}**")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 1
        day.tap(f".gt-cases a.btn[href*='{step_}']")

    from_today("", "/act/submit")
    day.follow("form[data-step-form] button[type=submit]", "**/cases/show/**")
    day.task("from the start page: hand a case in")
    uid = fresh(system).scalars(select(ProxyCase.uid)).one()
    for action in ("receive", "accept", "process", "approve"):
        step(sessions["department"], uid, action)

    from_today("fetch", "/act/fetch")
    day.follow("form[data-step-form] button[type=submit]", "**/cases/show/**")
    day.task("from the start page: fetch a result")

    from_today("deliver", "/field/deliver/")
    page.wait_for_selector("[data-signature] canvas")
    day.sign()
    day.follow(SAVE, "**/field/rate/**")
    day.task("from the start page: hand over a result")

    from_today("", "/field/rate/")
    day.tap(".gf-levels label:nth-child(1)")
    day.tap(SAVE)
    page.wait_for_selector(".gf-thanks")
    day.task("from the start page: the resident rates")
    assert states(system) == ["evaluated"]
    for path in (
        "/field/",
        "/field/homes",
        "/d/scan",
    ):  # their colours and names are looked at in test_axe_pages
        page.goto(path)
        assert (path, page.evaluate(SMALL)) == (path, [])


@pytest.mark.demand("S3-61")
def test_a_photo_of_the_code_opens_the_home_and_a_foreign_code_says_so(open_as, system, elders):
    home = system.scalars(select(Dwelling).where(Dwelling.door_no == "41")).one()
    page = open_as("worker_a", "phone")
    page.goto("/d/scan")
    page.wait_for_selector("[data-said]:not(:empty)")  # no camera here: the other two ways are named
    page.set_input_files("[data-photo]", picture("https://pay.example/q/123402"))
    page.wait_for_selector("[data-refusal]:not([hidden])")
    assert "/d/scan" in page.url
    page.set_input_files("[data-photo]", picture(f"https://elsewhere.example/d/{code_of(home.id)}"))
    page.wait_for_url(f"**/field/home/{home.uid}")
    page.goto("/d/scan")
    page.fill("#text", code_of(home.id))
    page.locator(".gq-typed button").tap()
    page.wait_for_url(f"**/field/home/{home.uid}")


def ask(page, uid: str, action: str) -> None:
    """The dialog of a step on the page of its case."""
    page.goto(f"/cases/show/{uid}")
    link = page.locator(f"a[data-step][href$='/act/{action}']").first
    if not link.is_visible():
        page.locator("details.gb-pop:has(a[data-step]) summary").tap()
    link.tap()
    page.wait_for_selector("dialog[open] form[data-step-form]")


def refused(page) -> None:
    """Send the dialog: it stays, and says why."""
    page.locator("dialog[open] button[type=submit]").tap()
    page.wait_for_selector("dialog[open] [data-refusal]:not([hidden])")
    assert page.inner_text("dialog[open] [data-refusal]").strip()


@pytest.fixture
def shared_round(system, world, acting, elders):
    """A round of two doors by two workers: the one of A12 helps out in A11."""
    second = world.accounts["worker_a2"].staff_id
    make_post(system, world.areas["grid_a11"], system.get(Staff, second), role="grid_worker")
    system.commit()
    session = acting("clerk_a")
    with unit_of_work(session):
        people = session.scalars(
            select(Person).where(Person.name.in_(elders[:2])).order_by(Person.name)
        ).all()
        visit = rounds.plan_round(
            session,
            session_actor(session),
            clock.now(),
            people=people,
            item_code="WJ-02",
            planned_on=clock.today(),
            workers=[world.accounts["worker_a"].staff_id, second],
        )
    return visit.uid


@pytest.mark.demand("S3-64", "S3-50")
def test_two_phones_and_a_pc_at_once_are_told_of_each_other_and_lose_nothing(open_as, system, shared_round):
    first, second = open_as("worker_a", "phone"), open_as("worker_a2", "phone")
    stops = fresh(system).scalars(select(VisitStop.uid).order_by(VisitStop.seq)).all()
    doors = [f"/field/door/{shared_round}/{stop}" for stop in stops]
    # both stand at the same door
    second.goto(doors[0])
    second.wait_for_selector(".gf-outcomes")
    first.goto(doors[0])
    log_door(Thumb(first))
    second.fill("#note", "the neighbour opened")
    two = Thumb(second)
    two.tap(".gf-outcomes label")
    two.tap("[data-required] label")
    two.tap("[data-field=consent] label")
    two.sign()
    two.tap(SAVE)
    second.wait_for_selector("[data-refusal]:not([hidden])")
    assert second.input_value("#note") == "the neighbour opened"
    second.on("dialog", lambda dialog: dialog.accept())
    second.goto(doors[1])
    log_door(Thumb(second))
    assert states(system) == ["collected"] * 2

    # one hands a case in while the other hands in the round
    cases = fresh(system).scalars(select(ProxyCase.uid).order_by(ProxyCase.id)).all()
    ask(first, cases[0], "submit")
    first.fill("dialog[open] [name=window]", "Window 7")
    second.goto(f"/field/round/{shared_round}")
    with second.expect_navigation():
        second.locator("form[action$='/submit'] button").tap()
    assert states(system) == ["submitted"] * 2
    refused(first)
    assert first.input_value("dialog[open] [name=window]") == "Window 7"

    # the department begins while a worker wants the case back
    ask(first, cases[0], "take_back")
    first.fill("dialog[open] [name=reason]", "a page was forgotten")
    pc = open_as("health", "pc")
    pc.goto(f"/cases/{cases[0]}/act/receive")
    with pc.expect_navigation():
        pc.locator("form[data-step-form] button[type=submit]").click()
    refused(first)
    assert first.input_value("dialog[open] [name=reason]") == "a page was forgotten"
    assert states(system) == ["prechecking", "submitted"]
    taken = fresh(system).execute(
        select(ProxyCase.party_name, CaseStep.action)
        .join(CaseStep, CaseStep.case_id == ProxyCase.id)
        .order_by(CaseStep.id)
    )
    found: dict[str, list[str]] = {}
    for name, action in taken:
        found.setdefault(name, []).append(action)
    way = ["book", "entrust", "collect", "submit"]
    assert found == {"Elder An": [*way, "receive"], "Elder Bai": way}, "each step once, none lost"
