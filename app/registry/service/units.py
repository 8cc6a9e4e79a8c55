"""Resident organisations, schools, conveniences and help given to households: what each of them must hold."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import Conflict, Invalid
from app.core.pinyin import spell
from app.registry.models import Building, HelpRecord, HouseholdMember, ResidentUnit, School, Venue
from app.registry.rules import normalise_phone
from app.registry.rules.credit_code import check_credit_code
from app.registry.rules.id_number import normalise_number
from app.registry.rules.units import COLUMNS_OF, OWN_COLUMNS
from app.registry.service.checks import not_after

# a school stands in the list of venues as one of these (venue_key), or as a small teaching place (nine small, N1)
SCHOOL_KEYS, SCHOOL_SMALL = frozenset({"K01", "K02"}), frozenset({"N1"})


def settle_unit(session: Session, unit: ResidentUnit) -> None:
    """Name, initials, address, numbers as every way of writing leaves them; what belongs to another kind goes.

    Raises Invalid with the field: no name, no address, a credit code or phone that is none.
    """
    unit.name = (unit.name or "").strip()
    if not unit.name:
        raise Invalid(_("Please give a name."), field="name")
    unit.name_initials = spell(unit.name, 60)[1] or None
    unit.credit_code = check_credit_code(unit.credit_code)
    if not unit.address:
        place = session.get(Building, unit.building_id) if unit.building_id else None
        unit.address = place.address if place else ""
    if not unit.address:
        raise Invalid(_("Please give the address."), field="address")
    for name in ("legal_phone", "guard_phone"):
        number = getattr(unit, name)
        if number:
            setattr(unit, name, normalise_phone(number, field=name).number)
    if unit.legal_document:
        unit.legal_document = normalise_number(unit.legal_document)
    for name in OWN_COLUMNS - COLUMNS_OF[unit.kind]:
        setattr(unit, name, False if isinstance(getattr(unit, name), bool) else None)


def settle_school(session: Session, school: School) -> None:
    """Only a venue that is a school, a kindergarten or a teaching place has such a record, and only one.

    Raises Invalid for another venue, Conflict for a second record.
    """
    venue = session.get_one(Venue, school.venue_id)
    if venue.venue_key not in SCHOOL_KEYS and venue.nine_small not in SCHOOL_SMALL:
        raise Invalid(_("This venue is no school: please set its kind first."), field="venue_id")
    other = select(School.id).where(School.venue_id == venue.id)
    if school.id is not None:
        other = other.where(School.id != school.id)
    if session.scalars(other.execution_options(with_deleted=True)).first() is not None:
        raise Conflict(_("This school has its record already, perhaps in the recycle bin."), field="venue_id")


def settle_help(session: Session, help_given: HelpRecord, *, now: datetime) -> None:
    """Help is of the past and goes to the household or to a member of it (S1-38). Raises Invalid with the field."""
    not_after(help_given.given_on, clock.to_local(now).date(), field="given_on")
    if help_given.amount is not None and help_given.amount < 0:
        raise Invalid(_("This value is not valid."), field="amount")
    if help_given.person_id is None:
        return
    member = select(HouseholdMember.id).where(
        HouseholdMember.household_id == help_given.household_id,
        HouseholdMember.person_id == help_given.person_id,
    )
    if session.scalars(member).first() is None:
        raise Invalid(_("This person is no member of the household."), field="person_id")
