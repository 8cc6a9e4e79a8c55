"""A record that was merged leads to the one that stays: old links, codes on paper, pages open in another window."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.scope import unscoped
from app.registry.models import DuplicatePair, Person, PersonMerge

LONGEST_CHAIN = 50


def kept_for(session: Session, uid: str) -> Person | None:
    """The record that stays, if the uid belongs to one that was merged and the session sees who stays; else None.

    A chain (A into B, B into C) is followed to its end.
    """
    with unscoped(
        "a merged record leads to the one that stays; the caller's guard decides who is shown"
    ) as wide:
        asked = select(Person.id).where(Person.uid == uid, Person.merged_into_id.is_not(None))
        gone = wide.scalars(asked.execution_options(with_deleted=True)).first()
        found = None if gone is None else end_of_chain(wide, gone)
    return None if found is None else session.scalars(select(Person).where(Person.id == found)).first()


def kept_of_pair(session: Session, uid: str) -> Person | None:
    """Where a pair that was merged has gone, if the session sees who stays."""
    with unscoped(
        "a merged pair leads to the record that stays; the caller's guard decides who is shown"
    ) as wide:
        pair = wide.scalars(select(DuplicatePair).where(DuplicatePair.uid == uid)).first()
        found = None if pair is None else end_of_chain(wide, pair.first_id)
        if pair is None or found != end_of_chain(wide, pair.second_id):
            return None
    return session.scalars(select(Person).where(Person.id == found)).first()


def resting_on(uid: str) -> str | None:
    """Uid of the newest merge that rests on a merge; the record of that one is out of sight meanwhile."""
    with unscoped("a merge under another one leads to it; the caller's guard decides who is shown") as wide:
        row = wide.scalars(select(PersonMerge).where(PersonMerge.uid == uid)).first()
        if row is None or row.undone_at is not None:
            return None
        query = select(PersonMerge.uid).where(
            PersonMerge.gone_id == row.kept_id, PersonMerge.undone_at.is_(None)
        )
        return wide.scalars(query.order_by(PersonMerge.id.desc())).first()


def end_of_chain(wide: Session, person_id: int) -> int:
    """The record that stays in the end; the record itself when it was not merged."""
    for _step in range(LONGEST_CHAIN):
        into = select(Person.merged_into_id).where(Person.id == person_id)
        following = wide.scalars(into.execution_options(with_deleted=True)).first()
        if following is None:
            break
        person_id = following
    return person_id


def merged_into(session: Session, person_id: int) -> list[int]:
    """Keys of the records that this one holds, directly or through another: their history is its history."""
    found: list[int] = []
    todo = [person_id]
    with unscoped("the history of a record holds that of the records merged into it") as wide:
        while todo and len(found) < LONGEST_CHAIN:
            query = select(PersonMerge.gone_id).where(
                PersonMerge.kept_id.in_(todo), PersonMerge.undone_at.is_(None)
            )
            todo = [key for key in wide.scalars(query) if key not in found]
            found += todo
    return found
