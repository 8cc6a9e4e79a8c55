"""Checks of rented homes and venues, hazards until they are gone, and the rules behind the risk colour."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import JSON, Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.areas.models import Area, OrgUnit
from app.core import scope
from app.core.actor import Actor
from app.core.models import AppendOnly, BigKey, Record, Scoped, StepBase, Table, Versioned, args, coded
from app.registry.models.letting import RentalHome, Venue

ONE_PLACE = "(rental_home_id IS NULL) <> (venue_id IS NULL)"


class SafetyCheck(AppendOnly, Scoped, Table):
    """An inspection of a rented home (14 items) or a venue (16 items, two inspectors at least). The grid worker records
    and reports; penalties are for those who hold the powers.
    """

    __tablename__ = "safety_check"
    __table_args__ = args(CheckConstraint(ONE_PLACE, name="one_place"))

    rental_home_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("rental_home.id"), index=True)
    venue_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("venue.id"), index=True)
    checked_on: Mapped[date] = mapped_column(Date)
    inspectors: Mapped[str] = mapped_column(String(120))
    people_found: Mapped[int | None] = mapped_column(Integer)
    summary: Mapped[str | None] = mapped_column(String(300))
    risk: Mapped[str | None] = coded(list_name="rental_risk")
    next_check_on: Mapped[date | None] = mapped_column(Date)

    area: Mapped[Area] = relationship()
    rental_home: Mapped[RentalHome | None] = relationship()
    venue: Mapped[Venue | None] = relationship()
    items: Mapped[list[SafetyCheckItem]] = relationship(back_populates="check", order_by="SafetyCheckItem.id")

    def __str__(self) -> str:
        return f"{self.checked_on} {self.rental_home or self.venue or ''}".strip()


class SafetyCheckItem(AppendOnly, Table):
    """One item of a check: in order, not in order, does not apply."""

    __tablename__ = "safety_check_item"

    check_id: Mapped[int] = mapped_column(BigKey, ForeignKey("safety_check.id"), index=True)
    item: Mapped[str] = mapped_column(String(24))  # code of rental_check_item or venue_check_item
    result: Mapped[str] = mapped_column(String(8))  # good bad none
    note: Mapped[str | None] = mapped_column(String(200))
    check: Mapped[SafetyCheck] = relationship(back_populates="items")

    @classmethod
    def __scope_parent__(cls) -> tuple[str, type]:
        return "check_id", SafetyCheck


def _items(actor: Actor) -> Any:
    check = Model.metadata.tables["safety_check"]
    return SafetyCheckItem.check_id.in_(select(check.c.id).where(scope.in_scope(check.c.area_id, actor)))


scope.guard(SafetyCheckItem, _items)


class Hazard(Scoped, Versioned, Table):
    """A hazard found at a check: put right by a day, checked again, closed; or passed on to those who may act."""

    __tablename__ = "hazard"
    __table_args__ = args(
        CheckConstraint(ONE_PLACE, name="one_place"), Index("ix_hazard_state_due", "state", "fix_by")
    )

    check_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("safety_check.id"), index=True)
    rental_home_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("rental_home.id"), index=True)
    venue_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("venue.id"), index=True)
    item: Mapped[str | None] = mapped_column(String(24))
    kind: Mapped[str | None] = coded(list_name="safety_hazard")
    text: Mapped[str] = mapped_column(String(300))
    basis: Mapped[str | None] = mapped_column(String(120))
    found_on: Mapped[date] = mapped_column(Date)
    fix_by: Mapped[date | None] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(12), default="found")  # found rectified reported closed
    reported_unit_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("org_unit.id"), index=True)
    area: Mapped[Area] = relationship()
    reported_unit: Mapped[OrgUnit | None] = relationship()
    rental_home: Mapped[RentalHome | None] = relationship()
    venue: Mapped[Venue | None] = relationship()
    steps: Mapped[list[HazardStep]] = relationship(order_by="HazardStep.id")

    def __str__(self) -> str:
        return self.text


class HazardStep(StepBase):
    """Found, said to be put right, checked again, passed on, closed; visible with the hazard."""

    __tablename__ = "hazard_step"

    hazard_id: Mapped[int] = mapped_column(BigKey, ForeignKey("hazard.id"), index=True)
    fix_by: Mapped[date | None] = mapped_column(Date)

    @classmethod
    def __scope_parent__(cls) -> tuple[str, type]:
        return "hazard_id", Hazard


def _hazard_steps(actor: Actor) -> Any:
    hazard = Model.metadata.tables["hazard"]
    return HazardStep.hazard_id.in_(select(hazard.c.id).where(scope.in_scope(hazard.c.area_id, actor)))


scope.guard(HazardStep, _hazard_steps)


class RiskRule(Record):
    """When a rented home gets which colour, and how often it is checked then: data, worst colour first."""

    __tablename__ = "risk_rule"

    seq: Mapped[int] = mapped_column(Integer)
    colour: Mapped[str] = coded(list_name="rental_risk", nullable=False)
    name: Mapped[str] = mapped_column(String(100))
    condition: Mapped[Any] = mapped_column(JSON)
    check_days: Mapped[int | None] = mapped_column(Integer)
    source: Mapped[str | None] = mapped_column(String(160))
    is_on: Mapped[bool] = mapped_column(Boolean, default=True)

    def __str__(self) -> str:
        return self.name


class VenueThreshold(Record):
    """Up to which size a venue of a kind is one of the nine small places. Provincial, so a site may change it."""

    __tablename__ = "venue_threshold"

    nine_small: Mapped[str] = coded(list_name="venue_nine_small", nullable=False)
    venue_key: Mapped[str] = coded(list_name="venue_key", nullable=False)
    measure: Mapped[str] = mapped_column(String(12))
    most: Mapped[int] = mapped_column(Integer)
    source: Mapped[str | None] = mapped_column(String(160))
