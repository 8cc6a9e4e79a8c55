"""People of an account's area whom the bench looks for: spread over the whole area, the same in every run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.city.site import Account

COUNT = 40
# beside the page of a person, which is everything about her: what a page of one record takes
ONE_RECORD = "show, one record"


@dataclass(frozen=True)
class Somebody:
    """What is known about a person before looking."""

    id: int
    uid: str
    name: str
    initials: str
    born: date
    number: str
    number_index: str


@dataclass(frozen=True)
class Sample:
    """People of one account's scope."""

    people: list[Somebody]
    surname: str
    anchor: str  # uid of the last row of the first page

    def at(self, nth: int) -> Somebody:
        return self.people[nth % len(self.people)]


def draw(session: Session, account: Account) -> Sample:
    """``COUNT`` people of the account's subtree. Reads by key ranges: a sample must not take minutes at city size."""
    from app.areas.models import Area
    from app.areas.rules import range_of
    from app.registry.models import Person, PersonDocument

    areas = list(
        session.scalars(
            select(Area.id).where(Area.path.between(*range_of(account.path)), Area.level.has(kind="grid"))
        )
    )
    step = max(1, len(areas) // COUNT)
    found: list[Somebody] = []
    each = -(-COUNT // len(areas[::step]))
    for area in areas[::step]:
        query: Any = (
            select(Person, PersonDocument.number, PersonDocument.number_index)
            .join(PersonDocument, PersonDocument.person_id == Person.id)
            .where(Person.area_id == area)
            .order_by(Person.area_id, Person.id)
            .limit(each)
        )
        for person, number, index in session.execute(query):
            found.append(
                Somebody(
                    person.id, person.uid, person.name, person.name_initials, person.birth_date, number, index
                )
            )
    return Sample(found[:COUNT], found[0].name[0], _last_of_first_page(session, max(areas)))


def _last_of_first_page(session: Session, area: int) -> str:
    """The newest people of an area were loaded last, in its last grid."""
    from app.registry.models import Person

    query = select(Person.uid).where(Person.area_id == area).order_by(Person.area_id.desc(), Person.id.desc())
    return session.scalars(query.offset(24).limit(1)).one()
