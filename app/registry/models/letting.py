"""Homes that are let, who rents them from when to when, and venues."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Boolean, Date, ForeignKey, Integer, Numeric, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from app.areas.models import Area
from app.core import scope
from app.core.actor import Actor
from app.core.crypto import EncryptedText, blind
from app.core.extra.models import Extra
from app.core.models import BigKey, Confirmed, Deletable, Period, Record, Scoped, Table, Versioned, coded
from app.registry.models.homes import Building, Dwelling
from app.registry.models.people import Person
from app.registry.rules.sizes import check_floor_area


class RentalHome(Extra, Scoped, Confirmed, Record):
    """A dwelling (or part of it) that is let. GB/T 31000 knows one tenant; people come and go: see Tenancy."""

    __tablename__ = "rental_home"

    dwelling_id: Mapped[int] = mapped_column(BigKey, ForeignKey("dwelling.id"), index=True)
    name: Mapped[str | None] = mapped_column(String(80))
    structure: Mapped[str | None] = mapped_column(String(60))
    deed_no: Mapped[str | None] = mapped_column(String(60))
    rental_kind: Mapped[str | None] = coded(list_name="rental_kind")
    rental_use: Mapped[str | None] = coded(list_name="rental_use")
    risk: Mapped[str | None] = coded(list_name="rental_risk")
    hazard: Mapped[str | None] = coded(list_name="house_hazard")
    landlord_person_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("person.id"), index=True)
    landlord_name: Mapped[str | None] = mapped_column(String(50))
    landlord_phone: Mapped[str | None] = mapped_column(EncryptedText("rental_home.landlord_phone"))
    landlord_phone_index: Mapped[str | None] = mapped_column(String(32), index=True)
    landlord_document_kind: Mapped[str | None] = coded(list_name="id_document")
    landlord_document: Mapped[str | None] = mapped_column(EncryptedText("rental_home.landlord_document"))
    landlord_document_index: Mapped[str | None] = mapped_column(String(32), index=True)
    landlord_address: Mapped[str | None] = mapped_column(String(160))
    caretaker_name: Mapped[str | None] = mapped_column(String(50))
    caretaker_phone: Mapped[str | None] = mapped_column(EncryptedText("rental_home.caretaker_phone"))
    caretaker_phone_index: Mapped[str | None] = mapped_column(String(32), index=True)
    agent_name: Mapped[str | None] = mapped_column(String(80))
    agent_credit_code: Mapped[str | None] = mapped_column(String(18))
    contract_no: Mapped[str | None] = mapped_column(String(60))
    registered: Mapped[bool] = mapped_column(Boolean, default=False)
    pledge_signed: Mapped[bool] = mapped_column(Boolean, default=False)
    rent: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    lease_from: Mapped[date | None] = mapped_column(Date)
    lease_until: Mapped[date | None] = mapped_column(Date, index=True)
    risk_reason: Mapped[str | None] = mapped_column(String(200))
    last_check_on: Mapped[date | None] = mapped_column(Date)
    next_check_on: Mapped[date | None] = mapped_column(Date, index=True)
    status: Mapped[str] = coded(list_name="record_status", default="effective", nullable=False)
    note: Mapped[str | None] = mapped_column(String(300))

    area: Mapped[Area] = relationship()
    dwelling: Mapped[Dwelling] = relationship()
    landlord: Mapped[Person | None] = relationship()
    tenancies: Mapped[list[Tenancy]] = relationship(back_populates="rental_home", order_by="Tenancy.id")

    @validates("landlord_phone", "caretaker_phone")
    def _index_phone(self, key: str, value: str | None) -> str | None:
        setattr(self, f"{key}_index", blind("phone", value))
        return value

    @validates("landlord_document")
    def _index_document(self, _key: str, value: str | None) -> str | None:
        self.landlord_document_index = blind("document", value)
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


class Venue(Extra, Scoped, Confirmed, Record):
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
    beds: Mapped[int | None] = mapped_column(Integer)
    licence_no: Mapped[str | None] = mapped_column(String(60))
    licence_until: Mapped[date | None] = mapped_column(Date, index=True)
    safety_owner: Mapped[str | None] = mapped_column(String(50))
    hazard: Mapped[str | None] = coded(list_name="safety_hazard")
    attention: Mapped[str | None] = coded(list_name="attention_level")
    last_check_on: Mapped[date | None] = mapped_column(Date)
    next_check_on: Mapped[date | None] = mapped_column(Date, index=True)
    status: Mapped[str] = coded(list_name="record_status", default="effective", nullable=False)
    note: Mapped[str | None] = mapped_column(String(300))

    area: Mapped[Area] = relationship()
    building: Mapped[Building | None] = relationship()
    dwelling: Mapped[Dwelling | None] = relationship()

    @validates("operator_phone")
    def _index_phone(self, _key: str, value: str | None) -> str | None:
        self.operator_phone_index = blind("phone", value)
        return value

    @validates("area_m2")
    def _floor_area(self, _key: str, value: Any) -> Any:
        return check_floor_area(value)

    def __str__(self) -> str:
        return self.name
