"""The end of a home: pulled down, joined to another, turned into something else."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import Conflict
from app.registry.choices import MoveInState
from app.registry.models import (
    Dwelling,
    HouseholdDwelling,
    MoveInRequest,
    RentalHome,
    Residence,
    Tenancy,
)
from app.registry.service.ties import last_day


def close_dwelling(session: Session, dwelling: Dwelling, on: date) -> None:
    """The home is no more from a day on; its history stays. Conflict while anybody lives, is registered, rents or is
    asked for here: they leave first, each for a reason of their own.
    """
    ties = (
        select(Residence.id).where(Residence.dwelling_id == dwelling.id, Residence.valid_to.is_(None)),
        select(HouseholdDwelling.id).where(
            HouseholdDwelling.dwelling_id == dwelling.id, HouseholdDwelling.valid_to.is_(None)
        ),
        select(Tenancy.id)
        .join(RentalHome, RentalHome.id == Tenancy.rental_home_id)
        .where(RentalHome.dwelling_id == dwelling.id, Tenancy.valid_to.is_(None)),
        select(MoveInRequest.id).where(
            MoveInRequest.dwelling_id == dwelling.id, MoveInRequest.state == str(MoveInState.asked)
        ),
    )
    if dwelling.valid_to is not None:
        raise Conflict(_("This home is closed already."))
    if any(session.scalars(tie.limit(1)).first() is not None for tie in ties):
        text = _(
            "Somebody still lives, is registered, rents or is expected here. Enter that they left first."
        )
        raise Conflict(text, field="last_day", finding="lived_in")
    dwelling.valid_to = last_day(dwelling.valid_from, on)
    session.flush()
