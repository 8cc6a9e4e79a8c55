"""Invented people and homes for tests. ID numbers follow the rules and belong to nobody (region 430299 does not exist)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import factory
from sqlalchemy.orm import Session

from app.core import clock
from app.core.scope import session_actor
from app.registry.choices import HouseholdKind
from app.registry.models import Dwelling, Household, Person, RentalHome, Venue
from app.registry.rules import Birth, check_character
from app.registry.service import documents, homes, households, persons, rentals, venues

REGION = "430299"


def id_number(birth: date, sequence: int, *, male: bool = True, region: str = REGION) -> str:
    """A number with the right check character; odd sequences are men's."""
    order = sequence * 2 + (1 if male else 0)
    first = f"{region}{birth:%Y%m%d}{order % 1000:03d}"
    return first + check_character(first)


@dataclass
class Resident:
    """What a clerk would type about somebody."""

    name: str
    male: bool
    birth: date
    number: str | None
    phone: str | None = None
    relation: str = "02"
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def sex(self) -> str:
        return "1" if self.male else "2"


class ResidentFactory(factory.Factory):
    """``ResidentFactory(name="Li Ming", male=False)``."""

    class Meta:
        model = Resident

    class Params:
        order = factory.Sequence(lambda n: n)

    name = factory.LazyAttribute(lambda o: f"Resident {chr(65 + o.order % 26)}{chr(97 + o.order // 26 % 26)}")
    male = True
    birth = factory.LazyAttribute(lambda o: date(1980, 1 + o.order % 12, 1 + o.order % 28))
    number = factory.LazyAttribute(lambda o: id_number(o.birth, 100 + o.order % 390, male=o.male))


def make_home(session: Session, area_id: int, number: str = "1", now: datetime | None = None) -> Dwelling:
    """A house in the countryside: group 1 and a number."""
    return homes.create_dwelling(
        session,
        area_id=area_id,
        now=now or clock.now(),
        fields={"village_group": "1", "door_no": number},
    )


def make_person(session: Session, area_id: int, resident: Resident | None = None, **kw: Any) -> Person:
    """A person with document, managed by an area."""
    person = _enter(session, area_id, resident or ResidentFactory(**kw))
    session.flush()
    return person


def _enter(session: Session, area_id: int, resident: Resident) -> Person:
    actor, now = session_actor(session), clock.now()
    person = persons.enter_person(
        session,
        name=resident.name,
        area_id=area_id,
        actor=actor,
        now=now,
        birth=Birth(resident.birth),
        fields={"sex": resident.sex, **resident.fields},
    )
    if resident.number:
        documents.add_document(session, person, kind="111", number=resident.number, actor=actor, now=now)
    if resident.phone:
        persons.set_phone(session, person, resident.phone, actor=actor, now=now)
    return person


def make_household(
    session: Session,
    dwelling: Dwelling,
    residents: list[Resident] | None = None,
    kind: HouseholdKind = HouseholdKind.living,
) -> Household:
    """A household with a head and whoever else is given."""
    actor, now = session_actor(session), clock.now()
    household = households.create_household(session, dwelling, kind=kind, now=now)
    for resident in residents or [ResidentFactory()]:
        person = _enter(session, dwelling.area_id, resident)
        households.add_member(
            session, household, person, resident.relation, dwelling=dwelling, actor=actor, now=now
        )
    households.settle_head(session, household)
    return household


def make_rental(session: Session, dwelling: Dwelling, **fields: Any) -> RentalHome:
    """A home that is let."""
    rental = RentalHome(dwelling_id=dwelling.id, **fields)
    rentals.settle_rental(session, rental, now=clock.now())
    session.flush()
    return rental


def make_venue(session: Session, area_id: int, dwelling: Dwelling | None = None, **fields: Any) -> Venue:
    """A venue of a grid."""
    venue = Venue(area_id=area_id, dwelling_id=dwelling.id if dwelling else None, **fields)
    venues.settle_venue(session, venue)
    session.add(venue)
    session.flush()
    return venue
