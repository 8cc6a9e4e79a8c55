"""Every home of a campaign's area becomes a target when it starts, and later what bulk writes brought."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, select, union
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.core import bulk, clock
from app.registry.choices import HouseholdKind, TargetState
from app.registry.models import Campaign, CampaignTarget, Dwelling, Household, HouseholdDwelling
from app.registry.rules.campaigns import OPEN
from app.registry.service.campaigns.settling import living_in, settle, workers_of

AREAS = 25  # areas of one step of the job


def areas_of(session: Session, campaign: Campaign) -> list[int]:
    """Keys of the area of a campaign and of those below it, in key order: new ones come last."""
    inside = Area.path.startswith(campaign.area.path, autoescape=True)
    return list(session.scalars(select(Area.id).where(inside).order_by(Area.id)))


def gather(session: Session, campaign: Campaign, area_ids: Sequence[int], now: datetime) -> int:
    """A target for each home of these areas that has none yet (a home with two living households has two); the worker is
    the grid's. Homes that changed by bulk writes are settled. Returns how many were added; a second run adds nothing.
    """
    known = select(CampaignTarget.dwelling_id).where(CampaignTarget.campaign_id == campaign.id)
    homes = (
        select(Dwelling.id, Dwelling.area_id, Dwelling.building_id, Household.id.label("household_id"))
        .outerjoin(
            HouseholdDwelling,
            and_(HouseholdDwelling.dwelling_id == Dwelling.id, HouseholdDwelling.valid_to.is_(None)),
        )
        .outerjoin(
            Household,
            and_(
                Household.id == HouseholdDwelling.household_id,
                Household.kind == HouseholdKind.living,
                Household.valid_to.is_(None),
            ),
        )
        .where(Dwelling.area_id.in_(area_ids), Dwelling.valid_to.is_(None), Dwelling.id.not_in(known))
        .order_by(Dwelling.id, Household.id)
    )
    workers = workers_of(session, area_ids, clock.to_local(now).date())
    rows: dict[tuple[int, int | None], dict[str, object]] = {}
    for home in session.execute(homes):
        rows[home.id, home.household_id] = {
            "campaign_id": campaign.id,
            "area_id": home.area_id,
            "dwelling_id": home.id,
            "building_id": home.building_id,
            "household_id": home.household_id,
            "staff_id": workers.get(home.area_id),
        }
    # a home whose only link is to a registered household has a line without one beside those of its living ones
    lived_in = {home for home, household in rows if household is not None}
    wanted = [row for (home, household), row in rows.items() if household is not None or home not in lived_in]
    bulk.insert(session, CampaignTarget, wanted)
    settle(session, _out_of_step(session, campaign, area_ids), now=now)
    return len(wanted)


def _out_of_step(session: Session, campaign: Campaign, area_ids: Sequence[int]) -> list[int]:
    """Homes whose targets no longer say who lives there: closed ones, those whose household left or came."""
    mine = (CampaignTarget.campaign_id == campaign.id, CampaignTarget.area_id.in_(area_ids))
    standing = select(Dwelling.id).where(Dwelling.area_id.in_(area_ids), Dwelling.valid_to.is_(None))
    lives = living_in(standing).subquery()
    here = and_(
        lives.c.household_id == CampaignTarget.household_id, lives.c.dwelling_id == CampaignTarget.dwelling_id
    )
    open_ones = select(CampaignTarget.dwelling_id).where(*mine, CampaignTarget.state.in_(OPEN))
    gone = open_ones.where(CampaignTarget.dwelling_id.not_in(standing))
    left = open_ones.outerjoin(lives, here).where(
        CampaignTarget.household_id.is_not(None), lives.c.household_id.is_(None)
    )
    came = (
        select(lives.c.dwelling_id)
        .outerjoin(CampaignTarget, and_(here, *mine, CampaignTarget.state != TargetState.gone))
        .where(CampaignTarget.id.is_(None))
    )
    return list(session.scalars(union(gone, left, came)))
