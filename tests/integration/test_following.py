"""What follows from what is written about people: groups of age, grade and household, kinds of residents."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from app.core import clock, jobs
from app.core.scope import session_actor, unscoped
from app.core.session import unit_of_work
from app.registry.models import FloatingStay, HouseholdMember, LeftBehind, Person, PersonGroup
from app.registry.nightly import FOLLOWING
from app.registry.service import groups, households, persons
from app.registry.service.derived import candidates
from tests.factories.registry import ResidentFactory, make_home, make_household, make_person
from tests.support.pages import post

TODAY = date(2026, 11, 22)
WORK_UNTIL = 200


@pytest.fixture(autouse=True)
def frozen():
    with clock.frozen(clock.day_bounds(TODAY)[0] + timedelta(hours=10)):
        yield


@pytest.fixture
def elders(system, world):
    """A couple of 82 and 60 years in one home."""
    home = make_home(system, world.areas["grid_a11"])
    people = [
        ResidentFactory(name="Qiu Bai", birth=date(1944, 3, 4)),
        ResidentFactory(name="Ren Yi", birth=date(1966, 3, 4), relation="10", male=False),
    ]
    household = make_household(system, home, people)
    system.commit()
    return household


def held(system, person_id: int) -> set[str]:
    system.rollback()
    query = select(PersonGroup.group_code).where(
        PersonGroup.person_id == person_id, PersonGroup.valid_to.is_(None)
    )
    return set(system.scalars(query))


def run_job(app) -> int:
    """The nightly job, as a worker runs it."""
    with unscoped("test") as session, unit_of_work(session):
        job = jobs.enqueue(session, FOLLOWING, {}, now=clock.now())
        uid = job.uid
    jobs.run_one("test")
    with unscoped("test") as session:
        done = session.scalars(select(jobs.Job).where(jobs.Job.uid == uid)).one()
        assert done.state == "done", done.error
        return done.result["changed"]


@pytest.mark.demand("S4-59")
class TestDerivedGroups:
    def test_age_and_household_open_and_end_groups_by_themselves(self, elders, system, acting):
        head, wife = (m.person_id for m in elders.members)
        assert held(system, head) == {"G31"}
        member = system.scalars(select(HouseholdMember).where(HouseholdMember.person_id == wife)).one()
        households.end_membership(
            system, member, reason="moveout", actor=session_actor(system), now=clock.now()
        )
        system.commit()
        assert held(system, head) == {"G31", "G34"}  # lives alone now
        row = system.scalars(select(PersonGroup).where(PersonGroup.group_code == "G34")).one()
        assert row.next_visit_on == TODAY + timedelta(days=7)
        person = system.get(Person, head)
        person.died_on = TODAY
        system.commit()
        assert held(system, head) == set()
        row = system.scalars(select(PersonGroup).where(PersonGroup.group_code == "G31")).one()
        assert (bool(row.end_reason), row.next_visit_on) == (True, None)

    def test_the_grade_of_the_card_makes_somebody_severely_disabled(self, elders, system):
        head = elders.head_person_id
        person = system.get(Person, head)
        about = {"disability_type": "4", "disability_grade": "2"}
        number = f"{person.documents[0].number}42"
        row = groups.add_group(
            system,
            person,
            "G21",
            details=about | {"disability_no": number},
            actor=session_actor(system),
            now=clock.now(),
        )
        system.commit()
        assert held(system, head) == {"G31", "G21", "G22"}
        row.details = dict(row.details, disability_grade="3", disability_no=f"{number[:-1]}3")
        system.commit()
        assert held(system, head) == {"G31", "G21"}

    def test_a_corrected_birth_date_is_followed(self, elders, system):
        head = elders.head_person_id
        system.get(Person, head).birth_date = date(1926, 1, 1)
        system.commit()
        assert held(system, head) == {"G31", "G32"}
        system.get(Person, head).birth_date = date(1980, 1, 1)
        system.commit()
        assert held(system, head) == set()

    def test_the_night_brings_birthdays_and_what_came_by_bulk(self, app, elders, system):
        wife = next(m.person_id for m in elders.members if m.relation == "10")
        on = date(2046, 3, 4)
        with clock.frozen(clock.day_bounds(on)[0] + timedelta(hours=1)):
            assert run_job(app) == 2  # the wife is 80, the husband 100 and more
            assert held(system, wife) == {"G31"}
            assert run_job(app) == 0
        system.rollback()
        system.execute(update(Person).where(Person.id == wife).values(died_on=on))  # as a bulk write does
        system.commit()
        with clock.frozen(clock.day_bounds(on)[0] + timedelta(days=1)):
            assert run_job(app) == 1
            assert held(system, wife) == set()

    def test_nobody_is_a_candidate_without_a_reason(self, system, world):
        make_person(system, world.areas["grid_a11"], birth=date(1990, 1, 1))
        system.commit()
        assert candidates(system, clock.now()) == []

    def test_a_derived_group_cannot_be_ended_by_hand(self, elders, login_as, system):
        head = elders.head_person_id
        row = system.scalars(select(PersonGroup).where(PersonGroup.person_id == head)).one()
        clerk = login_as("clerk_a")
        assert f"/persongroup/end/{row.uid}" not in clerk.get(f"/persongroup/show/{row.uid}").text
        answer = post(clerk, f"/persongroup/end/{row.uid}", last_day="2026-11-20", reason="no")
        assert answer.status_code == 422
        assert post(clerk, f"/persongroup/delete/{row.uid}", reason="by mistake").status_code == 409
        assert held(system, head) == {"G31"}


@pytest.mark.demand("S4-55")
class TestKinds:
    def test_a_kind_that_is_chosen_opens_its_stay_and_ends_the_other(self, system, world):
        person = make_person(system, world.areas["grid_a11"], birth=date(2016, 1, 1))
        persons.edit_person(
            system, person, {"population_kind": "floating"}, actor=session_actor(system), now=clock.now()
        )
        system.commit()
        stay = system.scalars(select(FloatingStay)).one()
        assert (stay.valid_from, stay.valid_to) == (TODAY, None)
        persons.edit_person(
            system, person, {"population_kind": "left_behind"}, actor=session_actor(system), now=clock.now()
        )
        system.commit()
        system.refresh(stay)
        assert stay.valid_to is not None
        assert system.scalars(select(LeftBehind)).one().kind == "01"  # a child

    def test_a_stay_that_is_entered_or_ended_sets_the_kind(self, system, world):
        person = make_person(system, world.areas["grid_a11"])
        stay = FloatingStay(person_id=person.id, valid_from=TODAY, inflow_reason="01")
        system.add(stay)
        system.commit()
        assert person.population_kind == "floating"
        stay.valid_to = TODAY
        system.commit()
        assert person.population_kind is None  # nothing says what comes next: the clerk is asked

    def test_left_behind_overlays_registered(self, system, world):
        person = make_person(system, world.areas["grid_a11"], fields={"population_kind": "registered"})
        system.add(LeftBehind(person_id=person.id, kind="02", valid_from=TODAY))
        system.commit()
        assert person.population_kind == "registered"

    def test_the_night_mends_what_came_by_bulk(self, app, system, world):
        person = make_person(system, world.areas["grid_a11"])
        system.commit()
        system.execute(update(Person).where(Person.id == person.id).values(population_kind="overseas"))
        system.commit()
        assert run_job(app) == 1
        assert run_job(app) == 0
