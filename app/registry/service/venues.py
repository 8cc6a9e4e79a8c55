"""Venues: shops, workshops, schools and other places of the grid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core.errors import Invalid
from app.core.pinyin import spell
from app.registry.models import Building, Dwelling, Venue
from app.registry.rules import normalise_phone
from app.registry.service.checks import check_fields
from app.registry.service.homes import home_area

FIELDS = frozenset(
    "name venue_key nine_small credit_code address operator_name operator_phone area_m2 staff_count seats"
    " licence_no licence_until note".split()
)


def create_venue(
    session: Session,
    *,
    area_id: int,
    fields: Mapping[str, Any],
    building: Building | None = None,
    dwelling: Dwelling | None = None,
) -> Venue:
    """A venue of a grid; without an address of its own it takes the home's or the building's."""
    values = {key: value for key, value in fields.items() if value not in (None, "")}
    check_fields(session, Venue, values, FIELDS)
    venue = Venue(
        area_id=area_id,
        building_id=building.id if building else None,
        dwelling_id=dwelling.id if dwelling else None,
        **values,
    )
    settle_venue(session, venue)
    session.add(venue)
    session.flush()
    return venue


def settle_venue(session: Session, venue: Venue) -> None:
    """Name, initials, address, phone and grid as every way of writing leaves them."""
    venue.name = (venue.name or "").strip()
    if not venue.name:
        raise Invalid(_("Please give a name."), field="name")
    home_area(session, venue.area_id)
    venue.name_initials = spell(venue.name, 60)[1] or None
    if not venue.address:
        place = session.get(Dwelling, venue.dwelling_id) if venue.dwelling_id else None
        place = place or (session.get(Building, venue.building_id) if venue.building_id else None)
        venue.address = place.address if place else ""
    if not venue.address:
        raise Invalid(_("Please give the address."), field="address")
    if venue.operator_phone:
        venue.operator_phone = normalise_phone(venue.operator_phone, field="operator_phone").number
