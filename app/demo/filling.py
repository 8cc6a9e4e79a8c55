"""Filling a grid: homes, residents, what is let, venues; written table by table."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import seeds
from app.core.codes import CodeItem, CodeList
from app.demo.dwellings import EMPTY_USE, LET_USE, Dwellings
from app.demo.keys import Days, Keys, Pile, Row
from app.demo.people import Inventor
from app.demo.places import Places
from app.demo.residents import Residents
from app.registry.models import (
    Building,
    BuildingUnit,
    ConsentTask,
    Dwelling,
    FloatingStay,
    GroupVisit,
    HelpRecord,
    Household,
    HouseholdDwelling,
    HouseholdMember,
    LeftBehind,
    Person,
    PersonArea,
    PersonDocument,
    PersonGroup,
    PersonName,
    PersonPhone,
    PersonSource,
    RentalHome,
    Residence,
    ResidentUnit,
    ServiceResource,
    Tenancy,
    Venue,
)

# parents before children
ORDER = (
    Building,
    BuildingUnit,
    Dwelling,
    Person,
    PersonArea,
    PersonName,
    PersonDocument,
    PersonPhone,
    PersonGroup,
    GroupVisit,
    FloatingStay,
    LeftBehind,
    PersonSource,
    ConsentTask,
    Household,
    HelpRecord,
    HouseholdMember,
    HouseholdDwelling,
    Residence,
    RentalHome,
    Tenancy,
    Venue,
    ResidentUnit,
    ServiceResource,
)
RESIDENT_LANDLORDS = 3  # every third home that is let belongs to somebody of the grid


def group_facts(session: Session) -> dict[str, dict[str, Any]]:
    """What the code list says about each special group: sensitivity, visiting interval."""
    query = select(CodeItem.code, CodeItem.extra).join(CodeList).where(CodeList.name == "special_group")
    return {code: seeds.loads(extra) for code, extra in session.execute(query)}


class Filler:
    """Fills grids, one after the other."""

    def __init__(
        self,
        spec: dict[str, Any],
        inventor: Inventor,
        keys: Keys,
        days: Days,
        groups: dict[str, dict[str, Any]],
    ) -> None:
        self.pile = Pile(keys, ORDER)
        self.dwellings = Dwellings(self.pile, spec, days)
        self.residents = Residents(self.pile, spec, inventor, days, groups)
        self._communities: set[tuple[str, str]] = set()
        self.places = Places(self.pile, spec, inventor, days, self.residents)

    @property
    def persons(self) -> int:
        """People so far."""
        return self.residents.count

    def fill(self, grid: Row, community: Row, town: Row, households: int) -> list[Row]:
        """Collect ``households`` living households of a grid; returns the persons who head one."""
        heads: list[Row] = []
        let = 0
        for n, home in enumerate(self.dwellings.make(grid, town, community, households)):
            if n >= households:
                home["housing_use"] = EMPTY_USE  # finished, nobody has moved in
            elif home["housing_use"] == LET_USE:
                let += 1
                landlord = heads[let % len(heads)] if heads and let % RESIDENT_LANDLORDS == 0 else None
                self.places.let(grid, home, landlord)
            else:
                heads.append(self.residents.household(grid, home)[0])
        self.places.venues(grid, town, community)
        place = town["name"], community["name"]
        if place not in self._communities:
            self._communities.add(place)
            self.residents.care.organisations(grid, community["name"], self.places.inventor)
        return heads

    def write(self, session: Session, batch: str) -> None:
        """Write what was collected."""
        self.pile.write(session, batch)
