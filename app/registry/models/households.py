"""Households, who belongs to them, where they live; residences; move-in requests between areas."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Date, ForeignKey, Index, Integer, String, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.areas.models import Area
from app.core import scope
from app.core.actor import Actor
from app.core.extra.models import Extra
from app.core.models import (
    BigKey,
    Confirmed,
    Deletable,
    Instant,
    Period,
    Record,
    Scoped,
    StepBase,
    Table,
    Versioned,
    args,
    coded,
    live,
)
from app.registry.models.homes import Dwelling
from app.registry.models.people import Person, PersonChild

LIVED_IN = "kind = 'living' AND valid_to IS NULL AND deleted_at IS NULL"


class Household(Extra, Scoped, Period, Confirmed, Record):
    """A household: registered (户籍户), living (居住户) or collective; a person may be in one of each kind.
    The 300–500 rule counts living households (S0-17).
    """

    __tablename__ = "household"
    __table_args__ = args(
        live("area_id", "last_visit_on", name="ix_household_area_visit", unique=False, where=LIVED_IN)
    )

    kind: Mapped[str] = mapped_column(String(12))  # registered living collective
    household_no: Mapped[str | None] = mapped_column(String(24), index=True)
    head_person_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("person.id"), index=True)
    name: Mapped[str | None] = mapped_column(String(80))
    needs: Mapped[str | None] = mapped_column(String(300))
    last_visit_on: Mapped[date | None] = mapped_column(Date)
    note: Mapped[str | None] = mapped_column(String(300))

    area: Mapped[Area] = relationship()
    head: Mapped[Person | None] = relationship()
    members: Mapped[list[HouseholdMember]] = relationship(
        back_populates="household", order_by="HouseholdMember.id"
    )
    dwellings: Mapped[list[HouseholdDwelling]] = relationship(back_populates="household")

    def __str__(self) -> str:
        return self.name or (str(self.head) if self.head else self.household_no or "")


class HouseholdChild:
    """Row of a household; visible with it."""

    __scope_as_parent__ = True
    household_id: Mapped[int] = mapped_column(BigKey, ForeignKey("household.id"), index=True, sort_order=-9)

    @classmethod
    def __scope_parent__(cls) -> tuple[str, type]:
        return "household_id", Household


def _household_children(actor: Actor) -> Any:
    household = Model.metadata.tables["household"]
    ids = select(household.c.id).where(scope.in_scope(household.c.area_id, actor))
    return lambda cls: cls.household_id.in_(ids)


scope.guard(HouseholdChild, _household_children)


class HouseholdMember(HouseholdChild, Period, Versioned, Deletable, Table):
    """Membership of a person in a household for a time, with the relation *to the head*; the head is code 02
    (GB/T 4761). One open membership per person and kind of household is kept by the service.
    """

    __tablename__ = "household_member"
    __table_args__ = args(
        live(
            "household_id",
            "person_id",
            name="uq_household_member_open",
            where="valid_to IS NULL AND deleted_at IS NULL",
        ),
        Index("ix_household_member_person", "person_id"),
    )

    person_id: Mapped[int] = mapped_column(BigKey, ForeignKey("person.id"))
    relation: Mapped[str] = coded(list_name="household_relation", nullable=False)
    household: Mapped[Household] = relationship(back_populates="members")
    person: Mapped[Person] = relationship()


class HouseholdDwelling(HouseholdChild, Period, Table):
    """Where a household lives or is registered, dated: many to many."""

    __tablename__ = "household_dwelling"

    dwelling_id: Mapped[int] = mapped_column(BigKey, ForeignKey("dwelling.id"), index=True)
    household: Mapped[Household] = relationship(back_populates="dwellings")
    dwelling: Mapped[Dwelling] = relationship()


class Residence(PersonChild, Period, Versioned, Deletable, Table):
    """A person lives at a dwelling (or a free outside address) from a day on; keeps PersonArea in step."""

    __tablename__ = "residence"

    dwelling_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("dwelling.id"), index=True)
    household_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("household.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12), default="living")  # living registered
    outside_division: Mapped[str | None] = mapped_column(String(120))
    outside_address: Mapped[str | None] = mapped_column(String(160))
    dwelling_type: Mapped[str | None] = coded(list_name="dwelling_type")
    inflow_reason: Mapped[str | None] = coded(list_name="inflow_reason")
    came_from: Mapped[str | None] = mapped_column(String(160))
    end_reason: Mapped[str | None] = coded(list_name="cancel_reason")
    person: Mapped[Person] = relationship()
    dwelling: Mapped[Dwelling | None] = relationship()
    household: Mapped[Household | None] = relationship()


class MoveInRequest(Versioned, Table):
    """“Registered elsewhere: ask for a move-in.” The requester never sees the person; the other side agrees or
    declines, then both areas are changed in one step (guards, section 1).
    """

    __tablename__ = "move_in_request"

    person_id: Mapped[int] = mapped_column(BigKey, ForeignKey("person.id"), index=True)
    from_area_id: Mapped[int] = mapped_column(BigKey, ForeignKey("area.id"), index=True)
    to_area_id: Mapped[int] = mapped_column(BigKey, ForeignKey("area.id"), index=True)
    dwelling_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("dwelling.id"))
    household_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("household.id"))
    relation: Mapped[str | None] = coded(list_name="household_relation")
    entered_name: Mapped[str] = mapped_column(String(50))
    reason: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(12), default="asked")  # asked agreed declined withdrawn
    moved_on: Mapped[date | None] = mapped_column(Date)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_by: Mapped[int | None] = mapped_column(Integer)
    from_area: Mapped[Area] = relationship(foreign_keys=[from_area_id])
    to_area: Mapped[Area] = relationship(foreign_keys=[to_area_id])


def _requests(actor: Actor) -> Any:
    return or_(
        scope.in_scope(MoveInRequest.from_area_id, actor),  # type: ignore[arg-type]
        scope.in_scope(MoveInRequest.to_area_id, actor),  # type: ignore[arg-type]
    )


scope.guard(MoveInRequest, _requests)


class MoveInStep(StepBase):
    """Who asked, agreed, declined or withdrew; visible with the request."""

    __tablename__ = "move_in_step"

    request_id: Mapped[int] = mapped_column(BigKey, ForeignKey("move_in_request.id"), index=True)

    @classmethod
    def __scope_parent__(cls) -> tuple[str, type]:
        return "request_id", MoveInRequest


def _steps(actor: Actor) -> Any:
    request = Model.metadata.tables["move_in_request"]
    ids = select(request.c.id).where(
        or_(scope.in_scope(request.c.from_area_id, actor), scope.in_scope(request.c.to_area_id, actor))
    )
    return MoveInStep.request_id.in_(ids)


scope.guard(MoveInStep, _steps)
