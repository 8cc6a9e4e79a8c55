"""Departments that assist, residents who are called back, alarms that were sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.areas.models import OrgUnit, Staff
from app.core.models import BigKey, Instant, Table, Versioned, args, coded, live
from app.proxy.models.cases import CaseChild, ProxyCase


class CaseAssist(CaseChild, Versioned, Table):
    """The department that decides asks another one for its opinion; the case stays with the first (S0-51)."""

    __tablename__ = "case_assist"
    __table_args__ = args(
        Index("ix_case_assist_unit_answered", "org_unit_id", "answered_at"),
        Index("ix_case_assist_answered_due", "answered_at", "due_at"),
    )

    org_unit_id: Mapped[int] = mapped_column(BigKey, ForeignKey("org_unit.id"))
    question: Mapped[str] = mapped_column(String(300))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    asked_by: Mapped[str] = mapped_column(String(80))
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    answered_by: Mapped[str | None] = mapped_column(String(80))
    opinion: Mapped[str | None] = mapped_column(String(12))  # agree disagree note recalled
    answer: Mapped[str | None] = mapped_column(Text)
    case: Mapped[ProxyCase] = relationship(back_populates="assists")
    org_unit: Mapped[OrgUnit] = relationship()


class CaseCallback(CaseChild, Versioned, Table):
    """A bad rating is looked into by somebody else than the worker, and closed with what came of it."""

    __tablename__ = "case_callback"
    __table_args__ = args(Index("ix_case_callback_closed_due", "closed_at", "due_at"))

    rating: Mapped[str | None] = coded(list_name="satisfaction")
    words: Mapped[str | None] = mapped_column(String(300))
    opened_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime] = mapped_column(Instant)
    provisional: Mapped[bool] = mapped_column(default=False)
    staff_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("staff.id"), index=True)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    called_at: Mapped[datetime | None] = mapped_column(Instant)
    outcome: Mapped[str | None] = mapped_column(String(16))  # settled apologised redone unfounded unreachable
    answer: Mapped[str | None] = mapped_column(Text)
    new_rating: Mapped[str | None] = coded(list_name="satisfaction")
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_by: Mapped[str | None] = mapped_column(String(80))
    case: Mapped[ProxyCase] = relationship(back_populates="callbacks")
    staff: Mapped[Staff | None] = relationship()


class CaseAlarm(CaseChild, Table):
    """What was told about a clock, an original or a deadline, so that nothing is told twice. A due time that moved is
    another one.
    """

    __tablename__ = "case_alarm"
    __table_args__ = args(
        UniqueConstraint("case_id", "about", "rule", "due_at"),
        Index("ix_case_alarm_open_due", "settled_at", "due_at"),
        # in the order of the list: the page of reminders reads as many as it shows
        live("due_at", "id", name="ix_case_alarm_waiting", unique=False, where="settled_at IS NULL"),
    )

    about: Mapped[str] = mapped_column(
        String(48)
    )  # clock:<uid> custody:<uid> callback:<uid> opinion:<uid> supplement pause
    rule: Mapped[str] = mapped_column(String(24))  # code of the escalation rule
    due_at: Mapped[datetime] = mapped_column(Instant)
    at: Mapped[datetime] = mapped_column(Instant)
    told: Mapped[str] = mapped_column(String(12))  # owner station town county department
    settled_at: Mapped[datetime | None] = mapped_column(Instant)  # seen by the job: what it was about is done
    case: Mapped[ProxyCase] = relationship()
