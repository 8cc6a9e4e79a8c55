"""Venues: shops, workshops, schools and other places of the grid."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import Invalid
from app.core.pinyin import spell
from app.registry.choices import Measure
from app.registry.models import Building, Dwelling, Venue, VenueThreshold
from app.registry.rules import normalise_phone
from app.registry.rules.venues import Suggestion, Threshold, suggest_class
from app.registry.service.homes import home_area


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


def suggestion(session: Session, venue: Venue) -> Suggestion:
    """Which of the nine small places the venue is by the site's thresholds, and why; a person confirms it."""
    rows = session.scalars(select(VenueThreshold).where(VenueThreshold.venue_key == venue.venue_key))
    limits = [Threshold(r.nine_small, r.venue_key, r.measure, r.most) for r in rows]
    sizes = {m.value: getattr(venue, m.value) for m in Measure}
    known = {name: None if size is None else float(size) for name, size in sizes.items()}
    return suggest_class(venue.venue_key, known, limits)
