"""How long each step may take, who may take it and who is told when, as data that a site changes."""

from __future__ import annotations

from sqlalchemy import Boolean, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.models import BigKey, Table, Versioned, args, live
from app.proxy.models.items import ServiceItem


class StepLimit(Versioned, Table):
    """The limit of a step clock on this site; an item's version may set its own (`ServiceItemVersion.limits`). One row,
    `callback`, is the time for the call-back after a bad rating.
    """

    __tablename__ = "step_limit"

    clock: Mapped[str] = mapped_column(String(16), unique=True)
    amount: Mapped[int] = mapped_column(Integer)
    unit: Mapped[str] = mapped_column(String(12))
    source: Mapped[str | None] = mapped_column(String(160))

    def __str__(self) -> str:
        return self.clock


class StepRole(Versioned, Table):
    """An exception to who takes a step (`rules/roles.py` and the machine say the rule): a role that may as well, or may not,
    for one service or for all.
    """

    __tablename__ = "step_role"
    __table_args__ = args(
        UniqueConstraint("action", "role", "item_id"),
        live("action", "role", name="uq_step_role_site", where="item_id IS NULL"),
    )

    action: Mapped[str] = mapped_column(String(24))
    role: Mapped[str] = mapped_column(String(24))
    item_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("service_item.id"))
    allowed: Mapped[bool] = mapped_column(Boolean, default=False)
    source: Mapped[str | None] = mapped_column(String(160))
    item: Mapped[ServiceItem | None] = relationship()

    def __str__(self) -> str:
        return self.action


class EscalationRule(Versioned, Table):
    """Who is told about a clock: before it runs out (``before`` of its limit) or so long after (``after``)."""

    __tablename__ = "escalation_rule"

    code: Mapped[str] = mapped_column(String(24), unique=True)
    clock: Mapped[str] = mapped_column(
        String(16)
    )  # a clock, promises, steps, pause, supplement, custody, callback, opinion
    moment: Mapped[str] = mapped_column(String(8))  # warn late
    after: Mapped[int] = mapped_column(Integer, default=0)
    unit: Mapped[str] = mapped_column(String(12), default="work_day")
    tells: Mapped[str] = mapped_column(String(12))  # owner department station town county
    is_on: Mapped[bool] = mapped_column(Boolean, default=True)
    source: Mapped[str | None] = mapped_column(String(160))

    def __str__(self) -> str:
        return self.code
