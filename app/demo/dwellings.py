"""Where the demo's people live: flats of six-floor buildings in town, houses by village group in the country."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from app.demo.fields import metered
from app.demo.keys import Days, Pile, Row, initials
from app.registry.models import Building, BuildingUnit, Dwelling
from app.registry.rules.addresses import AddressParts, compose
from app.registry.rules.rooms import plan_rooms
from app.registry.service import wording

UNITS, FLOORS, FLATS = 3, 6, 4
GROUP_SIZE = 34  # houses of a village group
EMPTY = 0.08
LET = {"urban": 0.07, "rural": 0.008}
OWN_USE, LET_USE, EMPTY_USE = "H1", "H2", "H4"
FLAT_AREAS, HOUSE_AREAS = (62, 78, 89, 96, 112, 128), (120, 150, 180, 220)


class Dwellings:
    """Makes the homes of a grid until enough of them are lived in."""

    def __init__(self, pile: Pile, spec: dict[str, Any], days: Days) -> None:
        self.pile, self.spec, self.days = pile, spec, days
        self.random = Random(f"{spec['code']} dwellings")

    def make(self, grid: Row, town: Row, community: Row, wanted: int) -> list[Row]:
        """At least ``wanted`` dwellings that are not empty, in walking order; flats come by whole buildings."""
        division = town["name"] + community["name"]
        urban = grid["settlement"] == "urban"
        return self._flats(grid, division, wanted) if urban else self._houses(grid, division, wanted)

    def _flats(self, grid: Row, division: str, wanted: int) -> list[Row]:
        homes: list[Row] = []
        estate, road = self.random.choice(self.spec["estates"]), self.random.choice(self.spec["roads"])
        door_no = str(int(grid["code"][-3:]) * 10)
        number = 0
        while len(homes) < wanted:
            number += 1
            homes += self._building(grid, division, road, door_no, estate, number)
        return homes

    def _building(
        self, grid: Row, division: str, road: str, door_no: str, estate: str, number: int
    ) -> list[Row]:
        words, name = wording.words(), wording.numbered("building", str(number))
        where = {
            "division": division,
            "road": road,
            "door_no": door_no,
            "estate": estate,
            "building": name,
        }
        building = self.pile.add(
            Building,
            area_id=grid["id"],
            estate=estate,
            name=name,
            road=road,
            door_no=door_no,
            address=compose(AddressParts(**where), words["building"]),
            building_type="B1",
            floors=FLOORS,
            built_year=self.random.randint(1992, 2019),
        )
        units = {n: self._unit(building, n) for n in range(1, UNITS + 1)}
        near = compose(AddressParts(**{**where, "division": ""}), words["building"])
        homes = []
        for room in plan_rooms(units=UNITS, floors=FLOORS, flats=FLATS):
            unit, title = units[room.unit]
            here = compose(AddressParts(**where, unit=title, room=room.number), words["urban"])
            homes.append(
                self._dwelling(
                    grid,
                    here,
                    initials(near, title, room.number, here[-1]),
                    room.walk_order,
                    FLAT_AREAS,
                    building_id=building,
                    unit_id=unit,
                    floor=room.floor,
                    room_no=room.number,
                )
            )
        return [home for home in homes if home["housing_use"] != EMPTY_USE]

    def _unit(self, building: int, n: int) -> tuple[int, str]:
        title = wording.numbered("unit", str(n))
        key = self.pile.add(
            BuildingUnit, building_id=building, seq=n, name=title, floors=FLOORS, flats_per_floor=FLATS
        )
        return key, title

    def _houses(self, grid: Row, division: str, wanted: int) -> list[Row]:
        homes: list[Row] = []
        order = 0
        while len(homes) < wanted:
            group, house = str(order // GROUP_SIZE + 1), str(order % GROUP_SIZE + 1)
            order += 1
            parts = AddressParts(division=division, village_group=group, door_no=house)
            address = compose(parts, wording.words()["rural"])
            near = address[len(division) :]
            cut = len(near) - len(house) - 1
            home = self._dwelling(
                grid,
                address,
                initials(near[:cut], near[cut:]),
                order,
                HOUSE_AREAS,
                village_group=group,
                door_no=house,
            )
            if home["housing_use"] != EMPTY_USE:
                homes.append(home)
        return homes

    def _dwelling(
        self, grid: Row, address: str, typed: str, order: int, sizes: tuple[int, ...], **more: Any
    ) -> Row:
        let = EMPTY + LET[grid["settlement"]]
        drawn = self.random.random()
        return self.pile.row(
            Dwelling,
            area_id=grid["id"],
            address=address,
            address_pinyin=typed[:120],
            walk_order=order,
            housing_use=EMPTY_USE if drawn < EMPTY else LET_USE if drawn < let else OWN_USE,
            area_m2=self.random.choice(sizes),
            valid_from=self.days.founded,
            source="grid",
            confirmed_on=self.days.today - timedelta(days=order * 37 % 400),
            extra=metered(grid["id"], order),
            **more,
        )
