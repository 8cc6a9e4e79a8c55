"""Visits: one visit, many purposes, workers and households (S3-64, S1-31, S2-75)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Date, ForeignKey, Index, Integer, String, UniqueConstraint, not_, or_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.areas import shared  # noqa: F401  the guard of SharedBelow
from app.areas.models import Area, Staff
from app.core import scope
from app.core.actor import Actor
from app.core.extra.models import Extra
from app.core.models import (
    AreaBound,
    BigKey,
    Instant,
    Record,
    Scoped,
    SharedBelow,
    StepBase,
    Table,
    Versioned,
    args,
    coded,
)
from app.registry.models import Dwelling, GroupVisit, Household, Person
from app.registry.models.closed import open_to


class Visit(Scoped, Record):
    """One round at the doors: planned for a day and slot, done at a time; census, care and proxy service all
    write the same visit.
    """

    __tablename__ = "visit"
    __table_args__ = args(Index("ix_visit_area_planned", "area_id", "planned_on"))

    title: Mapped[str | None] = mapped_column(String(120))
    visit_type: Mapped[str] = coded(list_name="visit_type", nullable=False)
    planned_on: Mapped[date] = mapped_column(Date)
    slot: Mapped[str | None] = mapped_column(String(11))  # local 09:00-10:00
    state: Mapped[str] = mapped_column(String(12), default="planned")  # planned done missed cancelled
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    note: Mapped[str | None] = mapped_column(String(300))

    area: Mapped[Area] = relationship()
    workers: Mapped[list[VisitWorker]] = relationship(back_populates="visit")
    stops: Mapped[list[VisitStop]] = relationship(back_populates="visit", order_by="VisitStop.seq")
    purposes: Mapped[list[VisitPurpose]] = relationship(back_populates="visit", order_by="VisitPurpose.id")
    steps: Mapped[list[VisitStep]] = relationship(back_populates="visit", order_by="VisitStep.id")

    def __str__(self) -> str:
        return self.title or str(self.planned_on)


class VisitChild:
    """Row of a visit; visible with it."""

    visit_id: Mapped[int] = mapped_column(BigKey, ForeignKey("visit.id"), index=True, sort_order=-9)

    @classmethod
    def __scope_parent__(cls) -> tuple[str, type]:
        return "visit_id", Visit


def _visit_children(actor: Actor) -> Any:
    visit = Model.metadata.tables["visit"]
    ids = select(visit.c.id).where(scope.in_scope(visit.c.area_id, actor))
    return lambda cls: cls.visit_id.in_(ids)


scope.guard(VisitChild, _visit_children)


class VisitWorker(VisitChild, Table):
    """A worker on the visit; the first one leads."""

    __tablename__ = "visit_worker"
    __table_args__ = args(UniqueConstraint("visit_id", "staff_id"))

    staff_id: Mapped[int] = mapped_column(BigKey, ForeignKey("staff.id"), index=True)
    visit: Mapped[Visit] = relationship(back_populates="workers")
    staff: Mapped[Staff] = relationship()


class VisitStop(VisitChild, Table):
    """One door of the round and what came of it."""

    __tablename__ = "visit_stop"

    seq: Mapped[int] = mapped_column(Integer, default=0)
    household_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("household.id"), index=True)
    dwelling_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("dwelling.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(
        BigKey, ForeignKey("person.id"), index=True, info={"merge": "moves"}
    )
    outcome: Mapped[str | None] = coded(list_name="visit_outcome")
    at: Mapped[datetime | None] = mapped_column(Instant)
    note: Mapped[str | None] = mapped_column(String(300))
    revisit_on: Mapped[date | None] = mapped_column(
        Date, index=True
    )  # nobody was met: come again from this day
    visit: Mapped[Visit] = relationship(back_populates="stops")
    purposes: Mapped[list[VisitPurpose]] = relationship(back_populates="stop")
    household: Mapped[Household | None] = relationship()
    dwelling: Mapped[Dwelling | None] = relationship()
    person: Mapped[Person | None] = relationship()


class VisitPurpose(VisitChild, Table):
    """Why the visit is made: a work record type and the record it serves (a case, a census page), at which door."""

    __tablename__ = "visit_purpose"

    stop_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("visit_stop.id"), index=True)
    record_type: Mapped[str] = coded(list_name="service_record_type", nullable=False)
    ref_kind: Mapped[str | None] = mapped_column(String(24))
    ref_uid: Mapped[str | None] = mapped_column(String(36), index=True)
    visit: Mapped[Visit] = relationship(back_populates="purposes")
    stop: Mapped[VisitStop | None] = relationship(back_populates="purposes")


class VisitStep(VisitChild, StepBase):
    """Planned, done, missed, cancelled: who and when."""

    __tablename__ = "visit_step"

    visit: Mapped[Visit] = relationship(back_populates="steps")


class ServiceRecord(Extra, Scoped, Record):
    """What a worker did for somebody on a day (S1-56): upper domains write it down; the monthly chain is later.

    A line about a visit to a member of a group of level 5 names nobody; it is seen by the worker whose day it is and by
    named grant, as the visit itself (guards, section 3).
    """

    __tablename__ = "service_record"
    __table_args__ = args(Index("ix_service_record_staff_day", "staff_id", "done_on"))

    staff_id: Mapped[int] = mapped_column(BigKey, ForeignKey("staff.id"))
    done_on: Mapped[date] = mapped_column(Date)
    record_type: Mapped[str] = coded(list_name="service_record_type", nullable=False)
    way: Mapped[str | None] = mapped_column(String(12))  # door phone accompany proxy report
    content: Mapped[str] = mapped_column(String(120))
    result: Mapped[str | None] = mapped_column(String(12))  # done ongoing reported impossible
    household_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("household.id"), index=True)
    visit_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("visit.id"), index=True)
    ref_kind: Mapped[str | None] = mapped_column(String(24))
    ref_uid: Mapped[str | None] = mapped_column(String(36), index=True)

    area: Mapped[Area] = relationship()
    staff: Mapped[Staff] = relationship()
    household: Mapped[Household | None] = relationship()

    def __str__(self) -> str:
        return self.content


class WorkSlot(SharedBelow, Versioned, Table):
    """When residents may be visited: so many visits in a part of a weekday; without a worker it holds for everybody of
    the area who has none of their own (S3-63). It is kept by the station and read by the workers below it.
    """

    __tablename__ = "work_slot"

    staff_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("staff.id"), index=True)
    weekday: Mapped[int] = mapped_column(Integer)  # 0 Monday
    slot: Mapped[str] = mapped_column(String(11))  # local 09:00-10:00
    places: Mapped[int] = mapped_column(Integer, default=1)
    area: Mapped[Area] = relationship()
    staff: Mapped[Staff | None] = relationship()


class StaffAbsence(AreaBound, Versioned, Table):
    """A worker is away: no slot of these days is offered, and the substitute is named, who sees it from elsewhere too."""

    __tablename__ = "staff_absence"
    __table_args__ = args(Index("ix_staff_absence_staff_days", "staff_id", "from_day", "to_day"))

    staff_id: Mapped[int] = mapped_column(BigKey, ForeignKey("staff.id"))
    from_day: Mapped[date] = mapped_column(Date)
    to_day: Mapped[date] = mapped_column(Date)
    reason: Mapped[str | None] = mapped_column(String(80))
    substitute_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("staff.id"))
    area: Mapped[Area] = relationship()
    staff: Mapped[Staff] = relationship(foreign_keys=[staff_id])
    substitute: Mapped[Staff | None] = relationship(foreign_keys=[substitute_id])


def _seen_absences(actor: Actor) -> Any:
    staff = actor.staff_id or 0
    return or_(
        scope.in_scope(StaffAbsence.area_id, actor),
        StaffAbsence.staff_id == staff,
        StaffAbsence.substitute_id == staff,
    )


scope.guard(StaffAbsence, _seen_absences)


def _open_lines(actor: Actor) -> Any:
    """One visit is asked for by its key where the line is about one: a list of all would be read for every page."""
    visit, group = Model.metadata.tables["group_visit"], Model.metadata.tables["person_group"]
    closed = select(visit.c.id).join(group, group.c.id == visit.c.group_id)
    closed = closed.where(visit.c.uid == ServiceRecord.ref_uid, not_(open_to(group.c, actor)))
    about = ServiceRecord.ref_kind
    return or_(
        about.is_(None),
        about != GroupVisit.__tablename__,
        ServiceRecord.staff_id == (actor.staff_id or 0),
        ~closed.exists(),
    )


scope.guard(ServiceRecord, _open_lines, whole_site=True)
