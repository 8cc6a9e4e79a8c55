"""What stands in the way of a revocation is told plainly, with who may do what, and nothing is lost (S4-54, S4-61)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.areas.models import Area
from app.core import clock
from app.core.scope import session_actor
from app.registry.choices import HouseholdKind
from app.registry.models import HouseholdMember, LifeEvent, Person, PersonGroup
from app.registry.service import duplicates, households, life, merging
from tests.factories.registry import ResidentFactory, make_home, make_household, make_person
from tests.support.pages import post

TODAY = clock.today()


def hands(session) -> dict:
    return {"actor": session_actor(session), "now": clock.now()}


def revoke(client, uid):
    return post(client, f"/lifeevent/revoke/{uid}", reason="Entered by mistake")


def stands(system, uid) -> bool:
    system.rollback()
    return system.scalars(select(LifeEvent).where(LifeEvent.uid == uid)).one().revoked_at is None


@pytest.mark.demand("S4-61")
def test_an_event_of_a_record_that_was_merged_names_the_other_and_the_way(acting, login_as, system, world):
    clerk = acting("clerk_a")
    kept, gone = (
        make_person(clerk, world.areas["grid_a11"], name=n, number=None) for n in ("Li Min", "Li Ming")
    )
    clerk.commit()
    event = life.new_name(clerk, gone, life.Told(TODAY), name="Li Minna", **hands(clerk)).uid
    pair = duplicates.by_hand(clerk, kept, gone, reason="the same", **hands(clerk)).uid
    kept_uid = kept.uid
    clerk.commit()
    with merging.whole_register() as wide:
        merge = merging.merge(wide, pair, stays=1, choices={}, reason="the same", **hands(clerk)).uid
    client = login_as("clerk_a")
    said = revoke(client, event)
    assert said.status_code == 409
    assert "The record of Li Minna was merged since into Li Min. Take the merge apart first" in said.text
    assert f"/person/show/{kept_uid}" in said.text
    assert f"/merge/apart/{merge}" in said.text
    assert "Entered by mistake" in said.text
    assert stands(system, event)
    assert post(client, f"/merge/apart/{merge}", reason="not the same").status_code == 200
    assert revoke(client, event).status_code == 303
    assert not stands(system, event)
    assert system.get(Person, gone.id).name == "Li Ming"


def test_a_merge_over_a_later_event_is_named_in_the_order_of_the_way_back(acting, login_as, system, world):
    clerk = acting("clerk_a")
    kept, gone = (
        make_person(clerk, world.areas["grid_a11"], name=n, number=None) for n in ("Li Min", "Li Ming")
    )
    clerk.commit()
    first = life.new_name(clerk, gone, life.Told(TODAY), name="Li Minna", **hands(clerk)).uid
    clerk.commit()
    second = life.new_name(clerk, gone, life.Told(TODAY), name="Li Minna Bo", **hands(clerk)).uid
    clerk.commit()
    client = login_as("clerk_a")
    assert "Revoke that one first" in revoke(client, first).text
    pair = duplicates.by_hand(clerk, kept, gone, reason="the same", **hands(clerk)).uid
    clerk.commit()
    with merging.whole_register() as wide:
        merging.merge(wide, pair, stays=1, choices={}, reason="the same", **hands(clerk))
    for uid in (first, second):
        assert "Take the merge apart first" in revoke(client, uid).text


def test_an_event_that_reached_another_area_says_who_may_revoke_it(acting, login_as, system, world):
    clerk = acting("town_clerk_a")
    people = [ResidentFactory(name="Anna Li", number=None), ResidentFactory(relation="20", number=None)]
    household = make_household(clerk, make_home(clerk, world.areas["grid_a11"]), people, HouseholdKind.living)
    home = make_home(clerk, world.areas["grid_a21"], "7")
    for row in clerk.scalars(select(HouseholdMember)):
        row.valid_from = TODAY - timedelta(days=9)
    clerk.commit()
    event = life.change_home(clerk, household, home, life.Told(TODAY), **hands(clerk)).uid
    clerk.commit()
    said = revoke(login_as("clerk_a"), event)
    assert said.status_code == 409
    town = system.get(Area, world.areas["town_a"]).name
    assert f"Whoever is responsible for {town} can revoke it" in said.text
    assert "Entered by mistake" in said.text
    assert stands(system, event)
    assert {m.person.name for m in households.members_of(system, household)} >= {"Anna Li"}
    assert revoke(login_as("town_clerk_a"), event).status_code == 303
    assert not stands(system, event)


@pytest.mark.demand("S4-54")
def test_an_unseen_group_of_a_newborn_does_not_stand_in_the_way(acting, login_as, system, world):
    """A refusal would tell the clerk of a group for which she holds no grant."""
    clerk = acting("clerk_a")
    people = [ResidentFactory(name="Anna Li", male=False, number=None)]
    living = make_household(clerk, make_home(clerk, world.areas["grid_a11"]), people)
    clerk.commit()
    child, told = life.Child("Eve Li", "2"), life.Told(TODAY)
    event = life.birth(
        clerk, child, told, mother=living.head, father=None, joins=[(living, "20")], **hands(clerk)
    ).uid
    clerk.commit()
    eve = system.scalars(select(Person.id).where(Person.name == "Eve Li")).one()
    system.add(PersonGroup(person_id=eve, group_code="G01", level="L5", valid_from=TODAY))
    system.commit()
    assert revoke(login_as("clerk_a"), event).status_code == 303
    assert not stands(system, event)
