"""Homes in the order in which they are walked: the same for the census desk, a campaign and the printed sheets."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session
from sqlalchemy.sql import Select, select

from app.areas.models import Area
from app.registry.models import Building, BuildingUnit, Dwelling
from app.registry.rules.addresses import Stop, walking_key

# what the order is made of; a query that selects them joins staircase and building from the outside
PLACE = (
    Dwelling.id,
    Dwelling.walk_order,
    Building.address,
    BuildingUnit.seq,
    Dwelling.floor,
    Dwelling.room_no,
    Dwelling.village_group,
    Dwelling.door_no,
)


def with_places(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """The joins that PLACE needs, for a query that has the home."""
    return query.outerjoin(Building, Building.id == Dwelling.building_id).outerjoin(
        BuildingUnit, BuildingUnit.id == Dwelling.unit_id
    )


def stop_of(place: tuple[Any, ...]) -> Stop:
    """The columns of PLACE as a stop of the walk."""
    key, order, address, unit, floor, room, group, door = place
    return Stop(key, order, address or "", unit, floor, room, group, door)


def homes_in_walking_order(session: Session, area: Area, building: Building | None, most: int) -> list[int]:
    """Keys of the open homes of a building (or of an area, grid by grid), as one walks; one more than ``most`` says that
    there are too many.
    """
    query = (
        with_places(select(Area.path, *PLACE).select_from(Dwelling))
        .join(Area, Area.id == Dwelling.area_id)
        .where(Dwelling.valid_to.is_(None), Area.path.startswith(area.path, autoescape=True))
        .limit(most + 1)
    )
    if building is not None:
        query = query.where(Dwelling.building_id == building.id)
    found = [(path, walking_key(stop_of(tuple(place))), place[0]) for path, *place in session.execute(query)]
    return [key for _path, _order, key in sorted(found)]
