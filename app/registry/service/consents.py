"""Consents that are still to be brought in. They are tasks with a day, never a wall before the census."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.registry.choices import ConsentKind
from app.registry.models import ConsentTask, Person
from app.registry.rules import Birth, Precision, age_on

CHILD_UNDER = 14  # PIPL art. 31
DAYS = 30


def birth_of(person: Person) -> Birth | None:
    """The person's birth date with its precision."""
    if person.birth_date is None:
        return None
    return Birth(person.birth_date, Precision(person.birth_precision or "day"))


def ask_if_child(session: Session, person: Person, day: date) -> ConsentTask | None:
    """Open the task “consent of a guardian, F29” for a child under 14 who has none, open or done."""
    age = age_on(birth_of(person), day)
    if age is None or age >= CHILD_UNDER:
        return None
    query = select(ConsentTask.id).where(
        ConsentTask.person_id == person.id, ConsentTask.kind == str(ConsentKind.child_under_14)
    )
    if session.scalars(query).first() is not None:
        return None
    task = ConsentTask(
        person_id=person.id, kind=str(ConsentKind.child_under_14), due_on=day + timedelta(days=DAYS)
    )
    session.add(task)
    return task
