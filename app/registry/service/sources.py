"""Provenance per field group: where it comes from, who confirmed it last and when (S4-54)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from app.core import clock
from app.core.actor import Actor
from app.core.criteria import steady
from app.core.models import BigKey
from app.registry.choices import FieldGroup
from app.registry.models import Person, PersonSource
from app.registry.service import newcomers
from app.registry.service.checks import check_code

GRID = "grid"
GROUP_OF = {
    **dict.fromkeys(
        ("name", "sex", "birth_date", "birth_precision", "ethnic", "nationality", "native_place"),
        FieldGroup.identity,
    ),
    **dict.fromkeys(
        ("population_kind", "consistency", "separation", "register_division", "register_address"),
        FieldGroup.residence,
    ),
}


def groups_of(fields: Iterable[str]) -> set[FieldGroup]:
    """The field groups that these person columns belong to; what is not listed is about status."""
    return {GROUP_OF.get(name, FieldGroup.status) for name in fields}


def confirm(
    session: Session,
    person: Person,
    groups: Iterable[FieldGroup],
    *,
    actor: Actor,
    now: datetime,
    source: str | None = GRID,
) -> None:
    """Write down that these groups were collected or confirmed just now; without a source the known one stays.

    ``person.confirmed_on`` follows: the day of the group that was confirmed longest ago.
    """
    wanted = {str(group) for group in groups}
    if not wanted:
        return
    if source is not None:
        check_code(session, "data_source", source, field="source")
    known = {row.field_group: row for row in _rows(session, person)}
    for group in sorted(wanted):
        row = known.get(group)
        if row is None:
            row = PersonSource(person=person, person_id=person.id, field_group=group, source=source or GRID)
            session.add(row)
            known[group] = row
        row.source = source or row.source
        row.confirmed_at, row.confirmed_by = now, actor.user_id
    _note_oldest(session, person, min(row.confirmed_at for row in known.values()))


def _rows(session: Session, person: Person) -> Iterable[PersonSource]:
    found = newcomers.rows_of(session, person, PersonSource)
    if found is not None:
        return found
    asked = {"person": person.id}
    waiting = (*session.new, *session.dirty, *session.deleted)
    if any(type(row) is PersonSource for row in waiting):
        return session.scalars(_of_person(), asked).all()
    with session.no_autoflush:  # nothing of it waits: the person and its sources are written together
        return session.scalars(_of_person(), asked).all()


@lru_cache(maxsize=1)
def _of_person() -> Any:
    """Made once and asked by key: for a town SQLite would gather everybody whom the actor sees to find four rows."""
    mine = PersonSource.person_id == bindparam("person", type_=BigKey)
    return steady(select(PersonSource).where(mine).execution_options(by_key=True))


def _note_oldest(session: Session, person: Person, oldest: datetime) -> None:
    """A column that follows from others: set without a new version, so that nobody's open form grows stale by it. Where
    the person is written anyway, it goes along.
    """
    day = clock.to_local(oldest).date()
    if person.confirmed_on == day:
        return
    if newcomers.is_pending(person) or session.is_modified(person, include_collections=False):
        person.confirmed_on = day
        return
    session.flush()
    session.execute(
        update(Person)
        .where(Person.id == person.id)
        .values(confirmed_on=day, updated_at=Person.updated_at)
        .execution_options(synchronize_session=False)
    )
    set_committed_value(person, "confirmed_on", day)


def confirm_person(session: Session, person: Person, *, actor: Actor, now: datetime) -> None:
    """Everything on record was found right: each group keeps its source and is confirmed today."""
    confirm(session, person, FieldGroup, actor=actor, now=now, source=None)


def confirm_record(session: Session, row: Any, *, actor: Actor, now: datetime) -> None:
    """A home, household, rented home or venue was found as it stands (``core.models.Confirmed``)."""
    row.confirmed_on, row.confirmed_by = clock.to_local(now).date(), actor.user_id
    row.source = row.source or GRID
    session.flush()
