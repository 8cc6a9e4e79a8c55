"""Working days of an area: regional days and office hours by season over the national calendar."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Boolean, Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.areas.models.tree import Area
from app.core.models import BigKey, Table, Versioned, args


class CalendarDay(Versioned, Table):
    """A day that differs from the national calendar in an area and everything below it (or everywhere)."""

    __tablename__ = "calendar_day"
    __table_args__ = args(UniqueConstraint("area_id", "day"))

    area_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("area.id"), index=True)
    day: Mapped[date] = mapped_column(Date)
    is_workday: Mapped[bool] = mapped_column(Boolean)
    name: Mapped[str] = mapped_column(String(60))
    source: Mapped[str | None] = mapped_column(String(120))
    area: Mapped[Area | None] = relationship()


class OfficeHours(Versioned, Table):
    """Office hours of a season: ``from_day``/``to_day`` are MM-DD, both included; times are local HH:MM."""

    __tablename__ = "office_hours"

    area_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("area.id"), index=True)
    from_day: Mapped[str] = mapped_column(String(5))
    to_day: Mapped[str] = mapped_column(String(5))
    morning_from: Mapped[str] = mapped_column(String(5))
    morning_to: Mapped[str] = mapped_column(String(5))
    afternoon_from: Mapped[str] = mapped_column(String(5))
    afternoon_to: Mapped[str] = mapped_column(String(5))
    area: Mapped[Area | None] = relationship()
