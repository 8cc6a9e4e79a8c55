"""Which areas may see a person: open and closed ``PersonArea`` rows, which the session guard reads."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.registry.choices import AreaTie
from app.registry.models import Person, PersonArea
from app.registry.service import newcomers


def last_day(valid_from: date | None, day: date) -> date:
    """The last day of something that is over from `day` on, never before its first day."""
    before = day - timedelta(days=1)
    return before if valid_from is None or valid_from <= before else valid_from


def open_tie(session: Session, person: Person, area_id: int, kind: AreaTie, day: date) -> PersonArea:
    """Let an area see a person from a day on; an open tie of the same kind is kept."""
    tie = _open_tie(session, person, area_id, kind)
    if tie is None:
        tie = PersonArea(area_id=area_id, kind=str(kind), valid_from=day)
        person.areas.append(tie)
    return tie


def close_tie(session: Session, person: Person, area_id: int, kind: AreaTie, day: date) -> None:
    """End a tie; nothing happens when there is none."""
    tie = _open_tie(session, person, area_id, kind)
    if tie is not None:
        tie.valid_to = last_day(tie.valid_from, day)


def manage_in(session: Session, person: Person, area_id: int, day: date) -> None:
    """Hand the management of a record to an area; the old one keeps only what its other ties give it.

    The new tie stands before the old one goes: in between, the guard would hide the person from the writer.
    """
    old, person.area_id = person.area_id, area_id
    open_tie(session, person, area_id, AreaTie.managing, day)
    if old is not None and old != area_id:
        close_tie(session, person, old, AreaTie.managing, day)


def _open_tie(session: Session, person: Person, area_id: int, kind: AreaTie) -> PersonArea | None:
    known = newcomers.rows_of(session, person, PersonArea)
    if known is not None:
        there = (t for t in known if (t.area_id, t.kind, t.valid_to) == (area_id, str(kind), None))
        return next(there, None)
    query = select(PersonArea).where(
        PersonArea.person_id == person.id,
        PersonArea.area_id == area_id,
        PersonArea.kind == str(kind),
        PersonArea.valid_to.is_(None),
    )
    return session.scalars(query).one_or_none()
