"""Move-in with both sides: who asks sees nobody, who holds decides, everything moves in one step."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import clock, counters
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound, StaleVersion
from app.core.scope import session_actor
from app.inbox.models import Notice
from app.registry.choices import MoveInAction, MoveInState
from app.registry.models import (
    Household,
    HouseholdMember,
    LifeEvent,
    MoveInRequest,
    MoveInStep,
    Person,
    PersonArea,
    Residence,
)
from app.registry.rules.move_in import MACHINE
from app.registry.service import matching, move_in
from tests.factories.registry import ResidentFactory, make_home, make_household


@pytest.fixture
def story(acting, world, system):
    """A family of two in T; a worker of A types the wife's number and asks for her."""
    a11, t11 = world.areas["grid_a11"], world.areas["grid_t11"]
    people = [ResidentFactory(name="Sun Hao"), ResidentFactory(name="Qian Mei", male=False, relation="10")]
    old = make_household(system, make_home(system, t11), people)
    wife = system.scalars(select(Person).where(Person.name == "Qian Mei")).one()
    system.commit()
    worker = acting("worker_a")
    home = make_home(worker, a11)
    own = make_household(worker, home, [ResidentFactory(name="Feng Bo")])
    worker.commit()
    (match,) = matching.find(worker, kind="111", number=people[1].number)
    request = move_in.ask(
        worker,
        match.person_id,
        home,
        entered_name="Qian Mei",
        household=own,
        relation="10",
        reason="married here",
        actor=session_actor(worker),
        now=clock.now(),
    )
    worker.commit()
    system.rollback()
    return {
        "old": old.id,
        "wife": wife.id,
        "own": own.id,
        "uid": request.uid,
        "home": home.id,
        "worker": worker,
    }


def decide(acting, username, uid, action, **kw):
    actor = session_actor(acting(username))
    with move_in.both_sides() as wide:
        return move_in.decide(wide, uid, action, actor=actor, now=clock.now(), **kw).state


def inbox(system, world, username) -> list[str]:
    system.rollback()
    user = world.accounts[username].user_id
    return list(system.scalars(select(Notice.message).where(Notice.user_id == user).order_by(Notice.id)))


def test_the_side_that_asks_sees_nobody_until_it_is_agreed(acting, world, story, system):
    worker = acting("worker_a")
    assert worker.get(Person, story["wife"]) is None
    request = worker.scalars(select(MoveInRequest)).one()
    assert (request.state, request.entered_name) == ("asked", "Qian Mei")
    assert worker.scalars(select(MoveInStep)).one().reason == "married here"
    assert acting("worker_a2").scalars(select(MoveInRequest)).all() == []
    assert acting("clerk_t").scalars(select(MoveInRequest)).one().uid == story["uid"]
    assert len(inbox(system, world, "clerk_t")) == 1
    assert inbox(system, world, "town_clerk_t") == []
    assert inbox(system, world, "clerk_a") == []


def test_agreeing_moves_residence_household_and_ties_at_once(acting, world, story, system):
    a11, t11 = world.areas["grid_a11"], world.areas["grid_t11"]
    assert decide(acting, "clerk_t", story["uid"], MoveInAction.agree) == "agreed"
    system.rollback()
    wife = system.get(Person, story["wife"])
    assert wife.area_id == a11
    open_ties = select(PersonArea.area_id, PersonArea.kind).where(
        PersonArea.person_id == wife.id, PersonArea.valid_to.is_(None)
    )
    assert {tuple(t) for t in system.execute(open_ties)} == {(a11, "managing"), (a11, "residence")}
    members = select(HouseholdMember.household_id, HouseholdMember.relation).where(
        HouseholdMember.person_id == wife.id, HouseholdMember.valid_to.is_(None)
    )
    assert [tuple(m) for m in system.execute(members)] == [(story["own"], "10")]
    homes = select(Residence.dwelling_id).where(Residence.person_id == wife.id, Residence.valid_to.is_(None))
    assert list(system.scalars(homes)) == [story["home"]]
    assert system.get(Household, story["old"]).valid_to is None
    assert acting("worker_a").get(Person, wife.id) is not None
    assert acting("worker_t").get(Person, wife.id) is None
    steps = system.scalars(select(MoveInStep).order_by(MoveInStep.id)).all()
    assert [(s.action, s.by_label) for s in steps] == [("ask", "Worker A"), ("agree", "Clerk T")]
    event = system.scalars(
        select(LifeEvent)
    ).one()  # the move stands among the life events of the side that takes
    assert (event.kind, event.area_id) == ("move_in", world.areas["grid_a11"])
    assert len(inbox(system, world, "worker_a")) == 1
    assert counters.verify(system) == []
    assert t11 not in {wife.area_id}


@pytest.mark.any_database
def test_the_last_one_of_a_household_closes_it(acting, world, system):
    a11, t11 = world.areas["grid_a11"], world.areas["grid_t11"]
    single = ResidentFactory()
    old = make_household(system, make_home(system, t11), [single])
    system.commit()
    worker = acting("worker_a")
    home = make_home(worker, a11)
    worker.commit()
    (match,) = matching.find(worker, kind="111", number=single.number)
    args = {"entered_name": "x", "relation": "10", "actor": session_actor(worker), "now": clock.now()}
    request = move_in.ask(worker, match.person_id, home, **args)
    assert move_in.ask(worker, match.person_id, home, **args) is request
    worker.commit()
    assert decide(acting, "town_clerk_t", request.uid, MoveInAction.agree) == "agreed"
    system.rollback()
    assert system.get(Household, old.id).valid_to is not None
    new = acting("worker_a").scalars(select(Household)).one()
    assert [m.relation for m in new.members] == ["02"]
    assert new.head_person_id == match.person_id


@pytest.mark.any_database
def test_declining_needs_a_reason_and_reaches_the_asker(acting, world, story, system):
    with pytest.raises(Invalid):
        decide(acting, "clerk_t", story["uid"], MoveInAction.decline)
    assert (
        decide(acting, "clerk_t", story["uid"], MoveInAction.decline, reason="she lives here") == "declined"
    )
    assert len(inbox(system, world, "worker_a")) == 1
    assert acting("worker_a").get(Person, story["wife"]) is None
    with pytest.raises(Conflict):
        decide(acting, "clerk_t", story["uid"], MoveInAction.agree)


@pytest.mark.any_database
def test_withdrawing_is_for_the_side_that_asked(acting, world, story, system):
    with pytest.raises(Conflict):
        decide(acting, "clerk_t", story["uid"], MoveInAction.withdraw)
    assert decide(acting, "worker_a", story["uid"], MoveInAction.withdraw) == "withdrawn"
    assert len(inbox(system, world, "clerk_t")) == 2


@pytest.mark.parametrize(
    ("username", "action", "refusal"),
    [
        ("clerk_a", MoveInAction.agree, Conflict),
        ("worker_a", MoveInAction.agree, Conflict),
        ("worker_t", MoveInAction.agree, NotAllowed),
        ("worker_a2", MoveInAction.withdraw, NotFound),
    ],
)
def test_nobody_else_decides(acting, story, system, username, action, refusal):
    with pytest.raises(refusal):
        decide(acting, username, story["uid"], action, reason="x")
    system.rollback()
    assert system.scalars(select(MoveInRequest.state)).one() == "asked"


@pytest.mark.any_database
def test_a_move_lies_not_in_the_future_and_not_on_an_old_page(acting, story):
    with pytest.raises(Invalid):
        decide(
            acting, "clerk_t", story["uid"], MoveInAction.agree, moved_on=clock.today() + timedelta(days=1)
        )
    with pytest.raises(StaleVersion):
        decide(acting, "clerk_t", story["uid"], MoveInAction.agree, version=99)


def test_a_request_into_a_home_that_is_gone_fails_whole(acting, story, system):
    home = system.get(Residence, system.scalars(select(Residence.id)).first()).dwelling
    assert home is not None
    from app.registry.models import Dwelling

    system.get(Dwelling, story["home"]).valid_to = clock.today()
    system.commit()
    with pytest.raises(Invalid):
        decide(acting, "clerk_t", story["uid"], MoveInAction.agree)
    system.rollback()
    assert system.scalars(select(MoveInRequest.state)).one() == "asked"


@pytest.mark.any_database
def test_a_household_that_only_waited_closes_when_nobody_comes(acting, world, story, system):
    from app.registry.choices import HouseholdKind
    from app.registry.models import Dwelling
    from app.registry.service import households

    worker = story["worker"]
    waiting = households.create_household(
        worker, worker.get(Dwelling, story["home"]), kind=HouseholdKind.living, now=clock.now()
    )
    worker.scalars(select(MoveInRequest)).one().household_id = waiting.id
    worker.commit()
    decide(acting, "worker_a", story["uid"], MoveInAction.withdraw)
    system.rollback()
    assert system.get(Household, waiting.id).valid_to is not None


@pytest.mark.any_database
def test_asked_into_another_household_of_the_home_the_first_one_stops_waiting(acting, world, story, system):
    from app.registry.choices import HouseholdKind
    from app.registry.models import Dwelling
    from app.registry.service import households

    worker, now = story["worker"], clock.now()
    home = worker.get(Dwelling, story["home"])
    waiting = households.create_household(worker, home, kind=HouseholdKind.living, now=now)
    args = {"entered_name": "Qian Mei", "actor": session_actor(worker), "now": now}
    for household in (waiting, worker.get(Household, story["own"])):
        move_in.ask(worker, story["wife"], home, household=household, **args)
    worker.commit()
    assert waiting.valid_to is not None
    assert worker.get(Household, story["own"]).valid_to is None
    assert worker.scalars(select(MoveInRequest)).one().household_id == story["own"]


def test_the_table_leaves_no_request_without_a_way_out():
    assert {to.state for _s, _a, to in MACHINE.rows()} == set(MoveInState)
