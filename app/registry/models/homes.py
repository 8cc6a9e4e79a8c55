"""Buildings, units and chiefs of buildings; dwellings with their addresses."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Date, ForeignKey, Index, Integer, Numeric, String, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from app.areas.models import Area, OrgUnit, Staff
from app.core import scope
from app.core.actor import Actor
from app.core.crypto import EncryptedText, blind
from app.core.extra.models import Extra
from app.core.models import (
    AreaBound,
    BigKey,
    Confirmed,
    Deletable,
    Period,
    Record,
    Scoped,
    Table,
    Versioned,
    args,
    coded,
)
from app.registry.rules.sizes import check_floor_area


class Building(AreaBound, Confirmed, Record):
    """A building. Its area is the smallest one that holds all its dwellings: two grids may share a building,
    and each of them sees it through its own dwellings.
    """

    __tablename__ = "building"

    estate: Mapped[str | None] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(80))
    road: Mapped[str | None] = mapped_column(String(80))
    door_no: Mapped[str | None] = mapped_column(String(40))
    address: Mapped[str] = mapped_column(String(200))
    building_type: Mapped[str | None] = coded(list_name="building_type")
    floors: Mapped[int | None] = mapped_column(Integer)
    floors_below: Mapped[int | None] = mapped_column(Integer)
    built_year: Mapped[int | None] = mapped_column(Integer)
    area_m2: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    property_unit_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("org_unit.id"), index=True)
    property_company: Mapped[str | None] = mapped_column(String(80))
    property_phone: Mapped[str | None] = mapped_column(String(40))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(11, 8))
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(11, 8))
    note: Mapped[str | None] = mapped_column(String(300))

    area: Mapped[Area] = relationship()
    property_unit: Mapped[OrgUnit | None] = relationship()
    units: Mapped[list[BuildingUnit]] = relationship(back_populates="building", order_by="BuildingUnit.seq")
    chiefs: Mapped[list[BuildingChief]] = relationship(back_populates="building", order_by="BuildingChief.id")

    @validates("area_m2")
    def _floor_area(self, _key: str, value: Any) -> Any:
        return check_floor_area(value)

    def __str__(self) -> str:
        return self.name


def visible_buildings(actor: Actor) -> Any:
    """Sub-select of buildings with a dwelling in the actor's areas, or standing in them as a whole."""
    dwelling = Model.metadata.tables["dwelling"]
    building = Model.metadata.tables["building"]
    shared = select(dwelling.c.building_id).where(
        dwelling.c.building_id.is_not(None), scope.in_scope(dwelling.c.area_id, actor)
    )
    return select(building.c.id).where(
        or_(scope.in_scope(building.c.area_id, actor), building.c.id.in_(shared))
    )


scope.guard(Building, lambda actor: Building.id.in_(visible_buildings(actor)))


class BuildingChild:
    """Part of a building; visible with it."""

    building_id: Mapped[int] = mapped_column(BigKey, ForeignKey("building.id"), index=True, sort_order=-9)

    @classmethod
    def __scope_parent__(cls) -> tuple[str, type]:
        return "building_id", Building


def _building_children(actor: Actor) -> Any:
    ids = visible_buildings(actor)
    return lambda cls: cls.building_id.in_(ids)


scope.guard(BuildingChild, _building_children)


class BuildingUnit(BuildingChild, Versioned, Table):
    """A staircase of a building (单元)."""

    __tablename__ = "building_unit"

    seq: Mapped[int] = mapped_column(Integer)
    name: Mapped[str] = mapped_column(String(40))
    floors: Mapped[int | None] = mapped_column(Integer)
    flats_per_floor: Mapped[int | None] = mapped_column(Integer)
    building: Mapped[Building] = relationship(back_populates="units")

    def __str__(self) -> str:
        return self.name


class BuildingChief(BuildingChild, Period, Versioned, Deletable, Table):
    """Who looks after a building (楼长, 楼栋长) from when to when; the person is on the staff list."""

    __tablename__ = "building_chief"

    staff_id: Mapped[int] = mapped_column(BigKey, ForeignKey("staff.id"), index=True)
    unit_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("building_unit.id"), index=True)
    note: Mapped[str | None] = mapped_column(String(120))
    building: Mapped[Building] = relationship(back_populates="chiefs")
    staff: Mapped[Staff] = relationship()
    unit: Mapped[BuildingUnit | None] = relationship()


class Dwelling(Extra, Scoped, Period, Confirmed, Record):
    """A flat, house or room people may live in; the area sits here. Address: division → road or village group +
    number, building → unit → floor → room where there are any (house, section 3).
    """

    __tablename__ = "dwelling"
    __table_args__ = args(
        Index("ix_dwelling_building", "building_id", "unit_id", "floor", "room_no"),
        Index("ix_dwelling_address", "address"),
        Index("ix_dwelling_area_confirmed", "area_id", "confirmed_on"),
    )

    building_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("building.id"))
    unit_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("building_unit.id"))
    floor: Mapped[int | None] = mapped_column(Integer)
    room_no: Mapped[str | None] = mapped_column(String(20))
    village_group: Mapped[str | None] = mapped_column(String(60))
    road: Mapped[str | None] = mapped_column(String(80))
    door_no: Mapped[str | None] = mapped_column(String(40))
    address: Mapped[str] = mapped_column(String(200))
    address_pinyin: Mapped[str | None] = mapped_column(String(120), index=True)
    walk_order: Mapped[int | None] = mapped_column(Integer)
    house_no: Mapped[str | None] = mapped_column(String(50), index=True)
    housing_use: Mapped[str | None] = coded(list_name="housing_use")
    area_m2: Mapped[Decimal | None] = mapped_column(Numeric(8, 2))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(11, 8))
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(11, 8))
    owner_name: Mapped[str | None] = mapped_column(String(50))
    owner_document_kind: Mapped[str | None] = coded(list_name="id_document")
    owner_document: Mapped[str | None] = mapped_column(EncryptedText("dwelling.owner_document"))
    owner_document_index: Mapped[str | None] = mapped_column(String(32), index=True)
    owner_address: Mapped[str | None] = mapped_column(String(160))
    owner_phone: Mapped[str | None] = mapped_column(EncryptedText("dwelling.owner_phone"))
    owner_phone_index: Mapped[str | None] = mapped_column(String(32), index=True)
    note: Mapped[str | None] = mapped_column(String(300))

    area: Mapped[Area] = relationship()
    building: Mapped[Building | None] = relationship()
    unit: Mapped[BuildingUnit | None] = relationship()

    @validates("owner_phone")
    def _index_phone(self, _key: str, value: str | None) -> str | None:
        self.owner_phone_index = blind("phone", value)
        return value

    @validates("owner_document")
    def _index_document(self, _key: str, value: str | None) -> str | None:
        self.owner_document_index = blind("document", value)
        return value

    @validates("area_m2")
    def _floor_area(self, _key: str, value: Any) -> Any:
        return check_floor_area(value)

    def __str__(self) -> str:
        return self.address


class DwellingChild:
    """Something that hangs on a dwelling; visible with it."""

    dwelling_id: Mapped[int] = mapped_column(BigKey, ForeignKey("dwelling.id"), index=True, sort_order=-9)

    @classmethod
    def __scope_parent__(cls) -> tuple[str, type]:
        return "dwelling_id", Dwelling


def _dwelling_children(actor: Actor) -> Any:
    dwelling = Model.metadata.tables["dwelling"]
    ids = select(dwelling.c.id).where(scope.in_scope(dwelling.c.area_id, actor))
    return lambda cls: cls.dwelling_id.in_(ids)


scope.guard(DwellingChild, _dwelling_children)


class DwellingAlias(DwellingChild, Period, Table):
    """Another or an older address of the dwelling (renumbering, colloquial name)."""

    __tablename__ = "dwelling_alias"

    address: Mapped[str] = mapped_column(String(200), index=True)
    reason: Mapped[str | None] = mapped_column(String(120))


class DwellingSuccession(Scoped, Table):
    """A dwelling that was split off or merged into another on a day."""

    __tablename__ = "dwelling_succession"

    old_dwelling_id: Mapped[int] = mapped_column(BigKey, ForeignKey("dwelling.id"), index=True)
    new_dwelling_id: Mapped[int] = mapped_column(BigKey, ForeignKey("dwelling.id"), index=True)
    effective_on: Mapped[date] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(String(8))  # split merge
