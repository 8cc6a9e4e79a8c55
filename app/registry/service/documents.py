"""Documents of a person: numbers are kept as given, matched by their normal form, doubted with a reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
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
from app.registry.rules import Birth, document_key, inspect_document, normalise_number
from app.registry.rules.id_number import ONE_EACH
from app.registry.service import consents, duplicates, matching, removals, sources
from app.registry.service.checks import check_code
from app.registry.service.newcomers import is_pending

FIELD = "number"
OTHER_HOLDER = "other_holder"
ONE_ONLY = "one_only"
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
        text = first.message
        if first.code in DIFFERENCES:
            text = _("%(what)s If it stands so on the document, give a reason.", what=first.message)
        raise Invalid(text, field=FIELD, finding=first.code, needs_reason=True)
    return findings


def differences(person: Person, birth: Birth | None, sex: str | None, day: date) -> list[Finding]:
    """Where a birth date or a sex contradicts the numbers that are on file for the person. Warnings only."""
    found = [f for d in _open(person) for f in inspect_document(d.kind, d.number, day, birth=birth, sex=sex)]
    return told(f for f in found if f.code in DIFFERENCES)


def told(findings: Iterable[Finding]) -> list[Finding]:
    """Differences from a number that is on file already are shown; the reason was asked for when it was written."""
    return [replace(f, needs_reason=False) if f.code in DIFFERENCES else f for f in findings]


def refuse_second(person: Person, document: PersonDocument, day: date) -> None:
    """Conflict when a document of a kind of which one has only one would be in force beside another one."""
    if document.kind not in ONE_EACH or not _in_force(document, day):
        return
    others = (d for d in person.documents if d is not document and d.kind == document.kind)
    if any(is_valid(d, day) for d in others):
        text = _(
            "This person has a document of this kind in force, and nobody has two. For a renewed one enter the event "
            "“New document” and say which it replaces; a number that was typed wrongly is put right on the document itself."
        )
        raise Conflict(text, field=FIELD, finding=ONE_ONLY)


def bears(person: Person, kind: str, number: str) -> bool:
    """Whether the number is on file for the person, by a document in force."""
    key = document_key(kind, number)
    return any(document_key(d.kind, d.number) == key for d in _open(person))


def _in_force(document: PersonDocument, day: date) -> bool:
    return document.valid_to is None or document.valid_to > day


def is_valid(document: PersonDocument, day: date) -> bool:
    """Whether a document is on file and stands for its holder on a day; one that ends later still does."""
    return document.deleted_at is None and _in_force(document, day)


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

    Raises Invalid for impossible numbers and doubts without a reason; Conflict for a second one of a kind of which one
    has only one, and when somebody else bears it: inside the scope a reason keeps both apart (``dup_no``), elsewhere
    only a move-in can be asked for.
    """
    check_code(session, "id_document", kind, field="kind")
    day = clock.to_local(now).date()
    findings = doubts(kind, number, day, person=person, reason=warning_reason)
    document = PersonDocument(valid_from=valid_from, valid_to=valid_to, is_primary=not _open(person))
    set_number(document, kind, number)
    same = next((d for d in _open(person) if (d.kind, d.number_index) == (kind, document.number_index)), None)
    if same is not None:
        return same
    refuse_second(person, document, day)
    settle_twins(session, document, person, dup_reason)
    note_doubt(document, findings, warning_reason)
    person.documents.append(document)
    sources.confirm(session, person, {FieldGroup.identity}, actor=actor, now=now)
    if not is_pending(person):
        session.flush()
    if document.dup_no:  # kept apart with a reason: somebody settles it (guards, section 3)
        duplicates.entered(session, [person], actor=actor, now=now)
    return document


def note_doubt(document: PersonDocument, findings: list[Finding], reason: str | None) -> None:
    """What speaks against the number, and why it is kept all the same."""
    doubt = next((f for f in findings if f.needs_reason), None)
    document.warning = doubt.code if doubt else None
    document.warning_reason = (reason or "").strip()[:200] if doubt else None


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
