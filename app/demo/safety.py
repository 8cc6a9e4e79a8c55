"""Checks of rented homes and venues, hazards on their way, and a census campaign that is under way in the demo city."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.core.actor import Actor
from app.core.clock import to_local
from app.demo.acting import Cast
from app.registry.choices import CampaignAction, CheckResult, HazardAction, TargetState
from app.registry.models import Campaign, CampaignTarget, Hazard, RentalHome, Venue
from app.registry.service import campaigns, hazards, inspections, risk
from app.registry.service.inspections import CheckEntry, ItemResult

CHECKED, VENUES, DOORS = 14, 5, 90
BAD = {0: ("C06",), 3: ("C04", "C08"), 5: ("C10",), 9: ("C03", "C04", "C05", "C06")}
OUTCOMES, WEIGHTS = (
    (TargetState.visited, TargetState.absent, TargetState.refused, TargetState.revisit),
    (14, 3, 1, 3),
)
VENUE_BAD = {1: ("VC02",), 3: ("VC03", "VC05")}


def check_places(cast: Cast, now: datetime, words: dict[str, Any]) -> None:
    """What the demo's worker has checked: homes in all colours, hazards in several states."""
    with cast.playing("worker") as (session, actor):
        homes = _inside(session, RentalHome, actor)
        for home in homes:
            home.risk = home.hazard = None
            home.next_check_on = None
            risk.settle_risk(session, home, now=now)
        for n, home in enumerate(homes[:CHECKED]):
            _check(session, actor, home, BAD.get(n, ()), now - timedelta(days=3 + 2 * n), words)
        for n, venue in enumerate(_inside(session, Venue, actor)[:VENUES]):
            _check(session, actor, venue, VENUE_BAD.get(n, ()), now - timedelta(days=20 + 5 * n), words)
        _move_on(session, actor, now, words)


def _inside(session: Session, model: Any, actor: Actor) -> list[Any]:
    low, high = actor.ranges[0]
    inside = select(Area.id).where(Area.path.between(low, high))
    return list(session.scalars(select(model).where(model.area_id.in_(inside)).order_by(model.id)))


def _check(
    session: Session, actor: Actor, place: Any, bad: tuple[str, ...], at: datetime, words: dict[str, Any]
) -> None:
    day = to_local(at).date()
    results = {item: ItemResult(CheckResult.good) for item in inspections.items_of(session, place)}
    fix_by = day + timedelta(days=7)
    results |= {item: ItemResult(CheckResult.bad, words["seen"], fix_by) for item in bad}
    inspectors = f"{actor.label}, {words['second']}"
    inspections.record_check(session, actor, place, CheckEntry(results, inspectors, checked_on=day), now=at)


def _move_on(session: Session, actor: Actor, now: datetime, words: dict[str, Any]) -> None:
    """Hazards in every state: put right and seen again, said to be put right, as they were found."""
    found = list(session.scalars(select(Hazard).order_by(Hazard.id).limit(3)))
    for n, hazard in enumerate(found[:2]):
        given = {"note": words["fixed"]}
        hazards.act(session, actor, hazard, HazardAction.rectify, given, now=now - timedelta(days=1))
        if n == 0:
            hazards.act(session, actor, hazard, HazardAction.passed, {"note": words["gone"]}, now=now)


def run_campaign(cast: Cast, now: datetime, words: dict[str, Any]) -> None:
    """A census of the demo clerk's community, half done by the worker."""
    today = to_local(now).date()
    with cast.playing("clerk") as (session, actor):
        low, _high = actor.ranges[0]
        area = session.scalars(select(Area).where(Area.path == low)).one()
        campaign = Campaign(
            area_id=area.id,
            name=words["campaign"],
            purpose=words["purpose"],
            starts_on=today - timedelta(days=5),
            ends_on=today + timedelta(days=25),
        )
        campaigns.plan(session, actor, campaign, now=now)
        campaigns.act(session, actor, campaign, CampaignAction.start, now=now)
        campaigns.gather(session, campaign, campaigns.areas_of(session, campaign), now)
    with cast.playing("worker") as (session, actor):
        _ring(session, actor, campaign, now)


def _ring(session: Session, actor: Actor, campaign: Campaign, now: datetime) -> None:
    random = Random(f"{campaign.name} doors")
    grids = [area.id for area in _areas(session, actor)]
    query = select(CampaignTarget).where(
        CampaignTarget.campaign_id == campaign.id, CampaignTarget.area_id.in_(grids)
    )
    today = to_local(now).date()
    for target in session.scalars(query.order_by(CampaignTarget.id).limit(DOORS)).all():
        outcome = random.choices(OUTCOMES, WEIGHTS)[0]
        day = today + timedelta(days=2) if outcome is TargetState.revisit else None
        campaigns.tried(session, target, outcome, now=now, revisit_on=day)


def _areas(session: Session, actor: Actor) -> list[Area]:
    low, high = actor.ranges[0]
    return list(session.scalars(select(Area).where(Area.path.between(low, high))))
