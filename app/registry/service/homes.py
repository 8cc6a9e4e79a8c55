"""Buildings, staircases, dwellings and their addresses; the building wizard; homes in the countryside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Area, AreaLevel
from app.areas.rules import SEGMENT
from app.core import clock
from app.core.errors import Conflict, Invalid
from app.core.pinyin import spell
from app.core.scope import unscoped
from app.core.session import take_turns
from app.registry.models import Building, BuildingUnit, Dwelling, DwellingAlias
from app.registry.rules import normalise_phone
from app.registry.rules.addresses import AddressParts, compose
from app.registry.rules.rooms import Room
from app.registry.service import wording
from app.registry.service.checks import check_fields

HOME_KINDS = ("grid", "cell")
BUILDING_FIELDS = frozenset(
    "estate road door_no building_type floors floors_below built_year property_company longitude latitude note".split()
)
DWELLING_FIELDS = frozenset(
    "floor room_no village_group road door_no housing_use area_m2 owner_name owner_phone note walk_order".split()
)


def home_area(session: Session, area_id: int) -> Area:
    """The area a home may belong to: a grid or a micro cell. Raises Invalid for anything above."""
    area = session.get(Area, area_id)
    if area is None or area.level.kind not in HOME_KINDS:
        raise Invalid(_("A home belongs to a grid. Please choose one."), field="area")
    return area


def division_text(session: Session, area: Area) -> str:
    """Town and village of an area, as an address begins (remembered for the session: a wizard asks 1,500 times)."""
    known: dict[int, str] = session.info.setdefault("division_texts", {})
    if area.id not in known:
        known[area.id] = _division_text(session, area)
    return known[area.id]


def _division_text(session: Session, area: Area) -> str:
    paths = [area.path[:end] for end in range(SEGMENT, len(area.path) + 1, SEGMENT)]
    query = (
        select(Area.name)
        .join(AreaLevel, AreaLevel.id == Area.level_id)
        .where(Area.path.in_(paths), AreaLevel.key.in_(wording.words()["division_levels"]))
        .order_by(Area.depth)
    )
    return "".join(session.scalars(query))


def create_building(
    session: Session, *, name: str, area_id: int, fields: Mapping[str, Any] | None = None
) -> Building:
    """A building, or the one that already stands under this name at this address in the area (idempotent)."""
    take_turns(session, "building")
    known = known_building(session, name, area_id, fields)
    if known is not None:
        return known
    building = _building(session, name, area_id, fields)
    session.add(building)
    session.flush()
    return building


def known_building(
    session: Session, name: str, area_id: int, fields: Mapping[str, Any] | None = None
) -> Building | None:
    """The building that already stands under this name at this address in the area."""
    wanted = _building(session, name, area_id, fields)
    query = select(Building).where(Building.area_id == area_id, Building.address == wanted.address)
    return session.scalars(query).first()


def _building(session: Session, name: str, area_id: int, fields: Mapping[str, Any] | None) -> Building:
    values = {key: value for key, value in (fields or {}).items() if value not in (None, "")}
    check_fields(session, Building, values, BUILDING_FIELDS)
    if not name.strip():
        raise Invalid(_("Please give the building's name or number."), field="name")
    area = session.get(Area, area_id)
    if area is None:
        raise Invalid(_("Please choose an area."), field="area")
    building = Building(area_id=area.id, name=name, **values)
    settle_building(session, building)
    return building


def settle_building(session: Session, building: Building) -> None:
    """Name and address line as every way of writing leaves them."""
    building.name = wording.numbered("building", building.name)
    with session.no_autoflush:  # one change is one line of history
        building.address = building_address(session, building, session.get_one(Area, building.area_id))


def settle_flats(session: Session, building: Building) -> None:
    """A building that is renamed or renumbered takes its flats along; the old addresses stay as aliases."""
    for dwelling in session.scalars(select(Dwelling).where(Dwelling.building_id == building.id)).all():
        settle_address(session, dwelling)
    session.flush()


def building_address(session: Session, building: Building, area: Area, *, division: bool = True) -> str:
    """Address of the building as a whole."""
    return compose(
        AddressParts(
            division=division_text(session, area) if division else "",
            road=building.road or "",
            door_no=building.door_no or "",
            estate=building.estate or "",
            building=building.name,
        ),
        wording.words()["building"],
    )


def dwelling_address(session: Session, dwelling: Dwelling, *, division: bool = True) -> str:
    """The derived address line: town and village, then road or group and number, building, staircase, room."""
    text = division_text(session, session.get_one(Area, dwelling.area_id)) if division else ""
    room = dwelling.room_no or ""
    building = session.get(Building, dwelling.building_id) if dwelling.building_id else None
    if building is None:
        parts = AddressParts(
            division=text,
            village_group=dwelling.village_group or "",
            road=dwelling.road or "",
            door_no=dwelling.door_no or "",
            room=room,
        )
        return compose(parts, wording.words()["rural"])
    unit = session.get(BuildingUnit, dwelling.unit_id) if dwelling.unit_id else None
    parts = AddressParts(
        division=text,
        road=building.road or "",
        door_no=building.door_no or "",
        estate=building.estate or "",
        building=building.name,
        unit=unit.name if unit and not room.startswith(f"{unit.seq}-") else "",
        room=room,
    )
    return compose(parts, wording.words()["urban"])


def settle_address(session: Session, dwelling: Dwelling) -> None:
    """Write the derived address and its initials; an address that changed stays findable as an alias."""
    old = dwelling.address
    with session.no_autoflush:  # one change is one line of history
        dwelling.address = dwelling_address(session, dwelling)
        local = dwelling_address(session, dwelling, division=False)
    dwelling.address_pinyin = spell(local, 120)[1] or None
    if not local:
        raise Invalid(_("Please give a room, or a group and a number."), field="room_no")
    if old and old != dwelling.address and dwelling.id is not None:
        session.add(DwellingAlias(dwelling_id=dwelling.id, address=old))


def create_dwelling(
    session: Session,
    *,
    area_id: int,
    now: datetime,
    building: Building | None = None,
    unit: BuildingUnit | None = None,
    fields: Mapping[str, Any] | None = None,
    fill: Callable[[Dwelling], None] | None = None,
) -> Dwelling:
    """One home: a flat of a building, or a house by village group (or road) and number. ``fill`` puts more into it.

    Raises Invalid without a place, Conflict when the home is already there.
    """
    values = {key: value for key, value in (fields or {}).items() if value not in (None, "")}
    check_fields(session, Dwelling, values, DWELLING_FIELDS)
    if values.get("owner_phone"):
        values["owner_phone"] = normalise_phone(values["owner_phone"], field="owner_phone").number
    dwelling = Dwelling(
        area_id=home_area(session, area_id).id,
        building_id=building.id if building else None,
        unit_id=unit.id if unit else None,
        valid_from=clock.to_local(now).date(),
        **values,
    )
    settle_address(session, dwelling)
    refuse_twin(session, dwelling)
    if fill is not None:
        fill(dwelling)
    session.add(dwelling)
    session.flush()
    return dwelling


def refuse_twin(session: Session, dwelling: Dwelling) -> None:
    """Conflict when another open home of the grid has the same address. Two keyboards, or a keyboard and a sheet, at the
    same moment take turns here (registry/importing/writer.py takes the same one).
    """
    take_turns(session, "dwelling")
    same = select(Dwelling.id).where(
        Dwelling.area_id == dwelling.area_id,
        Dwelling.address == dwelling.address,
        Dwelling.valid_to.is_(None),
    )
    with session.no_autoflush:
        if set(session.scalars(same)) - {dwelling.id}:
            raise Conflict(_("This home is already in the register."), field="room_no", finding="known")


@dataclass(frozen=True)
class Planned:
    """One room of the wizard's preview; ``exists`` rooms are left as they are."""

    room: Room
    exists: bool


def preview_rooms(session: Session, building: Building | None, rooms: Iterable[Room]) -> list[Planned]:
    """Which rooms would be new. A building that is not there yet has none."""
    known = _known_rooms(session, building) if building is not None and building.id is not None else set()
    return [Planned(room, (room.unit, room.number) in known) for room in rooms]


def build(
    session: Session,
    building: Building,
    rooms: Sequence[Room],
    *,
    now: datetime,
    area_of_unit: Mapping[int, int] | None = None,
    fill: Callable[[Dwelling], None] | None = None,
) -> list[Dwelling]:
    """Write the plan: staircases and rooms that are not there yet. Doing it twice adds nothing. ``fill`` puts more into
    each home that is made.

    ``area_of_unit`` gives the grid of each staircase (two grids may share a building); else the building's area.
    """
    take_turns(session, "building", "dwelling")
    known = _known_rooms(session, building)
    units = _units(session, building, rooms)
    made = []
    for room in rooms:
        if (room.unit, room.number) in known:
            continue
        area_id = (area_of_unit or {}).get(room.unit, building.area_id)
        dwelling = Dwelling(
            area_id=home_area(session, area_id).id,
            building_id=building.id,
            unit_id=units[room.unit].id,
            floor=room.floor,
            room_no=room.number,
            walk_order=room.walk_order,
            valid_from=clock.to_local(now).date(),
        )
        settle_address(session, dwelling)
        if fill is not None:
            fill(dwelling)
        made.append(dwelling)
    session.add_all(made)
    session.flush()
    return made


def _known_rooms(session: Session, building: Building) -> set[tuple[int, str]]:
    query = (
        select(BuildingUnit.seq, Dwelling.room_no)
        .join(BuildingUnit, BuildingUnit.id == Dwelling.unit_id)
        .where(Dwelling.building_id == building.id)
    )
    with unscoped("two grids may share a building: which rooms are there already?") as wide:
        known = {(seq, room) for seq, room in wide.execute(query)}
    return known | {(seq, room) for seq, room in session.execute(query)}


def _units(session: Session, building: Building, rooms: Sequence[Room]) -> dict[int, BuildingUnit]:
    query = select(BuildingUnit).where(BuildingUnit.building_id == building.id)
    units = {unit.seq: unit for unit in session.scalars(query)}
    for seq in sorted({room.unit for room in rooms} - set(units)):
        of_unit = [room for room in rooms if room.unit == seq]
        units[seq] = BuildingUnit(
            building_id=building.id,
            seq=seq,
            name=wording.numbered("unit", str(seq)),
            floors=len({room.floor for room in of_unit}),
            flats_per_floor=max(room.flat for room in of_unit),
        )
        session.add(units[seq])
    session.flush()
    return units
