"""Life events by HTTP: what a clerk types is kept, the same form twice is one event, the second writer is told."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.core import clock
from app.core.scope import session_actor
from app.registry.choices import HouseholdKind, Leaving
from app.registry.models import (
    Dwelling,
    DwellingSuccession,
    Household,
    HouseholdMember,
    LifeEvent,
    Person,
    Proposal,
    Residence,
)
from app.registry.service import households, life
from tests.factories.registry import ResidentFactory, make_home, make_household
from tests.support import pages

TODAY = clock.today()


def form_of(answer) -> dict[str, str]:
    """The controls of the page's form."""
    text = answer.get_data(as_text=True)
    return pages.form_of(text.replace("gb-form gb-narrow", "gb-form"))


@pytest.fixture
def family(system, world):
    """Anna (head), her husband Bo, their son Carl in grid A11."""
    home = make_home(system, world.areas["grid_a11"])
    residents = [
        ResidentFactory(name="Anna Li", male=False, number=None),
        ResidentFactory(name="Bo Wang", number=None, relation="11"),
        ResidentFactory(name="Carl Li", number=None, relation="20"),
    ]
    household = make_household(system, home, residents)
    people = {m.person.name.split()[0]: m.person for m in households.members_of(system, household)}
    system.commit()
    return household, people


def events(system) -> int:
    system.rollback()
    return system.scalar(select(func.count()).select_from(LifeEvent))


def relations(system, household) -> dict[str, str]:
    system.rollback()
    query = select(HouseholdMember).where(
        HouseholdMember.household_id == household.id, HouseholdMember.valid_to.is_(None)
    )
    return {m.person.name: m.relation for m in system.scalars(query)}


@pytest.mark.any_database
@pytest.mark.demand("S4-53", "S4-61")
def test_the_death_of_a_head_asks_all_relations_at_once_and_makes_one_event(login_as, system, family):
    household, people = family
    clerk = login_as("clerk_a")
    url = f"/life/enter/death/person/{people['Anna'].uid}"
    page = clerk.get(url)
    assert page.status_code == 200
    sent = form_of(page)
    head, rel_bo, rel_carl = (
        f"head_{household.uid}",
        f"rel_{household.uid}_{people['Bo'].uid}",
        f"rel_{household.uid}_{people['Carl'].uid}",
    )
    assert {head, rel_bo, rel_carl} <= set(sent)
    assert (sent[rel_bo], sent[rel_carl]) == ("", "")  # asked anew, nothing is taken over

    ahead = (TODAY + timedelta(days=2)).isoformat()
    refused = clerk.post(
        url, data=sent | {"happened_on": ahead, "note": "Told by the son", head: people["Bo"].uid}
    )
    assert refused.status_code == 422
    text = refused.get_data(as_text=True)
    assert "Told by the son" in text
    assert ahead in text
    assert events(system) == 0

    sent |= {"happened_on": TODAY.isoformat(), head: people["Bo"].uid, rel_carl: "20"}
    first = clerk.post(url, data=sent)
    assert first.status_code == 303, first.get_data(as_text=True)[:3000]
    second = clerk.post(url, data=sent)
    assert (second.status_code, second.headers["Location"]) == (303, first.headers["Location"])
    assert events(system) == 1
    assert relations(system, household) == {"Bo Wang": "02", "Carl Li": "20"}
    shown = clerk.get(first.headers["Location"]).get_data(as_text=True)
    assert "Anna Li" in shown

    revoke = first.headers["Location"].replace("/show/", "/revoke/")
    asked = form_of(clerk.get(revoke))
    assert clerk.post(revoke, data=asked).status_code == 422
    assert clerk.post(revoke, data=asked | {"reason": "Another Anna"}).status_code == 303
    assert relations(system, household) == {"Anna Li": "02", "Bo Wang": "11", "Carl Li": "20"}
    assert clerk.post(revoke, data=asked | {"reason": "Another Anna"}).status_code == 409


def test_the_second_writer_is_told_and_keeps_what_was_typed(login_as, system, family):
    _household, people = family
    one, two = login_as("clerk_a"), login_as("town_clerk_a")
    url = f"/life/enter/move_out/person/{people['Carl'].uid}"
    sent_one, sent_two = form_of(one.get(url)), form_of(two.get(url))
    assert sent_one[f"who_{people['Carl'].uid}"]
    done = one.post(url, data=sent_one | {"gives_up": "living", "division": "Changsha"})
    assert done.status_code == 303, done.get_data(as_text=True)[:3000]
    late = two.post(url, data=sent_two | {"gives_up": "living", "division": "Shenzhen"})
    assert late.status_code == 409
    assert "Shenzhen" in late.get_data(as_text=True)
    assert events(system) == 1


@pytest.mark.any_database
def test_a_split_asks_for_heads_when_it_knows_who_goes(login_as, system, family):
    household, people = family
    clerk = login_as("worker_a")
    url = f"/life/enter/split/household/{household.uid}"
    sent = form_of(clerk.get(url)) | {f"who_{people['Anna'].uid}": "y", f"who_{people['Bo'].uid}": "y"}
    asked = clerk.post(url, data=sent)
    assert asked.status_code == 422
    more = form_of(asked)
    new_head, old_head = "head_new", f"head_{household.uid}"
    assert {new_head, old_head} <= set(more)
    more |= {
        new_head: people["Anna"].uid,
        f"rel_new_{people['Bo'].uid}": "11",
        old_head: people["Carl"].uid,
        "household_no": "H-9",
    }
    done = clerk.post(url, data=more)
    assert done.status_code == 303, re.sub(r"\s+", " ", done.get_data(as_text=True))[:3000]
    assert relations(system, household) == {"Carl Li": "02"}


@pytest.mark.any_database
def test_a_birth_and_a_newcomer_at_the_page_of_the_household(login_as, system, family):
    household, people = family
    clerk = login_as("worker_a")
    url = f"/life/enter/birth/household/{household.uid}"
    sent = form_of(clerk.get(url)) | {
        "name": "Dan Li",
        "sex": "1",
        "father": people["Carl"].uid,
        f"join_{household.uid}": "41",
    }
    done = clerk.post(url, data=sent)
    assert done.status_code == 303, re.sub(r"\s+", " ", done.get_data(as_text=True))[:3000]
    assert relations(system, household)["Dan Li"] == "41"
    url = f"/life/enter/move_in/household/{household.uid}"
    sent = form_of(clerk.get(url)) | {"name": "Eva Hu", "sex": "2", "birth": "1999", "relation": "38"}
    done = clerk.post(url, data=sent)
    assert done.status_code == 303, re.sub(r"\s+", " ", done.get_data(as_text=True))[:3000]
    assert relations(system, household)["Eva Hu"] == "38"


def test_people_and_households_of_another_town_are_not_found(login_as, system, world, family):
    household, people = family
    other = login_as("clerk_t")
    anna = people["Anna"].uid
    for url in (
        f"/life/person/{anna}",
        f"/life/household/{household.uid}",
        f"/life/enter/death/person/{anna}",
        f"/life/enter/merge/household/{household.uid}",
    ):
        assert other.get(url).status_code == 404
        assert other.post(url, data={}).status_code in {400, 404, 405}
    clerk = login_as("clerk_a")
    system.rollback()
    foreign = make_household(system, make_home(system, world.areas["grid_t11"], "7"))
    system.commit()
    url = f"/life/enter/merge/household/{household.uid}"
    refused = clerk.post(url, data=form_of(clerk.get(url)) | {"other": foreign.uid})
    assert refused.status_code == 422
    assert foreign.name not in refused.get_data(as_text=True)
    assert clerk.get(f"/life/enter/split/person/{anna}").status_code == 404
    assert clerk.get(f"/life/enter/nonsense/person/{anna}").status_code == 404
    assert events(system) == 0


@pytest.mark.any_database
@pytest.mark.demand("S0-61")
def test_a_proposal_is_declined_with_a_reason_and_taken_back(login_as, system, family):
    _household, people = family
    clerk = login_as("clerk_a")
    url = f"/life/enter/death/person/{people['Bo'].uid}"
    assert clerk.post(url, data=form_of(clerk.get(url))).status_code == 303
    system.rollback()
    rows = {p.rule: p for p in system.scalars(select(Proposal))}
    assert {"death_pension", "death_account"} <= set(rows)
    uid = rows["death_pension"].uid
    listed = clerk.get("/proposal/list/").get_data(as_text=True)
    assert "Bo Wang" in listed
    act = f"/proposal/act/{uid}/decline"
    sent = form_of(clerk.get(act))
    assert clerk.post(act, data=sent).status_code == 422
    assert clerk.post(act, data=sent | {"reason": "Had no pension"}).status_code == 303
    assert clerk.get(act).status_code == 403
    # the list opens with what is to be done; asked for all, it shows all
    assert uid not in clerk.get("/proposal/list/").text
    assert uid in clerk.get("/proposal/list/?_flt_0_state=").text
    assert "Had no pension" in clerk.get(f"/proposal/show/{uid}").get_data(as_text=True)
    back = f"/proposal/act/{uid}/reopen"
    assert clerk.post(back, data=form_of(clerk.get(back))).status_code == 303
    system.rollback()
    assert system.get(Proposal, rows["death_pension"].id).state == "open"
    assert system.scalars(select(Person).where(Person.died_on.is_not(None))).one().name == "Bo Wang"


def test_a_home_is_divided_and_joined_again_and_everybody_goes_along(login_as, system, world, family):
    household, people = family
    home = households.home_of(system, household)
    other = make_household(system, home, [ResidentFactory(name="Lodger Hu", number=None)])
    system.commit()
    clerk = login_as("clerk_a")
    pages_of = {"dwelling": home.uid, "household": household.uid, "person": people["Anna"].uid}
    for place, uid in pages_of.items():
        assert f"/life/{place}/{uid}" in clerk.get(f"/{place}/show/{uid}").get_data(as_text=True)
        assert clerk.get(f"/life/{place}/{uid}").status_code == 200
    url = f"/life/enter/home_split/dwelling/{home.uid}"
    sent = form_of(clerk.get(url))
    first, second = f"to_{household.uid}", f"to_{other.uid}"
    assert {first, second} <= set(sent)
    assert clerk.post(url, data=sent | {"numbers": "1A", first: "1", second: "1"}).status_code == 422
    lost = clerk.post(url, data=sent | {"numbers": "1A 1B", first: "1", second: "3"})
    assert lost.status_code == 422  # the lodger would live nowhere
    done = clerk.post(url, data=sent | {"numbers": "1A 1B", first: "1", second: "2"})
    assert done.status_code == 303, re.sub(r"\s+", " ", done.get_data(as_text=True))[:3000]
    system.rollback()
    pieces = {d.door_no: d for d in system.scalars(select(Dwelling).where(Dwelling.valid_to.is_(None)))}
    assert set(pieces) == {"1A", "1B"}
    assert households.home_of(system, system.get(Household, other.id)).id == pieces["1B"].id
    living = select(Residence).where(Residence.valid_to.is_(None), Residence.person_id == people["Carl"].id)
    assert system.scalars(living).one().dwelling_id == pieces["1A"].id
    assert {s.kind for s in system.scalars(select(DwellingSuccession))} == {"split"}

    url = f"/life/enter/home_merge/dwelling/{pieces['1A'].uid}"
    joined = clerk.post(url, data=form_of(clerk.get(url)) | {"other": pieces["1B"].uid})
    assert joined.status_code == 303, re.sub(r"\s+", " ", joined.get_data(as_text=True))[:3000]
    system.rollback()
    assert households.home_of(system, system.get(Household, other.id)).id == pieces["1A"].id
    split, merge = done.headers["Location"], joined.headers["Location"]
    early = split.replace("/show/", "/revoke/")
    assert clerk.post(early, data=form_of(clerk.get(early)) | {"reason": "Wrong"}).status_code == 409
    for where in (merge, split):
        back = where.replace("/show/", "/revoke/")
        answer = clerk.post(back, data=form_of(clerk.get(back)) | {"reason": "Wrong home"})
        assert answer.status_code == 303, re.sub(r"\s+", " ", answer.get_data(as_text=True))[:3000]
    system.rollback()
    system.expire_all()
    assert [d.id for d in system.scalars(select(Dwelling).where(Dwelling.valid_to.is_(None)))] == [home.id]
    assert system.scalars(select(DwellingSuccession)).all() == []
    assert system.scalars(living).one().dwelling_id == home.id


def test_a_revocation_that_finds_its_place_taken_says_so(login_as, acting, system, world, family):
    _household, people = family
    session = acting("clerk_a")
    hands = {"actor": session_actor(session), "now": clock.now()}
    carl = session.get(Person, people["Carl"].id)
    told = life.Told(TODAY - timedelta(days=2))
    event = life.move_out(session, [carl], told, gives_up=Leaving.living, **hands)
    other = households.create_household(
        session, make_home(session, world.areas["grid_a11"], "7"), kind=HouseholdKind.living, now=hands["now"]
    )
    home = households.home_of(session, other)
    households.add_member(session, other, carl, "02", dwelling=home, **hands)
    session.commit()
    clerk, url = login_as("clerk_a"), f"/lifeevent/revoke/{event.uid}"
    answer = clerk.post(url, data=form_of(clerk.get(url)) | {"reason": "A mistake"})
    assert answer.status_code == 409
    assert "A mistake" in answer.get_data(as_text=True)
    system.rollback()
    assert system.get(LifeEvent, event.id).revoked_at is None
