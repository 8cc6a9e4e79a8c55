"""Targets of a running campaign follow the homes: what stands and is lived in is visited, nothing else stays to be done."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.areas.models import Area
from app.core import bulk, clock
from app.core.scope import session_actor
from app.registry.choices import CampaignAction, TargetState
from app.registry.models import Campaign, CampaignTarget, CampaignTry, Dwelling, HouseholdDwelling
from app.registry.queries import campaigns as pages
from app.registry.service import campaigns, closing, homes, life
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
