"""People who were entered twice: pairs that wait, one that was merged, one that was found to be two people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from app.demo.acting import Cast
from app.registry.models import DuplicatePair, Person
from app.registry.rules import Birth, Precision
from app.registry.service import duplicates, merging, persons

SKIP = 40  # the first of the list play in cases and rounds
WAITING = 4


def entered_twice(
    cast: Cast, mine: Sequence[Person], elsewhere: Sequence[Person], why: dict[str, str], now: datetime
) -> None:
    """A second record for some people of the clerk's area, and for one of them in another community."""
    chosen = [p for p in mine[SKIP:] if p.birth_date and p.birth_precision == "day"][: WAITING + 2]
    if len(chosen) < WAITING + 2:
        return
    with cast.playing("clerk") as (session, actor):
        again = [
            _again(cast, person, person.area_id, now, year_only=n % 3 == 1) for n, person in enumerate(chosen)
        ]
        if elsewhere:
            again.append(_again(cast, chosen[0], elsewhere[0].area_id, now))
        session.flush()
        duplicates.for_import(session, [p.id for p in again], actor=actor, now=now)
        first, second = (_pair(cast, chosen[n], again[n]) for n in (WAITING, WAITING + 1))
        if first is not None:
            merging.merge(session, first.uid, stays=1, choices={}, reason=why["merged"], actor=actor, now=now)
    if second is not None:
        with cast.playing("clerk") as (session, actor):
            duplicates.differ(session, second, reason=why["different"], actor=actor, now=now)


def _again(cast: Cast, person: Person, area_id: int, now: datetime, *, year_only: bool = False) -> Person:
    """What somebody in a hurry writes down: the name, a birth date or only its year, the phone, no document."""
    session, actor = cast.session, cast.session.info["actor"]
    assert person.birth_date is not None  # noqa: S101  chosen so
    birth = Birth(person.birth_date, Precision.year if year_only else Precision.day)
    record = persons.create_person(
        session,
        name=person.name,
        area_id=area_id,
        actor=actor,
        now=now,
        birth=birth,
        fields={"sex": person.sex, "education": "90" if person.education is None else None},
    )
    open_phones = persons.open_phones(person)
    if open_phones:
        persons.set_phone(session, record, open_phones[-1].number, actor=actor, now=now)
    return record


def _pair(cast: Cast, one: Person, other: Person) -> DuplicatePair | None:
    query = select(DuplicatePair).where(DuplicatePair.first_id == one.id, DuplicatePair.second_id == other.id)
    return cast.session.scalars(query).first()
