"""A new document, a new name: the old one stays as history, and papers that were issued keep theirs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import Invalid
from app.registry.choices import EventKind, EventRole, FieldGroup, NameKind
from app.registry.models import Household, LifeEvent, Person, PersonDocument, PersonName
from app.registry.rules import check_name, document_key
from app.registry.service import documents, persons, proposals, sources, wording
from app.registry.service.life.entering import Told, entering
from app.registry.service.ties import last_day


def new_document(
    session: Session,
    person: Person,
    told: Told,
    *,
    kind: str,
    number: str,
    old: PersonDocument | None = None,
    reasons: Mapping[str, Any] | None = None,
    actor: Actor,
    now: datetime,
) -> LifeEvent:
    """A document that stands for the person from now on; the one it replaces is kept with its last day.

    A renewed card bears the number it had: only its first day changes then. ``reasons`` as ``add_document`` asks for them.
    """
    if old is not None and (old.person_id != person.id or old.valid_to is not None):
        raise Invalid(_("Please choose a document in force of this person."), field="old")
    with entering(session, EventKind.new_document, told, [person], actor=actor, now=now) as entry:
        entry.add(EventRole.subject, person)
        day = told.happened_on
        same = _same(person, kind, number)
        if same is not None:
            same.valid_from = day
            made = same
            entry.details = {"renewed": True}
            sources.confirm(session, person, {FieldGroup.identity}, actor=actor, now=now)
        else:
            if old is not None:
                old.valid_to = last_day(old.valid_from, day)
            session.flush()
            made = documents.add_document(
                session,
                person,
                kind=kind,
                number=number,
                valid_from=day,
                actor=actor,
                now=now,
                **(reasons or {}),
            )
        for document in person.documents:
            document.is_primary = document is made
        proposals.follow_event(session, entry.event, [person], actor=actor, now=now)
    return entry.event


def _same(person: Person, kind: str, number: str) -> PersonDocument | None:
    key = document_key(kind, number)
    return next(
        (
            d
            for d in person.documents
            if d.deleted_at is None and d.valid_to is None and document_key(d.kind, d.number) == key
        ),
        None,
    )


def new_name(
    session: Session,
    person: Person,
    told: Told,
    *,
    name: str,
    reason: str | None = None,
    actor: Actor,
    now: datetime,
) -> LifeEvent:
    """The person is called otherwise from a day on; the old name becomes a former one and finds the person still."""
    fresh = check_name(name)
    if fresh == person.name:
        raise Invalid(_("This is the present name."), field="name")
    with entering(session, EventKind.new_name, told, [person], actor=actor, now=now) as entry:
        entry.add(EventRole.subject, person)
        day, old = told.happened_on, person.name
        current = [n for n in person.names if n.kind == NameKind.current and n.valid_to is None]
        for row in current or [PersonName(kind=str(NameKind.former), name=old)]:
            row.kind, row.valid_to = str(NameKind.former), last_day(row.valid_from, day)
            row.reason = (reason or "").strip()[:120] or None
            if row.id is None:
                person.names.append(row)
        persons.set_name(person, fresh)
        person.names.append(PersonName(kind=str(NameKind.current), name=person.name, valid_from=day))
        session.flush()
        headed = select(Household).where(
            Household.head_person_id == person.id, Household.name == wording.household_name(old)
        )
        for household in session.scalars(headed):
            household.name = wording.household_name(person.name)
        sources.confirm(session, person, {FieldGroup.identity}, actor=actor, now=now)
    return entry.event
