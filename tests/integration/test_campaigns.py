"""A census campaign: every home a target, one tap a door, progress by SQL in the reader's scope (S4-90)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.areas.models import Area
from app.core import clock, jobs
from app.core.scope import session_actor
from app.registry.choices import HouseholdKind
from app.registry.models import Campaign, CampaignTarget, CampaignTry, Household
from app.registry.service import campaigns, homes, regrid
from app.worklog.models import ServiceRecord, VisitPurpose, VisitStop
from tests.factories.registry import ResidentFactory, make_home, make_household
from tests.integration.test_statement_counts import counted
from tests.support.pages import fill, post

pytestmark = pytest.mark.any_database


@pytest.fixture
def ground(system, world):
    """Three homes in A11 (one with two households, one registered only), one in A12, one in T11."""
    a11, a12, t11 = (world.areas[k] for k in ("grid_a11", "grid_a12", "grid_t11"))
    building = homes.create_building(system, name="1", area_id=a11)
    flats = [make_home(system, a11, str(n)) for n in (1, 2, 3)]
    flats[0].building_id = building.id
    make_household(system, flats[0])
    make_household(system, flats[0])
    make_household(system, flats[1], kind=HouseholdKind.registered)
    far, next_door = make_home(system, t11, "8"), make_home(system, a12, "9")
    system.commit()
    return {"flats": [f.uid for f in flats], "building": building.uid, "far": far.uid, "next": next_door.uid}


@pytest.fixture
def clerk(login_as):
    return login_as("clerk_a")


def targets(system, **where):
    system.rollback()
    return list(system.scalars(select(CampaignTarget).filter_by(**where).order_by(CampaignTarget.id)))


def doors_of(page):
    return re.findall(r'<li[^>]* id="t-([0-9a-f-]{36})"', page)


def run_jobs():
    while jobs.run_one("test"):
        pass


@pytest.fixture
def campaign(clerk, ground, world, system, _database):
    """A running campaign of community A1."""
    if hasattr(_database, "dirty"):
        _database.dirty.add("campaign_target")  # COPY passes by the listener that notes what to put back
    day = clock.today()
    answer = fill(
        clerk,
        f"/campaign/add?area_id={world.uids['com_a1']}",
        name="Autumn census",
        starts_on=day.isoformat(),
        ends_on=(day + timedelta(days=30)).isoformat(),
    )
    assert answer.status_code == 303, answer.text
    system.rollback()
    uid = system.scalars(select(Campaign.uid)).one()
    assert post(clerk, f"/campaign/act/{uid}/start").status_code == 303
    run_jobs()
    return uid


@pytest.mark.demand("S4-90")
class TestTargets:
    def test_every_home_of_the_area_is_a_target_of_the_grids_worker(self, campaign, system, world):
        found = targets(system)
        assert len(found) == 5  # two households in one home, three more homes; T11 stays out
        assert {t.area_id for t in found} == {world.areas["grid_a11"], world.areas["grid_a12"]}
        worker = world.accounts["worker_a"].staff_id
        assert {t.staff_id for t in found if t.area_id == world.areas["grid_a11"]} == {worker}
        assert sum(t.household_id is not None for t in found) == 2

    def test_gathering_again_adds_only_what_is_new(self, campaign, clerk, system, world):
        system.rollback()
        make_home(system, world.areas["grid_a12"], "77")
        system.commit()
        assert post(clerk, f"/campaign/refresh/{campaign}").status_code == 303
        run_jobs()
        assert len(targets(system)) == 6

    def test_a_worker_starts_nothing_and_a_closed_campaign_stays_closed(self, campaign, login_as, clerk):
        worker = login_as("worker_a")
        assert post(worker, f"/campaign/act/{campaign}/close").status_code in (302, 303, 403)
        assert post(clerk, f"/campaign/act/{campaign}/close").status_code == 303
        assert post(clerk, f"/campaign/act/{campaign}/start").status_code == 409
        post(clerk, f"/campaign/delete/{campaign}", reason="entered by mistake")
        assert clerk.get(f"/campaign/show/{campaign}").status_code == 200


@pytest.mark.demand("S4-90")
class TestDoors:
    def test_one_tap_a_door_and_a_visit_for_each(self, campaign, ground, login_as, system):
        worker = login_as("worker_a")
        assert "Autumn census" in worker.get("/canvass/").text
        assert ground["building"] in worker.get(f"/canvass/{campaign}").text
        page = worker.get(f"/canvass/{campaign}/{ground['building']}").text
        assert f"/census/dwelling/{ground['flats'][0]}" in page or ground["flats"][0] in page
        one, two = targets(system)[:2]
        assert post(worker, f"/canvass/ring/{one.uid}", outcome="absent").status_code == 303
        assert post(worker, f"/canvass/ring/{one.uid}", outcome="visited").status_code == 303
        post(worker, f"/canvass/ring/{two.uid}", outcome="revisit")
        assert [t.state for t in targets(system)[:2]] == ["visited", "todo"]  # coming again wants a day
        day = (clock.today() + timedelta(days=2)).isoformat()
        post(worker, f"/canvass/ring/{two.uid}", outcome="revisit", revisit_on=day)
        one, two = targets(system)[:2]
        assert (one.state, one.tries, two.state, two.revisit_on.isoformat()) == ("visited", 2, "revisit", day)
        assert system.scalar(select(func.count(CampaignTry.id))) == 3
        assert system.scalar(select(func.count(VisitPurpose.id))) == 3
        assert system.get(Household, one.household_id).last_visit_on == clock.today()

    def test_a_wrong_tap_is_taken_back_by_a_row_and_leaves_the_day(self, campaign, ground, login_as, system):
        """By whoever tapped, as long as it is the last word; the tap before it holds again."""
        worker, clerk = login_as("worker_a"), login_as("clerk_a")
        one = targets(system)[0]
        walk = f"/canvass/{campaign}/{ground['building']}"
        assert "Take it back" not in worker.get(walk).text
        post(worker, f"/canvass/ring/{one.uid}", outcome="absent")
        post(worker, f"/canvass/ring/{one.uid}", outcome="visited")
        assert "Take it back" in worker.get(walk).text
        post(clerk, f"/canvass/back/{one.uid}")
        assert targets(system)[0].state == "visited"
        assert post(worker, f"/canvass/back/{one.uid}", next=walk).headers["Location"] == walk
        one = targets(system)[0]
        assert (one.state, one.tries) == ("absent", 1)
        assert list(system.scalars(select(CampaignTry.action).order_by(CampaignTry.id))) == [
            "ring",
            "ring",
            "undo",
        ]
        assert list(system.scalars(select(ServiceRecord.result))) == ["ongoing"]
        assert list(system.scalars(select(VisitStop.outcome))) == ["absent"]
        assert system.get(Household, one.household_id).last_visit_on is None
        post(worker, f"/canvass/back/{one.uid}")  # only the last word
        assert targets(system)[0].state == "absent"

    def test_the_next_door_comes_first_and_what_is_left_is_counted(self, campaign, ground, login_as, system):
        worker = login_as("worker_a")
        walk = f"/canvass/{campaign}/{ground['building']}"
        one, two = targets(system)[:2]
        assert doors_of(worker.get(walk).text) == [one.uid, two.uid]
        post(worker, f"/canvass/ring/{one.uid}", revisit_in="3")
        page = worker.get(walk).text
        assert doors_of(page) == [two.uid, one.uid]
        assert "2 homes left" in page
        assert targets(system)[0].revisit_on == clock.today() + timedelta(days=3)
        post(worker, f"/canvass/ring/{two.uid}", outcome="visited")
        page = worker.get(walk).text
        assert doors_of(page) == [one.uid]
        assert "1 home left" in page
        assert doors_of(worker.get(f"{walk}?show=all").text) == [one.uid, two.uid]

    def test_saving_the_census_page_marks_the_home_as_visited(self, campaign, system, acting):
        worker = acting("worker_a")
        target = worker.scalars(select(CampaignTarget).order_by(CampaignTarget.id)).first()
        actor = session_actor(worker)
        assert campaigns.written_down(worker, actor, target.dwelling, now=clock.now()) == 2
        assert campaigns.written_down(worker, actor, target.dwelling, now=clock.now()) == 0
        assert target.state == "visited"

    def test_a_foreign_door_is_not_found_and_a_closed_campaign_takes_nothing(
        self, campaign, clerk, login_as, system, world
    ):
        other = targets(system, area_id=world.areas["grid_a12"])[0]
        assert post(login_as("worker_a"), f"/canvass/ring/{other.uid}", outcome="visited").status_code == 404
        post(clerk, f"/campaign/act/{campaign}/close")
        post(clerk, f"/canvass/ring/{other.uid}", outcome="visited")
        assert targets(system, id=other.id)[0].state == "todo"


@pytest.mark.demand("S4-90")
class TestProgress:
    def test_figures_by_area_worker_and_on_the_map_in_the_readers_scope(
        self, app, campaign, clerk, login_as, system, world
    ):
        square = [[113.0, 27.0], [113.1, 27.0], [113.1, 27.1], [113.0, 27.1], [113.0, 27.0]]
        system.rollback()
        grid = system.get(Area, world.areas["grid_a11"])
        grid.polygon = {"type": "Polygon", "coordinates": [square]}
        system.commit()
        first = targets(system)[0]
        post(clerk, f"/canvass/ring/{first.uid}", outcome="visited")
        with counted(app, "CampaignView.show") as seen:
            page = clerk.get(f"/campaign/show/{campaign}").text
        assert len(seen) <= 6, seen
        assert "1 / 4" in page
        assert "25 %" in page
        assert "0 / 1" in page
        assert page.count("<polygon") == 1
        inside = clerk.get(f"/campaign/show/{campaign}?area={world.uids['grid_a11']}").text
        assert "By building" in inside
        mine = login_as("worker_a2").get(f"/campaign/show/{campaign}").text
        assert "0 / 1" in mine
        assert "1 / 4" not in mine
        assert login_as("worker_t").get(f"/campaign/show/{campaign}").status_code == 404


def test_residents_do_not_stand_on_the_walk(campaign, ground, system, login_as):
    """The page of doors names homes, never who lives there."""
    home = targets(system)[0].dwelling
    make_household(system, home, [ResidentFactory(name="Qiu Bai")])
    system.commit()
    assert "Qiu Bai" not in login_as("worker_a").get(f"/canvass/{campaign}/none").text


def test_targets_go_along_when_a_home_changes_its_grid(campaign, system, world):
    target = targets(system, area_id=world.areas["grid_a11"])[0]
    regrid.move_dwelling(system, target.dwelling, world.areas["grid_a12"], now=clock.now())
    assert target.area_id == world.areas["grid_a12"]
