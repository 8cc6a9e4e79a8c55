"""Documents of a person: numbers are kept as given, matched by their normal form, doubted with a reason."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock, hooks, removal
from app.core.actor import Actor
from app.core.errors import Conflict, Finding, Invalid, refuse_errors
from app.core.scope import unscoped
from app.registry.choices import FieldGroup
from app.registry.models import Person, PersonDocument
from app.registry.rules import Birth, inspect_document, normalise_number
from app.registry.service import consents, duplicates, matching, removals, sources
from app.registry.service.checks import check_code

FIELD = "number"
OTHER_HOLDER = "other_holder"
DIFFERENCES = frozenset({"birth_differs", "sex_differs"})


def set_number(document: PersonDocument, kind: str, number: str) -> None:
    """The number as typed (without blanks), with the index by which it is found. Invalid when it is empty."""
    plain = normalise_number(number)
    index = matching.number_index(kind, plain)
    if index is None:
        raise Invalid(_("Please give the number of the document."), field=FIELD)
    document.kind, document.number = kind, plain
    document.number_index = index  # after the number: the model fills the index of the bare text


def doubts(
    kind: str, number: str, day: date, *, person: Person | None = None, reason: str | None = None
) -> list[Finding]:
    """Findings on a number beside the person's birth date and sex. Errors, and doubts without a reason, raise."""
    birth = consents.birth_of(person) if person else None
    findings = inspect_document(
        kind, number, day, birth=birth, sex=person.sex if person else None, field=FIELD
    )
    refuse_errors(findings)
    open_doubts = [f for f in findings if f.needs_reason]
    if open_doubts and not (reason or "").strip():
        first = open_doubts[0]
        raise Invalid(first.message, field=FIELD, finding=first.code, needs_reason=True)
    return findings


def differences(person: Person, birth: Birth | None, sex: str | None, day: date) -> list[Finding]:
    """Where a birth date or a sex contradicts the numbers that are on file for the person. Warnings only."""
    found = [f for d in _open(person) for f in inspect_document(d.kind, d.number, day, birth=birth, sex=sex)]
    return [f for f in found if f.code in DIFFERENCES]


def add_document(
    session: Session,
    person: Person,
    *,
    kind: str,
    number: str,
    actor: Actor,
    now: datetime,
    warning_reason: str | None = None,
    dup_reason: str | None = None,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> PersonDocument:
    """Give a person a document. The same document twice is kept once.

    Raises Invalid for impossible numbers and doubts without a reason; Conflict when somebody else bears it: inside
    the scope a reason keeps both apart (``dup_no``), elsewhere only a move-in can be asked for.
    """
    check_code(session, "id_document", kind, field="kind")
    day = clock.to_local(now).date()
    findings = doubts(kind, number, day, person=person, reason=warning_reason)
    document = PersonDocument(valid_from=valid_from, valid_to=valid_to, is_primary=not _open(person))
    set_number(document, kind, number)
    same = next((d for d in _open(person) if (d.kind, d.number_index) == (kind, document.number_index)), None)
    if same is not None:
        return same
    settle_twins(session, document, person, dup_reason)
    doubt = next((f for f in findings if f.needs_reason), None)
    if doubt is not None:
        document.warning, document.warning_reason = doubt.code, (warning_reason or "").strip()[:200]
    person.documents.append(document)
    session.flush()
    sources.confirm(session, person, {FieldGroup.identity}, actor=actor, now=now)
    if document.dup_no:  # kept apart with a reason: somebody settles it (guards, section 3)
        duplicates.entered(session, [person], actor=actor, now=now)
    return document


def replace_document(
    session: Session,
    person: Person,
    old: PersonDocument,
    *,
    now: datetime,
    actor: Actor,
    reason: str,
    **new: Any,
) -> PersonDocument:
    """Put a wrongly typed number right: the wrong row goes to the recycle bin, so that it matches nobody."""
    hooks.give_reason(session, reason)
    removal.take_away(old, removals.CORRECTED, by=actor.user_id, now=now)
    session.flush()
    session.expire(person, ["documents"])
    return add_document(session, person, actor=actor, now=now, **new)


def settle_twins(session: Session, document: PersonDocument, person: Person, reason: str | None) -> None:
    """Look for other bearers of the number; keep them apart with a reason, or refuse."""
    others = matching.find(
        session, kind=document.kind, number=document.number, other_than=[person.id] if person.id else []
    )
    if not others:
        return
    if any(match.person is None for match in others):
        text = _("This person is registered elsewhere. You may ask for a move-in.")
        raise Conflict(text, field=FIELD, finding="elsewhere")
    if not (reason or "").strip():
        text = _("Somebody in your area bears this number. Use that record, or say why both are kept apart.")
        raise Conflict(text, field=FIELD, finding=OTHER_HOLDER)
    document.dup_no = _next_dup_no(document)
    document.dup_reason = (reason or "").strip()[:200]


def _next_dup_no(document: PersonDocument) -> int:
    query = select(func.max(PersonDocument.dup_no)).where(
        PersonDocument.kind == document.kind, PersonDocument.number_index == document.number_index
    )
    with unscoped("numbering of documents that two people bear") as wide:
        highest = wide.scalar(query)
    return 0 if highest is None else int(highest) + 1


def _open(person: Person) -> list[PersonDocument]:
    return [d for d in person.documents if d.deleted_at is None and d.valid_to is None]
