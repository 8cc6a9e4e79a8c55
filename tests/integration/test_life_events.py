"""Life events as rows: what each closes and opens, what it refuses, and how it is taken back (S4-54, S4-61)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.core import clock, jobs
from app.core.errors import Conflict, Invalid
from app.core.scope import session_actor
from app.inbox.models import Notice
from app.registry.choices import EventKind, HouseholdKind, Leaving
from app.registry.models import (
    ConsentTask,
    Household,
    HouseholdMember,
    LifeEvent,
    LifeEventPerson,
    Person,
    PersonArea,
    PersonDocument,
    PersonGroup,
    PersonName,
    Proposal,
    Residence,
)
from app.registry.service import groups, households, life, proposals
from tests.factories.registry import ResidentFactory, id_number, make_home, make_household, make_person

TODAY = clock.today()
YESTERDAY = TODAY - timedelta(days=1)
WHOLE = (
    "valid_to",
    "relation",
    "died_on",
    "status",
    "name",
    "head_person_id",
    "area_id",
    "kind",
    "is_primary",
)


@pytest.fixture
def clerk(acting):
    return acting("clerk_a")


@pytest.fixture
def hands(clerk):
    return {"actor": session_actor(clerk), "now": clock.now()}


def family(session, area_id, kind=HouseholdKind.living, number="1", grown=("Anna Li", "Bo Wang", "Carl Li")):
    """Head (f), her husband, their son."""
    home = make_home(session, area_id, number)
    people = [
        ResidentFactory(name=grown[0], male=False, birth=date(1950, 3, 1), number=None),
        ResidentFactory(name=grown[1], male=True, birth=date(1948, 5, 5), number=None, relation="11"),
        ResidentFactory(name=grown[2], male=True, birth=date(1980, 7, 7), number=None, relation="20"),
    ]
    household = make_household(session, home, people, kind)
    for row in session.scalars(select(HouseholdMember)):
        row.valid_from = date(2026, 2, 1)
    for row in session.scalars(select(Residence)):
        row.valid_from = date(2026, 2, 1)
    household.valid_from = date(2026, 2, 1)
    session.flush()
    return home, household, [m.person for m in households.members_of(session, household)]


def relations(session, household) -> dict[str, str]:
    session.flush()
    return {m.person.name: m.relation for m in households.members_of(session, household)}


def snapshot(session) -> dict:
    """Every dated row as it stands, without those in the recycle bin."""
    session.flush()
    found = {}
    for cls in (Person, Household, HouseholdMember, Residence, PersonArea, PersonName, PersonDocument):
        for row in session.scalars(select(cls)):
            found[cls.__tablename__, row.id] = tuple(getattr(row, k, None) for k in WHOLE)
    return found


def heads(household, head, relations=None):
    return life.Heads({household.id if household else life.NEW: life.NewHead(head.id, relations or {})})


@pytest.mark.demand("S4-54")
def test_a_death_closes_every_row_asks_for_the_new_head_and_can_be_taken_back(clerk, world, hands):
    a11 = world.areas["grid_a11"]
    home, living, (anna, bo, carl) = family(clerk, a11)
    registered = households.create_household(
        clerk, home, kind=HouseholdKind.registered, since=date(2026, 2, 1), now=hands["now"]
    )
    for person, relation in ((anna, "02"), (carl, "20")):
        households.add_member(
            clerk, registered, person, relation, dwelling=home, since=date(2026, 2, 1), **hands
        )
    households.settle_head(clerk, registered)
    clerk.commit()
    before = snapshot(clerk)

    with pytest.raises(Invalid) as asked:
        life.death(clerk, anna, life.Told(YESTERDAY), **hands)
    assert asked.value.data["finding"] == "head_asked"
    clerk.rollback()
    one = life.NewHead(bo.id, {carl.id: ""})
    with pytest.raises(Invalid) as asked:
        life.death(clerk, anna, life.Told(YESTERDAY), heads=life.Heads({living.id: one}), **hands)
    assert asked.value.field == f"rel_{living.uid}_{carl.uid}"
    clerk.rollback()
    assert snapshot(clerk) == before

    answer = life.Heads(
        {living.id: life.NewHead(bo.id, {carl.id: "20"}), registered.id: life.NewHead(carl.id)}
    )
    event = life.death(clerk, anna, life.Told(YESTERDAY, evidence="Certificate 17"), heads=answer, **hands)
    clerk.commit()
    assert (anna.died_on, anna.status, anna.status_reason) == (YESTERDAY, "cancelled", "death")
    assert relations(clerk, living) == {"Bo Wang": "02", "Carl Li": "20"}
    assert relations(clerk, registered) == {"Carl Li": "02"}
    assert (living.head_person_id, registered.head_person_id) == (bo.id, carl.id)
    closed = clerk.scalars(select(Residence).where(Residence.person_id == anna.id)).all()
    assert {r.end_reason for r in closed} == {"death"}
    assert {r.valid_to for r in closed} == {YESTERDAY - timedelta(days=1)}
    old = clerk.scalars(
        select(HouseholdMember).where(
            HouseholdMember.person_id == bo.id, HouseholdMember.valid_to.is_not(None)
        )
    ).one()
    assert (old.relation, old.valid_to) == (
        "11",
        YESTERDAY - timedelta(days=1),
    )  # the old relation is history
    roles = {(p.person_id, p.role) for p in clerk.scalars(select(LifeEventPerson))}
    assert roles == {(anna.id, "subject"), (bo.id, "head"), (carl.id, "head")}

    life.revoke(clerk, event, "Entered for the wrong sister", **hands)
    clerk.commit()
    after = snapshot(clerk)
    assert {k: after[k] for k in before} == before
    assert set(after) - set(before) == set()
    assert {p.state for p in clerk.scalars(select(Proposal))} == {"dropped"}
    with pytest.raises(Conflict):
        life.revoke(clerk, event, "Twice", **hands)


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("day", "field"),
    [
        (TODAY + timedelta(days=1), "happened_on"),
        (date(1949, 1, 1), "happened_on"),
        (date(1800, 1, 1), "happened_on"),
    ],
)
def test_a_day_ahead_or_before_the_birth_is_refused(clerk, world, hands, day, field):
    _home, _household, (anna, *_rest) = family(clerk, world.areas["grid_a11"])
    with pytest.raises(Invalid) as refusal:
        life.death(clerk, anna, life.Told(day), **hands)
    assert refusal.value.field == field


def test_nothing_is_entered_after_a_death_and_nothing_before_a_later_move(clerk, world, hands):
    _home, household, (_anna, bo, carl) = family(clerk, world.areas["grid_a11"])
    life.move_out(clerk, [carl], life.Told(YESTERDAY), division="Changsha", **hands)
    with pytest.raises(Conflict) as refusal:
        life.death(clerk, carl, life.Told(YESTERDAY - timedelta(days=30)), **hands)
    assert refusal.value.data["finding"] == "later_event"
    life.death(clerk, bo, life.Told(YESTERDAY), **hands)
    for act in (
        lambda: life.death(clerk, bo, life.Told(YESTERDAY), **hands),
        lambda: life.new_name(clerk, bo, life.Told(TODAY), name="Bo Zhang", **hands),
    ):
        with pytest.raises(Conflict) as refusal:
            act()
        assert refusal.value.data["finding"] == "dead"
    assert relations(clerk, household) == {"Anna Li": "02"}


@pytest.mark.demand("S4-53")
def test_a_birth_joins_both_households_and_leaves_a_consent_task_and_proposals(clerk, world, hands):
    home, living, (_anna, _bo, carl) = family(clerk, world.areas["grid_a11"])
    wife = make_person(clerk, living.area_id, name="Dora Hu", male=False, birth=date(1985, 1, 1))
    households.add_member(clerk, living, wife, "38", dwelling=home, since=date(2026, 2, 1), **hands)
    clerk.commit()
    before = snapshot(clerk)
    born = YESTERDAY
    child = life.Child("Eve Li", "2")
    event = life.birth(
        clerk, child, life.Told(born), mother=wife, father=carl, joins=[(living, "42")], **hands
    )
    clerk.commit()
    eve = clerk.scalars(select(Person).where(Person.name == "Eve Li")).one()
    assert (eve.birth_date, eve.area_id, eve.documents) == (born, living.area_id, [])
    assert relations(clerk, living)["Eve Li"] == "42"
    assert clerk.scalars(select(ConsentTask)).one().person_id == eve.id
    assert {p.rule for p in clerk.scalars(select(Proposal))} == {
        "birth_register",
        "birth_insurance",
        "birth_card",
    }
    with pytest.raises(Conflict) as refusal:
        life.birth(clerk, child, life.Told(born), mother=wife, father=None, joins=[(living, "42")], **hands)
    assert refusal.value.data["finding"] == "known"
    clerk.rollback()
    # something that hangs on the child names itself when the birth is revoked
    groups.add_group(clerk, eve, "G21", **hands)
    clerk.commit()
    with pytest.raises(Conflict) as refusal:
        life.revoke(clerk, event, "Wrong family", **hands)
    assert refusal.value.data["finding"] in {"later", "proposal"}
    clerk.rollback()
    for row in eve.groups:
        clerk.delete(row)
    for row in clerk.scalars(select(Proposal).where(Proposal.event_id.is_(None))):
        row.state = "dropped"
    clerk.commit()
    life.revoke(clerk, event, "Wrong family", **hands)
    clerk.commit()
    after = snapshot(clerk)
    assert {k: after[k] for k in before} == before
    assert eve.deleted_at is not None


@pytest.mark.any_database
def test_a_mother_who_had_died_and_a_household_of_strangers_are_refused(clerk, world, hands):
    _home, living, (anna, bo, carl) = family(clerk, world.areas["grid_a11"])
    _h, others, _people = family(clerk, world.areas["grid_a11"], number="2", grown=("F Yi", "G Yi", "H Yi"))
    told = life.Told(YESTERDAY)
    with pytest.raises(Invalid) as refusal:
        life.birth(
            clerk, life.Child("X Li", "1"), told, mother=anna, father=None, joins=[(others, "20")], **hands
        )
    assert refusal.value.field == "household"
    with pytest.raises(Invalid) as refusal:
        life.birth(
            clerk, life.Child("X Li", "1"), told, mother=bo, father=None, joins=[(living, "20")], **hands
        )
    assert refusal.value.field == "mother"  # the sex on record
    life.death(
        clerk,
        anna,
        life.Told(YESTERDAY - timedelta(days=5)),
        heads=heads(living, bo, {carl.id: "20"}),
        **hands,
    )
    with pytest.raises(Invalid) as refusal:
        life.birth(
            clerk, life.Child("X Li", "1"), told, mother=anna, father=None, joins=[(living, "20")], **hands
        )
    assert refusal.value.field == "mother"


def test_moving_out_keeps_the_registration_and_going_for_good_ends_the_count(clerk, world, hands):
    home, living, (anna, bo, carl) = family(clerk, world.areas["grid_a11"])
    registered = households.create_household(clerk, home, kind=HouseholdKind.registered, now=hands["now"])
    households.add_member(clerk, registered, carl, "02", dwelling=home, **hands)
    clerk.commit()
    before = snapshot(clerk)
    event = life.move_out(clerk, [carl], life.Told(TODAY), division="Changsha", address="Road 1", **hands)
    clerk.commit()
    assert (carl.status, carl.consistency) == ("effective", "02")
    outside = clerk.scalars(
        select(Residence).where(Residence.person_id == carl.id, Residence.dwelling_id.is_(None))
    ).one()
    assert outside.outside_division == "Changsha"
    life.revoke(clerk, event, "He stayed", **hands)
    clerk.commit()
    assert {k: v for k, v in snapshot(clerk).items() if k in before} == before
    life.move_out(
        clerk,
        [anna, bo, carl],
        life.Told(TODAY),
        gives_up=Leaving.both,
        division="Changsha",
        **hands,
    )
    clerk.commit()
    assert {p.status for p in (anna, bo, carl)} == {"cancelled"}
    assert living.valid_to is not None  # nobody is left: the household has ended
    again = life.move_in(clerk, carl, home, life.Told(TODAY), fields={"came_from": "Changsha"}, **hands)
    assert (carl.status, again.household.head_person_id) == ("effective", carl.id)


@pytest.mark.demand("S4-61")
def test_a_household_splits_in_the_same_home_and_merges_again(clerk, world, hands):
    home, household, (anna, bo, carl) = family(clerk, world.areas["grid_a11"])
    clerk.commit()
    before = snapshot(clerk)
    for who, field in (([], "who"), ([anna, bo, carl], "who")):
        with pytest.raises(Invalid) as refusal:
            life.split(clerk, household, who, life.Told(YESTERDAY), **hands)
        assert refusal.value.field == field
    choice = life.Heads({life.NEW: life.NewHead(anna.id, {bo.id: "11"}), household.id: life.NewHead(carl.id)})
    event = life.split(
        clerk, household, [anna, bo], life.Told(YESTERDAY), household_no="H-2", heads=choice, **hands
    )
    clerk.commit()
    new = event.other_household
    assert (new.household_no, relations(clerk, new)) == ("H-2", {"Anna Li": "02", "Bo Wang": "11"})
    assert relations(clerk, household) == {"Carl Li": "02"}
    assert households.home_of(clerk, new).id == home.id
    merged = life.merge(
        clerk,
        household,
        new,
        life.Told(TODAY),
        heads=heads(household, carl, {anna.id: "52", bo.id: "51"}),
        **hands,
    )
    clerk.commit()
    assert relations(clerk, household) == {"Anna Li": "52", "Bo Wang": "51", "Carl Li": "02"}
    assert new.valid_to is not None
    with pytest.raises(Conflict) as refusal:
        life.revoke(clerk, event, "Wrong", **hands)
    assert refusal.value.data["finding"] == "later_event"  # it names the merge that rests on it
    assert str(EventKind.merge.label) in str(refusal.value)
    clerk.rollback()
    life.revoke(clerk, merged, "Wrong", **hands)
    life.revoke(clerk, event, "Wrong", **hands)
    clerk.commit()
    assert snapshot(clerk) == before


@pytest.mark.any_database
@pytest.mark.demand("S3-18")
def test_a_whole_household_changes_its_home_and_its_head(clerk, world, hands):
    a12 = world.areas["grid_a12"]
    _old, household, (anna, bo, carl) = family(clerk, world.areas["grid_a11"])
    new = make_home(clerk, a12, "9")
    clerk.commit()
    before = snapshot(clerk)
    event = life.change_home(clerk, household, new, life.Told(TODAY), **hands)
    clerk.commit()
    assert household.area_id == a12
    assert {p.area_id for p in (anna, bo, carl)} == {a12}
    assert {r.dwelling_id for r in clerk.scalars(select(Residence).where(Residence.valid_to.is_(None)))} == {
        new.id
    }
    with pytest.raises(Invalid):
        life.change_home(clerk, household, new, life.Told(TODAY), **hands)
    head = life.change_head(
        clerk,
        household,
        life.Told(TODAY),
        heads=heads(household, bo, {anna.id: "12", carl.id: "20"}),
        **hands,
    )
    assert relations(clerk, household) == {"Anna Li": "12", "Bo Wang": "02", "Carl Li": "20"}
    for done in (head, event):
        life.revoke(clerk, done, "Wrong", **hands)
    clerk.commit()
    assert snapshot(clerk) == before


def test_a_new_document_and_a_new_name_keep_the_old_ones(clerk, world, hands):
    birth = date(1990, 4, 4)
    person = make_person(clerk, world.areas["grid_a11"], name="Old Name", birth=birth)
    clerk.commit()
    before = snapshot(clerk)
    first = person.documents[0]
    number = id_number(birth, 250)
    paper = life.new_document(clerk, person, life.Told(TODAY), kind="111", number=number, old=first, **hands)
    named = life.new_name(clerk, person, life.Told(TODAY), name="New Name", reason="Marriage", **hands)
    clerk.commit()
    second = next(d for d in person.documents if d.number == number)
    assert (first.is_primary, second.is_primary, first.valid_to is not None) == (False, True, True)
    assert {(n.kind, n.name, n.valid_to is None) for n in person.names} == {
        ("former", "Old Name", False),
        ("current", "New Name", True),
    }
    renewed = life.new_document(clerk, person, life.Told(TODAY), kind="111", number=number, **hands)
    assert len(person.documents) == 2
    for event in (renewed, named, paper):
        life.revoke(clerk, event, "Wrong", **hands)
    clerk.commit()
    clerk.expire_all()
    assert {k: v for k, v in snapshot(clerk).items() if k in before} == before


def test_a_death_settles_what_the_area_holds_and_tells_the_other_side(clerk, acting, world, hands, system):
    """Registered in another town: that household cannot be seen here, its holders settle it."""
    a11, t11 = world.areas["grid_a11"], world.areas["grid_t11"]
    home_t = make_home(system, t11, "3")
    registered = make_household(
        system,
        home_t,
        [
            ResidentFactory(name="Anna Li", birth=date(1950, 1, 1), male=False, number=None),
            ResidentFactory(name="Ben Li", birth=date(1980, 1, 1), number=None, relation="20"),
        ],
        HouseholdKind.registered,
    )
    anna_id = registered.head_person_id
    home = make_home(system, a11, "4")
    living = make_household(system, home, [ResidentFactory(name="Old Friend", number=None)])
    households.add_member(
        system,
        living,
        system.get(Person, anna_id),
        "97",
        dwelling=home,
        actor=session_actor(system),
        now=clock.now(),
    )
    system.commit()
    anna = clerk.get(Person, anna_id)
    life.death(clerk, anna, life.Told(TODAY), **hands)
    clerk.commit()
    assert relations(clerk, clerk.get(Household, living.id)) == {"Old Friend": "02"}
    system.rollback()
    told = system.scalars(select(Notice).where(Notice.kind == "life_event")).all()
    assert {n.user_id for n in told} == {world.accounts["clerk_t"].user_id}
    assert all("Anna" not in n.message for n in told)
    other = acting("clerk_t")
    theirs = other.get(Household, registered.id)
    ben = other.scalars(select(Person).where(Person.name == "Ben Li")).one()
    assert relations(other, theirs) == {"Anna Li": "02", "Ben Li": "20"}
    life.change_head(
        other,
        theirs,
        life.Told(TODAY),
        heads=heads(theirs, ben),
        actor=session_actor(other),
        now=clock.now(),
    )
    other.commit()
    assert relations(other, theirs) == {"Ben Li": "02"}


def test_an_event_of_another_town_is_out_of_sight(clerk, acting, world, hands):
    _home, _household, (_anna, bo, _carl) = family(clerk, world.areas["grid_a11"])
    life.death(clerk, bo, life.Told(TODAY), **hands)
    clerk.commit()
    assert len(clerk.scalars(select(LifeEvent)).all()) == 1
    other = acting("clerk_t")
    assert other.scalars(select(LifeEvent)).all() == []
    assert other.scalars(select(LifeEventPerson)).all() == []


def test_a_carried_out_proposal_holds_the_death(clerk, world, hands):
    _home, _household, (_anna, bo, _carl) = family(clerk, world.areas["grid_a11"])
    groups.add_group(clerk, bo, "G11", **hands)
    event = life.death(clerk, bo, life.Told(TODAY), **hands)
    clerk.commit()
    assert jobs.run_one("tests") is not None
    row = clerk.scalars(select(Proposal).where(Proposal.topic == "group")).one()
    assert bo.groups[0].valid_to is None  # nothing closes by itself
    proposals.act(clerk, row, proposals.ProposalAction.accept, **hands)
    clerk.commit()
    assert bo.groups[0].valid_to == TODAY
    with pytest.raises(Conflict) as refusal:
        life.revoke(clerk, event, "Wrong", **hands)
    assert refusal.value.data["finding"] == "proposal"


@pytest.mark.any_database
def test_a_mother_cannot_have_died_before_her_child_was_born(clerk, world, hands):
    _home, household, (anna, _bo, carl) = family(clerk, world.areas["grid_a11"])
    anna.birth_date = date(1990, 3, 1)
    born = TODAY - timedelta(days=10)
    child, joins = life.Child("Dora Li", "2"), [(household, "30")]
    life.birth(clerk, child, life.Told(born), mother=anna, father=None, joins=joins, **hands)
    with pytest.raises(Conflict) as refused:
        life.death(clerk, anna, life.Told(born - timedelta(days=1)), heads=heads(household, carl), **hands)
    assert refused.value.data["finding"] == "child"


@pytest.mark.any_database
def test_nobody_comes_back_into_a_household_that_has_ended_or_has_another_head(clerk, world, hands):
    _home, household, (anna, bo, carl) = family(clerk, world.areas["grid_a11"])
    gone = life.death(clerk, bo, life.Told(YESTERDAY), **hands)
    life.death(clerk, anna, life.Told(YESTERDAY), heads=heads(household, carl), **hands)
    clerk.commit()
    with pytest.raises(Conflict) as refused:
        life.revoke(clerk, gone, "A mistake", **hands)
    assert refused.value.data["finding"] == "later_event"
    clerk.rollback()
    life.death(clerk, carl, life.Told(TODAY), **hands)
    clerk.commit()
    assert household.valid_to is not None
    with pytest.raises(Conflict):
        life.revoke(clerk, gone, "A mistake", **hands)


def test_groups_that_follow_from_age_end_with_the_death_and_come_back_with_its_revocation(
    clerk, world, hands
):
    person = make_person(clerk, world.areas["grid_a11"], birth=date(1940, 1, 1), number=None)
    clerk.commit()

    def derived() -> set[str]:
        query = select(PersonGroup.group_code).where(
            PersonGroup.person_id == person.id, PersonGroup.valid_to.is_(None)
        )
        return set(clerk.scalars(query))

    assert "G31" in derived()  # 80 and over
    event = life.death(clerk, person, life.Told(YESTERDAY), **hands)
    clerk.commit()
    assert derived() == set()
    assert "close_group" not in {p.rule for p in clerk.scalars(select(Proposal))}
    life.revoke(clerk, event, "Entered for the wrong person", **hands)
    clerk.commit()
    assert "G31" in derived()
