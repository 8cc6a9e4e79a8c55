"""Whether a worker has room at a time: asked again when a booking is written, so that nobody is overbooked in silence
(S3-63).
"""

from __future__ import annotations

from datetime import date

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Staff
from app.core.errors import Conflict
from app.core.sla import parse_slot
from app.proxy.queries import calendar
from app.worklog.rules import DayPlaces, Obstacle, SlotOf, Taken, day_places, obstacle

FIELD = "overbook"


class NoRoom(Conflict):
    """The time is taken, or the worker has none then. Whoever books may say so and book all the same."""


def need_place(
    session: Session,
    staff_id: int | None,
    day: date,
    slot: str | None,
    *,
    agreed: bool,
    person_uid: str | None = None,
    without: int | None = None,
) -> Obstacle | None:
    """Raises NoRoom(field="overbook") where a worker has no room at a time, unless that is agreed; returns what stands
    in the way. ``without`` is a case whose own appointment does not count, since it is about to move; where the resident
    ``person_uid`` is expected at that time already, a further case takes no further place.

    The worker's row is locked until the end of the unit of work: of two clerks who book the last place at once the
    second one waits, looks again, and is told. Where the worker is away, the day of who stands in counts.
    """
    worker = _locked(session, staff_id)
    if worker is None:
        return None
    found = calendar.day_of(session, worker, day)
    if found.absence is not None and found.absence.substitute is not None:
        helper = _locked(session, found.absence.substitute_id)
        if helper is not None:
            worker, found = helper, calendar.day_of(session, helper, day)
    why = obstacle(_left(found, without, f"person:{person_uid}"), parse_slot(slot))
    if why is None or agreed:
        return why
    words = gettext(
        "%(name)s, %(day)s %(slot)s: %(why)s",
        name=worker.name,
        day=day.isoformat(),
        slot=slot or "",
        why=why.label,
    )
    raise NoRoom(words, field=FIELD)


def _locked(session: Session, staff_id: int | None) -> Staff | None:
    if staff_id is None:
        return None
    query = select(Staff.id).where(Staff.id == staff_id).with_for_update(of=Staff, key_share=True)
    return calendar.with_area(session, staff_id) if session.scalar(query) is not None else None


def _left(found: calendar.Day, without: int | None, door: str) -> DayPlaces:
    """The day without the appointments of one case and of one resident."""
    mine = [e for e in found.expected if [c.id for c in e.cases] == [without] or e.doors == (door,)]
    if not mine:
        return found.places
    now = found.places
    slots = [SlotOf(now.day.weekday(), p.slot, p.places) for p in now.places]
    taken = [Taken(e.slot, door) for e in found.expected if e not in mine for door in e.doors]
    return day_places(now.day, slots, taken, is_away=now.is_away, keeps=now.keeps, works=now.works)
