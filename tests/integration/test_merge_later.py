"""Taking a merge apart after more was entered: nothing is lost, nobody is out of sight, and it is said what stays where."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from app.core import clock, counters
from app.core.errors import Conflict
from app.core.scope import session_actor
from app.registry.choices import HouseholdKind, ResidenceKind
from app.registry.models import (
    GroupVisit,
    HouseholdMember,
    LifeEvent,
    Person,
    PersonGroup,
    PersonMerge,
    PersonPhone,
    Residence,
)
from app.registry.service import duplicates, households, life, persons
from app.registry.service.merging import fields
from tests.factories.registry import ResidentFactory, make_home, make_person
from tests.integration.test_merge import BORN, Case, apart, join
from tests.support.pages import post


@pytest.fixture
def case(system, acting, world):
    made = Case(system, session_actor(acting("town_clerk_a")), world.areas["grid_a11"])
    day = date(2026, 1, 1)
    system.add(PersonGroup(person_id=made.gone.id, group_code="G11", level="L3", valid_from=day))
    system.commit()
    return made


def who(case, which) -> Person:
    return case.session.get(Person, getattr(case, which).id)


def open_rows(session, model, person) -> list:
    query = select(model).where(model.person_id == person.id, model.valid_to.is_(None))
    return list(session.scalars(query.order_by(model.id)))


def heads_of(session, household, leaver):
    others = select(HouseholdMember.person_id).where(
        HouseholdMember.household_id == household.id,
        HouseholdMember.person_id != leaver.id,
        HouseholdMember.valid_to.is_(None),
    )
    return life.Heads({household.id: life.NewHead(session.scalars(others).one(), {})})


def die(case, living) -> None:
    kept, session = who(case, "kept"), case.session
    heads = heads_of(session, case.other_household, kept) if living == fields.GONE else life.Heads()
    told = life.Told(happened_on=clock.today())
    life.death(session, kept, told, heads=heads, actor=session_actor(session), now=clock.now())
    session.commit()


def third_merged(case, world, *, stays: int) -> str:
    """A third record of hers, and the record that stayed: one again."""
    system = case.session
    third = make_person(
        system, world.areas["grid_a11"], ResidentFactory(name="Li Ming", birth=BORN, number=None)
    )
    actor, now = session_actor(system), clock.now()
    case.pair = duplicates.by_hand(system, who(case, "kept"), third, reason="x", actor=actor, now=now)
    system.commit()
    return join(case, stays=stays)


@pytest.mark.demand("S4-61")
def test_what_was_entered_since_stays_and_is_told_and_what_was_written_into_goes_back(case, system, login_as):
    uid = join(case)
    kept = who(case, "kept")
    (group,) = open_rows(system, PersonGroup, kept)
    group.evidence = "seen at the door"
    persons.set_phone(system, kept, "13800000009", actor=case.actor, now=clock.now())
    system.add(GroupVisit(group_id=group.id, visited_on=clock.today(), way="met", by_label="x"))
    system.commit()
    clerk = login_as("town_clerk_a")
    asked = clerk.get(f"/merge/apart/{uid}").text
    assert "Phones · 1" in asked.split("Entered since the merge")[1]
    told = post(clerk, f"/merge/apart/{uid}", reason="two women").text
    assert "Phones · 1" in told.split("still with the record that had stayed")[1]
    assert "Special groups · 1" in told.split("gone back as it is now")[1]
    system.rollback()
    system.expire_all()
    assert [p.number for p in open_rows(system, PersonPhone, who(case, "kept"))][-1] == "13800000009"
    (back,) = open_rows(system, PersonGroup, who(case, "gone"))
    assert (back.evidence, len(system.scalars(select(GroupVisit).filter_by(group_id=back.id)).all())) == (
        "seen at the door",
        1,
    )


@pytest.mark.demand("S4-61")
def test_a_death_that_ended_rows_of_the_other_record_is_taken_back_first(case, system, login_as):
    """Else the living one would come back without a home, and the dead one would live on in a household."""
    uid = join(case, living=fields.GONE)
    die(case, fields.GONE)
    event = system.scalars(select(LifeEvent)).one()
    answer = post(login_as("town_clerk_a"), f"/merge/apart/{uid}", reason="two women")
    assert answer.status_code == 409
    assert f'href="/lifeevent/show/{event.uid}"' in answer.text
    system.rollback()
    assert system.scalars(select(PersonMerge)).one().undone_at is None
    life.revoke(system, event, reason="of the other one", actor=session_actor(system), now=clock.now())
    system.commit()
    assert apart(case, uid) == []
    for which in ("kept", "gone"):
        person = who(case, which)
        assert person.died_on is None
        assert len(open_rows(system, HouseholdMember, person)) == 1
        assert len(open_rows(system, Residence, person)) == 1
    assert counters.verify(system) == []


def test_a_death_that_touched_nothing_of_the_other_record_stays_where_it_was_entered(case, system):
    uid = join(case)
    die(case, None)
    apart(case, uid)
    kept, gone = who(case, "kept"), who(case, "gone")
    assert (kept.died_on, open_rows(system, HouseholdMember, kept)) == (clock.today(), [])
    assert (gone.died_on, len(open_rows(system, HouseholdMember, gone))) == (None, 1)
    assert counters.verify(system) == []


@pytest.mark.parametrize("stays", [1, 2], ids=["a third into it", "it into a third"])
@pytest.mark.demand("S4-61")
def test_a_second_merge_on_top_comes_off_first_and_is_linked(case, system, world, login_as, stays):
    first = join(case)
    second = third_merged(case, world, stays=stays)
    clerk = login_as("town_clerk_a")
    answer = post(clerk, f"/merge/apart/{first}", reason="two women")
    assert answer.status_code == 409
    assert f'href="/merge/show/{second}"' in answer.text
    if stays == 2:
        assert clerk.get(f"/merge/show/{first}").location == f"/merge/show/{second}"
        assert login_as("town_clerk_t").get(f"/merge/show/{first}").status_code == 404
    with pytest.raises(Conflict, match="rests on"):
        apart(case, first)
    assert apart(case, second) == []
    assert apart(case, first) == []
    assert counters.verify(system) == []


def test_nobody_lives_in_two_homes_when_a_third_was_entered_since(case, system, world):
    """The home of the other record was chosen; since then she has moved on. The old one is not opened beside the new."""
    uid = join(case, living=fields.GONE)
    kept, actor, now = who(case, "kept"), case.actor, clock.now()
    new = make_home(system, world.areas["grid_a11"], "3")
    household = households.create_household(system, new, kind=HouseholdKind.living, now=now)
    (old,) = open_rows(system, HouseholdMember, kept)
    households.end_membership(system, old, reason="moveout", actor=actor, now=now)
    households.add_member(system, household, kept, "02", dwelling=new, actor=actor, now=now)
    households.settle_head(system, household)
    system.commit()
    left = apart(case, uid)
    assert (
        {"household_member", "residence"}
        >= {item.table for item in left if item.column == "valid_to"}
        != set()
    )
    kept = who(case, "kept")
    assert [m.household_id for m in open_rows(system, HouseholdMember, kept)] == [household.id]
    lived = [r for r in open_rows(system, Residence, kept) if r.kind == ResidenceKind.living]
    assert [r.dwelling_id for r in lived] == [new.id]
    assert counters.verify(system) == []
