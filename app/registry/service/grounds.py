"""What goes along when areas are divided anew: homes are the ground, everything that lives stands on them (S0-15)."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import Select, func, select

from app.areas.service import live
from app.registry.choices import AreaTie, CampaignState, HazardState, HouseholdKind, ResidenceKind
from app.registry.models import (
    Building,
    Campaign,
    CampaignTarget,
    Dwelling,
    Hazard,
    Household,
    HouseholdDwelling,
    Person,
    PersonArea,
    RentalHome,
    Residence,
    Tenancy,
    Venue,
)
from app.registry.service import tally


def _homes_of_households() -> Select[Any]:
    return select(HouseholdDwelling.household_id, HouseholdDwelling.dwelling_id).where(
        HouseholdDwelling.valid_to.is_(None)
    )


def _homes_of_persons() -> Select[Any]:
    return select(Residence.person_id, Residence.dwelling_id).where(
        Residence.valid_to.is_(None),
        Residence.kind == ResidenceKind.living,
        Residence.dwelling_id.is_not(None),
    )


def _homes_of_ties(kind: ResidenceKind) -> Select[Any]:
    """The home in the tie's own area: somebody may live here and be registered there."""
    return (
        select(PersonArea.id, Residence.dwelling_id)
        .join(Residence, Residence.person_id == PersonArea.person_id)
        .join(Dwelling, Dwelling.id == Residence.dwelling_id)
        .where(
            Residence.valid_to.is_(None), Residence.kind == str(kind), Dwelling.area_id == PersonArea.area_id
        )
    )


def _homes_of_tenants() -> Select[Any]:
    return (
        select(PersonArea.id, RentalHome.dwelling_id)
        .join(Tenancy, Tenancy.person_id == PersonArea.person_id)
        .join(RentalHome, RentalHome.id == Tenancy.rental_home_id)
        .where(Tenancy.valid_to.is_(None), RentalHome.area_id == PersonArea.area_id)
    )


def _homes_of_hazards() -> Select[Any]:
    return (
        select(Hazard.id, func.coalesce(RentalHome.dwelling_id, Venue.dwelling_id))
        .outerjoin(RentalHome, RentalHome.id == Hazard.rental_home_id)
        .outerjoin(Venue, Venue.id == Hazard.venue_id)
        .where(func.coalesce(RentalHome.dwelling_id, Venue.dwelling_id).is_not(None))
    )


def _running() -> Select[Any]:
    return select(Campaign.id).where(Campaign.state == CampaignState.running)


COUNTED = (
    (tally.PERSONS, _("Residents")),
    (tally.LIVING, _("Living households")),
    (tally.REGISTERED, _("Registered households")),
    (tally.DWELLINGS, _("Homes")),
    (tally.RENTALS, _("Rented homes")),
    (tally.VENUES, _("Venues")),
)


def register() -> None:
    """Tell the areas which rows of ours move, and by which home."""
    _register_homes()
    _register_people()
    live.register_live("venue", Venue, label=_("Venues"), via=select(Venue.id, Venue.dwelling_id))
    live.register_live(
        "hazard",
        Hazard,
        label=_("Hazards not yet gone"),
        where=Hazard.state != HazardState.closed,
        via=_homes_of_hazards(),
    )
    live.register_live(
        "campaign_target",
        CampaignTarget,
        label=_("Homes of running campaigns"),
        where=CampaignTarget.campaign_id.in_(_running()),
        via=select(CampaignTarget.id, CampaignTarget.dwelling_id),
    )
    for counter, label in COUNTED:
        live.register_count(counter, label=label)


def _register_homes() -> None:
    live.register_ground(
        Dwelling,
        label=_("Homes"),
        title=Dwelling.address,
        where=Dwelling.valid_to.is_(None),
        group=Dwelling.building_id,
        group_model=Building,
        group_title=Building.address,
    )
    live.register_live("dwelling", Dwelling, label=_("Homes"), where=Dwelling.valid_to.is_(None))
    for kind in HouseholdKind:
        live.register_live(
            f"household.{kind}",
            Household,
            label=kind.label,
            where=(Household.kind == str(kind)) & Household.valid_to.is_(None),
            via=_homes_of_households(),
            measures=kind is HouseholdKind.living,
        )
    live.register_live(
        "rental_home", RentalHome, label=_("Rented homes"), via=select(RentalHome.id, RentalHome.dwelling_id)
    )


def _register_people() -> None:
    live.register_live("person", Person, label=_("Residents"), via=_homes_of_persons())
    for tie, via in (
        (AreaTie.managing, _homes_of_ties(ResidenceKind.living)),
        (AreaTie.residence, _homes_of_ties(ResidenceKind.living)),
        (AreaTie.registered, _homes_of_ties(ResidenceKind.registered)),
        (AreaTie.tenant, _homes_of_tenants()),
    ):
        live.register_live(
            f"person_area.{tie}",
            PersonArea,
            label=tie.label,
            where=(PersonArea.kind == str(tie)) & PersonArea.valid_to.is_(None),
            via=via,
            dated=("person_id", "kind"),
        )


register()
