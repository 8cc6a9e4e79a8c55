"""Finding a home: from the tree of areas to a grid, its buildings and houses, the floors of a building, or by words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.areas.queries.tree import prefixes
from app.core import counters, reach, search
from app.core.actor import Actor
from app.registry.models import (
    Building,
    BuildingUnit,
    Dwelling,
    DwellingSuccession,
    Household,
    HouseholdDwelling,
    HouseholdMember,
    Residence,
)
from app.registry.queries import names
from app.registry.rules.addresses import natural
from app.registry.service import tally
from app.registry.service.homes import HOME_KINDS

HITS = 30
LONGEST_CHAIN = 20


@dataclass
class Place:
    """A building or a village group of a grid, with how many homes it has and how many are lived in."""

    key: str
    name: str
    hint: str
    homes: int
    lived_in: int


@dataclass
class Flat:
    """A home as a field of the floor grid."""

    uid: str
    name: str
    address: str
    households: int = 0
    people: int = 0
    draft: bool = False


@dataclass
class Floor:
    number: int | None
    flats: list[Flat] = field(default_factory=list)


@dataclass
class Unit:
    name: str
    floors: list[Floor] = field(default_factory=list)


def area_of(session: Session, actor: Actor, uid: str | None) -> Area | None:
    """The area of a URL inside the actor's areas; without one the single area the actor works in, else None."""
    if uid:
        area = session.scalars(select(Area).where(Area.uid == uid)).one_or_none()
        return area if area is not None and actor.covers(area.path) else None
    if len(actor.ranges) != 1:
        return None
    return session.scalars(select(Area).where(Area.path == actor.ranges[0][0])).one_or_none()


def trail(session: Session, actor: Actor, area: Area) -> list[Area]:
    """The area and those above it that the actor works in, from the top."""
    query = select(Area).where(Area.path.in_(prefixes(area.path, own=True))).order_by(Area.path)
    return [a for a in session.scalars(query) if actor.covers(a.path)]


def below(session: Session, actor: Actor, area: Area | None) -> list[tuple[Area, int]]:
    """Areas one step down (or the tops of the actor's own areas) with their living households."""
    query = select(Area).where(Area.valid_to.is_(None)).order_by(Area.path)
    if area is None:
        query = query.where(Area.path.in_([lo for lo, _hi in actor.ranges]))
    else:
        query = query.where(Area.parent_id == area.id)
    areas = list(session.scalars(query))
    living = counters.totals(session, tally.LIVING, [a.id for a in areas])
    return [(a, living[a.id]) for a in areas]


def is_ground(area: Area) -> bool:
    """Whether homes belong to the area itself."""
    return area.level.kind in HOME_KINDS


def building(session: Session, uid: str) -> Building | None:
    """A building in which the actor sees a home."""
    return session.scalars(select(Building).where(Building.uid == uid)).one_or_none()


def successor(session: Session, uid: str) -> Dwelling | None:
    """What became of a home that is no more: the one it was merged into, to the end of the chain; where it was divided or
    only closed, the home itself with what its page tells. None for a home in use and for one that is not seen.
    """
    home = session.scalars(select(Dwelling).where(Dwelling.uid == uid)).one_or_none()
    if home is None or home.valid_to is None:
        return None
    for _step in range(LONGEST_CHAIN):
        after = select(DwellingSuccession.new_dwelling_id).where(
            DwellingSuccession.old_dwelling_id == home.id
        )
        follows = session.scalars(
            select(Dwelling).where(Dwelling.id.in_(after), Dwelling.id != home.id)
        ).all()
        if len(follows) != 1:
            break
        home = follows[0]
        if home.valid_to is None:
            break
    return home


def buildings(session: Session, area: Area) -> list[Place]:
    """Buildings with homes in the grid."""
    lived = _lived_in().subquery()
    query = (
        select(
            Building.uid,
            Building.name,
            Building.estate,
            Building.address,
            func.count(distinct(Dwelling.id)),
            func.count(distinct(lived.c.dwelling_id)),
        )
        .join(Dwelling, Dwelling.building_id == Building.id)
        .outerjoin(lived, lived.c.dwelling_id == Dwelling.id)
        .where(Dwelling.area_id == area.id, Dwelling.valid_to.is_(None))
        .group_by(Building.uid, Building.name, Building.estate, Building.address)
    )
    found = [
        Place(uid, f"{estate or ''}{name}", address, homes, lived_in)
        for uid, name, estate, address, homes, lived_in in session.execute(query)
    ]
    return sorted(found, key=lambda place: natural(place.hint))


def houses(session: Session, area: Area) -> list[Place]:
    """Village groups (or roads) with homes outside buildings."""
    lived = _lived_in().subquery()
    name = func.coalesce(Dwelling.village_group, Dwelling.road, "")
    query = (
        select(name, func.count(distinct(Dwelling.id)), func.count(distinct(lived.c.dwelling_id)))
        .outerjoin(lived, lived.c.dwelling_id == Dwelling.id)
        .where(Dwelling.area_id == area.id, Dwelling.valid_to.is_(None), Dwelling.building_id.is_(None))
        .group_by(name)
    )
    found = [Place(group, group, "", homes, lived_in) for group, homes, lived_in in session.execute(query)]
    return sorted(found, key=lambda place: natural(place.name))


def floor_grid(session: Session, building: Building, drafts: Iterable[str] = ()) -> list[Unit]:
    """Staircases of a building, floors from the top down, flats in walking order; only homes in the scope."""
    query = (
        select(Dwelling, BuildingUnit.seq, BuildingUnit.name)
        .outerjoin(BuildingUnit, BuildingUnit.id == Dwelling.unit_id)
        .where(Dwelling.building_id == building.id, Dwelling.valid_to.is_(None))
    )
    rows = list(session.execute(query))
    flats = _flats(session, [dwelling for dwelling, _seq, _name in rows], set(drafts))
    units: dict[int, Unit] = {}
    floors: dict[tuple[int, int | None], Floor] = {}
    for dwelling, seq, name in sorted(rows, key=lambda row: _flat_key(row[0], row[1])):
        unit = units.setdefault(seq or 0, Unit(name or ""))
        floor = floors.get((seq or 0, dwelling.floor))
        if floor is None:
            floor = floors[seq or 0, dwelling.floor] = Floor(dwelling.floor)
            unit.floors.append(floor)
        floor.flats.append(flats[dwelling.id])
    return list(units.values())


def group_homes(session: Session, area: Area, group: str, drafts: Iterable[str] = ()) -> list[Flat]:
    """Houses of one village group or road, in the order of their numbers."""
    name = func.coalesce(Dwelling.village_group, Dwelling.road, "")
    query = select(Dwelling).where(
        Dwelling.area_id == area.id,
        Dwelling.building_id.is_(None),
        Dwelling.valid_to.is_(None),
        name == group,
    )
    rows = sorted(session.scalars(query), key=lambda d: (natural(d.door_no), natural(d.room_no), d.id))
    flats = _flats(session, rows, set(drafts))
    return [flats[row.id] for row in rows]


def by_words(session: Session, text: str, drafts: Iterable[str] = ()) -> list[Flat]:
    """Homes by address, by its initials, or by a name, present or other, of somebody who lives there."""
    address = select(Dwelling).where(search.matching(Dwelling, ("address", "address_pinyin"), text))
    found = list(_limited(session, address))
    if len(found) < HITS:
        homes = select(Residence.dwelling_id).where(
            Residence.person_id.in_(names.keys(text)), Residence.valid_to.is_(None)
        )
        found += _limited(session, select(Dwelling).where(Dwelling.id.in_(homes)))
    rows = list({row.id: row for row in found}.values())[:HITS]
    flats = _flats(session, rows, set(drafts))
    return [flats[row.id] for row in rows]


def _limited(session: Session, query: Any) -> list[Dwelling]:
    query = query.where(Dwelling.valid_to.is_(None)).limit(HITS)
    return list(session.scalars(reach.sorted_by(session, query, Dwelling, Dwelling.address, Dwelling.id)))


def _lived_in() -> Any:
    """Homes with an open household."""
    return (
        select(HouseholdDwelling.dwelling_id)
        .join(Household, Household.id == HouseholdDwelling.household_id)
        .where(HouseholdDwelling.valid_to.is_(None), Household.valid_to.is_(None))
    )


def _flats(session: Session, rows: list[Dwelling], drafts: set[str]) -> dict[int, Flat]:
    ids = [row.id for row in rows]
    query = (
        select(
            HouseholdDwelling.dwelling_id,
            func.count(distinct(Household.id)),
            func.count(distinct(HouseholdMember.person_id)),
        )
        .join(Household, Household.id == HouseholdDwelling.household_id)
        .outerjoin(
            HouseholdMember,
            (HouseholdMember.household_id == Household.id) & HouseholdMember.valid_to.is_(None),
        )
        .where(
            HouseholdDwelling.dwelling_id.in_(ids),
            HouseholdDwelling.valid_to.is_(None),
            Household.valid_to.is_(None),
        )
        .group_by(HouseholdDwelling.dwelling_id)
    )
    counted = {key: (households, people) for key, households, people in session.execute(query)}
    return {
        row.id: Flat(
            row.uid,
            row.room_no or row.door_no or row.address,
            row.address,
            *counted.get(row.id, (0, 0)),
            draft=row.uid in drafts,
        )
        for row in rows
    }


def _flat_key(dwelling: Dwelling, seq: int | None) -> tuple[Any, ...]:
    """Staircase, floors from the top, then the walk."""
    floor = dwelling.floor if dwelling.floor is not None else -999
    order = dwelling.walk_order if dwelling.walk_order is not None else 10**9
    return (seq or 0, -floor, order, natural(dwelling.room_no), dwelling.id)
