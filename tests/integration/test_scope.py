"""The session guard: what an actor may read and write, whatever the statement looks like (guards, section 1)."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import aliased, joinedload, selectinload

from app.areas.models import SensitiveGrant, Staff
from app.core import clock
from app.core.actor import NOBODY
from app.core.errors import NotAllowed
from app.core.scope import acting_as, unscoped
from app.core.session import unit_of_work
from app.registry.models import (
    Dwelling,
    Household,
    HouseholdMember,
    Person,
    PersonArea,
    PersonGroup,
    PersonPhone,
)
from app.registry.service import groups


def make_person(session, area_id: int, name: str = "Li Ming", **kw) -> Person:
    person = Person(name=name, area_id=area_id, **kw)
    person.areas.append(PersonArea(area_id=area_id, kind="residence", valid_from=date(2026, 1, 1)))
    session.add(person)
    session.flush()
    return person


@pytest.fixture
def people(system, world):
    """One person in grid A11 and one in grid T11, each with a phone, a dwelling and a household."""
    made = {}
    for key in ("grid_a11", "grid_t11"):
        area = world.areas[key]
        person = make_person(system, area, name=f"P {key}")
        system.add(PersonPhone(person_id=person.id, number="13812345678"))
        home = Dwelling(area_id=area, address=f"Road {key}")
        household = Household(area_id=area, kind="living", head_person_id=person.id)
        system.add_all([home, household])
        system.flush()
        system.add(HouseholdMember(household_id=household.id, person_id=person.id, relation="02"))
        made[key] = (person.id, home.id, household.id)
    system.commit()
    return made


def enter(session, person_id: int) -> None:
    with unit_of_work(session):
        person = session.get(Person, person_id)
        groups.add_group(session, person, "G01", actor=session.info["actor"], now=clock.now())


class TestReads:
    def test_select_count_get_alias_and_join_are_scoped(self, acting, people):
        session = acting("worker_a")
        foreign = people["grid_t11"]
        assert session.scalars(select(Person.name)).all() == ["P grid_a11"]
        assert session.scalar(select(func.count()).select_from(Person)) == 1
        assert session.get(Person, foreign[0]) is None
        assert session.get(Dwelling, foreign[1]) is None
        other = aliased(Person)
        assert session.scalars(select(other.id)).all() == [people["grid_a11"][0]]
        joined = select(HouseholdMember.id, Person.name).join(Person, Person.id == HouseholdMember.person_id)
        assert [row.name for row in session.execute(joined)] == ["P grid_a11"]
        assert session.query(Dwelling).count() == 1

    def test_children_and_relationship_loads_are_scoped(self, acting, people):
        session = acting("worker_a")
        assert len(session.scalars(select(PersonPhone)).all()) == 1
        home = session.scalars(
            select(Household).options(selectinload(Household.members), joinedload(Household.head))
        ).one()
        assert home.head.name == "P grid_a11"
        assert [m.person.name for m in home.members] == ["P grid_a11"]

    def test_a_relation_to_a_person_outside_the_scope_loads_as_none(self, acting, people, system):
        household = system.get(Household, people["grid_a11"][2])
        household.head_person_id = people["grid_t11"][0]
        system.commit()
        session = acting("worker_a")
        assert session.get(Household, household.id).head is None

    def test_two_actors_one_after_the_other_get_their_own_rows(self, acting, people):
        for _ in range(3):
            assert acting("worker_a").scalars(select(Person.name)).all() == ["P grid_a11"]
            assert acting("worker_t").scalars(select(Person.name)).all() == ["P grid_t11"]
            assert acting("worker_a").scalars(select(Dwelling.address)).all() == ["Road grid_a11"]
            assert acting("worker_t").scalars(select(Dwelling.address)).all() == ["Road grid_t11"]

    def test_nobody_sees_nothing_and_the_county_sees_all(self, acting, people):
        with acting_as(NOBODY) as session:
            assert session.scalars(select(Person)).all() == []
            assert session.scalars(select(Dwelling)).all() == []
        assert len(acting("operator").scalars(select(Person)).all()) == 2

    def test_administrators_have_no_business_with_residents(self, acting, people):
        session = acting("admin_system")
        assert session.scalars(select(Person)).all() == []
        assert session.scalars(select(PersonPhone)).all() == []

    def test_a_statement_that_names_rows_by_key_gives_the_same_rows(self, acting, people):
        session = acting("worker_a")
        query = select(Person.name).execution_options(by_key=True)
        assert session.scalars(query).all() == ["P grid_a11"]
        assert len(session.scalars(select(Dwelling).execution_options(by_key=True)).all()) == 1

    def test_groups_of_level_5_need_a_named_grant(self, acting, people, system):
        person = people["grid_a11"][0]
        system.add_all(
            [
                PersonGroup(person_id=person, group_code="G01", level="L5"),
                PersonGroup(person_id=person, group_code="G33", level="L3"),
            ]
        )
        system.commit()
        assert [g.group_code for g in acting("worker_a").scalars(select(PersonGroup))] == ["G33"]
        assert [g.group_code for g in acting("operator").scalars(select(PersonGroup))] == ["G33"]

    @pytest.mark.parametrize(
        ("area", "seen"),
        [("grid_a11", {"grid_a11"}), ("com_a1", {"grid_a11", "grid_a12"}), ("grid_t11", set())],
    )
    def test_a_named_grant_opens_its_own_area_only(self, acting, system, world, area, seen):
        """A clerk of the community; the grant is for one grid, for all of it, for another town (where the clerk is not)."""
        who, today = world.accounts["clerk_a"].staff_id, clock.today()
        grant = SensitiveGrant(staff_id=who, group_code="G01", area_id=world.areas[area], reason="test")
        grant.valid_from = grant.valid_to = today
        system.add(grant)
        people = {g: make_person(system, world.areas[g]).id for g in ("grid_a11", "grid_a12", "grid_t11")}
        system.add_all(PersonGroup(person_id=people[g], group_code="G01", level="L5") for g in people)
        system.add_all(PersonGroup(person_id=people[g], group_code="G02", level="L5") for g in people)
        system.commit()
        session = acting("clerk_a")
        found = session.execute(select(PersonGroup.person_id, PersonGroup.group_code)).all()
        assert {tuple(row) for row in found} == {(people[g], "G01") for g in seen}
        session.rollback()
        system.execute(delete(PersonGroup))
        system.commit()
        if "grid_a12" not in seen:
            with pytest.raises(NotAllowed):
                enter(session, people["grid_a12"])

    def test_deleted_rows_are_hidden_unless_asked_for(self, acting, people, system):
        system.get(Dwelling, people["grid_a11"][1]).deleted_at = clock.now()
        system.commit()
        session = acting("worker_a")
        assert session.scalars(select(Dwelling)).all() == []
        assert len(session.scalars(select(Dwelling).execution_options(with_deleted=True)).all()) == 1


class TestWrites:
    def test_a_row_in_a_foreign_area_is_refused(self, acting, world):
        session = acting("worker_a")
        session.add(Dwelling(area_id=world.areas["grid_t11"], address="x"))
        with pytest.raises(NotAllowed):
            session.flush()

    def test_a_row_cannot_be_moved_out_of_or_into_the_scope(self, acting, people, world):
        session = acting("worker_a")
        home = session.get(Dwelling, people["grid_a11"][1])
        home.area_id = world.areas["grid_t11"]
        with pytest.raises(NotAllowed):
            session.flush()

    def test_bulk_update_and_delete_touch_only_own_rows(self, acting, people, system):
        session = acting("worker_a")
        session.execute(update(Dwelling).values(note="touched"))
        session.execute(delete(HouseholdMember))
        session.commit()
        assert system.get(Dwelling, people["grid_t11"][1]).note is None
        assert len(system.scalars(select(HouseholdMember)).all()) == 1

    def test_one_cannot_give_oneself_a_foreign_person(self, acting, people, world):
        session = acting("worker_a")
        link = PersonArea(person_id=people["grid_t11"][0], area_id=world.areas["grid_a11"], kind="residence")
        session.add(link)
        with pytest.raises(NotAllowed):
            session.flush()

    def test_one_cannot_hang_a_child_on_a_foreign_person(self, acting, people):
        session = acting("worker_a")
        session.add(PersonPhone(person_id=people["grid_t11"][0], number="13912345678"))
        with pytest.raises(NotAllowed):
            session.flush()

    def test_read_only_roles_write_nothing(self, acting, world):
        session = acting("leader")
        session.add(Dwelling(area_id=world.areas["grid_a11"], address="x"))
        with pytest.raises(NotAllowed):
            session.flush()

    @pytest.mark.demand("S0-05")
    def test_a_clerk_of_a_who_also_reads_t_edits_nothing_of_t(self, acting, people, world):
        clerk = acting("clerk_a_reads_t")
        assert clerk.get(Person, people["grid_t11"][0]) is None
        clerk.get(Person, people["grid_a11"][0]).note = "edited"
        clerk.commit()
        reader = acting("clerk_a_reads_t", role="leader")
        foreign = reader.get(Person, people["grid_t11"][0])
        assert foreign is not None
        foreign.note = "edited"
        with pytest.raises(NotAllowed):
            reader.flush()

    def test_a_worker_registers_a_new_person_in_the_own_grid(self, acting, world):
        session = acting("worker_a")
        person = make_person(session, world.areas["grid_a11"])
        session.commit()
        assert session.get(Person, person.id).created_by == world.accounts["worker_a"].user_id


def test_unscoped_keeps_the_human_in_the_audit(acting, world):
    from app.core.actor import current_actor

    acting("worker_a")
    with unscoped("a test"):
        assert current_actor().is_system
        assert current_actor().user_id == world.accounts["worker_a"].user_id


def test_staff_of_another_town_is_not_visible(acting, world):
    names = set(acting("town_clerk_a").scalars(select(Staff.name)))
    assert "Worker A" in names
    assert "Worker T" not in names
