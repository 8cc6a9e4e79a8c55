"""Where (area) and who (org unit): two trees that must not be merged (S0-26, S0-10)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core import scope
from app.core.actor import Actor
from app.core.models import BigKey, Instant, Period, StepBase, Table, Versioned, args, coded

PATH = String(120, collation=None).with_variant(String(120, collation="C"), "postgresql")


class AreaLevel(Versioned, Table):
    """A level of the area tree and its local name (county, 片区, town, community, grid, micro cell, park).

    Names, code patterns and who may stand under whom are data: another county calls its levels otherwise.
    """

    __tablename__ = "area_level"

    key: Mapped[str] = mapped_column(String(24), unique=True)
    name: Mapped[str] = mapped_column(String(40))
    name_en: Mapped[str | None] = mapped_column(String(40))
    rank: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(16))  # division | grid | cell | park
    parent_keys: Mapped[str] = mapped_column(String(200), default="")
    code_pattern: Mapped[str | None] = mapped_column(String(120))
    code_hint: Mapped[str | None] = mapped_column(String(120))
    band_min: Mapped[int | None] = mapped_column(Integer)
    band_max: Mapped[int | None] = mapped_column(Integer)

    def __str__(self) -> str:
        return self.name


class Area(Versioned, Period, Table):
    """A piece of ground: county, town, community, grid or cell. ``path`` is fixed-width segments, so that a
    subtree is one range. Codes are unique per period; the id never changes (S0-07, S0-15, S0-19, S1-35, S3-06).
    """

    __tablename__ = "area"
    __table_args__ = args(
        UniqueConstraint("code", "valid_from"),
        Index("ix_area_path", "path", unique=True),
        Index("ix_area_parent_id", "parent_id"),
    )

    parent_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("area.id"))
    level_id: Mapped[int] = mapped_column(BigKey, ForeignKey("area_level.id"))
    path: Mapped[str] = mapped_column(PATH)
    depth: Mapped[int] = mapped_column(Integer, default=0)
    code: Mapped[str] = mapped_column(String(24))
    name: Mapped[str] = mapped_column(String(80))
    name_pinyin: Mapped[str | None] = mapped_column(String(160))
    name_initials: Mapped[str | None] = mapped_column(String(80), index=True)
    full_name: Mapped[str] = mapped_column(String(300), default="")
    grid_kind: Mapped[str | None] = coded(list_name="grid_kind")
    settlement: Mapped[str | None] = coded(list_name="settlement")  # urban | rural
    boundary_east: Mapped[str | None] = mapped_column(String(200))
    boundary_south: Mapped[str | None] = mapped_column(String(200))
    boundary_west: Mapped[str | None] = mapped_column(String(200))
    boundary_north: Mapped[str | None] = mapped_column(String(200))
    polygon: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    band_min: Mapped[int | None] = mapped_column(Integer)
    band_max: Mapped[int | None] = mapped_column(Integer)
    declared_households: Mapped[int | None] = mapped_column(Integer)
    declared_persons: Mapped[int | None] = mapped_column(Integer)
    pilot_batch: Mapped[str | None] = mapped_column(String(40))
    go_live_on: Mapped[date | None] = mapped_column(Date)
    note: Mapped[str | None] = mapped_column(Text)
    next_child: Mapped[int] = mapped_column(Integer, default=1)

    level: Mapped[AreaLevel] = relationship()
    parent: Mapped[Area | None] = relationship(remote_side="Area.id")

    def __str__(self) -> str:
        return self.name


class AreaSuccession(Table):
    """Which area took over from which on a day: statistics can say “as then” or “as now” (S0-15)."""

    __tablename__ = "area_succession"

    old_area_id: Mapped[int] = mapped_column(BigKey, ForeignKey("area.id"), index=True)
    new_area_id: Mapped[int] = mapped_column(BigKey, ForeignKey("area.id"), index=True)
    effective_on: Mapped[date] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(String(12))
    plan_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("area_plan.id"))


class AreaPlan(Versioned, Table):
    """A planned split, merge or transfer of grids with its effective date, preview and outcome (S0-15)."""

    __tablename__ = "area_plan"

    title: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(12))  # split merge transfer
    effective_on: Mapped[date] = mapped_column(Date)
    area_id: Mapped[int] = mapped_column(BigKey, ForeignKey("area.id"))
    definition: Mapped[Any] = mapped_column(JSON)
    preview: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))
    state: Mapped[str] = mapped_column(String(12), default="draft")  # draft scheduled applied cancelled
    applied_at: Mapped[datetime | None] = mapped_column(Instant)
    area: Mapped[Area] = relationship()

    def __str__(self) -> str:
        return self.title


# areas are a dictionary that everybody reads; what is planned for them concerns those who work there
scope.guard(AreaPlan, lambda actor: scope.in_scope(AreaPlan.area_id, actor))  # type: ignore[arg-type]


class AreaPlanStep(StepBase):
    """Who drafted, scheduled, applied or cancelled a plan; visible with it."""

    __tablename__ = "area_plan_step"

    plan_id: Mapped[int] = mapped_column(BigKey, ForeignKey("area_plan.id"), index=True)

    @classmethod
    def __scope_parent__(cls) -> tuple[str, type]:
        return "plan_id", AreaPlan


def _steps_of_visible_plans(actor: Actor) -> Any:
    plan = AreaPlan.__table__
    return AreaPlanStep.plan_id.in_(select(plan.c.id).where(scope.in_scope(plan.c.area_id, actor)))


scope.guard(AreaPlanStep, _steps_of_visible_plans)


class OrgUnit(Versioned, Period, Table):
    """Center, sub-center, workstation, department, enforcement team, police, association, lead group
    (S0-26…29, S1-51, S4-08), with host office, pilot batch and go-live date (S1-09, S0-64).
    """

    __tablename__ = "org_unit"

    parent_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("org_unit.id"), index=True)
    path: Mapped[str] = mapped_column(PATH, unique=True)
    kind: Mapped[str] = coded(list_name="org_kind", nullable=False)
    code: Mapped[str] = mapped_column(String(24), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    short_name: Mapped[str | None] = mapped_column(String(40))
    area_id: Mapped[int] = mapped_column(BigKey, ForeignKey("area.id"), index=True)
    host_office: Mapped[str | None] = mapped_column(String(120))
    department_code: Mapped[str | None] = mapped_column(String(8), index=True)  # MZ CL WJ RS of the catalogue
    document_code: Mapped[str | None] = mapped_column(String(24))
    phone: Mapped[str | None] = mapped_column(String(40))
    address: Mapped[str | None] = mapped_column(String(200))
    pilot_batch: Mapped[str | None] = mapped_column(String(40))
    go_live_on: Mapped[date | None] = mapped_column(Date)
    serves_public: Mapped[bool] = mapped_column(Boolean, default=False)
    next_child: Mapped[int] = mapped_column(Integer, default=1)

    area: Mapped[Area] = relationship()
    parent: Mapped[OrgUnit | None] = relationship(remote_side="OrgUnit.id")

    def __str__(self) -> str:
        return self.name
