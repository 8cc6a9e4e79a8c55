"""Targets of a running campaign follow the homes: what stands and is lived in is visited, nothing else stays to be done."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.areas.models import Area
from app.core import bulk, clock
from app.core.errors import Conflict
from app.core.scope import session_actor
from app.registry.choices import CampaignAction, TargetState
from app.registry.models import Campaign, CampaignTarget, CampaignTry, Dwelling, HouseholdDwelling
from app.registry.queries import campaigns as pages
from app.registry.service import campaigns, closing, homes, life
from app.registry.service.campaigns import following
from tests.factories.registry import ResidentFactory, make_home, make_household

pytestmark = [pytest.mark.any_database, pytest.mark.demand("S4-90")]


@pytest.fixture
def clerk(acting):
    return acting("clerk_a")


@pytest.fixture
def campaign(clerk, world):
    """A running campaign of community A1: a home with two households in A11, an empty one beside it."""
    a11 = world.areas["grid_a11"]
    home, empty = make_home(clerk, a11, "1"), make_home(clerk, a11, "2")
    for name in ("Ann", "Ben"):
        make_household(clerk, home, [ResidentFactory(name=name)])
    day, actor, now = clock.today(), session_actor(clerk), clock.now()
    row = Campaign(
        area_id=world.areas["com_a1"], name="Autumn", starts_on=day, ends_on=day + timedelta(days=9)
    )
    campaigns.plan(clerk, actor, row, now=now)
    campaigns.act(clerk, actor, row, CampaignAction.start, now=now)
    campaigns.gather(clerk, row, campaigns.areas_of(clerk, row), now)
    clerk.commit()
    assert states(clerk, home) == ["todo", "todo"]
    assert states(clerk, empty) == ["todo"]
    return row


def homes_of(session):
    return list(session.scalars(select(Dwelling).order_by(Dwelling.id)))


def targets(session, home):
    query = select(CampaignTarget).where(CampaignTarget.dwelling_id == home.id).order_by(CampaignTarget.id)
    return list(session.scalars(query))


def states(session, home):
    return [t.state for t in targets(session, home)]


def hands(session):
    return {"actor": session_actor(session), "now": clock.now()}


def visit_all(session):
    """Ring at every open door; returns the progress in the campaign's area."""
    for target in session.scalars(select(CampaignTarget).where(CampaignTarget.state == "todo")):
        campaigns.ring(session, target=target, outcome=TargetState.visited, **hands(session))
    session.commit()
    campaign = session.scalars(select(Campaign)).one()
    return pages.total(pages.by_area(session, campaign, session.get_one(Area, campaign.area_id)))


def test_a_divided_home_leaves_its_targets_to_the_new_ones(campaign, clerk, world):
    home = homes_of(clerk)[0]
    other = world.accounts["worker_a2"].staff_id
    for target in targets(clerk, home):
        target.staff_id = other
    ann, ben = life.living_in(clerk, home)
    life.split_home(
        clerk,
        home,
        [life.Piece("1A", [ann]), life.Piece("1B", [ben])],
        life.Told(clock.today()),
        **hands(clerk),
    )
    clerk.commit()
    assert states(clerk, home) == ["gone", "gone"]
    steps = clerk.scalars(select(CampaignTry.action))
    assert set(steps) == {"home_closed"}
    pieces = homes_of(clerk)[2:]
    assert [[(t.household_id, t.state, t.staff_id) for t in targets(clerk, p)] for p in pieces] == [
        [(ann.id, "todo", other)],
        [(ben.id, "todo", other)],
    ]
    whole = visit_all(clerk)
    assert (whole.visited, whole.total, whole.percent) == (3, 3, 100)


def test_a_division_that_was_a_mistake_is_revoked_and_the_home_is_to_be_visited_again(campaign, clerk):
    home = homes_of(clerk)[0]
    ann, ben = life.living_in(clerk, home)
    pieces = [life.Piece("1A", [ann]), life.Piece("1B", [ben])]
    event = life.split_home(clerk, home, pieces, life.Told(clock.today()), **hands(clerk))
    clerk.commit()
    life.revoke(clerk, event, "One home after all", **hands(clerk))
    clerk.commit()
    assert states(clerk, home) == ["todo", "todo"]
    assert visit_all(clerk).percent == 100
    assert Counter(t.state for t in clerk.scalars(select(CampaignTarget))) == {"visited": 3, "gone": 2}


def stand(target):
    return target.state, target.revisit_on, target.tries, target.tried_at


def test_what_was_said_at_a_door_is_there_again_when_the_home_is(campaign, clerk):
    """An appointment and a refusal outlive a division that is revoked, and a wrong tap after that."""
    home, day = homes_of(clerk)[0], clock.today() + timedelta(days=5)
    at = clock.day_bounds(clock.today())[0] + timedelta(
        hours=9
    )  # what is taken back is of the same local day
    actor = session_actor(clerk)
    one, two = targets(clerk, home)
    campaigns.ring(clerk, actor, one, TargetState.revisit, now=at, revisit_on=day)
    campaigns.ring(clerk, actor, two, TargetState.refused, now=at)
    ann, ben = life.living_in(clerk, home)
    pieces = [life.Piece("1A", [ann]), life.Piece("1B", [ben])]
    event = life.split_home(clerk, home, pieces, life.Told(clock.today()), **hands(clerk))
    clerk.commit()
    assert states(clerk, home) == ["gone", "gone"]
    life.revoke(clerk, event, "One home after all", **hands(clerk))
    clerk.commit()
    was = [("revisit", day, 1, at), ("refused", None, 1, at)]
    assert [stand(t) for t in targets(clerk, home)] == was
    for target in targets(clerk, home):
        campaigns.ring(clerk, actor, target, TargetState.absent, now=at + timedelta(hours=1))
        campaigns.take_back(clerk, actor, target, now=at + timedelta(hours=2))
    assert [stand(t) for t in targets(clerk, home)] == was


def test_a_household_that_comes_back_finds_its_own_word(campaign, clerk):
    home, at = homes_of(clerk)[0], clock.now()
    campaigns.ring(clerk, session_actor(clerk), targets(clerk, home)[0], TargetState.refused, now=at)
    head = life.living_in(clerk, home)[0].head
    event = life.death(clerk, head, life.Told(clock.today()), **hands(clerk))
    clerk.commit()
    assert states(clerk, home) == ["gone", "todo"]
    life.revoke(clerk, event, "Somebody else", **hands(clerk))
    clerk.commit()
    assert states(clerk, home) == ["refused", "todo"]


def test_what_a_household_said_is_no_word_about_the_empty_home(campaign, clerk):
    """A home that was closed with a refusal and is opened without the household is asked for anew; closed and opened
    once more, it keeps what was said of it as a home.
    """
    home, empty = homes_of(clerk)
    actor = session_actor(clerk)
    for target in targets(clerk, home):
        campaigns.ring(clerk, actor, target, TargetState.refused, now=clock.now())
    life.merge_homes(clerk, empty, [home], life.Told(clock.today()), **hands(clerk))
    clerk.commit()
    home.valid_to = None
    clerk.commit()
    assert [(t.state, t.household_id is None) for t in targets(clerk, home)] == [
        ("todo", True),
        ("gone", False),
    ]
    campaigns.ring(clerk, actor, targets(clerk, home)[0], TargetState.absent, now=clock.now())
    for day in (clock.today(), None):
        home.valid_to = day
        clerk.commit()
    assert states(clerk, home) == ["absent", "gone"]


def test_taking_back_brings_the_day_that_was_not_taken_back(campaign, clerk):
    target, at, actor = targets(clerk, homes_of(clerk)[1])[0], clock.now(), session_actor(clerk)
    first, second = (clock.today() + timedelta(days=n) for n in (3, 7))
    again, minute = TargetState.revisit, timedelta(minutes=2)
    campaigns.ring(clerk, actor, target, again, now=at, revisit_on=first)
    campaigns.ring(clerk, actor, target, again, now=at + minute, revisit_on=second)
    campaigns.take_back(clerk, actor, target, now=at + 2 * minute)
    campaigns.ring(clerk, actor, target, TargetState.visited, now=at + 3 * minute)
    campaigns.take_back(clerk, actor, target, now=at + 4 * minute)
    assert stand(target) == ("revisit", first, 1, at)
    with pytest.raises(Conflict, match="on its day"):
        campaigns.take_back(clerk, actor, target, now=at + 5 * minute)


def test_a_tap_of_another_day_is_not_taken_back(campaign, clerk):
    target, at, actor = targets(clerk, homes_of(clerk)[1])[0], clock.now(), session_actor(clerk)
    campaigns.ring(clerk, actor, target, TargetState.visited, now=at)
    with pytest.raises(Conflict, match="on its day"):
        campaigns.take_back(clerk, actor, target, now=at + timedelta(days=1))
    assert target.state == "visited"


def test_joined_homes_keep_what_was_done_and_ask_for_who_was_not_met(campaign, clerk):
    home, empty = homes_of(clerk)
    campaigns.ring(clerk, target=targets(clerk, home)[0], outcome=TargetState.visited, **hands(clerk))
    life.merge_homes(clerk, empty, [home], life.Told(clock.today()), **hands(clerk))
    clerk.commit()
    assert states(clerk, home) == ["visited", "gone"]
    ben = life.living_in(clerk, empty)[1]
    assert [(t.household_id, t.state) for t in targets(clerk, empty)] == [(ben.id, "todo")]
    assert visit_all(clerk).percent == 100


def test_a_closed_home_is_settled_and_an_opened_one_is_asked_for_again(campaign, clerk):
    empty = homes_of(clerk)[1]
    closing.close_dwelling(clerk, empty, clock.today())
    clerk.commit()
    target = targets(clerk, empty)[0]
    assert target.state == "gone"
    with pytest.raises(Exception, match="no longer to be visited"):
        campaigns.ring(clerk, target=target, outcome=TargetState.visited, **hands(clerk))
    empty.valid_to = None
    clerk.commit()
    assert states(clerk, empty) == ["todo"]
    assert list(clerk.scalars(select(CampaignTry.action).order_by(CampaignTry.id))) == ["home_closed", "back"]


def test_homes_that_are_entered_while_it_runs_get_their_target(campaign, clerk, acting, world):
    """Also by a worker who has no target yet, and so would not see the campaign by one."""
    clerk.rollback()
    worker, stranger = acting("worker_a2"), acting("worker_t")
    building = homes.create_building(worker, name="5", area_id=world.areas["grid_a12"])
    fields = {"room_no": "101"}
    made = homes.create_dwelling(
        worker, area_id=building.area_id, building=building, fields=fields, now=clock.now()
    )
    worker.commit()
    assert [(t.state, t.building_id) for t in targets(worker, made)] == [("todo", building.id)]
    assert [c.id for c in pages.running(worker)] == [campaign.id]
    worker.rollback()
    far = make_home(stranger, world.areas["grid_t11"], "8")
    stranger.commit()
    assert targets(stranger, far) == []


def test_gathering_finds_what_bulk_writes_did(campaign, clerk, world):
    a11, day = world.areas["grid_a11"], clock.today()
    bulk.insert(clerk, Dwelling, [{"area_id": a11, "address": "Road 9", "valid_from": day}])
    home, empty = homes_of(clerk)[:2]
    link = clerk.scalars(select(HouseholdDwelling).where(HouseholdDwelling.dwelling_id == home.id)).first()
    bulk.update(clerk, Dwelling, [{"id": empty.id, "valid_to": day}])
    bulk.update(clerk, HouseholdDwelling, [{"id": link.id, "valid_to": day}])
    clerk.commit()
    assert [campaigns.gather(clerk, campaign, [a11], clock.now()) for _twice in range(2)] == [1, 0]
    assert (states(clerk, home), states(clerk, empty)) == (["gone", "todo"], ["gone"])


def test_who_leaves_leaves_the_visit_to_the_home(campaign, clerk):
    """Two households, two doors: the first that leaves takes its door along, the last one leaves it to the home."""
    home = homes_of(clerk)[0]
    ann, ben = life.living_in(clerk, home)
    life.death(clerk, ann.head, life.Told(clock.today()), **hands(clerk))
    clerk.commit()
    assert states(clerk, home) == ["gone", "todo"]
    people = [m.person for m in ben.members]
    life.move_out(clerk, people, life.Told(clock.today()), division="Changsha", **hands(clerk))
    clerk.commit()
    assert [(t.state, t.household_id) for t in targets(clerk, home)] == [("gone", ann.id), ("todo", None)]
    make_household(clerk, home, [ResidentFactory(name="Cao")])
    clerk.commit()
    cao = life.living_in(clerk, home)[0]
    assert [(t.state, t.household_id) for t in targets(clerk, home)][1] == ("todo", cao.id)
    assert visit_all(clerk).percent == 100


def test_who_splits_off_after_the_visit_was_met_already(campaign, clerk, world):
    """A household that splits off before its old one was visited is a door of its own."""
    home = make_home(clerk, world.areas["grid_a11"], "3")
    children = [ResidentFactory(name=name, relation="20") for name in ("Gao", "Hou")]
    met = make_household(clerk, home, [ResidentFactory(name="Fan"), *children])
    clerk.commit()

    def leave(name):
        person = next(m.person for m in met.members if m.valid_to is None and m.person.name == name)
        heads = life.Heads({life.NEW: life.NewHead(person.id)})
        life.split(clerk, met, [person], life.Told(clock.today()), heads=heads, **hands(clerk))
        clerk.commit()

    leave("Gao")
    assert states(clerk, home) == ["todo", "todo"]
    visited = targets(clerk, home)[0]
    campaigns.ring(clerk, target=visited, outcome=TargetState.visited, **hands(clerk))
    clerk.commit()
    leave("Hou")
    assert states(clerk, home) == ["visited", "todo"]


def test_what_was_rolled_back_is_not_settled_at_the_next_commit(campaign, clerk):
    homes_of(clerk)[1].valid_to = clock.today()
    clerk.flush()
    assert following.KEY in clerk.info
    clerk.rollback()
    assert following.KEY not in clerk.info


def test_the_census_page_of_a_home_leaves_nothing_to_do_there(campaign, clerk):
    """A household that the page has just entered is visited with it, not a new door."""
    empty = homes_of(clerk)[1]
    make_household(clerk, empty, [ResidentFactory(name="Dou")])
    make_household(clerk, empty, [ResidentFactory(name="Eva")])
    assert campaigns.written_down(clerk, session_actor(clerk), empty, now=clock.now()) == 2
    clerk.commit()
    assert states(clerk, empty) == ["visited", "visited"]


def test_progress_counts_only_what_is_to_be_visited():
    line = pages.Line("", "", Counter(visited=2, gone=3))
    assert (line.total, line.percent) == (2, 100)
    assert [str(s) for s, _n, _share in line.parts()] == ["visited"]
