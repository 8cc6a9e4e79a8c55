"""Homes of a sheet: found by their derived address, as the services write it, or made.

The address line is the key (homes.refuse_twin): an earlier chunk's home, or the same home written in another
way, has the same line.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.core.errors import Invalid
from app.core.keysets import pieces
from app.core.pinyin import spell
from app.registry.importing.areas import Areas, Place
from app.registry.importing.earlier import Earlier
from app.registry.importing.lines import Line
from app.registry.models import Building, BuildingUnit, Dwelling, DwellingAlias
from app.registry.rules.addresses import AddressParts, compose
from app.registry.service import wording

PARTS = (
    "estate",
    "building",
    "unit",
    "floor",
    "room_no",
    "village_group",
    "road",
    "door_no",
    "house_no",
    "address",
)
LONGEST, LONGEST_ROAD = 200, 80
WHERE = _("A home belongs to a grid. Please choose one.")
NO_ADDRESS = _("Please give a room, or a group and a number.")
NO_SUCH_HOME = _("There is no home with the number “%(text)s”: give its address.")
TOO_LONG = _("This address is too long. Please divide it into road, number and room.")
SEVERAL_BUILDINGS = _("Several buildings are called “%(text)s”: give the estate or the road.")
_RUNS = re.compile("[\u4e00-\u9fff]+|[\x00-\x7f]+")


@dataclass(slots=True)
class BuildingFact:
    """A building of the register, or one to be made (without ``id``)."""

    id: int | None
    area_id: int
    name: str
    estate: str
    road: str
    door_no: str
    units: dict[str, tuple[int, int]] = field(default_factory=dict)  # name → (key, number)


@dataclass(slots=True)
class Home:
    """A home of the sheet. ``problem`` says why its rows cannot go in."""

    key: tuple[Any, ...]
    place: Place
    given: dict[str, Any]
    address: str = ""
    local: str = ""
    id: int | None = None
    area_id: int | None = None
    building: BuildingFact | None = None
    unit: str = ""
    problem: tuple[Any, dict[str, Any]] | None = None
    is_free: bool = False  # the address stands as one text
    made_id: int | None = None


class Homes:
    """Finds the homes of one chunk: at most five statements, however many rows."""

    def __init__(self, session: Session, areas: Areas, earlier: Earlier) -> None:
        self.session, self.areas, self.earlier = session, areas, earlier
        self.found: dict[tuple[Any, ...], Home] = {}

    def place(self, lines: Iterable[Line]) -> None:
        """Give each line its home; a row without a word about one keeps none."""
        wanted = []
        for line in lines:
            values = line.values
            parts = tuple([values.get(key) for key in PARTS])
            if any(parts):
                key = (line.area.id, *parts)
                home = self.found.get(key)
                if home is None:
                    home = self.found[key] = Home(key, line.area, dict(zip(PARTS, parts, strict=True)))
                line.home = home
                wanted.append(line)
        homes = list(self.found.values())
        self._buildings([home for home in homes if home.given["building"]])
        for home in homes:
            if home.problem is None:
                self._write_address(home)
        self._look_up(homes)
        for home in homes:
            if home.id is None and home.area_id is None and home.problem is None:
                self._settle_new(home)
        self._join_twins(wanted)
        for line in wanted:
            if line.home.problem is not None:
                text, params = line.home.problem
                line.refuse(text, **params)

    def _join_twins(self, lines: list[Line]) -> None:
        """The same home written in two ways is one home."""
        by_address: dict[Any, Home] = {}
        for home in self.found.values():
            if home.problem is None:
                by_address.setdefault(home.id or (home.area_id, home.address), home)
        for line in lines:
            home = line.home
            if home.problem is None:
                line.home = by_address[home.id or (home.area_id, home.address)]

    # --- buildings ----------------------------------------------------------------------------------------------------

    def _buildings(self, homes: list[Home]) -> None:
        names = {home.key: wording.numbered("building", str(home.given["building"])) for home in homes}
        known: dict[str, list[BuildingFact]] = defaultdict(list)
        by_id: dict[int, BuildingFact] = {}
        for some in pieces(sorted(set(names.values()))):
            columns = (
                Building.id,
                Building.area_id,
                Building.name,
                Building.estate,
                Building.road,
                Building.door_no,
            )
            for key, area, name, estate, road, door in self.session.execute(
                select(*columns).where(Building.name.in_(some)).order_by(Building.id)
            ):
                by_id[key] = BuildingFact(key, area, name, estate or "", road or "", door or "")
                known[name].append(by_id[key])
        for some in pieces(sorted(by_id)):
            query = select(BuildingUnit.building_id, BuildingUnit.id, BuildingUnit.seq, BuildingUnit.name)
            for building, key, seq, name in self.session.execute(
                query.where(BuildingUnit.building_id.in_(some))
            ):
                by_id[building].units[name] = (key, seq)
        for name in set(names.values()):
            known[name] += self.earlier.buildings(name)
        new: dict[Any, BuildingFact] = {}
        for home in homes:
            self._choose(home, names[home.key], known, new)

    def _choose(
        self, home: Home, name: str, known: dict[str, list[BuildingFact]], new: dict[Any, Any]
    ) -> None:
        estate, road, door = (str(home.given[key] or "") for key in ("estate", "road", "door_no"))
        fits = [b for b in known.get(name, ()) if self._fits(b, home.place, estate, road, door)]
        if len(fits) > 1:
            home.problem = (SEVERAL_BUILDINGS, {"text": name})
            return
        if fits:
            home.building = fits[0]
        else:
            made = BuildingFact(None, home.place.id, name, estate, road, door)
            home.building = new.setdefault((home.place.id, name, estate, road, door), made)
        if home.given["unit"]:
            home.unit = wording.numbered("unit", str(home.given["unit"]))

    def _fits(self, building: BuildingFact, place: Place, estate: str, road: str, door: str) -> bool:
        """In the same part of the tree, and nothing that is given says otherwise."""
        at = self.areas.by_id.get(building.area_id)
        near = at is None or place.path.startswith(at.path) or at.path.startswith(place.path)
        said = ((estate, building.estate), (road, building.road), (door, building.door_no))
        return near and all(not given or given == have for given, have in said)

    # --- addresses ----------------------------------------------------------------------------------------------------

    def _write_address(self, home: Home) -> None:
        given = {key: "" if value is None else str(value).strip() for key, value in home.given.items()}
        text, words = given["address"], wording.words()
        if text and not any(
            given[key] for key in ("building", "village_group", "road", "door_no", "room_no")
        ):
            home.local = text.removeprefix(home.place.division)
            home.address, home.is_free = home.place.division + home.local, True
            return
        building = home.building
        if building is not None:
            seq = building.units.get(home.unit, (0, _number(home.unit)))[1]
            parts = AddressParts(
                road=building.road,
                door_no=building.door_no,
                estate=building.estate,
                building=building.name,
                unit="" if given["room_no"].startswith(f"{seq}-") else home.unit,
                room=given["room_no"],
            )
            home.local = compose(parts, words["urban"])
        else:
            parts = AddressParts(
                village_group=given["village_group"],
                road=given["road"],
                door_no=given["door_no"],
                room=given["room_no"],
            )
            home.local = compose(parts, words["rural"])
        home.address = home.place.division + home.local

    def _look_up(self, homes: list[Home]) -> None:
        """By address, by an older or colloquial address, by the number of the home."""
        named = [home for home in homes if home.problem is None and home.local]
        by_address: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for some in pieces(sorted({text for home in named for text in (home.address, home.local)})):
            query = select(Dwelling.address, Dwelling.id, Dwelling.area_id).where(
                Dwelling.address.in_(some), Dwelling.valid_to.is_(None)
            )
            for address, key, area in self.session.execute(query):
                by_address[address].append((key, area))
        self._take(named, lambda home: (*by_address.get(home.address, ()), *by_address.get(home.local, ())))
        rest = [home for home in named if home.id is None and home.given["address"]]
        by_alias: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for some in pieces(sorted({text for home in rest for text in (home.address, home.local)})):
            older = (
                select(DwellingAlias.address, Dwelling.id, Dwelling.area_id)
                .join(Dwelling, Dwelling.id == DwellingAlias.dwelling_id)
                .where(DwellingAlias.address.in_(some), Dwelling.valid_to.is_(None))
            )
            for address, key, area in self.session.execute(older):
                by_alias[address].append((key, area))
        self._take(rest, lambda home: (*by_alias.get(home.address, ()), *by_alias.get(home.local, ())))
        numbered = [
            home for home in homes if home.problem is None and not home.local and home.given["house_no"]
        ]
        by_number: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for some in pieces(sorted({str(home.given["house_no"]) for home in numbered})):
            by_no = select(Dwelling.house_no, Dwelling.id, Dwelling.area_id).where(
                or_(Dwelling.house_no.in_(some)), Dwelling.valid_to.is_(None)
            )
            for number, key, area in self.session.execute(by_no):
                by_number[number or ""].append((key, area))
        self._take(numbered, lambda home: by_number.get(str(home.given["house_no"]), ()))
        for home in (home for home in numbered if home.id is None):
            found = self.earlier.home(str(home.given["house_no"]), home.place.path)
            home.area_id, home.address = found or (None, "")

    def _take(self, homes: list[Home], candidates: Any) -> None:
        for home in homes:
            for key, area_id in sorted(candidates(home)):
                place = self.areas.by_id.get(area_id)
                if place is not None and place.path.startswith(home.place.path):
                    home.id, home.area_id = key, area_id
                    break

    def _settle_new(self, home: Home) -> None:
        if not home.local:
            number = home.given["house_no"]
            home.problem = (NO_SUCH_HOME, {"text": str(number)}) if number else (NO_ADDRESS, {})
            return
        grids = self.areas.grids(home.place)
        if len(grids) != 1:
            home.problem = (WHERE, {})
        elif len(home.address) > LONGEST or (home.is_free and len(home.local) > LONGEST_ROAD):
            home.problem = (TOO_LONG, {})
        else:
            home.area_id = grids[0].id


def _number(unit: str) -> int:
    """The number of a staircase that bears one, 0 for another name."""
    digits = re.match("[0-9]+", unit)
    return int(digits[0]) if digits else 0


def initials(local: str) -> str | None:
    """The initials of an address as ``homes.settle_address`` writes them; pieces come again and again."""
    runs = _RUNS.findall(local)
    if "".join(runs) != local:  # characters that hang together across our pieces
        return spell(local, 120)[1] or None
    return "".join(map(_run, runs))[:120] or None


@lru_cache(maxsize=20_000)
def _run(piece: str) -> str:
    return spell(piece)[1]


def resolve_area(areas: Areas, line: Line, default: int | None, columns: dict[str, int]) -> None:
    """The area of a row; a row of an unknown one cannot go in."""
    values = line.values
    try:
        line.area = areas.find(values.get("area"), values.get("community"), default)
    except Invalid as refusal:
        line.refuse(refusal.message, columns.get("area"), **refusal.data)
