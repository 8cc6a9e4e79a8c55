"""What the census page does to somebody who is on record already: plain fields at once, identity as the role allows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.registry.models import Person
from app.registry.queries import cards
from app.registry.rules import normalise_number
from app.registry.rules.corrections import SENSITIVE
from app.registry.rules.id_number import ONE_EACH
from app.registry.service import corrections, documents, persons
from app.registry.service.census.entry import APART
from app.registry.service.census.parse import Row
from app.registry.service.newcomers import is_pending


def edit(
    session: Session,
    row: Row,
    person: Person,
    source: str,
    *,
    actor: Actor,
    now: datetime,
) -> tuple[bool, int]:
    """What was typed about somebody on record; returns whether something changed, and how many requests a clerk got."""
    fields, requests = dict(row.person_fields), 0
    if row.name is not None and row.name != person.name:
        fields["name"] = row.name
    if "birth" in row.entry.fields:
        fields["birth"] = row.birth
    is_free = corrections.is_free(person, actor, now)
    if not is_free:
        requests = _ask(session, row, person, fields, actor, now)
    changed = bool(
        fields and persons.edit_person(session, person, fields, actor=actor, now=now, source=source)
    )
    if row.number and is_free:
        set_document(session, row, person, actor=actor, now=now)
        changed = True
    return changed, requests


def _ask(
    session: Session, row: Row, person: Person, fields: dict[str, Any], actor: Actor, now: datetime
) -> int:
    """Identity goes to a clerk as a request; the other fields stay in ``fields``. Returns how many requests were made."""
    new = {name: fields.pop(name) for name in SENSITIVE if name in fields}
    if row.number:
        new["number"] = row.number
    reason = row.entry.number_reason or "census"
    asked = corrections.ask_for_what_differs(session, person, new, reason=reason, actor=actor, now=now)
    return int(asked is not None)


def set_document(session: Session, row: Row, person: Person, *, actor: Actor, now: datetime) -> None:
    """A new document, or a correction of the one of the same kind."""
    new = {
        "kind": row.doc_kind or "",
        "number": row.number or "",
        "warning_reason": row.entry.number_reason,
        "dup_reason": row.entry.dup_reason if row.entry.decision == APART else None,
    }
    first = cards.primary(person.documents)
    there = [
        d for d in person.documents if d.kind == new["kind"] and d.deleted_at is None and d.valid_to is None
    ]
    old = first if first in there else next(iter(there if new["kind"] in ONE_EACH else ()), None)
    if old is not None:
        if old.number == normalise_number(new["number"]):
            return
        reason = row.entry.number_reason or "census"
        documents.replace_document(session, person, old, reason=reason, actor=actor, now=now, **new)
        return
    documents.add_document(session, person, actor=actor, now=now, **new)


def contact(session: Session, row: Row, person: Person, *, actor: Actor, now: datetime) -> None:
    if row.phone:
        old = cards.latest_phone(person.phones)
        persons.set_phone(session, person, row.phone, actor=actor, now=now, replaces=old)
        if not is_pending(person):
            session.flush()
