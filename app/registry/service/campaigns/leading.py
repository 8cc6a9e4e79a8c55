"""Who leads a campaign plans, starts and closes it."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import Invalid, NotAllowed
from app.core.workflow import Offer, Step
from app.registry.choices import CampaignAction, CampaignState
from app.registry.models import Campaign, CampaignStep
from app.registry.rules.campaigns import MACHINE

LONGEST = 366  # days of a campaign


def plan(session: Session, actor: Actor, campaign: Campaign, *, now: datetime) -> Campaign:
    """Write a new campaign down. Raises Invalid for days that do not fit."""
    check_days(campaign)
    step = MACHINE.apply(None, CampaignAction.plan, [actor.role])
    campaign.state = str(step.target)
    session.add(campaign)
    session.flush()
    _step(session, actor, campaign, step, now)
    return campaign


def check_days(campaign: Campaign) -> None:
    """A campaign ends after it begins, within a year."""
    days = (campaign.ends_on - campaign.starts_on).days
    if not 0 <= days <= LONGEST:
        text = _("The end lies after the beginning, at most %(days)s days.", days=LONGEST)
        raise Invalid(text, field="ends_on")


def leads(campaign: Campaign, actor: Actor) -> bool:
    """Whether the actor covers the area of the campaign; who only has homes to visit in it does not lead it."""
    return actor.covers(campaign.area.path)


def offers(campaign: Campaign, actor: Actor) -> list[Offer]:
    """What the actor may do with a campaign now: only who covers its area leads it."""
    if not leads(campaign, actor):
        return []
    return MACHINE.actions(CampaignState.parse(campaign.state), [actor.role])


def act(
    session: Session, actor: Actor, campaign: Campaign, action: CampaignAction, *, now: datetime
) -> CampaignStep:
    """Start or close. The homes of a started campaign are gathered by a job (app/registry/jobs.py). NotAllowed for who
    does not lead it.
    """
    if not leads(campaign, actor):
        raise NotAllowed()
    step = MACHINE.apply(CampaignState.parse(campaign.state), action, [actor.role])
    campaign.state = str(step.target)
    return _step(session, actor, campaign, step, now)


def _step(session: Session, actor: Actor, campaign: Campaign, step: Step, now: datetime) -> CampaignStep:
    row = CampaignStep.of(
        step.action, step.source, step.target, actor=actor, now=now, campaign_id=campaign.id
    )
    session.add(row)
    session.flush()
    return row
