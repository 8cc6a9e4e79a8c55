"""New homes and households of a chunk: the rows that service/homes and service/households make for one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.registry.importing.homes import Home, initials
from app.registry.importing.households import Family
from app.registry.importing.lines import Line
from app.registry.models import (
    Building,
    BuildingUnit,
    Dwelling,
    Household,
    HouseholdDwelling,
    HouseholdMember,
    Person,
    PersonArea,
    PersonDocument,
    PersonName,
    PersonPhone,
    PersonSource,
    Residence,
)
from app.registry.service import homes as home_service
from app.registry.service import wording

if TYPE_CHECKING:
    from app.registry.importing.making import Maker


def expected(households: int, people: int, groups: int) -> dict[type, int]:
    """About how many rows of each class there will be, where nearly everybody has them."""
    once = (Person, HouseholdMember, Residence, PersonName, PersonDocument, PersonPhone)
    found: dict[type, int] = dict.fromkeys((Dwelling, Household, HouseholdDwelling), households)
    found |= dict.fromkeys(once, people)
    return found | {PersonArea: 2 * people, PersonSource: groups * people}


def write_homes(maker: Maker, families: Sequence[Family]) -> None:
    new: dict[int, tuple[Home, Line]] = {}
    for family in families:
        for line in family.lines:
            if line.home is not None and line.home.id is None and line.home.made_id is None:
                new.setdefault(id(line.home), (line.home, line))
    homes = [home for home, _line in new.values()]
    if not homes:
        return
    places = [_place_in_building(maker, home, line) for home, line in new.values()]
    given = [home.given for home in homes]
    texts = {
        key: [g[key] or None for g in given]
        for key in ("room_no", "village_group", "door_no", "house_no", "road")
    }
    in_building = [home.building is not None for home in homes]
    columns: dict[str, list[Any]] = {
        "area_id": [home.area_id for home in homes],
        "building_id": [building for building, _unit in places],
        "unit_id": [unit for _building, unit in places],
        "floor": [g["floor"] for g in given],
        "room_no": texts["room_no"],
        "village_group": texts["village_group"],
        # a flat stands at the road and number of its building; an address that is not divided stands as a road
        "road": [
            None if b else home.local if home.is_free else text
            for b, home, text in zip(in_building, homes, texts["road"], strict=True)
        ],
        "door_no": [None if b else text for b, text in zip(in_building, texts["door_no"], strict=True)],
        "house_no": texts["house_no"],
        "address": [home.address for home in homes],
        "address_pinyin": [initials(home.local) for home in homes],
        "valid_from": [maker.today] * len(homes),
    }
    keys = maker.put(Dwelling, [line for _home, line in new.values()], columns)
    for home, key in zip(homes, keys, strict=True):
        home.made_id = key


def _place_in_building(maker: Maker, home: Home, line: Line) -> tuple[int | None, int | None]:
    """Keys of building and staircase; those that are missing are made one by one, for they are few."""
    fact = home.building
    if fact is None:
        return None, None
    if fact.id is None:
        fields = {"estate": fact.estate, "road": fact.road, "door_no": fact.door_no}
        made = home_service.create_building(
            maker.session, name=fact.name, area_id=home.area_id or 0, fields=fields
        )
        fact.id = made.id
        line.made.append([Building.__tablename__, made.id, made.version])
    if not home.unit:
        return fact.id, None
    if home.unit not in fact.units:
        number = int("".join(c for c in home.unit if c.isascii() and c.isdigit()) or 0)
        taken = {seq for _key, seq in fact.units.values()}
        number = number if number and number not in taken else max(taken, default=0) + 1
        unit = BuildingUnit(building_id=fact.id, seq=number, name=home.unit)
        maker.session.add(unit)
        maker.session.flush()
        fact.units[home.unit] = (unit.id, number)
        line.made.append([BuildingUnit.__tablename__, unit.id, unit.version])
    return fact.id, fact.units[home.unit][0]


def write_households(maker: Maker, families: Sequence[Family]) -> None:
    new = [family for family in families if family.id is None and family.lines and family.home is not None]
    if not new:
        return
    first = [family.head or family.lines[0] for family in new]
    heads = [family.head.person if family.head else None for family in new]
    keys = maker.put(
        Household,
        first,
        {
            "area_id": [family.home.area_id for family in new if family.home],
            "kind": [family.kind for family in new],
            "household_no": [family.number for family in new],
            "head_person_id": heads,
            "name": [wording.household_name(f.head.name) if f.head else None for f in new],
            "valid_from": [maker.today] * len(new),
        },
    )
    for family, key in zip(new, keys, strict=True):
        family.made_id = key
    links = {
        "household_id": keys,
        "dwelling_id": [family.home.id or family.home.made_id for family in new if family.home],
        "valid_from": [maker.today] * len(new),
    }
    maker.put(HouseholdDwelling, first, links)
