"""Proposals: birthdays for the whole site once, groups and stays, cases that answer them (S0-61)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.core import clock, jobs
from app.core.scope import session_actor
from app.core.session import unit_of_work
from app.proxy.service import book
from app.registry.choices import ProposalAction
from app.registry.models import FloatingStay, Proposal, ProposalStep
from app.registry.service import groups, life, proposals, proposals_served, proposing
from tests.factories.registry import make_person
from tests.support import pages

TODAY = clock.today()


def born(years: int, day: date = TODAY) -> date:
    return date(day.year - years, day.month, day.day)


def run(system) -> None:
    """Enqueue and run the nightly job as the worker does."""
    with unit_of_work(system):
        jobs.enqueue(system, proposing.JOB, {}, now=clock.now())
    assert jobs.run_one("tests") is not None


def open_rules(system, person) -> set[str]:
    system.rollback()
    return {p.rule for p in system.scalars(select(Proposal).where(Proposal.person_id == person.id))}


@pytest.mark.demand("S0-61")
def test_the_nightly_look_finds_birthdays_and_everybody_who_was_older_already(system, world):
    a11 = world.areas["grid_a11"]
    people = {
        years: make_person(system, a11, birth=born(years), number=None) for years in (40, 60, 65, 80, 90, 100)
    }
    nearly = make_person(system, a11, birth=born(65) + timedelta(days=1), number=None)
    dead = make_person(system, a11, birth=born(85), number=None)
    dead.died_on = TODAY
    system.commit()
    run(system)
    assert open_rules(system, people[40]) == set()
    assert open_rules(system, people[60]) == {"age_60_pension"}
    assert open_rules(system, people[65]) == {"age_65_card", "age_65_check"}  # on the birthday itself
    assert open_rules(system, nearly) == set()  # the day before it
    # what everybody gets at 60 and 65 is proposed around the birthday only; of an allowance only the step one is at
    assert open_rules(system, people[80]) == {"age_65_check", "age_80_allowance"}
    assert open_rules(system, people[90]) == {"age_65_check", "age_90_allowance"}
    assert open_rules(system, people[100]) == {"age_65_check", "age_90_allowance", "age_100_grant"}
    assert open_rules(system, dead) == set()
    before = system.scalars(select(Proposal.id)).all()
    assert len(system.scalars(select(ProposalStep)).all()) == len(before)
    system.rollback()
    run(system)
    system.rollback()
    assert system.scalars(select(Proposal.id)).all() == before  # nothing twice


def test_a_declined_proposal_is_not_made_again_and_a_case_under_way_needs_none(system, acting, world):
    clerk = acting("clerk_a")
    hands = {"actor": session_actor(clerk), "now": clock.now()}
    a11 = world.areas["grid_a11"]
    one, two = (make_person(clerk, a11, birth=born(65), number=None) for _n in range(2))
    clerk.commit()
    tomorrow = TODAY + timedelta(days=1)
    case = book(clerk, hands["actor"], hands["now"], person=one, item_code="WJ-01", appointment=tomorrow)
    clerk.commit()
    run(system)
    assert open_rules(system, one) == {"age_65_check"}  # the card is under way
    row = clerk.scalars(
        select(Proposal).where(Proposal.person_id == two.id, Proposal.rule == "age_65_card")
    ).one()
    proposals.act(clerk, row, ProposalAction.decline, reason="Has one from the city", **hands)
    clerk.commit()
    run(system)
    assert row.state == "declined"
    assert case.person_uid == one.uid


def test_a_booked_case_takes_the_proposal_up_and_its_end_settles_it(system, acting, world):
    clerk = acting("clerk_a")
    actor, now = session_actor(clerk), clock.now()
    person = make_person(clerk, world.areas["grid_a11"], birth=born(65), number=None)
    clerk.commit()
    run(system)
    card = select(Proposal).where(Proposal.rule == "age_65_card")
    tomorrow = TODAY + timedelta(days=1)
    case = book(clerk, actor, now, person=person, item_code="WJ-01", appointment=tomorrow)
    clerk.commit()
    row = clerk.scalars(card).one()
    assert (row.state, row.done_ref) == ("taken", case.uid)
    proposals_served.lapsed(clerk, person.uid, "WJ-01", case.uid, actor=actor, now=now)
    assert (row.state, row.done_ref) == ("open", None)
    proposals_served.finished(clerk, person.uid, "WJ-01", case.uid, actor=actor, now=now)
    assert (row.state, row.done_ref) == ("done", case.uid)
    clerk.commit()
    steps = clerk.scalars(select(ProposalStep).where(ProposalStep.proposal_id == row.id)).all()
    assert [s.action for s in steps] == ["propose", "take", "reopen", "finish"]


def test_the_booking_page_opens_with_person_and_service_filled_in(system, login_as, world):
    person = make_person(system, world.areas["grid_a11"], name="Old Li", birth=born(65), number=None)
    foreign = make_person(system, world.areas["grid_t11"], name="Far Hu", birth=born(65), number=None)
    system.commit()
    run(system)
    system.rollback()
    card = select(Proposal).where(Proposal.rule == "age_65_card")
    mine = system.scalars(card.where(Proposal.person_id == person.id)).one()
    theirs = system.scalars(card.where(Proposal.person_id == foreign.id)).one()
    worker = login_as("worker_a")
    listed = worker.get("/proposal/list/").get_data(as_text=True)
    assert "Old Li" in listed
    assert "Far Hu" not in listed
    url = f"/proxy/book?proposal={mine.uid}"
    assert url in listed
    form = pages.form_of(worker.get(url).get_data(as_text=True))
    assert (form["person"], form["item"]) == (person.uid, "WJ-01")
    assert worker.get(f"/proxy/book?proposal={theirs.uid}").status_code == 404
    assert worker.get(f"/proposal/show/{theirs.uid}").status_code == 404


@pytest.mark.demand("S0-61")
def test_a_group_proposes_what_it_entitles_to_and_hides_what_tells_of_health(acting, login_as, world):
    clerk = acting("clerk_a")
    hands = {"actor": session_actor(clerk), "now": clock.now()}
    person = make_person(clerk, world.areas["grid_a11"], name="Poor Li", birth=born(50), number=None)
    groups.add_group(clerk, person, "G11", **hands)
    assert clerk.scalars(select(Proposal)).all() == []
    groups.add_group(clerk, person, "G21", **hands)
    clerk.commit()
    rows = {p.rule: p for p in clerk.scalars(select(Proposal))}
    assert {"group_dibao_disabled", "group_disabled_device"} <= set(rows)
    worker = login_as("worker_a")
    words = proposals.rule_of("group_dibao_disabled").words["en"]
    assert words not in worker.get("/proposal/list/").get_data(as_text=True)
    assert words in worker.get(f"/proposal/show/{rows['group_dibao_disabled'].uid}").get_data(as_text=True)
    clerk.rollback()
    event = life.death(clerk, person, life.Told(TODAY), **hands)
    clerk.commit()
    assert jobs.run_one("tests") is not None  # what follows for the groups
    found = {p.rule for p in clerk.scalars(select(Proposal).where(Proposal.event_id == event.id))}
    assert {"death_disability", "death_dibao", "death_funeral", "close_group"} <= found
    assert "death_allowance" not in found  # not yet 80


def test_a_stay_without_a_permit_proposes_one_after_half_a_year(system, world):
    person = make_person(system, world.areas["grid_a11"], birth=born(30), number=None)
    since = TODAY - timedelta(days=10)
    system.add(FloatingStay(person_id=person.id, registered_on=since, valid_from=since))
    system.commit()
    run(system)
    system.rollback()
    row = system.scalars(select(Proposal).where(Proposal.rule == "stay_permit")).one()
    assert (row.person_id, row.due_on) == (person.id, TODAY + timedelta(days=183))


def test_batches_go_on_after_the_last_key(system, world, monkeypatch):
    monkeypatch.setattr(proposing, "BATCH", 2)
    for _n in range(5):
        make_person(system, world.areas["grid_a11"], birth=born(65), number=None)
    system.commit()
    run(system)
    system.rollback()
    rows = system.scalars(select(Proposal).where(Proposal.rule == "age_65_card")).all()
    assert len({p.person_id for p in rows}) == 5
    assert datetime.now(UTC) > rows[0].created_at


def test_every_rule_of_the_data_file_has_a_source_and_known_codes(system, app):
    from app.core import codes
    from app.proxy.models import ServiceItem

    known = set(codes.codes(system, "special_group"))
    items = set(system.scalars(select(ServiceItem.code)))
    found = proposals.rules()
    assert len(found) > 25
    for rule in found:
        assert rule.source
        assert rule.groups.union(rule.unless_groups, *rule.with_groups) <= known
        assert rule.item is None or rule.item in items
