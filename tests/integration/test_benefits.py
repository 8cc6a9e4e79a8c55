"""Entitled and not yet applied, by grid: counted, listed overdue first, booked as one round, declined with a reason."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.core import clock, jobs
from app.core.session import unit_of_work
from app.proxy.models import ProxyCase
from app.proxy.service import renewals
from app.registry.models import PersonGroup, Proposal, ProposalStep
from app.registry.service import proposing
from tests.factories.registry import make_person
from tests.support.pages import post

TODAY = clock.today()


@pytest.fixture
def due(system, world):
    """Uids of proposals by name: two elders of grid A11, one of another town, one of whom health is told."""
    names = {"Old Li": "grid_a11", "Old Wu": "grid_a11", "Far Hu": "grid_t11", "Ill Xu": "grid_a11"}
    people = {}
    for name, area in names.items():
        years = 81 if name != "Ill Xu" else 30
        born = date(TODAY.year - years, 1, 1)
        people[name] = make_person(system, world.areas[area], name=name, birth=born, number=None)
    group = PersonGroup(person_id=people["Ill Xu"].id, group_code="G21", level="L4", valid_from=TODAY)
    system.add(group)
    proposing.look_at_once(system, now=clock.now())
    system.commit()
    rules = {"Ill Xu": "group_severely_disabled"}
    found = {}
    for name, person in people.items():
        wanted = rules.get(name, "age_80_allowance")
        row = system.scalars(
            select(Proposal).where(Proposal.person_id == person.id, Proposal.rule == wanted)
        ).one()
        if name == "Old Wu":
            row.due_on = TODAY - timedelta(days=5)
        found[name] = row.uid
    system.commit()
    return found


@pytest.mark.demand("S0-61")
def test_the_list_of_a_grid_has_the_overdue_first_and_counts_for_the_station(login_as, due):
    page = login_as("clerk_a").get("/benefits/?kind=benefit").text
    assert page.index("Old Wu") < page.index("Old Li")
    assert "Far Hu" not in page
    assert "Please ask the grid worker" in page  # the grade of the disability was never entered
    assert "Nursing allowance" not in page  # no word of health in a list
    late = login_as("clerk_a").get("/benefits/?kind=late").text
    assert "Old Wu" in late
    assert "Old Li" not in late
    for bad in ("kind=x", "after=x", "area=x"):
        assert login_as("clerk_a").get(f"/benefits/?{bad}").status_code in {400, 404}


@pytest.mark.demand("S0-61")
@pytest.mark.parametrize(("grade", "then"), [("1", ("open", None)), ("3", ("dropped", "maybe"))])
def test_a_missing_grade_is_a_maybe_until_it_is_entered(system, due, grade, then):
    system.rollback()
    row = system.scalars(select(Proposal).where(Proposal.uid == due["Ill Xu"])).one()
    assert row.certainty == "maybe"
    sure = system.scalars(select(Proposal).where(Proposal.uid == due["Old Li"])).one()
    assert sure.certainty is None
    group = system.scalars(select(PersonGroup).where(PersonGroup.group_code == "G21")).one()
    group.details = {"disability_grade": grade}
    system.commit()
    with unit_of_work(system):
        jobs.enqueue(system, renewals.JOB, {}, now=clock.now())
    assert jobs.run_one("tests")
    system.rollback()
    row = system.scalars(select(Proposal).where(Proposal.uid == due["Ill Xu"])).one()
    assert (row.state, row.certainty) == then


@pytest.mark.demand("S0-61", "S3-65")
def test_several_are_booked_as_one_round_or_not_at_all(system, login_as, due):
    worker = login_as("worker_a")
    day = (TODAY + timedelta(days=2)).isoformat()
    both = [due["Old Li"], due["Old Wu"]]
    lacking = post(worker, "/benefits/settle", do="book", pick=both)
    assert lacking.status_code == 422
    assert "Choose the day of the round." in lacking.text
    assert lacking.text.count(" checked>") == 2  # nothing ticked is lost
    done = post(worker, "/benefits/settle", do="book", pick=both, planned_on=day)
    assert done.status_code == 303
    system.rollback()
    cases = system.scalars(select(ProxyCase)).all()
    assert {c.item_version.item.code for c in cases} == {"MZ-06"}
    assert len({c.visit_id for c in cases}) == 1
    states = {p.uid: p.state for p in system.scalars(select(Proposal))}
    assert [states[u] for u in both] == ["taken", "taken"]
    again = post(worker, "/benefits/settle", do="book", pick=both, planned_on=day)
    assert again.status_code == 422
    assert "meanwhile" in again.text
    far = post(worker, "/benefits/settle", do="book", pick=due["Far Hu"], planned_on=day)
    assert far.status_code == 422  # not of one's grids: nothing was chosen
    system.rollback()
    assert len(system.scalars(select(ProxyCase)).all()) == 2


@pytest.mark.demand("S0-61")
def test_not_wanted_and_not_entitled_are_two_answers_with_a_reason(system, login_as, due):
    worker = login_as("worker_a")
    bare = post(worker, "/benefits/settle", do="unfit", pick=due["Old Li"])
    assert bare.status_code == 422
    assert "why" in bare.text
    post(worker, "/benefits/settle", do="unfit", pick=due["Old Li"], reason="Pension above the line")
    post(worker, "/benefits/settle", do="decline", pick=due["Old Wu"], reason="Does not want it")
    system.rollback()
    steps = system.execute(
        select(ProposalStep.action, ProposalStep.reason, ProposalStep.to_state).where(
            ProposalStep.action != "propose"
        )
    ).all()
    assert [tuple(s) for s in steps] == [
        ("unfit", "Pension above the line", "declined"),
        ("decline", "Does not want it", "declined"),
    ]
    assert due["Old Li"] not in worker.get("/benefits/?kind=benefit").text
    proposing.look_at_once(system, now=clock.now())
    assert system.scalars(select(Proposal.state).where(Proposal.uid == due["Old Li"])).one() == "declined"
    for role in ("leader", "health"):
        assert post(login_as(role), "/benefits/settle", do="unfit", pick=due["Old Wu"]).status_code in {
            302,
            403,
        }
