"""People whom the transaction at hand enters: nobody else can have written about them, so nothing need be asked.

Another transaction neither sees such a person nor can point at one before the commit. What the session hangs on them is
noted as it is written, so their homes, households, areas and sources are known without a statement; and who has no other
home yet, has none outside the writer's areas either. For anybody else, and whenever something unusual happens to those
rows (they are moved, deleted, written by a statement, rolled back), the answer is None: ask the database.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import event, inspect
from sqlalchemy.orm import ORMExecuteState, PassiveFlag, Session
from sqlalchemy.orm.attributes import get_history

from app.core.session import PlainGuardedSession
from app.registry.models import HouseholdMember, Person, PersonArea, PersonSource, Residence

Row = TypeVar("Row")
KEY = "newcomers"
HELD = (HouseholdMember, PersonArea, PersonSource, Residence)


@dataclass
class Newcomers:
    """Who came in this transaction, and what was written about them, by table."""

    transaction: Any
    people: set[int] = field(default_factory=set)
    rows: dict[tuple[type, int], list[Any]] = field(default_factory=dict)


def is_pending(person: Person) -> bool:
    """Whether the person has not reached the database yet: what hangs on them goes there together with them."""
    return inspect(person).key is None


def rows_of(session: Session, person: Person, model: type[Row]) -> list[Row] | None:
    """All rows of a table of HELD about somebody who is new in this transaction; None for everybody else."""
    if is_pending(person):
        return _waiting(session, person, model)
    known = _known(session)
    if known is None or person.id not in known.people or _is_touched(session, model):
        return None
    return [*known.rows.get((model, person.id), ()), *_waiting(session, person, model)]


def _waiting(session: Session, person: Person, model: type[Row]) -> list[Row]:
    return [
        row
        for row in session.new
        if type(row) is model
        and (
            row.__dict__.get("person") is person
            or (person.id is not None and row.__dict__.get("person_id") == person.id)
        )
    ]


def _is_touched(session: Session, model: type) -> bool:
    """Whether a row waits to be moved to somebody else, or deleted."""
    dirty = (row for row in session.dirty if type(row) is model)
    moved = any(
        get_history(row, key, PassiveFlag.PASSIVE_NO_INITIALIZE).has_changes()
        for row in dirty
        for key in ("person_id", "person")
    )
    return moved or any(type(row) is model for row in session.deleted)


def _known(session: Session) -> Newcomers | None:
    known: Newcomers | None = session.info.get(KEY)
    return known if known is not None and known.transaction is session.get_transaction() else None


@event.listens_for(PlainGuardedSession, "after_flush")
def _note(session: Session, _context: Any) -> None:
    known = _known(session)
    new = list(session.new)
    people = {row.id for row in new if type(row) is Person}
    if known is None:
        if not people:
            return
        known = session.info[KEY] = Newcomers(session.get_transaction())
    known.people |= people
    for row in new:
        if type(row) in HELD and row.person_id in known.people:
            known.rows.setdefault((type(row), row.person_id), []).append(row)
    for row in (*session.dirty, *session.deleted):
        if type(row) in HELD:
            moved = get_history(row, "person_id")
            if moved.has_changes() or row in session.deleted:
                known.people -= {row.person_id, *moved.deleted}


@event.listens_for(PlainGuardedSession, "do_orm_execute")
def _watch(state: ORMExecuteState) -> None:
    if (state.is_update or state.is_delete) and state.bind_mapper and state.bind_mapper.class_ in HELD:
        state.session.info.pop(KEY, None)


@event.listens_for(PlainGuardedSession, "after_commit")
def _committed(session: Session) -> None:
    if not session.in_nested_transaction():  # a savepoint that is kept changes nothing
        session.info.pop(KEY, None)


@event.listens_for(PlainGuardedSession, "after_soft_rollback")
def _rolled_back(session: Session, _transaction: Any) -> None:
    """A savepoint that is rolled back takes rows along: whatever was noted may be gone."""
    session.info.pop(KEY, None)
