"""Outline, full names, codes under another parent, the life of a plan: pure rules of the areas domain."""

import json

import pytest

from app.areas.choices import PlanAction, PlanState
from app.areas.rules import PLAN_MACHINE, check_polygon, full_name, next_code, recoded
from app.areas.rules.polygon import MAX_POINTS, bounds
from app.core.errors import Conflict, Invalid, NotAllowed

SQUARE = [[113.5, 27.6], [113.6, 27.6], [113.6, 27.7], [113.5, 27.6]]


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings)}


class TestPolygon:
    @pytest.mark.demand("S0-19", "S0-21")
    def test_a_closed_ring_is_taken_from_text_feature_or_object(self):
        plain = polygon(SQUARE)
        for given in (
            plain,
            json.dumps(plain),
            {"type": "Feature", "geometry": plain},
            {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": plain}]},
        ):
            assert check_polygon(given) == plain
        assert bounds(plain) == (113.5, 27.6, 113.6, 27.7)

    def test_nothing_stays_nothing(self):
        assert check_polygon(None) is None
        assert check_polygon("  ") is None

    def test_several_parts_and_heights_are_read(self):
        tall = [[x, y, 80.0] for x, y in SQUARE]
        given = {"type": "MultiPolygon", "coordinates": [[tall], [SQUARE]]}
        assert check_polygon(given) == {"type": "MultiPolygon", "coordinates": [[SQUARE], [SQUARE]]}
        assert bounds(check_polygon(given)) == (113.5, 27.6, 113.6, 27.7)

    @pytest.mark.parametrize(
        "given",
        [
            "not json",
            [1, 2],
            {"type": "Point", "coordinates": [113.5, 27.6]},
            {"type": "Polygon"},
            {"type": "Polygon", "coordinates": []},
            {"type": "Polygon", "coordinates": {}},
            polygon(SQUARE[:3]),
            polygon([*SQUARE[:3], [113.5, 27.65]]),
            polygon([*SQUARE[:3], [113.5, "x"]]),
            polygon([*SQUARE[:3], [113.5]]),
            polygon([*SQUARE[:3], 7]),
            polygon([*SQUARE[:3], [True, 27.6]]),
            polygon([*SQUARE[:3], [float("nan"), 27.6]]),
            {"type": "FeatureCollection", "features": [{}, {}]},
            {"type": "Feature", "geometry": 5},
        ],
    )
    def test_what_is_no_outline_is_refused(self, given):
        with pytest.raises(Invalid) as refusal:
            check_polygon(given)
        assert refusal.value.field == "polygon"

    def test_swapped_longitude_and_latitude_are_noticed(self):
        with pytest.raises(Invalid, match="longitude"):
            check_polygon(polygon([[y, x] for x, y in SQUARE]))

    def test_too_many_points_are_refused_in_one_ring_and_over_all(self):
        long = [SQUARE[0]] * (MAX_POINTS + 1)
        half = [SQUARE[0]] * (MAX_POINTS // 2 + 1)
        for given in (polygon(long), polygon(half, half)):
            with pytest.raises(Invalid, match="points"):
                check_polygon(given)
        assert check_polygon(polygon([SQUARE[0]] * MAX_POINTS)) is not None


class TestNames:
    @pytest.mark.parametrize(
        ("names", "expected"),
        [
            (
                ["\u78a7\u5c71\u793e\u533a", "\u7b2c\u4e00\u7f51\u683c"],
                "\u78a7\u5c71\u793e\u533a\u7b2c\u4e00\u7f51\u683c",
            ),
            (
                ["\u78a7\u5c71\u793e\u533a", "\u78a7\u5c71\u793e\u533a\u7b2c\u4e00\u7f51\u683c"],
                "\u78a7\u5c71\u793e\u533a\u7b2c\u4e00\u7f51\u683c",
            ),
            (["Town A", "Grid 1"], "Town A Grid 1"),
            (["Same", "Same"], "Same Same"),
            ([], ""),
        ],
    )
    def test_full_name(self, names, expected):
        assert full_name(names) == expected

    def test_a_long_full_name_keeps_its_end(self):
        assert full_name(["a" * 200, "b" * 200], longest=210) == "a" * 9 + " " + "b" * 200


class TestCodes:
    @pytest.mark.parametrize(
        ("code", "taken", "expected"),
        [
            ("430299001001002", set(), "430299001002002"),
            ("430299001001002", {"430299001002002"}, "430299001002001"),
            ("430299001001002", {"430299001002001", "430299001002002"}, "430299001002003"),
            ("LOCAL-7", set(), "LOCAL-7"),
        ],
    )
    def test_the_serial_is_kept_where_it_is_free(self, code, taken, expected):
        assert recoded(code, "430299001001", "430299001002", taken) == expected

    def test_same_parent_and_letters_keep_the_code(self):
        assert recoded("12001", "12", "12", {"12001"}) == "12001"
        assert recoded("12A", "12", "13", {"13A"}) == "13A"

    def test_all_taken_gives_nothing(self):
        assert next_code("12", 1, {f"12{n}" for n in range(10)}) == ""


class TestPlanLife:
    def test_only_those_who_form_areas_may_plan(self):
        with pytest.raises(NotAllowed):
            PLAN_MACHINE.apply(None, PlanAction.draft, ("grid_worker",))

    def test_errors_and_an_early_day_bar_the_way(self):
        with pytest.raises(Conflict):
            PLAN_MACHINE.apply(PlanState.draft, PlanAction.schedule, ("system_admin",), {"errors": ["x"]})
        given = {"errors": [], "too_early": True}
        with pytest.raises(Conflict):
            PLAN_MACHINE.apply(PlanState.scheduled, PlanAction.apply, ("system",), given)

    def test_dropping_a_plan_needs_a_reason(self):
        with pytest.raises(Invalid):
            PLAN_MACHINE.apply(PlanState.scheduled, PlanAction.cancel, ("system_admin",), {"reason": ""})
