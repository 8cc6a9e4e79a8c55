"""How long each step may take and who is told when, as data that a site changes."""

from __future__ import annotations

from sqlalchemy import Boolean, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.models import Table, Versioned


class StepLimit(Versioned, Table):
    """The limit of a step clock on this site; an item's version may set its own (`ServiceItemVersion.limits`)."""

    __tablename__ = "step_limit"

    clock: Mapped[str] = mapped_column(String(16), unique=True)
    amount: Mapped[int] = mapped_column(Integer)
    unit: Mapped[str] = mapped_column(String(12))
    source: Mapped[str | None] = mapped_column(String(160))

    def __str__(self) -> str:
        return self.clock


class EscalationRule(Versioned, Table):
    """Who is told about a clock: before it runs out (``before`` of its limit) or so long after (``after``)."""

    __tablename__ = "escalation_rule"

    code: Mapped[str] = mapped_column(String(24), unique=True)
    clock: Mapped[str] = mapped_column(
        String(16)
    )  # a clock, promises, steps, custody, supplement, callback, *
    moment: Mapped[str] = mapped_column(String(8))  # warn late
    after: Mapped[int] = mapped_column(Integer, default=0)
    unit: Mapped[str] = mapped_column(String(12), default="work_day")
    tells: Mapped[str] = mapped_column(String(12))  # owner department station town county
    is_on: Mapped[bool] = mapped_column(Boolean, default=True)
    source: Mapped[str | None] = mapped_column(String(160))

    def __str__(self) -> str:
        return self.code
