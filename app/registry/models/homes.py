"""Buildings, units, dwellings with their addresses; rental homes with tenancies; venues."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, Numeric, String, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from app.areas.models import Area
from app.core import scope
from app.core.actor import Actor
from app.core.crypto import EncryptedText, blind
from app.core.models import (
    AreaBound,
    BigKey,
    Deletable,
    Period,
    Record,
    Scoped,
    Table,
    Versioned,
    args,
    coded,
)
from app.registry.models.people import Person


class Building(AreaBound, Record):
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
    property_company: Mapped[str | None] = mapped_column(String(80))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(11, 8))
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(11, 8))
    note: Mapped[str | None] = mapped_column(String(300))

    area: Mapped[Area] = relationship()
    units: Mapped[list[BuildingUnit]] = relationship(back_populates="building", order_by="BuildingUnit.seq")

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


class Dwelling(Scoped, Period, Record):
    """A flat, house or room people may live in; the area sits here. Address: division → road or village group +
    number, building → unit → floor → room where there are any (house, section 3).
    """

    __tablename__ = "dwelling"
    __table_args__ = args(
        Index("ix_dwelling_building", "building_id", "unit_id", "floor", "room_no"),
        Index("ix_dwelling_address", "address"),
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
    housing_use: Mapped[str | None] = coded(list_name="housing_use")
    area_m2: Mapped[Decimal | None] = mapped_column(Numeric(8, 2))
    owner_name: Mapped[str | None] = mapped_column(String(50))
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


class RentalHome(Scoped, Record):
    """A dwelling (or part of it) that is let. GB/T 31000 knows one tenant; people come and go: see Tenancy."""

    __tablename__ = "rental_home"

    dwelling_id: Mapped[int] = mapped_column(BigKey, ForeignKey("dwelling.id"), index=True)
    name: Mapped[str | None] = mapped_column(String(80))
    rental_kind: Mapped[str | None] = coded(list_name="rental_kind")
    rental_use: Mapped[str | None] = coded(list_name="rental_use")
    risk: Mapped[str | None] = coded(list_name="rental_risk")
    hazard: Mapped[str | None] = coded(list_name="house_hazard")
    landlord_person_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("person.id"), index=True)
    landlord_name: Mapped[str | None] = mapped_column(String(50))
    landlord_phone: Mapped[str | None] = mapped_column(EncryptedText("rental_home.landlord_phone"))
    landlord_phone_index: Mapped[str | None] = mapped_column(String(32), index=True)
    agent_name: Mapped[str | None] = mapped_column(String(80))
    contract_no: Mapped[str | None] = mapped_column(String(60))
    registered: Mapped[bool] = mapped_column(Boolean, default=False)
    lease_until: Mapped[date | None] = mapped_column(Date)
    next_check_on: Mapped[date | None] = mapped_column(Date)
    status: Mapped[str] = coded(list_name="record_status", default="effective", nullable=False)
    note: Mapped[str | None] = mapped_column(String(300))

    area: Mapped[Area] = relationship()
    dwelling: Mapped[Dwelling] = relationship()
    landlord: Mapped[Person | None] = relationship()
    tenancies: Mapped[list[Tenancy]] = relationship(back_populates="rental_home", order_by="Tenancy.id")

    @validates("landlord_phone")
    def _index_phone(self, _key: str, value: str | None) -> str | None:
        self.landlord_phone_index = blind("phone", value)
        return value

    def __str__(self) -> str:
        return self.name or str(self.dwelling or "")


class Tenancy(Period, Deletable, Versioned, Table):
    """Who rents from when to when (S4 rentals); visible with the rental home."""

    __tablename__ = "tenancy"

    rental_home_id: Mapped[int] = mapped_column(BigKey, ForeignKey("rental_home.id"), index=True)
    person_id: Mapped[int] = mapped_column(BigKey, ForeignKey("person.id"), index=True)
    head_count: Mapped[int] = mapped_column(Integer, default=1)
    relation_to_landlord: Mapped[str | None] = mapped_column(String(40))
    rental_home: Mapped[RentalHome] = relationship(back_populates="tenancies")
    person: Mapped[Person] = relationship()

    @classmethod
    def __scope_parent__(cls) -> tuple[str, type]:
        return "rental_home_id", RentalHome


def _tenancies(actor: Actor) -> Any:
    home = Model.metadata.tables["rental_home"]
    return Tenancy.rental_home_id.in_(select(home.c.id).where(scope.in_scope(home.c.area_id, actor)))


scope.guard(Tenancy, _tenancies)


class Venue(Scoped, Record):
    """A shop, workshop, school or other place of the grid: nine small venues, key venues, resident organisations."""

    __tablename__ = "venue"

    name: Mapped[str] = mapped_column(String(100), index=True)
    name_initials: Mapped[str | None] = mapped_column(String(60), index=True)
    venue_key: Mapped[str | None] = coded(list_name="venue_key")
    nine_small: Mapped[str | None] = coded(list_name="venue_nine_small")
    credit_code: Mapped[str | None] = mapped_column(String(18), index=True)
    building_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("building.id"), index=True)
    dwelling_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("dwelling.id"), index=True)
    address: Mapped[str] = mapped_column(String(200))
    operator_name: Mapped[str | None] = mapped_column(String(50))
    operator_phone: Mapped[str | None] = mapped_column(EncryptedText("venue.operator_phone"))
    operator_phone_index: Mapped[str | None] = mapped_column(String(32), index=True)
    area_m2: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    staff_count: Mapped[int | None] = mapped_column(Integer)
    seats: Mapped[int | None] = mapped_column(Integer)
    licence_no: Mapped[str | None] = mapped_column(String(60))
    licence_until: Mapped[date | None] = mapped_column(Date)
    status: Mapped[str] = coded(list_name="record_status", default="effective", nullable=False)
    note: Mapped[str | None] = mapped_column(String(300))

    area: Mapped[Area] = relationship()
    building: Mapped[Building | None] = relationship()
    dwelling: Mapped[Dwelling | None] = relationship()

    @validates("operator_phone")
    def _index_phone(self, _key: str, value: str | None) -> str | None:
        self.operator_phone_index = blind("phone", value)
        return value

    def __str__(self) -> str:
        return self.name
