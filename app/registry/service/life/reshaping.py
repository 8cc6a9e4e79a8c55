"""Homes divided and joined: the old ones close, the new ones succeed them, whoever lived there goes along."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import Conflict, Invalid
from app.registry.choices import EventKind, EventRole
from app.registry.models import (
    Dwelling,
    DwellingSuccession,
    Household,
    HouseholdDwelling,
    LifeEvent,
    Person,
    Residence,
)
from app.registry.service import closing, homes, households, residences
from app.registry.service.life.entering import Told, entering
from app.registry.service.life.regroup import relink

COPIED = ("floor", "village_group", "road", "door_no", "housing_use")
MOST = 6


@dataclass(frozen=True)
class Piece:
    """A home that comes of a division: its room number (or house number) and who goes there."""

    number: str
    households: Sequence[Household] = ()


def split_home(
    session: Session,
    dwelling: Dwelling,
    pieces: Sequence[Piece],
    told: Told,
    *,
    actor: Actor,
    now: datetime,
) -> LifeEvent:
    """One home becomes several. Every household of it goes to one of the pieces; the old home is closed.

    Raises Invalid for fewer than two pieces, twin numbers, or a household that goes nowhere or twice.
    """
    _must_stand(dwelling)
    living = living_in(session, dwelling)
    numbers = [" ".join(piece.number.split()) for piece in pieces]
    if not 2 <= len(pieces) <= MOST or len(set(numbers)) < len(numbers) or not all(numbers):
        raise Invalid(_("Please give at least two different numbers."), field="numbers")
    going = [h.id for piece in pieces for h in piece.households]
    if sorted(going) != sorted(h.id for h in living):
        raise Invalid(_("Please say into which home each household goes."), field="numbers")
    people = _people(session, living)
    with entering(
        session, EventKind.home_split, told, people, dwelling=dwelling, actor=actor, now=now
    ) as entry:
        entry.add(EventRole.subject, *people)
        entry.details = {"numbers": numbers}
        for piece, number in zip(pieces, numbers, strict=True):
            made = _piece_of(session, dwelling, number, told.happened_on, now)
            _succeed(session, dwelling, made, "split", told.happened_on)
            for household in piece.households:
                _move(session, household, dwelling, made, told, actor, now)
        closing.close_dwelling(session, dwelling, told.happened_on)
    return entry.event


def merge_homes(
    session: Session,
    dwelling: Dwelling,
    others: Sequence[Dwelling],
    told: Told,
    *,
    actor: Actor,
    now: datetime,
) -> LifeEvent:
    """Other homes become part of this one: their households go along, and they are closed."""
    _must_stand(dwelling)
    if not others or dwelling in others:
        raise Invalid(_("Please choose another home."), field="other")
    for other in others:
        _must_stand(other)
        if other.building_id != dwelling.building_id or other.area_id != dwelling.area_id:
            raise Invalid(
                _("Only homes of one building, or side by side in one grid, are joined."), field="other"
            )
    living = {other.id: living_in(session, other) for other in others}
    people = _people(session, [h for found in living.values() for h in found])
    with entering(
        session, EventKind.home_merge, told, people, dwelling=dwelling, actor=actor, now=now
    ) as entry:
        entry.add(EventRole.subject, *people)
        entry.details = {"homes": [other.uid for other in others]}
        for other in others:
            _succeed(session, other, dwelling, "merge", told.happened_on)
            for household in living[other.id]:
                _move(session, household, other, dwelling, told, actor, now)
            dwelling.area_m2 = _sum(dwelling.area_m2, other.area_m2)
            closing.close_dwelling(session, other, told.happened_on)
    return entry.event


def living_in(session: Session, dwelling: Dwelling) -> list[Household]:
    """Households that live or are registered in a home now."""
    query = (
        select(Household)
        .join(HouseholdDwelling, HouseholdDwelling.household_id == Household.id)
        .where(HouseholdDwelling.dwelling_id == dwelling.id, HouseholdDwelling.valid_to.is_(None))
        .order_by(Household.id)
    )
    return list(session.scalars(query))


def _piece_of(session: Session, dwelling: Dwelling, number: str, day: date, now: datetime) -> Dwelling:
    """A home beside the old one; its number must be another, for the old one stands until everybody has moved."""
    key = "room_no" if dwelling.room_no or dwelling.building_id else "door_no"
    fields = {name: getattr(dwelling, name) for name in COPIED} | {key: number}
    made = homes.create_dwelling(
        session,
        area_id=dwelling.area_id,
        building=dwelling.building,
        unit=dwelling.unit,
        now=now,
        fields={k: v for k, v in fields.items() if v is not None},
    )
    made.valid_from, made.walk_order = day, dwelling.walk_order
    session.flush()
    return made


def _succeed(session: Session, old: Dwelling, new: Dwelling, kind: str, day: date) -> None:
    session.add(
        DwellingSuccession(
            area_id=old.area_id,
            old_dwelling_id=old.id,
            new_dwelling_id=new.id,
            effective_on=day,
            kind=kind,
        )
    )
    session.flush()


def _move(
    session: Session,
    household: Household,
    old: Dwelling,
    new: Dwelling,
    told: Told,
    actor: Actor,
    now: datetime,
) -> None:
    """The household and whoever lives in the old home through it; others of it who live elsewhere stay there."""
    relink(session, household, new, told)
    kind = households.residence_kind(household.kind)
    query = select(Residence).where(
        Residence.dwelling_id == old.id,
        Residence.household_id == household.id,
        Residence.kind == str(kind),
        Residence.valid_to.is_(None),
    )
    for residence in session.scalars(query).all():
        residences.open_residence(
            session,
            residence.person,
            new,
            kind=kind,
            household=household,
            since=told.happened_on,
            actor=actor,
            now=now,
        )


def _people(session: Session, found: Sequence[Household]) -> list[Person]:
    members = [m for h in found for m in households.members_of(session, h)]
    return list({m.person_id: m.person for m in members if m.person is not None}.values())


def _must_stand(dwelling: Dwelling) -> None:
    if dwelling.valid_to is not None:
        raise Conflict(_("This home is closed."), field="other", finding="closed")


def _sum(one: Any, two: Any) -> Any:
    return one if two is None else two if one is None else one + two
