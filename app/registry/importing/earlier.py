"""What earlier chunks of the sheet bring: homes, buildings and households that a dry run cannot find in the register.

A dry run writes nothing, so a row that names the household of an earlier chunk by its number, by its home or by the number
of its home would be told what the import does not say. A run finds all of it in the register and asks here only which row
is the head of a numbered household.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.registry.importing.areas import Areas
    from app.registry.importing.homes import BuildingFact, Home
    from app.registry.importing.households import Family


@dataclass(slots=True)
class Standing:
    """A household of an earlier chunk. ``mark`` is the one by which its head is remembered."""

    household_no: str | None
    path: str
    area_id: int
    address: str
    members: int
    mark: int


class Earlier:
    """Found by hashes: of a household stay some two hundred bytes for the time of the check."""

    def __init__(self) -> None:
        self._households: dict[int, list[Standing]] = defaultdict(list)
        self._homes: dict[int, list[tuple[str, int, str]]] = defaultdict(list)
        self._buildings: dict[str, list[BuildingFact]] = defaultdict(list)

    def note(self, families: Iterable[Family], areas: Areas, *, dry: bool) -> None:
        """A chunk was gone through: what it brings."""
        for family in families:
            if family.earlier is not None:
                family.earlier.members += len(family.lines)
            elif family.id is None and family.home is not None and (dry or family.number):
                self._household(family, family.home, areas, dry=dry)
            homes = {id(line.home): line.home for line in family.lines} if dry else {}
            for home in homes.values():
                if home is not None and home.id is None:
                    self._home(home, areas)

    def _household(self, family: Family, home: Home, areas: Areas, *, dry: bool) -> None:
        area = home.area_id or 0
        path = areas.path_of(home.area_id)
        found = Standing(family.number, path, area, home.address, len(family.lines), family.mark)
        if family.number:
            self._households[hash((family.kind, family.number))].append(found)
        if dry:
            self._households[hash((family.kind, place_of(home)))].append(found)

    def _home(self, home: Home, areas: Areas) -> None:
        number, building = home.given.get("house_no"), home.building
        if number:
            found = (areas.path_of(home.area_id), home.area_id or 0, home.address)
            known = self._homes[hash(str(number))]
            if found not in known:
                known.append(found)
        if building is not None and building.id is None:
            facts = self._buildings[building.name]
            if building not in facts:
                facts.append(building)

    def numbered(self, kind: str, number: str | None, above: str) -> Standing | None:
        """The household of this number in an area or below it."""
        found = self._households.get(hash((kind, number)), ())
        return next((one for one in found if one.household_no == number and one.path.startswith(above)), None)

    def living_in(self, kind: str, home: Home) -> list[Standing]:
        """The households of a home."""
        return list(self._households.get(hash((kind, place_of(home))), ()))

    def home(self, number: str, above: str) -> tuple[int, str] | None:
        """(area, address) of the home with this number in an area or below it."""
        found = self._homes.get(hash(number), ())
        return next(((area, address) for path, area, address in found if path.startswith(above)), None)

    def buildings(self, name: str) -> list[BuildingFact]:
        """Buildings of this name that are not in the register yet."""
        return list(self._buildings.get(name, ()))


def place_of(home: Home) -> Hashable:
    """What stands for a home throughout a sheet, however it is written."""
    return home.id or (home.area_id, home.address)
