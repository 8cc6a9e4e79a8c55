"""Yearly reviews and results that end come back as proposals: in time, once, for who is there, closed by the new case."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.core import clock, jobs
from app.core.scope import session_actor
from app.core.session import unit_of_work
from app.proxy.models import ProxyCase
from app.proxy.rules.renewals import months_after
from app.proxy.service import renewals, version_on
from app.registry.models import Person, Proposal
from app.registry.service import life
from tests.factories.proxy import make_case, walk
from tests.factories.registry import make_person
from tests.support.pages import fill, form_of, post

pytest_plugins = ("tests.support.proxy",)
TODAY = clock.today()


def run(system) -> None:
    """As the worker does it at night."""
    system.rollback()
    with unit_of_work(system):
        jobs.enqueue(system, renewals.JOB, {}, now=clock.now())
    assert jobs.run_one("tests")
    system.rollback()


def found(system, uid=None):
    """(item, due day, state) of the renewals."""
    system.rollback()
    query = select(Proposal).join(Person).where(Proposal.topic == "renewal").order_by(Proposal.id)
    rows = system.scalars(query.where(Person.uid == uid) if uid else query)
    return [(row.item_code, row.due_on, row.state) for row in rows]


def granted(system, uid, *, days_ago=None, until=None):
    """A case that was decided some days ago."""
    system.rollback()
    case = system.scalars(select(ProxyCase).where(ProxyCase.uid == uid)).one()
    case.outcome, case.closed_at = "approved", clock.now()
    case.decided_at = None if days_ago is None else clock.now() - timedelta(days=days_ago)
    case.result_until = until
    system.commit()
    return case


@pytest.mark.demand("S0-61", "S3-49")
def test_a_review_is_proposed_in_time_and_once_and_the_new_case_closes_it(
    system, sessions, booked, elder, login_as
):
    granted(system, booked("WJ-01"), days_ago=300)
    run(system)
    assert found(system) == []  # more than thirty days ahead
    granted(system, booked_uid(system), days_ago=340)
    run(system)
    case = system.scalars(select(ProxyCase)).one()
    decided = clock.to_local(case.decided_at).date()
    due = months_after(decided, 12)
    assert found(system) == [("WJ-02", due, "open")]
    run(system)
    assert len(found(system)) == 1
    row = system.scalars(select(Proposal).where(Proposal.topic == "renewal")).one()
    worker = login_as("worker_a")
    form = form_of(worker.get(f"/proxy/book?proposal={row.uid}").text)
    assert (form["person"], form["item"]) == (elder, "WJ-02")
    new = booked("WJ-02")
    assert found(system)[0][2] == "taken"
    walk(sessions, new, "approve")  # by a department, which sees no residents
    while jobs.run_one("tests"):
        pass
    assert found(system)[0][2] == "done"
    run(system)
    assert len(found(system)) == 1  # the new stamp holds for a year


def booked_uid(system) -> str:
    system.rollback()
    return str(system.scalars(select(ProxyCase.uid)).one())


def test_a_last_day_counts_before_the_cycle_and_another_day_takes_its_place(system, booked):
    uid = booked("MZ-06")
    granted(system, uid, days_ago=10, until=TODAY + timedelta(days=20))
    run(system)
    assert found(system) == [("MZ-07", TODAY + timedelta(days=20), "open")]
    granted(system, uid, days_ago=10, until=TODAY + timedelta(days=5))
    run(system)
    assert [(day, state) for _item, day, state in found(system)] == [
        (TODAY + timedelta(days=20), "dropped"),
        (TODAY + timedelta(days=5), "open"),
    ]


def test_nothing_comes_back_for_the_dead_and_again_when_the_death_was_an_error(system, acting, booked, elder):
    granted(system, booked("WJ-02"), days_ago=400)
    run(system)
    assert [state for *_rest, state in found(system)] == ["open"]
    clerk = acting("clerk_a")
    hands = {"actor": session_actor(clerk), "now": clock.now()}
    person = clerk.scalars(select(Person).where(Person.uid == elder)).one()
    event = life.death(clerk, person, life.Told(TODAY), **hands)
    clerk.commit()
    while jobs.run_one("tests"):
        pass
    run(system)
    assert [state for *_rest, state in found(system)] == ["dropped"]
    life.revoke(clerk, event, reason="wrong person", **hands)
    clerk.commit()
    while jobs.run_one("tests"):
        pass
    run(system)
    assert [state for *_rest, state in found(system)] == ["dropped", "open"]


@pytest.mark.any_database
def test_health_shows_no_words_in_lists_and_a_service_of_level_five_proposes_nothing(
    system, world, sessions, login_as
):
    worker = sessions["worker"]
    a11 = world.areas["grid_a11"]
    sick = make_person(system, a11, name="Sick Li", birth=date(1950, 1, 1), number=None)
    child = make_person(system, a11, name="Small Li", birth=date(TODAY.year - 9, 1, 1), number=None)
    system.commit()
    for person, item in ((sick, "MZ-14"), (child, "MZ-11")):
        one = worker.scalars(select(Person).where(Person.uid == person.uid)).one()
        granted(system, make_case(worker, one, item).uid, days_ago=500)
    run(system)
    assert [item for item, *_rest in found(system)] == ["MZ-14"]
    row = system.scalars(select(Proposal).where(Proposal.topic == "renewal")).one()
    name = renewals.name_of(system, "MZ-14")
    client = login_as("worker_a")
    listed = client.get("/proposal/list/").text
    assert "Sick Li" in listed
    assert name not in listed
    assert name in client.get(f"/proposal/show/{row.uid}").text


def test_the_nightly_look_goes_by_key_and_asks_the_same_few_statements_for_each_batch(
    system, booked, monkeypatch
):
    """Flat at any number of cases: no batch holds more than its own rows."""
    first = booked("WJ-02")
    for _n in range(4):
        granted(system, first, days_ago=400)
        first = booked("WJ-02", again=True)
    granted(system, first, days_ago=390)
    monkeypatch.setattr(renewals, "BATCH", 2)
    run(system)
    assert len(found(system)) == 1  # the newest of five cases
    assert not jobs.run_one("tests")


@pytest.mark.any_database
@pytest.mark.demand("S3-54")
def test_days_ahead_and_the_service_of_the_review_are_entered_on_the_screen(system, booked, login_as):
    """Nobody edits data by hand: a draft says it, and the night goes by it from the day the draft is in force."""
    granted(system, booked("WJ-01"), days_ago=300)
    run(system)
    assert found(system) == []  # thirty days ahead, as everywhere
    admin = login_as("admin_system")
    old = version_on(system, "WJ-01", TODAY)
    published = f"/service-versions/edit/{old.uid}"
    assert admin.get(published).status_code == 403
    shown = post(admin, f"/service-versions/draft/{old.uid}").location
    edit = shown.replace("/show/", "/edit/")
    before = form_of(admin.get(edit).text)
    assert (before["renewal_item"], before["renewal_ahead"], before["renewal_months"]) == (
        "WJ-02",
        "30",
        "12",
    )
    for wrong, sentence in (
        ({"renewal_ahead": "400"}, "1 to 365 days ahead"),
        ({"renewal_kind": "once"}, "leave the months empty"),
        ({"renewal_item": "XX-99"}, "does not exist"),
        ({"renewal_age": "y"}, "up to which age"),
    ):
        answer = fill(admin, edit, **wrong)
        assert (answer.status_code, sentence in answer.text) == (422, True)
    assert fill(admin, edit, renewal_ahead="90", renewal_item="WJ-01").status_code == 303
    assert "proposed 90 days ahead" in admin.get(shown).text
    post(admin, shown.replace("/show/", "/publish/"), valid_from=TODAY.isoformat())
    run(system)
    assert [(item, state) for item, _day, state in found(system)] == [("WJ-01", "open")]
