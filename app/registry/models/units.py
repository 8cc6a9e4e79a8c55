"""Resident organisations (驻区单位, S4-57), schools, convenience resources (S4-58) and help given to households."""

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
from app.core.models import BigKey, Confirmed, Record, Scoped, coded
from app.registry.models.homes import Building
from app.registry.models.households import Household, HouseholdChild
from app.registry.models.letting import Venue
from app.registry.models.people import Person


class ResidentUnit(Scoped, Confirmed, Record):
    """A public body, company or social organisation that sits in the area (GB/T 31000-2015 非公有制经济组织, 社会组织)."""

    __tablename__ = "resident_unit"

    kind: Mapped[str] = mapped_column(String(12))  # public company social
    name: Mapped[str] = mapped_column(String(100), index=True)
    name_initials: Mapped[str | None] = mapped_column(String(60), index=True)
    credit_code: Mapped[str | None] = mapped_column(String(18), index=True)
    building_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("building.id"), index=True)
    address: Mapped[str] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(40))
    staff_count: Mapped[int | None] = mapped_column(Integer)
    category: Mapped[str | None] = mapped_column(String(60))
    registered_kind: Mapped[str | None] = mapped_column(String(60))
    holding: Mapped[str | None] = mapped_column(String(60))
    business: Mapped[str | None] = mapped_column(String(300))
    legal_name: Mapped[str | None] = mapped_column(String(50))
    legal_document_kind: Mapped[str | None] = coded(list_name="id_document")
    legal_document: Mapped[str | None] = mapped_column(EncryptedText("resident_unit.legal_document"))
    legal_document_index: Mapped[str | None] = mapped_column(String(32), index=True)
    legal_phone: Mapped[str | None] = mapped_column(EncryptedText("resident_unit.legal_phone"))
    legal_phone_index: Mapped[str | None] = mapped_column(String(32), index=True)
    guard_name: Mapped[str | None] = mapped_column(String(50))
    guard_phone: Mapped[str | None] = mapped_column(EncryptedText("resident_unit.guard_phone"))
    guard_phone_index: Mapped[str | None] = mapped_column(String(32), index=True)
    is_hazardous: Mapped[bool] = mapped_column(Boolean, default=False)
    hazard: Mapped[str | None] = coded(list_name="safety_hazard")
    attention: Mapped[str | None] = coded(list_name="attention_level")
    has_party: Mapped[bool] = mapped_column(Boolean, default=False)
    party_members: Mapped[int | None] = mapped_column(Integer)
    has_union: Mapped[bool] = mapped_column(Boolean, default=False)
    union_members: Mapped[int | None] = mapped_column(Integer)
    has_league: Mapped[bool] = mapped_column(Boolean, default=False)
    league_members: Mapped[int | None] = mapped_column(Integer)
    has_women: Mapped[bool] = mapped_column(Boolean, default=False)
    women_members: Mapped[int | None] = mapped_column(Integer)
    licence_no: Mapped[str | None] = mapped_column(String(60))
    authority: Mapped[str | None] = mapped_column(String(80))
    approved_on: Mapped[date | None] = mapped_column(Date)
    social_kind: Mapped[str | None] = coded(list_name="social_kind")
    funding: Mapped[str | None] = mapped_column(String(60))
    is_foreign: Mapped[bool] = mapped_column(Boolean, default=False)
    status: Mapped[str] = coded(list_name="record_status", default="effective", nullable=False)
    note: Mapped[str | None] = mapped_column(String(300))

    area: Mapped[Area] = relationship()
    building: Mapped[Building | None] = relationship()

    @validates("legal_document", "legal_phone", "guard_phone")
    def _index_number(self, key: str, value: str | None) -> str | None:
        setattr(self, f"{key}_index", blind("document" if key == "legal_document" else "phone", value))
        return value

    def __str__(self) -> str:
        return self.name


class School(Record):
    """What the standard asks about a school beyond a venue (校园及周边安全)."""

    __tablename__ = "school"

    venue_id: Mapped[int] = mapped_column(BigKey, ForeignKey("venue.id"), unique=True, sort_order=-9)
    school_kind: Mapped[str | None] = coded(list_name="school_kind")
    students: Mapped[int | None] = mapped_column(Integer)
    authority: Mapped[str | None] = mapped_column(String(80))
    head_name: Mapped[str | None] = mapped_column(String(50))
    safety_lead: Mapped[str | None] = mapped_column(String(50))
    safety_owner: Mapped[str | None] = mapped_column(String(50))
    order_owner: Mapped[str | None] = mapped_column(String(50))
    guards: Mapped[int | None] = mapped_column(Integer)
    note: Mapped[str | None] = mapped_column(String(300))
    venue: Mapped[Venue] = relationship()

    @classmethod
    def __scope_parent__(cls) -> tuple[str, type]:
        return "venue_id", Venue


def _schools(actor: Actor) -> Any:
    venue = Model.metadata.tables["venue"]
    return School.venue_id.in_(select(venue.c.id).where(scope.in_scope(venue.c.area_id, actor)))


scope.guard(School, _schools)


class ServiceResource(Scoped, Record):
    """A convenience of the neighbourhood: canteen, pharmacy, repair shop, with hours and phone (S4-58)."""

    __tablename__ = "service_resource"

    kind: Mapped[str | None] = coded(list_name="service_resource_kind")
    name: Mapped[str] = mapped_column(String(100), index=True)
    address: Mapped[str | None] = mapped_column(String(200))
    phone: Mapped[str | None] = mapped_column(String(40))
    hours: Mapped[str | None] = mapped_column(String(100))
    services: Mapped[str | None] = mapped_column(String(300))
    is_public: Mapped[bool] = mapped_column(Boolean, default=True)
    area: Mapped[Area] = relationship()

    def __str__(self) -> str:
        return self.name


class HelpRecord(HouseholdChild, Record):
    """Help given to a household: what, by whom, worth how much, with which result (S1-38)."""

    __tablename__ = "help_record"

    person_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("person.id"), index=True)
    given_on: Mapped[date] = mapped_column(Date)
    source: Mapped[str | None] = coded(list_name="help_source")
    what: Mapped[str] = mapped_column(String(300))
    given_by: Mapped[str | None] = mapped_column(String(100))
    amount: Mapped[Decimal | None] = mapped_column(Numeric(12, 2))
    result: Mapped[str | None] = mapped_column(String(200))
    household: Mapped[Household] = relationship()
    person: Mapped[Person | None] = relationship()
