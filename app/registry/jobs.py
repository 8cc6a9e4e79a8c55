"""Jobs of the registry: colours by changed rules, targets of a campaign, packs of sheets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select

from app.core import clock, jobs
from app.documents.press import site_press
from app.registry.choices import CampaignState
from app.registry.models import Campaign, RentalHome, SheetPack
from app.registry.service import campaigns, risk, sheet_packs

RISK = "registry.risk"
CAMPAIGN = "registry.campaign"
CHUNK = 100


@jobs.handler(RISK, label=_("Colours of rented homes by the changed rules"), system=True)
def apply_rules(work: jobs.Work) -> dict[str, Any]:
    """Settle the colour of every rented home in force, by key, so that a killed worker's successor repeats one chunk."""
    in_force = RentalHome.status == "effective"
    highest = work.session.scalar(select(func.max(RentalHome.id)).where(in_force)) or 0
    work.total = -(-highest // CHUNK)
    for n in work.steps():
        with work.step() as session:
            mine = select(RentalHome).where(
                in_force, RentalHome.id > n * CHUNK, RentalHome.id <= (n + 1) * CHUNK
            )
            rules = risk.rules_in_force(session)
            for rental in session.scalars(mine.order_by(RentalHome.id)).all():
                risk.settle_risk(session, rental, now=work.now, rules=rules)
    return {"homes": work.session.scalar(select(func.count(RentalHome.id)).where(in_force)) or 0}


@jobs.handler(CAMPAIGN, label=_("Homes of a census campaign gathered"), lease=timedelta(minutes=10))
def gather(work: jobs.Work) -> dict[str, Any]:
    """Make the targets of a campaign, some areas a step; what is there already is left alone. Runs as whoever started it."""
    uid = work.arguments["campaign"]
    campaign = work.session.scalars(select(Campaign).where(Campaign.uid == uid)).one()
    areas = campaigns.areas_of(work.session, campaign)
    work.total = -(-len(areas) // campaigns.AREAS)
    for n in work.steps():
        with work.step() as session:
            campaign = session.scalars(select(Campaign).where(Campaign.uid == uid)).one()
            if campaign.state == CampaignState.running:
                mine = areas[n * campaigns.AREAS : (n + 1) * campaigns.AREAS]
                campaigns.gather(session, campaign, mine, work.now)
    return {"campaign": uid}


@jobs.handler(sheet_packs.JOB, label=_("Household sheets drawn"), lease=timedelta(minutes=5))
def draw_sheets(work: jobs.Work) -> dict[str, Any]:
    """Draw a pack part by part. Drawing holds nothing: the transaction of a step only stores the part."""
    given, press = work.arguments, site_press()
    pack = work.session.scalars(select(SheetPack).where(SheetPack.uid == given["pack"])).one()
    work.total, is_blank = pack.parts, pack.is_blank
    for n in work.steps():
        who = {"worker": given["worker"], "office": given["office"], "is_blank": is_blank}
        context = sheet_packs.context(work.session, given["homes"], n, now=work.now, **who)
        work.session.rollback()
        pdf = press.render(sheet_packs.FORM, context, "normal", None)
        with work.step() as session:
            pack = session.scalars(select(SheetPack).where(SheetPack.uid == given["pack"])).one()
            sheet_packs.keep_part(session, pack, n, pdf, clock.to_local(work.now).date())
    return {"pack": given["pack"]}
