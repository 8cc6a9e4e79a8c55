"""Rooms, house numbers, address lines and walking order: pure decisions of the registry."""

from __future__ import annotations

import pytest

from app.core.errors import Invalid
from app.registry.choices import RoomPattern
from app.registry.rules.addresses import AddressParts, Stop, compose, natural, neighbours
from app.registry.rules.rooms import (
    MAX_FLATS,
    MAX_ROOMS,
    house_numbers,
    plan_rooms,
    split_list,
    split_numbers,
)

PIECES = ("{division}", "{road}", "no.{door_no}", "{building}", "{unit}U", "{room}R")


def numbers(**plan) -> list[str]:
    return [room.number for room in plan_rooms(**({"units": 1, "floors": 1, "flats": 2} | plan))]


class TestRooms:
    def test_six_floors_of_four_flats_in_walking_order(self):
        rooms = plan_rooms(units=2, floors=6, flats=4)
        assert len(rooms) == 48
        assert (rooms[0].number, rooms[-1].number, rooms[24].unit) == ("101", "604", 2)
        assert [room.walk_order for room in rooms] == list(range(1, 49))

    @pytest.mark.parametrize(
        ("pattern", "expected"),
        [
            (RoomPattern.floor_flat, ["301", "302"]),
            (RoomPattern.padded, ["0301", "0302"]),
            (RoomPattern.letter, ["3A", "3B"]),
            (RoomPattern.running, ["1", "2"]),
            (RoomPattern.unit_floor_flat, ["1-301", "1-302"]),
        ],
    )
    def test_patterns(self, pattern, expected):
        assert numbers(first_floor=3, pattern=pattern) == expected

    def test_floors_below_ground_know_no_zero(self):
        rooms = plan_rooms(units=1, floors=3, flats=1, first_floor=-1)
        assert [room.floor for room in rooms] == [-1, 1, 2]
        assert numbers(first_floor=-1, pattern=RoomPattern.padded) == ["-0101", "-0102"]

    def test_left_out_floors_and_rooms(self):
        assert numbers(floors=3, skipped_floors=[2], skipped_rooms=["101 "]) == ["102", "301", "302"]

    @pytest.mark.parametrize(
        ("plan", "field"),
        [
            ({"units": 0}, "units"),
            ({"units": 21}, "units"),
            ({"floors": 81}, "floors"),
            ({"flats": 0}, "flats"),
            ({"units": 20, "floors": 40, "flats": 10}, "flats"),
            ({"first_floor": 0}, "first_floor"),
            ({"flats": 27, "pattern": RoomPattern.letter}, "pattern"),
        ],
    )
    def test_what_cannot_be_built_is_refused_at_its_field(self, plan, field):
        with pytest.raises(Invalid) as refusal:
            numbers(**plan)
        assert refusal.value.field == field

    @pytest.mark.parametrize("pattern", list(RoomPattern))
    def test_no_two_rooms_of_a_staircase_bear_the_same_number(self, pattern):
        flats = min(MAX_FLATS, 26) if pattern is RoomPattern.letter else MAX_FLATS
        for first in (1, -2, 9):
            rooms = plan_rooms(units=1, floors=50, flats=flats, pattern=pattern, first_floor=first)
            assert len({room.number for room in rooms}) == len(rooms) == 50 * flats

    def test_typed_lists(self):
        assert split_list("1, 2\uff0c3\u30014 5") == ["1", "2", "3", "4", "5"]
        assert split_list(None) == []
        assert split_numbers("-1,4", field="x") == [-1, 4]
        with pytest.raises(Invalid):
            split_numbers("four", field="x")
        assert house_numbers("1-3, 7, 12-1, 7") == ["1", "2", "3", "7", "12-1"]
        with pytest.raises(Invalid):
            house_numbers(f"1-{MAX_ROOMS + 1}")


class TestAddresses:
    def test_missing_parts_fall_out_and_words_do_not_double(self):
        parts = AddressParts(division="Town", door_no="12", building="B", unit="2U", room="302")
        assert compose(parts, PIECES) == "Townno.12B2U302R"
        assert compose(AddressParts(), PIECES) == ""
        assert compose(AddressParts(), ("plain",)) == ""

    def test_numbers_sort_as_numbers(self):
        assert sorted(["10", "2", "3B", "3A", "1"], key=natural) == ["1", "2", "3A", "3B", "10"]
        assert natural(None) < natural("1")

    @pytest.mark.parametrize("odd", ["\u2460", "\u00b2", "\u0663", "3\u2460", "\u24f5-\u2488"])
    def test_figures_that_are_no_digits_are_words(self, odd):
        """Clerks name groups and houses with circled figures, which are no numbers to reckon with."""
        assert sorted([odd, "10", "2"], key=natural)[-1 if not odd[0].isascii() else 1] == odd
        stops = [Stop(1, village_group=odd, door_no=odd), Stop(2, building=odd, room=odd)]
        assert neighbours(stops, 1)["previous"] == 2

    def test_the_walk_goes_by_building_staircase_order_and_floor(self):
        stops = [
            Stop(1, 2, "B10", 1, 1, "102"),
            Stop(2, 1, "B10", 1, 1, "101"),
            Stop(3, None, "B2", 1, 6, "601"),
            Stop(4, village_group="Upper", door_no="3"),
            Stop(5, village_group="Upper", door_no="12"),
        ]
        order, key = [], 3
        while key is not None:
            order.append(key)
            key = neighbours(stops, key)["next"]
        assert order == [3, 2, 1, 4, 5]
        assert neighbours(stops, 3)["previous"] is None
        assert neighbours(stops, 99) == {"previous": None, "next": None}
