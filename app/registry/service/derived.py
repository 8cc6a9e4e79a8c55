"""Groups that follow from other data: aged 80 and over, centenarian, severely disabled, elder living alone.

They are rows like the others, never typed: visits, due days and counters hang on rows, and a list of 6.6 million
people cannot be asked for everybody's age on each page. Two things keep them true. What a transaction writes about a
birth date, a death, a disability or a household settles the people concerned before it commits; and each night a job
settles what the calendar changed (birthdays) and what came in by bulk. A row opens and ends by itself; its end stays as
history with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock
from app.registry.choices import HouseholdKind
from app.registry.models import Household, HouseholdMember, Person, PersonGroup
from app.registry.rules import age_on, care
from app.registry.service import groups
from app.registry.service.consents import birth_of
from app.registry.service.ties import last_day

SOURCE = "G21"  # certified disabled: its grade tells who is severely disabled
GRADE = "disability_grade"
# kept in English, translated where it is shown
ENDED = str(_("It no longer follows from the record.")._args[0])
IN_FORCE = "effective"
CHUNK = 500


def settle(session: Session, person_ids: Iterable[int], now: datetime) -> int:
    """Open and end the derived groups of some people; returns how many rows changed. Three statements a chunk."""
    ids, changed = sorted(set(person_ids)), 0
    today = clock.to_local(now).date()
    for at in range(0, len(ids), CHUNK):
        changed += _settle_chunk(session, ids[at : at + CHUNK], today)
    return changed


def _settle_chunk(session: Session, ids: list[int], today: date) -> int:
    people = session.scalars(
        select(Person).where(Person.id.in_(ids)).execution_options(with_deleted=True)
    ).all()
    rows = session.scalars(
        select(PersonGroup).where(
            PersonGroup.person_id.in_(ids),
            PersonGroup.group_code.in_((*care.DERIVED, SOURCE)),
            PersonGroup.valid_to.is_(None),
        )
    ).all()
    alone = _alone(session, [p.id for p in people if (_age(p, today) or 0) >= care.ELDER_FROM])
    by_person: dict[int, list[PersonGroup]] = {}
    for row in rows:
        by_person.setdefault(row.person_id, []).append(row)
    return sum(_settle_one(session, p, by_person.get(p.id, []), alone.get(p.id), today) for p in people)


def _settle_one(
    session: Session, person: Person, rows: list[PersonGroup], alone: bool | None, today: date
) -> int:
    grades = [(r.details or {}).get(GRADE) for r in rows if r.group_code == SOURCE]
    wanted = care.derived_groups(
        age=_age(person, today),
        grade=min((g for g in grades if g), default=None),
        alone=alone,
        present=is_present(person),
    )
    changed = 0
    for code, member in wanted.items():
        held = [r for r in rows if r.group_code == code]
        if member and not held:
            session.add(_opened(session, person, code, today))
            changed += 1
        for row in held[1:] if member is not False else held:
            row.valid_to, row.end_reason, row.next_visit_on = last_day(row.valid_from, today), ENDED, None
            changed += 1
    return changed


def is_present(person: Person) -> bool:
    """Alive, in force, not deleted and not merged into another record."""
    return (
        person.died_on is None
        and person.deleted_at is None
        and person.merged_into_id is None
        and person.status == IN_FORCE
    )


def _opened(session: Session, person: Person, code: str, today: date) -> PersonGroup:
    about = groups.facts(session, code)
    row = PersonGroup(
        person_id=person.id, group_code=code, level=str(about.get("sensitivity") or "L3"), valid_from=today
    )
    row.next_visit_on = groups.first_visit(session, row, today)
    return row


def _age(person: Person, today: date) -> int | None:
    return age_on(birth_of(person), today)


def _alone(session: Session, ids: list[int]) -> dict[int, bool]:
    """Who of some people is the only member of a living household; people without one that can be seen are left out."""
    if not ids:
        return {}
    mine = (
        select(HouseholdMember.household_id)
        .join(Household, Household.id == HouseholdMember.household_id)
        .where(
            HouseholdMember.person_id.in_(ids),
            HouseholdMember.valid_to.is_(None),
            Household.kind == HouseholdKind.living.value,
            Household.valid_to.is_(None),
        )
    )
    members = (
        select(HouseholdMember.household_id, func.count(HouseholdMember.id).label("n"))
        .where(HouseholdMember.household_id.in_(mine), HouseholdMember.valid_to.is_(None))
        .group_by(HouseholdMember.household_id)
        .subquery()
    )
    rows = session.execute(
        select(HouseholdMember.person_id, members.c.n)
        .join(members, members.c.household_id == HouseholdMember.household_id)
        .where(HouseholdMember.person_id.in_(ids), HouseholdMember.valid_to.is_(None))
    )
    return {person_id: n == 1 for person_id, n in rows}


# --- what the nightly job looks through ------------------------------------------------------------------------


def candidates(session: Session, now: datetime) -> list[int]:
    """Keys of the people whose derived groups may have changed: whoever reached an age without a row of it, whoever
    holds a derived row, and the severely disabled. Run without row scope.
    """
    today = clock.to_local(now).date()
    found: set[int] = set()
    held = select(PersonGroup.person_id).where(
        PersonGroup.group_code.in_((*care.DERIVED, SOURCE)), PersonGroup.valid_to.is_(None)
    )
    found.update(session.scalars(held))
    for code, years in ((care.AGED, care.AGED_FROM), (care.CENTENARIAN, care.CENTENARIAN_FROM)):
        found.update(session.scalars(_without(code).where(Person.birth_date <= born_before(today, years))))
    found.update(session.scalars(_living_alone(today)))
    return sorted(found)


def _without(code: str) -> Any:
    row = select(PersonGroup.id).where(
        PersonGroup.person_id == Person.id, PersonGroup.group_code == code, PersonGroup.valid_to.is_(None)
    )
    return select(Person.id).where(Person.died_on.is_(None), ~row.exists())


def _living_alone(today: date) -> Any:
    single = (
        select(HouseholdMember.household_id)
        .join(Household, Household.id == HouseholdMember.household_id)
        .where(
            HouseholdMember.valid_to.is_(None),
            Household.kind == HouseholdKind.living.value,
            Household.valid_to.is_(None),
        )
        .group_by(HouseholdMember.household_id)
        .having(func.count(HouseholdMember.id) == 1)
    )
    return (
        _without(care.ALONE)
        .join(HouseholdMember, HouseholdMember.person_id == Person.id)
        .where(
            HouseholdMember.valid_to.is_(None),
            HouseholdMember.household_id.in_(single),
            Person.birth_date <= born_before(today, care.ELDER_FROM),
        )
    )


def born_before(today: date, years: int) -> date:
    """A day that is in no case later than the birthday of somebody of that age."""
    return date(today.year - years, today.month, min(today.day, 28)) + timedelta(days=3)
