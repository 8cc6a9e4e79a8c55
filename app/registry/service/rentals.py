"""Homes that are let, and who rents from when to when: the standard knows one tenant, life knows many."""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import Conflict, Finding, Invalid
from app.registry.choices import AreaTie
from app.registry.models import Dwelling, Person, RentalHome, Tenancy
from app.registry.rules import crowding_finding, normalise_phone
from app.registry.rules.population import MIN_AREA_M2
from app.registry.rules.risk import crowding_limit
from app.registry.service import risk
from app.registry.service.checks import not_after
from app.registry.service.ties import close_tie, last_day, open_tie

MOST_HEADS = 200


def settle_rental(session: Session, rental: RentalHome, *, now: datetime) -> None:
    """What follows from the home: the area, the colour and the next check; phones in their stored form."""
    rental.area_id = session.get_one(Dwelling, rental.dwelling_id).area_id
    for name in ("landlord_phone", "caretaker_phone"):
        given = getattr(rental, name)
        if given:
            setattr(rental, name, normalise_phone(given, field=name).number)
    if rental.lease_from and rental.lease_until and rental.lease_until < rental.lease_from:
        raise Invalid(_("The end lies before the beginning."), field="lease_until")
    session.add(rental)
    risk.settle_risk(session, rental, now=now)


def open_tenancy(
    session: Session,
    rental: RentalHome,
    person: Person,
    *,
    now: datetime,
    since: date | None = None,
    head_count: int = 1,
    relation_to_landlord: str | None = None,
) -> Tenancy:
    """Somebody rents from a day on; the grid sees the tenant from then. One open tenancy per home and person."""
    if not 1 <= head_count <= MOST_HEADS:
        raise Invalid(_("Please give the number of people, at least 1."), field="head_count")
    today = clock.to_local(now).date()
    day = not_after(since or today, today, field="valid_from")
    known = select(Tenancy.id).where(
        Tenancy.rental_home_id == rental.id, Tenancy.person_id == person.id, Tenancy.valid_to.is_(None)
    )
    if session.scalars(known).first() is not None:
        raise Conflict(_("This person already rents here."), field="person")
    tenancy = Tenancy(
        rental_home_id=rental.id,
        person_id=person.id,
        valid_from=day,
        head_count=head_count,
        relation_to_landlord=relation_to_landlord or None,
    )
    session.add(tenancy)
    open_tie(session, person, rental.area_id, AreaTie.tenant, day)
    risk.settle_risk(session, rental, now=now)
    return tenancy


def end_tenancy(session: Session, tenancy: Tenancy, *, now: datetime, on: date | None = None) -> None:
    """The tenant has left. The grid stops seeing a person whom nothing else ties to it."""
    today = clock.to_local(now).date()
    day = not_after(on or today, today, field="valid_to")
    tenancy.valid_to = last_day(tenancy.valid_from, day)
    area_id = tenancy.rental_home.area_id
    others = select(Tenancy.id).where(
        Tenancy.person_id == tenancy.person_id,
        Tenancy.valid_to.is_(None),
        Tenancy.id != tenancy.id,
        Tenancy.rental_home.has(RentalHome.area_id == area_id),
    )
    if session.scalars(others).first() is None and tenancy.person is not None:
        close_tie(session, tenancy.person, area_id, AreaTie.tenant, day)
    risk.settle_risk(session, tenancy.rental_home, now=now)


def crowding(session: Session, rental: RentalHome) -> Finding | None:
    """Warning when more people live here than the floor area allows by the site's own rules."""
    area = rental.dwelling.area_m2
    limit = crowding_limit(risk.rules_in_force(session)) or MIN_AREA_M2
    people = risk.people_living(session, rental)
    return crowding_finding(people, area_m2=float(area) if area else None, min_area_m2=limit)
