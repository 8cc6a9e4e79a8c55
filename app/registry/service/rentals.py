"""Homes that are let, and who rents from when to when: the standard knows one tenant, life knows many."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import Conflict, Finding, Invalid
from app.registry.choices import AreaTie
from app.registry.models import Dwelling, Person, RentalHome, Tenancy
from app.registry.rules import crowding_finding, normalise_phone
from app.registry.service.checks import check_fields, not_after
from app.registry.service.ties import close_tie, last_day, open_tie

FIELDS = frozenset(
    "name rental_kind rental_use risk hazard landlord_name landlord_phone agent_name contract_no registered"
    " lease_until next_check_on note".split()
)
MOST_HEADS = 200


def create_rental(
    session: Session,
    dwelling: Dwelling,
    *,
    landlord: Person | None = None,
    fields: Mapping[str, Any] | None = None,
) -> RentalHome:
    """A home (or part of it) is let. Its area is the area of the home."""
    values = dict(fields or {})
    check_fields(session, RentalHome, values, FIELDS)
    rental = RentalHome(
        dwelling_id=dwelling.id, landlord_person_id=landlord.id if landlord else None, **values
    )
    settle_rental(session, rental)
    session.add(rental)
    session.flush()
    return rental


def settle_rental(session: Session, rental: RentalHome) -> None:
    """What follows from the home: the area; and the landlord's phone in its stored form."""
    rental.area_id = session.get_one(Dwelling, rental.dwelling_id).area_id
    if rental.landlord_phone:
        rental.landlord_phone = normalise_phone(rental.landlord_phone, field="landlord_phone").number


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
    session.flush()
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
    session.flush()


def crowding(session: Session, rental: RentalHome) -> Finding | None:
    """Warning when more people live here than the floor area allows."""
    query = select(func.coalesce(func.sum(Tenancy.head_count), 0)).where(
        Tenancy.rental_home_id == rental.id, Tenancy.valid_to.is_(None)
    )
    people = int(session.scalar(query) or 0)
    area = rental.dwelling.area_m2
    return crowding_finding(people, area_m2=float(area) if area else None)
