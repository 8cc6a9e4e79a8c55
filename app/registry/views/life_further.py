"""Custom fields at life events: of the person who is born or comes, of a household that is founded, moves or takes another
in, of the homes that one is divided into or that others are joined to. Who is on record already has the values so far in
the fields.

A death and a move-out end a record here: what an area asks of its residents is asked of those who stay. A new document, a
new name and a change of head change one fact at a counter and confirm nothing else: the page of the record asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import current_actor
from app.core.errors import DomainError
from app.core.interface import Interface
from app.registry.choices import EventKind, EventRole, HouseholdKind
from app.registry.models import Dwelling, DwellingSuccession, Household, LifeEvent, Person
from app.registry.views.asking import Asking, asking

OWN = _("Only for a household of their own.")
FRESH = _("Only for somebody who is not on record yet.")
SAME = _("The same for all homes that are made; one that differs is changed on its own page.")


def asked_at(session: Session, found: Any, typed: Mapping[str, str]) -> list[Asking]:
    """What the page of an event (a ``Scene``) asks beside its form; ``typed`` is what was sent so far."""
    actor, place = current_actor(), (found.kind, found.place)
    home = row_of(session, Dwelling, typed.get("dwelling"))
    if found.kind is EventKind.birth:
        return [asking(session, actor, Person, _birth_area(found, typed))]
    if place == (EventKind.move_in, "person"):
        where, own = home.area_id if home else None, not typed.get("household")
        return [
            asking(session, actor, Person, where, item=found.item),
            *([asking(session, actor, Household, where, note=OWN)] if own else []),
        ]
    if place == (EventKind.move_in, "household"):
        new = not typed.get("person")
        return [asking(session, actor, Person, found.item.area_id, is_due=new, note=FRESH)] if new else []
    if found.kind is EventKind.split:
        return [asking(session, actor, Household, (home or found.item).area_id)]
    if found.kind is EventKind.change_home:
        return [asking(session, actor, Household, home.area_id if home else None, item=found.item)]
    if found.kind is EventKind.merge:
        return [asking(session, actor, Household, found.item.area_id, item=found.item)]
    if found.kind is EventKind.home_merge:
        return [asking(session, actor, Dwelling, found.item.area_id, item=found.item)]
    if found.kind is EventKind.home_split:
        return [asking(session, actor, Dwelling, found.item.area_id, note=SAME)]
    return []


def _birth_area(found: Any, typed: Mapping[str, str]) -> int:
    """The child is managed where it will live: as ``service.life.birth`` decides."""
    chosen = [h for h in found.joins if typed.get(f"join_{h.uid}")] or found.joins
    living = [h for h in chosen if h.kind == HouseholdKind.living]
    return int(next(iter(living or chosen), found.item).area_id)


def write_further(session: Session, found: Any, form: Any, event: LifeEvent) -> None:
    """Put what was typed into the records of an event that was entered."""
    for asked in found.further:
        for row in _rows(session, asked, found, event):
            asked.write(form, row)
    session.flush()


def _rows(session: Session, asked: Asking, found: Any, event: LifeEvent) -> Iterable[Any]:
    if asked.item is not None:
        return [asked.item]
    if asked.model is Person:
        new = [part.person_id for part in event.people if part.role == EventRole.subject]
        return session.scalars(select(Person).where(Person.id.in_(new))).all()
    if asked.model is Household:
        key = event.other_household_id if found.kind is EventKind.split else event.household_id
        return [session.get_one(Household, key)]
    pieces = select(DwellingSuccession.new_dwelling_id).where(
        DwellingSuccession.old_dwelling_id == found.item.id
    )
    return session.scalars(select(Dwelling).where(Dwelling.id.in_(pieces))).all()


def row_of(session: Session, model: type, key: str | None) -> Any:
    """A record by what was sent; None for one that is not there, or not in the scope."""
    if not key:
        return None
    try:
        return Interface(model).by_key(session, key)
    except DomainError:
        return None
