"""Entering a life event: its checks, its row with the persons, and what it closed and opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.core import clock
from app.core.actor import Actor
from app.core.errors import Invalid, NotAllowed
from app.registry.choices import EventKind, EventRole
from app.registry.models import Dwelling, Household, LifeEvent, LifeEventPerson, Person
from app.registry.rules.life import Past, check_day, lived_for
from app.registry.service.consents import birth_of
from app.registry.service.life.journal import Journal


@dataclass(frozen=True)
class Told:
    """What every event is told: the day, and in words what it rests on."""

    happened_on: date
    evidence: str | None = None
    note: str | None = None


@dataclass
class Entry:
    """An event on its way: services add whom it concerns and what was typed."""

    kind: EventKind
    day: date
    event: LifeEvent
    details: dict[str, Any] = field(default_factory=dict)

    def add(self, role: EventRole, *people: Person | None) -> None:
        """Persons as what they take part; the same one in the same role once."""
        known = {(part.person_id, part.role) for part in self.event.people}
        for person in people:
            if person is not None and (person.id, str(role)) not in known:
                self.event.people.append(LifeEventPerson(person_id=person.id, role=str(role)))


@contextmanager
def entering(
    session: Session,
    kind: EventKind,
    told: Told,
    people: Sequence[Person],
    *,
    actor: Actor,
    now: datetime,
    household: Household | None = None,
    other: Household | None = None,
    dwelling: Dwelling | None = None,
) -> Iterator[Entry]:
    """Check the day against what is known of the people, write the event, record every row that is touched.

    Raises what ``rules.life.check_day`` raises. Runs inside a unit of work: an event is entered whole or not at all.
    The event's row comes first: what it does may put somebody out of the actor's sight.
    """
    check_day(kind, told.happened_on, clock.to_local(now).date(), pasts_of(session, people))
    event = LifeEvent(
        kind=str(kind),
        happened_on=told.happened_on,
        area_id=_area(session, (household, dwelling, *people), people, actor),
        household_id=household.id if household else None,
        other_household_id=other.id if other else None,
        dwelling_id=dwelling.id if dwelling else None,
        evidence=_short(told.evidence, 120, "evidence"),
        note=_short(told.note, 300, "note"),
    )
    session.add(event)
    session.flush()
    entry = Entry(kind, told.happened_on, event)
    with Journal(session) as journal:
        yield entry
        event.undo = journal.pack()
    event.details = {k: v for k, v in entry.details.items() if v not in (None, "")} or None
    session.flush()


def pasts_of(session: Session, people: Iterable[Person]) -> list[Past]:
    """What is known of people: birth, death, the events that stand, and until when their children need them alive."""
    wanted = {p.id: p for p in people if p.id is not None}
    query = (
        select(LifeEventPerson.person_id, LifeEventPerson.role, LifeEvent.happened_on, LifeEvent.kind)
        .join(LifeEvent, LifeEvent.id == LifeEventPerson.event_id)
        .where(LifeEventPerson.person_id.in_(wanted), LifeEvent.revoked_at.is_(None))
    )
    known: dict[int, list[tuple[date, EventKind]]] = {}
    lived: dict[int, date] = {}
    for person_id, role, on, kind in session.execute(query):
        if role in (EventRole.mother, EventRole.father):
            day = lived_for(on, mother=role == EventRole.mother)
            lived[person_id] = max(day, lived.get(person_id, day))
        else:
            known.setdefault(person_id, []).append((on, EventKind(kind)))
    return [
        Past(birth_of(p), p.died_on, tuple(known.get(key, ())), lived.get(key)) for key, p in wanted.items()
    ]


def _area(session: Session, things: Sequence[Any], people: Sequence[Person], actor: Actor) -> int:
    """The household's area, else the home's, else one that the person belongs to; as far as it is the actor's."""
    ties = [tie.area_id for p in people if p.id for tie in p.areas if tie.valid_to is None]
    wanted = [thing.area_id for thing in things if thing is not None] + ties
    query = select(Area.id, Area.path).where(Area.id.in_(wanted))
    paths = {row.id: row.path for row in session.execute(query)}
    found = next((a for a in wanted if a in paths and actor.covers(paths[a])), None)
    if found is None:
        raise NotAllowed()
    return found


def _short(text: str | None, most: int, name: str) -> str | None:
    words = " ".join((text or "").split())
    if len(words) > most:
        raise Invalid(_("Please keep this to %(most)s characters.", most=most), field=name)
    return words or None
