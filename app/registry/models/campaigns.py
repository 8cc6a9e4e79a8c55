"""Census campaigns (摸底, S4-90): every home of an area is a target until somebody was met there."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, String, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.areas.models import Area, Staff
from app.areas.rules import SEGMENT
from app.core import scope
from app.core.actor import Actor
from app.core.models import AreaBound, BigKey, Instant, Record, Scoped, StepBase, Table, Versioned, args
from app.registry.models.homes import Building, Dwelling
from app.registry.models.households import Household

RUNNING = "running"


class Campaign(AreaBound, Record):
    """A census of an area within some days: planned, running, closed. Who has homes to visit below its area sees it; who
    leads it covers the area itself.
    """

    __tablename__ = "campaign"

    name: Mapped[str] = mapped_column(String(100))
    purpose: Mapped[str | None] = mapped_column(String(300))
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(String(12), default="planned")  # planned running closed
    area: Mapped[Area] = relationship()

    def __str__(self) -> str:
        return self.name


def visible_campaigns(actor: Actor) -> Any:
    """Sub-select of campaigns of the actor's areas, and of those above that run there or have homes there to visit."""
    area, target, campaign = (Model.metadata.tables[n] for n in ("area", "campaign_target", "campaign"))
    theirs = select(target.c.campaign_id).where(scope.in_scope(target.c.area_id, actor))
    paths = {low[:end] for low, _high in actor.ranges for end in range(SEGMENT, len(low), SEGMENT)}
    above = select(area.c.id).where(area.c.path.in_(sorted(paths)))
    return select(campaign.c.id).where(
        scope.in_scope(campaign.c.area_id, actor)
        | campaign.c.id.in_(theirs)
        | (campaign.c.area_id.in_(above) & (campaign.c.state == RUNNING))
    )


scope.guard(Campaign, lambda actor: Campaign.id.in_(visible_campaigns(actor)))


class CampaignStep(StepBase):
    """Planned, started, closed; visible with the campaign."""

    __tablename__ = "campaign_step"

    campaign_id: Mapped[int] = mapped_column(BigKey, ForeignKey("campaign.id"), index=True)

    @classmethod
    def __scope_parent__(cls) -> tuple[str, type]:
        return "campaign_id", Campaign


scope.guard(CampaignStep, lambda actor: CampaignStep.campaign_id.in_(visible_campaigns(actor)))


class CampaignTarget(Scoped, Versioned, Table):
    """One home to visit, with the household that was known there; its area is the grid of the home. ``state`` is the
    last word: todo, visited, nobody home, refused, revisit; each try is a row of its own.
    """

    __tablename__ = "campaign_target"
    __table_args__ = args(
        Index("ix_campaign_target_progress", "campaign_id", "area_id", "state"),
        Index("ix_campaign_target_staff", "campaign_id", "staff_id", "state"),
        Index("uq_campaign_target_home", "campaign_id", "dwelling_id", "household_id", unique=True),
    )

    campaign_id: Mapped[int] = mapped_column(BigKey, ForeignKey("campaign.id"))
    dwelling_id: Mapped[int] = mapped_column(BigKey, ForeignKey("dwelling.id"), index=True)
    household_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("household.id"), index=True)
    building_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("building.id"), index=True)
    staff_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("staff.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), default="todo")
    revisit_on: Mapped[date | None] = mapped_column(Date)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    tried_at: Mapped[datetime | None] = mapped_column(Instant)

    campaign: Mapped[Campaign] = relationship()
    area: Mapped[Area] = relationship()
    dwelling: Mapped[Dwelling] = relationship()
    household: Mapped[Household | None] = relationship()
    building: Mapped[Building | None] = relationship()
    staff: Mapped[Staff | None] = relationship()


class CampaignTry(StepBase):
    """One ring at the door; visible with the target."""

    __tablename__ = "campaign_try"

    target_id: Mapped[int] = mapped_column(BigKey, ForeignKey("campaign_target.id"), index=True)
    revisit_on: Mapped[date | None] = mapped_column(Date)

    @classmethod
    def __scope_parent__(cls) -> tuple[str, type]:
        return "target_id", CampaignTarget


def _tries(actor: Actor) -> Any:
    target = Model.metadata.tables["campaign_target"]
    return CampaignTry.target_id.in_(select(target.c.id).where(scope.in_scope(target.c.area_id, actor)))


scope.guard(CampaignTry, _tries)


class SheetPack(Scoped, Table):
    """Household sheets (F06) of a building or an area in walking order, to be carried from door to door: made by a job
    in parts, fetched by whoever asked for them.
    """

    __tablename__ = "sheet_pack"

    building_id: Mapped[int | None] = mapped_column(BigKey, ForeignKey("building.id"), index=True)
    is_blank: Mapped[bool] = mapped_column(Boolean, default=False)
    homes: Mapped[int] = mapped_column(Integer)
    parts: Mapped[int] = mapped_column(Integer)  # files of the pack, once all are there
    done: Mapped[int] = mapped_column(Integer, default=0)  # files made so far
    owner_id: Mapped[int] = mapped_column(Integer, index=True)  # the account that asked

    area: Mapped[Area] = relationship()
    building: Mapped[Building | None] = relationship()
