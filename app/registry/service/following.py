"""What follows from what a transaction writes about people, settled before it commits: derived groups, kinds of residents.

The forms, the clerk's page of a home, life events, merges and imports by the row all write the same columns; whoever
writes them, what follows is the same. Bulk writes pass by the session: the nightly job (app/registry/nightly.py) settles
those.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.session import PlainGuardedSession
from app.registry.models import (
    FloatingStay,
    Household,
    HouseholdMember,
    LeftBehind,
    OverseasStay,
    Person,
    PersonGroup,
)
from app.registry.rules import care
from app.registry.service import derived, population

KEY = "following"
BIRTH = frozenset("birth_date birth_precision died_on deleted_at merged_into_id status".split())
STAY = frozenset({"person_id", "valid_to", "deleted_at"})
MEMBERSHIP = STAY | {"household_id"}
HOUSEHOLD = frozenset({"kind", "valid_to", "deleted_at"})
STAYS = (FloatingStay, OverseasStay, LeftBehind)
WATCHED = (Person, PersonGroup, HouseholdMember, Household, *STAYS)


@dataclass
class Pending:
    """Whom the transaction touched; ``busy`` while what follows is written itself."""

    people: set[int] = field(default_factory=set)
    households: set[int] = field(default_factory=set)
    kinds: set[int] = field(default_factory=set)
    stays: set[int] = field(default_factory=set)
    busy: bool = False

    def __bool__(self) -> bool:
        return bool(self.people or self.households or self.kinds or self.stays)


@event.listens_for(PlainGuardedSession, "after_flush")
def _note(session: Session, _context: Any) -> None:
    pending = session.info.setdefault(KEY, Pending())
    if pending.busy:
        return
    new, dirty, deleted = (_watched(rows) for rows in (session.new, session.dirty, session.deleted))
    if not (new or dirty or deleted):
        return
    today = clock.today()
    for row in new:
        _note_row(pending, row, _filled(row), is_new=True, today=today)
    for row in dirty:
        _note_row(pending, row, _changed(row), is_new=False, today=today)
    for row in deleted:
        _note_row(pending, row, frozenset({"deleted_at", "valid_to"}), is_new=False, today=today)


def _watched(rows: Iterable[Any]) -> list[Any]:
    return [row for row in rows if isinstance(row, WATCHED)]


def _note_row(pending: Pending, row: Any, columns: frozenset[str], *, is_new: bool, today: date) -> None:
    """Take down whom a written row concerns; ``columns`` are those that were given or changed."""
    if isinstance(row, Person):
        _note_person(pending, row, columns, is_new=is_new, today=today)
    elif isinstance(row, PersonGroup) and row.group_code == derived.SOURCE and columns:
        pending.people.add(row.person_id)
    elif isinstance(row, HouseholdMember) and columns & MEMBERSHIP:
        pending.households.add(row.household_id)
        if row.valid_to is not None or row.deleted_at is not None:
            pending.people.add(row.person_id)
    elif isinstance(row, Household) and not is_new and columns & HOUSEHOLD:
        pending.households.add(row.id)
    elif isinstance(row, STAYS) and columns & STAY:
        pending.stays.add(row.person_id)


def _note_person(
    pending: Pending, person: Person, columns: frozenset[str], *, is_new: bool, today: date
) -> None:
    # a new resident is in no derived group before the age of the youngest
    if columns & BIRTH and (not is_new or _may_be_aged(person, today)):
        pending.people.add(person.id)
    if "population_kind" in columns:
        pending.kinds.add(person.id)


def _may_be_aged(person: Person, today: date) -> bool:
    return person.birth_date is not None and today.year - person.birth_date.year >= care.AGED_FROM


def _filled(row: Any) -> frozenset[str]:
    return frozenset(c.key for c in inspect(type(row)).column_attrs if getattr(row, c.key) is not None)


def _changed(row: Any) -> frozenset[str]:
    state: Any = inspect(row)
    columns = state.mapper.column_attrs
    return frozenset(
        key for key in state.committed_state if key in columns and state.attrs[key].history.has_changes()
    )


@event.listens_for(PlainGuardedSession, "before_commit")
def settle_now(session: Session) -> None:
    """Settle what the transaction has written so far; a merge asks for it so that its way back knows these rows too.

    The end of a savepoint settles nothing: what is half written (a merge being taken apart) must not be judged.
    """
    if session.in_nested_transaction():
        return
    session.flush()
    pending = session.info.get(KEY)
    if not pending or pending.busy:
        return
    pending.busy = True
    try:
        settle(session, pending, clock.now())
        session.flush()
    finally:
        session.info.pop(KEY, None)


def settle(session: Session, pending: Pending, now: datetime) -> None:
    """What follows for everybody who was touched. People who are out of the writer's sight by now are left to the nightly
    job.
    """
    rows_first = pending.stays - pending.kinds
    if pending.kinds:
        population.follow_kind(session, pending.kinds, now)
        session.flush()
    if rows_first:
        population.follow_stays(session, rows_first)
    elders = _elders_of(session, pending.households, clock.to_local(now).date())
    touched = pending.people | elders
    if touched:
        derived.settle(session, touched, now)


def _elders_of(session: Session, households: set[int], today: date) -> set[int]:
    """Members of these households who are old enough to be an elder living alone."""
    if not households:
        return set()
    query = (
        select(HouseholdMember.person_id)
        .join(Person, Person.id == HouseholdMember.person_id)
        .where(
            HouseholdMember.household_id.in_(households),
            HouseholdMember.valid_to.is_(None),
            Person.birth_date <= derived.born_before(today, care.ELDER_FROM),
        )
    )
    return set(session.scalars(query))


@event.listens_for(PlainGuardedSession, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(KEY, None)
