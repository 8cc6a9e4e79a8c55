"""The area tree on a database: places, codes, names, closing; another county; two clerks at once."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.areas import queries
from app.areas.models import Area, AreaLevel
from app.areas.rules import band_finding
from app.areas.service import tree
from app.core import clock
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.scope import acting_as, session_actor
from app.core.session import unit_of_work
from tests.factories.areas import level, make_area, make_post
from tests.factories.registry import make_home, make_household

SQUARE = {"type": "Polygon", "coordinates": [[[113.5, 27.6], [113.6, 27.6], [113.6, 27.7], [113.5, 27.6]]]}


@pytest.fixture
def admin(acting):
    return acting("admin_system")


def change(session, area, **values):
    for name, value in values.items():
        setattr(area, name, value)
    return tree.change_area(session, area, session_actor(session), clock.now())


class TestCreating:
    @pytest.mark.demand("S0-07", "S0-19")
    def test_a_new_grid_gets_place_names_and_boundary(self, admin, world):
        grid = make_area(
            admin,
            world.areas["com_a1"],
            "grid",
            "430299001001009",
            "\u78a7\u5c71\u7b2c\u4e5d\u7f51\u683c",
            boundary_east="Jade Road",
            boundary_south="River",
            boundary_west="School",
            boundary_north="Railway",
            polygon=SQUARE,
        )
        parent = admin.get(Area, world.areas["com_a1"])
        assert grid.path.startswith(parent.path)
        assert len(grid.path) == len(parent.path) + 4
        assert grid.depth == parent.depth + 1
        assert grid.full_name == "Town A Community A1 \u78a7\u5c71\u7b2c\u4e5d\u7f51\u683c"
        assert (grid.name_pinyin, grid.name_initials) == ("bishandijiuwangge", "bsdjwg")
        assert grid.polygon == SQUARE

    def test_no_day_given_means_from_today(self, admin, world):
        area = Area(
            parent_id=world.areas["com_a1"],
            level_id=level(admin, "grid").id,
            code="430299001001009",
            name="G",
        )
        assert tree.create_area(admin, area, session_actor(admin), clock.now()).valid_from == clock.today()

    @pytest.mark.demand("S0-07")
    def test_a_park_stands_beside_towns_and_holds_grids(self, admin, world):
        park = make_area(admin, world.areas["county"], "park", "430299101", "East Park")
        grid = make_area(admin, park.id, "grid", "430299101000001", "Park grid")
        assert queries.nearest_digit_code(admin, grid.path) == "430299101"

    @pytest.mark.demand("S1-35", "S3-06")
    def test_a_zone_with_a_local_code_is_passed_over_and_cells_stand_below_grids(self, admin, world):
        zone = make_area(admin, world.areas["county"], "zone", "430299Z01", "North zone")
        town = make_area(admin, zone.id, "town", "430299003", "Town C")
        assert town.depth == 2
        with pytest.raises(Invalid) as refusal:
            make_area(admin, zone.id, "town", "430281004")
        assert refusal.value.field == "code"
        cell = make_area(admin, world.areas["grid_a11"], "cell", "43029900100100107")
        assert cell.depth == 4

    @pytest.mark.parametrize(
        ("parent", "level_key", "code", "field"),
        [
            ("town_a", "grid", "430299001000001", "parent"),  # a grid never hangs on a town directly
            ("grid_a11", "town", "430299009", "parent"),
            (None, "grid", "430299001001009", "parent"),
            ("com_a1", "grid", "43029900100100", "code"),  # too short
            ("com_a1", "grid", "430299001002009", "code"),  # of another community
            ("com_a1", "grid", "430299001001001", "code"),  # taken
        ],
    )
    def test_a_wrong_place_or_code_is_refused_at_its_field(
        self, admin, world, parent, level_key, code, field
    ):
        with pytest.raises(Invalid) as refusal:
            make_area(admin, world.areas.get(parent), level_key, code)
        assert refusal.value.field == field

    def test_a_bad_outline_and_turned_numbers_are_refused(self, admin, world):
        for fields, field in (
            ({"polygon": {"type": "Point"}}, "polygon"),
            ({"band_min": 500, "band_max": 300}, "band_max"),
            ({"declared_households": -1}, "declared_households"),
            ({"valid_to": date(2025, 1, 1)}, "valid_to"),
        ):
            with pytest.raises(Invalid) as refusal:
                make_area(admin, world.areas["com_a1"], "grid", "430299001001009", **fields)
            assert refusal.value.field == field

    def test_outside_the_own_areas_or_read_only_nothing_is_made(self, acting, world):
        for username in ("clerk_a", "supervisor", "nobody"):
            with pytest.raises(NotAllowed):
                make_area(acting(username), world.areas["com_t1"], "grid", "430299002001009")

    def test_a_root_is_for_the_whole_site(self, acting, admin):
        with pytest.raises(NotAllowed):
            make_area(acting("town_clerk_a"), None, "county", "430281")
        assert make_area(admin, None, "county", "430281", "Second county").path == "0002"


class TestPeriods:
    def test_a_code_is_free_again_after_its_area_has_ended(self, admin, world):
        old = make_area(admin, world.areas["com_a1"], "grid", "430299001001009")
        tree.close_area(admin, old, date(2026, 6, 30), "Merged on paper", session_actor(admin), clock.now())
        with pytest.raises(Invalid):
            make_area(admin, world.areas["com_a1"], "grid", "430299001001009", valid_from=date(2026, 6, 30))
        new = make_area(admin, world.areas["com_a1"], "grid", "430299001001009", valid_from=date(2026, 7, 1))
        assert new.id != old.id
        with pytest.raises(Invalid):
            tree.reopen_area(admin, old, "A mistake", session_actor(admin), clock.now())

    def test_closing_tells_what_still_stands_there_whoever_asks(self, admin, system, world):
        grid = world.areas["grid_a12"]
        make_household(system, make_home(system, grid))
        system.commit()
        with pytest.raises(Conflict) as refusal:
            tree.close_area(
                admin, admin.get(Area, grid), clock.today(), "Empty", session_actor(admin), clock.now()
            )
        # the administrator may not see residents, and is told all the same
        standing = refusal.value.data["standing"]
        assert standing["person"] == 1
        assert standing["posts"] == 1

    def test_closing_needs_a_reason_and_a_fitting_day(self, admin, world):
        grid = make_area(admin, world.areas["com_a1"], "grid", "430299001001009")
        actor, now = session_actor(admin), clock.now()
        with pytest.raises(Invalid) as refusal:
            tree.close_area(admin, grid, clock.today(), " ", actor, now)
        assert refusal.value.field == "reason"
        with pytest.raises(Invalid) as refusal:
            tree.close_area(admin, grid, date(2025, 12, 31), "Why", actor, now)
        assert refusal.value.field == "valid_to"
        tree.close_area(admin, grid, clock.today(), "Why", actor, now)
        with pytest.raises(Conflict):
            tree.close_area(admin, grid, clock.today(), "Again", actor, now)
        assert tree.reopen_area(admin, grid, "A mistake", actor, now).valid_to is None

    def test_nothing_new_below_a_closed_area(self, admin, world):
        grid = make_area(admin, world.areas["com_a1"], "grid", "430299001001009")
        tree.close_area(admin, grid, clock.today(), "Why", session_actor(admin), clock.now())
        tomorrow = clock.today() + timedelta(days=1)
        with pytest.raises(Invalid) as refusal:
            make_area(admin, grid.id, "cell", "43029900100100901", valid_from=tomorrow)
        assert refusal.value.field == "parent"


class TestChanging:
    def test_a_new_name_goes_into_the_full_names_below(self, admin, world):
        town = admin.get(Area, world.areas["town_a"])
        change(admin, town, name="Lotus Town")
        assert admin.get(Area, world.areas["grid_a11"]).full_name == "Lotus Town Community A1 Grid A11"
        assert admin.get(Area, world.areas["grid_t11"]).full_name == "Grid T11"  # as the world made it

    def test_place_level_and_end_are_not_changed_by_an_edit(self, admin, world):
        for name, value in (
            ("parent_id", world.areas["com_t1"]),
            ("level_id", level(admin, "cell").id),
            ("valid_to", clock.today()),
        ):
            area = admin.get(Area, world.areas["grid_a11"])
            with pytest.raises(Conflict):
                change(admin, area, **{name: value})
            admin.rollback()

    def test_a_taken_code_is_refused_and_an_own_one_kept(self, admin, world):
        area = admin.get(Area, world.areas["grid_a11"])
        assert change(admin, area, boundary_east="New road").code == "430299001001001"
        with pytest.raises(Invalid):
            change(admin, area, code="430299001001002")

    def test_outside_the_own_areas_nothing_is_changed(self, acting, world):
        session = acting("clerk_a")
        with pytest.raises(NotAllowed):
            change(session, session.get(Area, world.areas["grid_t11"]), name="Mine")


class TestBand:
    @pytest.mark.demand("S0-17", "S3-60")
    def test_the_band_is_the_areas_else_the_levels_and_only_warns(self, admin, world):
        area = admin.get(Area, world.areas["grid_a11"])
        assert queries.band_of(area) == (300, 500)
        change(admin, area, band_max=600)
        assert queries.band_of(area) == (300, 600)
        assert band_finding(560, queries.band_of(area)) is None
        finding = band_finding(601, queries.band_of(area))
        assert finding.code == "too_large"
        assert not finding.is_error
        assert queries.band_of(admin.get(Area, world.areas["com_a1"])) == (None, None)

    @pytest.mark.demand("S0-17", "S0-01")
    def test_living_households_are_counted_by_grid_and_areas_by_level(self, admin, system, world):
        grid = world.areas["grid_a11"]
        make_household(system, make_home(system, grid))
        system.commit()
        path = admin.get(Area, world.areas["county"]).path
        assert queries.measured(system, path, clock.today()) == {grid: 1}
        assert [count for _name, count in queries.level_counts(admin, path, clock.today())] == [2, 3, 4]


class TestAnotherCounty:
    @pytest.mark.demand("S0-10", "S3-06")
    def test_other_level_names_another_depth_other_codes(self, admin):
        """Licheng has community grids with unit grids below; Sanming calls its towns streets and codes by letters."""
        specs = (
            ("banner", "Banner", 10, "division", "", r"[A-Z]{2}"),
            ("street", "Street office", 30, "division", "banner", r"[A-Z]{2}-[0-9]{2}"),
            ("big_grid", "Community grid", 50, "grid", "street", r"[A-Z]{2}-[0-9]{2}-[0-9]"),
            ("unit_grid", "Unit grid", 55, "grid", "big_grid", r"[A-Z]{2}-[0-9]{2}-[0-9][a-z]"),
        )
        admin.add_all(
            AreaLevel(key=key, name=name, rank=rank, kind=kind, parent_keys=parents, code_pattern=pattern)
            for key, name, rank, kind, parents, pattern in specs
        )
        admin.flush()
        banner = make_area(admin, None, "banner", "LC", "Licheng")
        street = make_area(admin, banner.id, "street", "LC-01")
        big = make_area(admin, street.id, "big_grid", "LC-01-1")
        small = [make_area(admin, big.id, "unit_grid", f"LC-01-1{letter}") for letter in "ab"]
        with pytest.raises(Invalid):
            make_area(admin, big.id, "unit_grid", "LC-01-11")
        grids = admin.scalars(select(Area.id).where(queries.base_grids(banner.path, clock.today())))
        # the community grid is divided, so only the unit grids need a worker
        assert sorted(grids) == sorted(area.id for area in small)
        assert [row.key for row in queries.child_levels(admin, "big_grid")] == ["unit_grid"]


class TestTwoClerks:
    def test_two_clerks_creating_children_at_once_get_two_places(self, app, world):
        from app.areas.actors import build_actor

        actor, _seats = build_actor(world.accounts["admin_system"].user_id, clock.today())
        start = threading.Barrier(4)
        made, failed = [], []

        def create(number):
            with app.app_context(), acting_as(actor) as session:
                start.wait()
                try:
                    with unit_of_work(session):
                        area = make_area(session, world.areas["com_a2"], "grid", f"4302990010020{number:02d}")
                        made.append(area.path)
                except Exception as error:
                    failed.append(error)

        threads = [threading.Thread(target=create, args=(number,)) for number in range(10, 14)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        assert len(set(made)) == 4

    def test_two_clerks_giving_one_code_at_once_one_is_refused(self, app, world):
        from app.areas.actors import build_actor

        actor, _seats = build_actor(world.accounts["admin_system"].user_id, clock.today())
        start = threading.Barrier(2)
        made, refused = [], []

        def create():
            with app.app_context(), acting_as(actor) as session:
                start.wait()
                try:
                    with unit_of_work(session):
                        made.append(make_area(session, world.areas["com_a2"], "grid", "430299001002077").id)
                except Invalid as refusal:
                    refused.append(refusal.field)

        threads = [threading.Thread(target=create) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(made), refused) == (1, ["code"])


def test_a_post_in_the_area_stops_its_closing(admin, system, world):
    grid = make_area(system, world.areas["com_a1"], "grid", "430299001001009")
    make_post(system, grid.id)
    system.commit()
    with pytest.raises(Conflict) as refusal:
        tree.close_area(
            admin, admin.get(Area, grid.id), clock.today(), "Why", session_actor(admin), clock.now()
        )
    assert refusal.value.data["standing"] == {"posts": 1}
