"""Coverage of the register: blind spots by area, share of households visited, who lives there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from app.areas.models import Area
from app.core import clock
from app.registry.models import Building, Household, HouseholdDwelling
from app.registry.queries import coverage, population
from app.registry.service import homes
from tests.factories.registry import ResidentFactory, make_home, make_household
from tests.integration.test_statement_counts import counted

pytestmark = pytest.mark.any_database


@pytest.fixture
def ground(system, world):
    """Two households in A11 (one met lately), one in A12, one in T11; a shared and an empty building."""
    a11, a12, t11 = (world.areas[k] for k in ("grid_a11", "grid_a12", "grid_t11"))
    today = clock.today()
    made = {}
    for name, area, number in (("met", a11, "1"), ("late", a11, "2"), ("next", a12, "3"), ("far", t11, "4")):
        born = today.replace(year=today.year - 70)
        made[name] = make_household(
            system, make_home(system, area, number), [ResidentFactory(name=f"Head {name}", birth=born)]
        )
    made["met"].last_visit_on = today - timedelta(days=10)
    made["late"].last_visit_on = today - timedelta(days=200)
    homes.create_building(system, name="empty", area_id=a11)
    shared = homes.create_building(system, name="shared", area_id=a11)
    for household in (made["met"], made["next"]):
        household.dwellings[0].dwelling.building_id = shared.id
    shared.area_id = world.areas["com_a1"]
    system.commit()
    return {name: row.uid for name, row in made.items()}


@pytest.mark.demand("S1-37", "S4-88")
class TestVisits:
    def test_share_of_households_visited_per_grid_and_period(self, ground, system, world):
        community = system.get(Area, world.areas["com_a1"])
        today = clock.today()
        found = {p.name: p for p in coverage.parts(system, community, today, 3)}
        assert (found["Grid A11"].households, found["Grid A11"].unvisited) == (2, 1)
        assert found["Grid A11"].percent == 50
        assert (found["Grid A12"].households, found["Grid A12"].unvisited) == (1, 1)
        year = {p.name: p for p in coverage.parts(system, community, today, 12)}
        assert year["Grid A11"].unvisited == 0

    @pytest.mark.parametrize("months", [1, 3, 12])
    def test_a_period_begins_with_the_first_day_of_its_oldest_month(self, ground, system, world, months):
        first = coverage.since(clock.today(), months)
        assert (first.day, (clock.today().month - first.month) % 12 + 1) == (1, (months - 1) % 12 + 1)
        household = system.query(Household).filter_by(uid=ground["late"]).one()
        grid = system.get(Area, world.areas["grid_a11"])
        for day, late in ((first, 0), (first - timedelta(days=1), 1)):
            household.last_visit_on = day
            other = system.query(Household).filter_by(uid=ground["met"]).one()
            other.last_visit_on = clock.today()
            system.commit()
            (part,) = coverage.parts(system, grid, clock.today(), months)
            assert part.unvisited == late
            rows, _more = coverage.rows(system, "unvisited", grid, clock.today(), first, None)
            assert len(rows) == late

    def test_the_page_leads_from_figure_to_households_in_the_readers_scope(
        self, app, ground, login_as, world
    ):
        clerk = login_as("clerk_a")
        with counted(app, "CoverageDesk.index") as seen:
            page = clerk.get(f"/coverage/?area={world.uids['com_a1']}&months=3").text
        assert len(seen) <= 6, seen
        assert "2 not visited" in page
        listed = clerk.get(f"/coverage/list/unvisited?area={world.uids['com_a1']}&months=3").text
        assert ground["late"] in listed
        assert ground["met"] not in listed
        assert ground["far"] not in listed
        assert login_as("worker_t").get(f"/coverage/?area={world.uids['com_a1']}").status_code == 404
        mine = login_as("worker_a").get("/coverage/list/unvisited?months=3").text
        assert ground["late"] in mine
        assert ground["next"] not in mine


@pytest.mark.demand("S0-14")
class TestBlindSpots:
    def gaps(self, system, world, key="com_a1"):
        system.expire_all()
        return coverage.gaps(system, system.get(Area, world.areas[key]), clock.today(), 10)

    def test_buildings_without_homes_and_those_that_two_grids_share(self, ground, system, world):
        found = self.gaps(system, world)
        assert (found.empty, found.shared, found.outside, found.homeless) == (1, 1, 0, 0)

    def test_homes_of_a_closed_grid_and_households_without_a_home_are_found(self, ground, system, world):
        system.get(Area, world.areas["grid_a11"]).valid_to = clock.today() - timedelta(days=1)
        household = system.query(Household).filter_by(uid=ground["late"]).one()
        system.execute(
            update(HouseholdDwelling)
            .where(HouseholdDwelling.household_id == household.id)
            .values(valid_to=clock.today())
        )
        found = self.gaps(system, world)
        assert (found.outside, found.homeless) == (2, 1)
        area = system.get(Area, world.areas["com_a1"])
        rows, more = coverage.rows(system, "homeless", area, clock.today(), clock.today(), None)
        assert ([r.uid for r in rows], more) == ([ground["late"]], False)
        rows, _more = coverage.rows(system, "empty", area, clock.today(), clock.today(), None)
        assert [type(r) for r in rows] == [Building]

    def test_a_city_is_not_looked_through_for_what_reads_every_home(self, system, world):
        area = system.get(Area, world.areas["county"])
        found = coverage.gaps(system, area, clock.today(), coverage.LARGEST + 1)
        assert (found.homeless, found.empty) == (None, None)


@pytest.mark.demand("S2-46")
class TestPopulation:
    def test_bands_by_age_and_sex_and_kinds(self, ground, system, world):
        a12 = world.areas["grid_a12"]
        today = clock.today()
        turns_tomorrow = (today + timedelta(days=1)).replace(year=today.year - 5)
        make_household(
            system,
            make_home(system, a12, "9"),
            [ResidentFactory(name="Small One", birth=turns_tomorrow, male=False, number=None)],
        )
        system.commit()
        found = population.structure(system, system.get(Area, world.areas["com_a1"]), today)
        assert found.total == 4
        assert (found.bands[14].male, found.bands[0].female, found.bands[1].total) == (3, 1, 0)
        assert (found.between(60, None), found.between(0, 15), found.unknown) == (3, 1, 0)

    def test_the_page_has_the_pyramid_and_its_table(self, ground, login_as, world):
        page = login_as("clerk_a").get(f"/coverage/people?area={world.uids['com_a1']}").text
        assert "gs-pyramid" in page
        assert "70–74" in page
        assert "Head far" not in page
