"""A home changes its grid: its households and the people in it go along, in one step (guards: re-dividing grids)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.core import clock
from app.registry.choices import CampaignState, HazardState, ResidenceKind
from app.registry.models import (
    Campaign,
    CampaignTarget,
    Dwelling,
    Hazard,
    Household,
    HouseholdDwelling,
    RentalHome,
    Residence,
)
from app.registry.service.homes import home_area, settle_address
from app.registry.service.residences import TIE
from app.registry.service.ties import close_tie, manage_in, open_tie


def move_dwelling(session: Session, dwelling: Dwelling, area_id: int, *, now: datetime) -> None:
    """Put a home into another grid of the actor's. Done work keeps the area of its day; live rows move."""
    old_id = dwelling.area_id
    if area_id == old_id:
        return
    area = home_area(session, area_id)
    day = clock.to_local(now).date()
    dwelling.area_id = area.id
    settle_address(session, dwelling)
    for household in session.scalars(_households(dwelling)):
        household.area_id = area.id
    for rental in session.scalars(select(RentalHome).where(RentalHome.dwelling_id == dwelling.id)):
        rental.area_id = area.id
    for row in (*session.scalars(_hazards(dwelling)), *session.scalars(_targets(dwelling))):
        row.area_id = area.id
    session.flush()
    for residence in session.scalars(_residences(dwelling)).all():
        kind = ResidenceKind(residence.kind)
        open_tie(session, residence.person, area.id, TIE[kind], day)
        session.flush()
        if residence.person.area_id == old_id and kind is ResidenceKind.living:
            manage_in(session, residence.person, area.id, day)
        if not _holds(session, residence, old_id):
            close_tie(session, residence.person, old_id, TIE[kind], day)
    session.flush()


def _hazards(dwelling: Dwelling) -> Select[tuple[Hazard]]:
    """Hazards of the home's lettings that are not yet gone; sheets of checks keep the area of their day."""
    lettings = select(RentalHome.id).where(RentalHome.dwelling_id == dwelling.id)
    return select(Hazard).where(Hazard.rental_home_id.in_(lettings), Hazard.state != HazardState.closed)


def _targets(dwelling: Dwelling) -> Select[tuple[CampaignTarget]]:
    running = select(Campaign.id).where(Campaign.state == CampaignState.running)
    return select(CampaignTarget).where(
        CampaignTarget.dwelling_id == dwelling.id, CampaignTarget.campaign_id.in_(running)
    )


def _households(dwelling: Dwelling) -> Select[tuple[Household]]:
    links = select(HouseholdDwelling.household_id).where(
        HouseholdDwelling.dwelling_id == dwelling.id, HouseholdDwelling.valid_to.is_(None)
    )
    return select(Household).where(Household.id.in_(links), Household.valid_to.is_(None))


def _residences(dwelling: Dwelling) -> Select[tuple[Residence]]:
    return select(Residence).where(Residence.dwelling_id == dwelling.id, Residence.valid_to.is_(None))


def _holds(session: Session, residence: Residence, area_id: int) -> bool:
    """Whether another open residence of the same kind keeps the old area's tie."""
    query = select(Residence.id).where(
        Residence.person_id == residence.person_id,
        Residence.kind == residence.kind,
        Residence.valid_to.is_(None),
        Residence.dwelling.has(Dwelling.area_id == area_id),
    )
    return session.scalars(query).first() is not None
