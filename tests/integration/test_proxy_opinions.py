"""An opinion that another department owes: until when, who is told when it does not come, and where it is seen (S0-51)."""

import pytest

from app.areas.models import OrgUnit
from app.core import clock
from app.core.scope import session_actor
from app.core.session import unit_of_work
from app.proxy.service import assist, open_case
from tests.factories.proxy import step, walk
from tests.integration.test_proxy_alarms import at, case_of, run, text_of, watch
from tests.integration.test_proxy_departments import pensions

pytestmark = pytest.mark.any_database
pytest_plugins = ("tests.support.proxy",)
__all__ = ["pensions", "run", "watch"]


@pytest.fixture
def asked(system, world, sessions, booked, pensions):
    """On Monday the town, which decides for the labour office, asks the health office within two working days."""
    uid, town = booked("RS-01"), sessions["town"]
    walk(sessions, uid, "submit")
    step(town, uid, "receive")
    with unit_of_work(town):
        case, unit = open_case(town, uid), town.get(OrgUnit, world.units["health"])
        assist.ask(town, session_actor(town), clock.now(), case, unit, "Is she ill?", 2)
    return uid


def spoken(lines):
    """Account → the lines about opinions."""
    found = {name: [line for line in theirs if "opinion" in line] for name, theirs in lines.items()}
    return {name: theirs for name, theirs in found.items() if theirs}


@pytest.mark.demand("S0-51")
def test_who_owes_it_who_waits_for_it_and_the_county_are_told_each_once(
    system, world, sessions, asked, watch, run
):
    number = case_of(system, asked).number
    at(watch, 2026, 11, 25, 14)
    assert spoken(run()) == {"health": [f"Case {number}: an opinion is due on 2026-11-25."]}
    at(watch, 2026, 11, 26, 9)
    late = f"Case {number}: an opinion was due on 2026-11-25 and has not come."
    assert spoken(run()) == {"health": [late], "town_clerk_a": [late]}
    assert spoken(run()) == {}
    at(watch, 2026, 11, 30, 9)
    assert spoken(run()) == {"operator": [late], "supervisor": [late]}


def test_what_has_come_was_recalled_or_belongs_to_a_closed_case_is_told_to_nobody(
    system, sessions, asked, watch, run, login_as
):
    at(watch, 2026, 11, 26, 9)
    step(sessions["worker"], asked, "withdraw")
    assert spoken(run()) == {}
    step(sessions["clerk"], asked, "reopen", reason="a slip")
    assert set(spoken(run())) == {"health", "town_clerk_a"}
    health, number = login_as("health"), case_of(system, asked).number
    assert number in text_of(health, "/reminders/")
    with unit_of_work(sessions["department"]) as session:
        case = open_case(session, asked)
        assist.answer(session_actor(session), clock.now(), case, case.assists[0].uid, "agree", "")
    assert number not in text_of(health, "/reminders/")
    at(watch, 2026, 11, 30, 9)
    assert spoken(run()) == {}


def test_a_reminder_of_a_closed_case_is_gone_though_other_cases_are_open(
    system, sessions, booked, asked, watch, run, login_as
):
    """The case that is asked about is the alarm's own, not any."""
    at(watch, 2026, 11, 26, 9)
    run()
    health, number = login_as("health"), case_of(system, asked).number
    assert number in text_of(health, "/reminders/")
    booked("WJ-02")
    step(sessions["worker"], asked, "withdraw")
    assert number not in text_of(health, "/reminders/")


def test_the_lists_and_the_page_show_it_by_light(
    system, world, sessions, booked, asked, watch, login_as, pensions
):
    """Green, short, over: on the list of the office that owes it, of who waits for it, and on the page."""
    light = (
        '<span class="gb-light gb-light-{}"><span aria-hidden="true"></span>opinion until 2026-11-25</span>'
    )
    for moment, color in (((23, 11), "green"), ((25, 15), "yellow"), ((26, 9), "red")):
        at(watch, 2026, 11, *moment)
        health, town = login_as("health"), login_as("town_clerk_a")
        for client, url in ((health, "/proxy/?tab=asked"), (town, "/proxy/"), (town, f"/cases/show/{asked}")):
            assert light.format(color) in text_of(client, url), (color, url)
    # of two cases the one that is due first stands first; an office without anybody is answered for by the town
    other = booked("WJ-02")
    walk(sessions, other, "receive")
    with unit_of_work(sessions["department"]) as session:
        unit = session.get(OrgUnit, pensions)
        assist.ask(
            session, session_actor(session), clock.now(), open_case(session, other), unit, "Paid in?", 1
        )
    numbers = [case_of(system, uid).number for uid in (asked, other)]
    page = text_of(town, "/proxy/?tab=asked")
    assert [n in page for n in numbers] == [False, True]
