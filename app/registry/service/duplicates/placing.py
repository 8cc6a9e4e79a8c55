"""Where a pair is settled follows the ties of its two people: a move, a new grid, a merge change the area above both.

Who may see a pair is asked of the ties each time (models/duplicates.py). The area above both stands on the pair, for lists
and notices; it is found anew right after the commit that changed ties, without row scope, since whoever moved one of the
two may not see the other. What is written past the session (COPY), the nightly search finds (scan.py).
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, event, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.core import clock
from app.core.bulk import CHUNK
from app.core.scope import unscoped
from app.core.session import PlainGuardedSession, unit_of_work
from app.registry.choices.duplicates import DuplicateState
from app.registry.models import DuplicatePair, Person, PersonArea
from app.registry.service.duplicates.facts import chunks
from app.registry.service.duplicates.notices import tell
from app.registry.service.duplicates.places import places_of

log = logging.getLogger(__name__)
KEY = "placing"


def place_anew(wide: Session, pairs: Collection[DuplicatePair], now: datetime) -> int:
    """Give pairs the lowest area above both of their people as the ties are now; returns how many have changed.

    Whoever is to settle a pair at its new place is told. A record without any tie is deleted or merged: its pairs stay.
    """
    places = places_of(wide, {key for pair in pairs for key in (pair.first_id, pair.second_id)})
    moved = []
    for pair in pairs:
        if not (places.paths.get(pair.first_id) and places.paths.get(pair.second_id)):
            continue
        area, across = places.common(pair.first_id, pair.second_id)
        if (pair.common_area_id, pair.is_across) != (area, across):
            pair.common_area_id, pair.is_across, pair.told_at = area, across, None
            moved.append(pair)
    tell(wide, moved, now)
    wide.flush()
    return len(moved)


def place_people(wide: Session, people: Collection[int], now: datetime) -> int:
    """The same for the waiting pairs of some people."""
    moved = 0
    for some in chunks(sorted(people)):
        moved += place_anew(wide, wide.scalars(select(DuplicatePair).where(_of(some))).all(), now)
    return moved


def place_all(wide: Session, now: datetime) -> int:
    """The same for every pair that waits, some at a time; those across communities are told of anew."""
    moved, after = 0, 0
    while True:
        query = select(DuplicatePair).where(
            DuplicatePair.state == str(DuplicateState.open), DuplicatePair.id > after
        )
        pairs = wide.scalars(query.order_by(DuplicatePair.id).limit(CHUNK)).all()
        if not pairs:
            return moved
        moved += place_anew(wide, pairs, now)
        after = pairs[-1].id


# --- after whatever changes ties --------------------------------------------------------------------------------------


@dataclass
class Touched:
    """Whose ties a transaction changes. Who is new in it has no pairs but those opened with the ties at hand."""

    people: set[int] = field(default_factory=set)
    fresh: set[int] = field(default_factory=set)


@event.listens_for(PlainGuardedSession, "after_flush")
def _note(session: Session, _context: object) -> None:
    ties = [row for rows in (session.new, session.dirty, session.deleted) for row in rows if _is_tie(row)]
    if not ties:
        return
    touched = session.info.setdefault(KEY, Touched())
    touched.fresh |= {row.id for row in session.new if isinstance(row, Person)}
    touched.people |= {tie.person_id for tie in ties} - touched.fresh


def _is_tie(row: object) -> bool:
    return isinstance(row, PersonArea)


@event.listens_for(PlainGuardedSession, "after_commit")
def _place(session: Session) -> None:
    if session.in_nested_transaction():  # the end of a savepoint: whoever wrote still holds the lock
        return
    touched = session.info.pop(KEY, None)
    if touched is None or not touched.people:
        return
    try:
        with unscoped("the area above a pair is found from ties that the writer may not see") as wide:
            waiting = _waiting(wide, touched.people)
            if waiting:
                with unit_of_work(wide):
                    place_people(wide, waiting, clock.now())
    except SQLAlchemyError:  # what was committed stands; the nightly search places the pair
        log.exception("pairs were not placed anew")


def _waiting(wide: Session, people: Collection[int]) -> set[int]:
    """Those of them who have a pair that waits: few, so most commits end here."""
    found: set[int] = set()
    for some in chunks(sorted(people)):
        query = select(DuplicatePair.first_id, DuplicatePair.second_id).where(_of(some))
        found |= {key for pair in wide.execute(query) for key in pair}
    return found & set(people)


def _of(people: Collection[int]) -> Any:
    """Pairs that wait of some people."""
    return and_(
        DuplicatePair.state == str(DuplicateState.open),
        or_(DuplicatePair.first_id.in_(people), DuplicatePair.second_id.in_(people)),
    )


@event.listens_for(PlainGuardedSession, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(KEY, None)
