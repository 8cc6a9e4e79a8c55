"""One row read: dates, codes, numbers and phones in their stored form, and every complaint at its field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import codes
from app.core.actor import Actor
from app.core.errors import Finding, Invalid
from app.core.extra import ExtraColumn
from app.core.interface import facts_of
from app.registry.models import Person, PersonDocument, Residence
from app.registry.rules import Birth, check_name, derive, inspect_document, normalise_phone, parse_birth
from app.registry.service import consents, documents, groups
from app.registry.service.census.entry import (
    PERSON_CODES,
    PERSON_TEXTS,
    RESIDENCE_CODES,
    RESIDENCE_TEXTS,
    MemberEntry,
    Problem,
)

ID_CARD = "111"
LONGEST_REASON = facts_of(PersonDocument)["warning_reason"].length or 0


@dataclass
class Row:
    """A checked row: what will be written. ``birth`` and ``sex`` count the number's and the person's own values."""

    entry: MemberEntry
    person: Person | None = None
    name: str | None = None
    doc_kind: str | None = None
    number: str | None = None
    phone: str | None = None
    birth: Birth | None = None
    sex: str | None = None
    person_fields: dict[str, Any] = field(default_factory=dict)
    residence_fields: dict[str, Any] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)
    extras: dict[ExtraColumn, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def complain(self, field: str, code: str, message: Any, **more: Any) -> None:
        """Note a problem (or, with ``stops=False``, a warning) at a field of this row."""
        self.problems.append(Problem(self.entry.ref, field, code, message, **more))

    @property
    def stops(self) -> bool:
        return any(problem.stops for problem in self.problems)

    @property
    def is_new(self) -> bool:
        return self.person is None and not self.entry.same_as


def read_row(
    session: Session, entry: MemberEntry, person: Person | None, *, actor: Actor, today: date
) -> Row:
    """Read every typed field; nothing is written and nobody is looked up."""
    row = Row(entry, person)
    given = entry.fields
    if "name" in given or row.is_new:
        row.name = _try(row, "name", lambda: check_name(given.get("name")))
    if given.get("birth"):
        row.birth = _try(row, "birth", lambda: parse_birth(str(given["birth"]), today))
    if given.get("phone"):
        row.phone = _try(row, "phone", lambda: normalise_phone(str(given["phone"])).number)
    _read_codes(session, row)
    _read_number(row, today)
    for reason in (entry.number_reason, entry.dup_reason):
        if len(reason) > LONGEST_REASON:
            text = _("Please keep this to %(most)s characters.", most=LONGEST_REASON)
            row.complain("number", "too_long", text)
    for code in given.get("groups") or ():
        if code not in dict(groups.open_to(session, actor)):
            row.complain("groups", "unknown_code", _("This group is not open to you or is not in the list."))
        elif code not in row.groups:
            row.groups.append(code)
    return row


def _try(row: Row, name: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except Invalid as refusal:
        row.complain(name, refusal.data.get("finding", refusal.code), refusal.message)
        return None


def _read_codes(session: Session, row: Row) -> None:
    given, entry = row.entry.fields, row.entry
    for lists, texts, model, target in (
        (PERSON_CODES, PERSON_TEXTS, Person, row.person_fields),
        (RESIDENCE_CODES, RESIDENCE_TEXTS, Residence, row.residence_fields),
    ):
        for name, list_name in lists.items():
            if name in given:
                _read_code(session, row, name, list_name, given[name], target)
        for name in sorted(texts & given.keys()):
            longest = facts_of(model)[name].length or 0
            text = str(given[name] or "").strip()
            if len(text) > longest:
                row.complain(name, "too_long", _("Please keep this to %(most)s characters.", most=longest))
            target[name] = text or None
    if entry.leave is not None:
        _read_code(session, row, "leave", "cancel_reason", entry.leave, {})
    elif not entry.relation:
        row.complain("relation", "missing", _("Please give the relation to the head."))
    else:
        _read_code(session, row, "relation", "household_relation", entry.relation, {})


def _read_code(
    session: Session, row: Row, name: str, list_name: str, value: Any, target: dict[str, Any]
) -> None:
    code = str(value or "").strip()
    if code and code not in codes.codes(session, list_name):
        row.complain(name, "unknown_code", _("This code is not in the list."))
        return
    target[name] = code or None


def _read_number(row: Row, today: date) -> None:
    given, person = row.entry.fields, row.person
    row.doc_kind = str(given.get("doc_kind") or ID_CARD)
    row.number = str(given.get("number") or "").strip() or None
    known_birth = row.birth or (consents.birth_of(person) if person and "birth" not in given else None)
    known_sex = row.person_fields.get("sex") or (person.sex if person and "sex" not in given else None)
    findings: list[Finding] = []
    if row.number:
        findings = inspect_document(row.doc_kind, row.number, today, birth=known_birth, sex=known_sex)
        if person is not None and documents.bears(person, row.doc_kind, row.number):
            findings = documents.told(findings)
        derived = derive(row.doc_kind, row.number)
        if derived is not None:
            known_birth, known_sex = known_birth or Birth(derived.birth), known_sex or derived.sex
    elif person is not None and (row.birth or row.person_fields.get("sex")):
        findings = documents.differences(person, row.birth, row.person_fields.get("sex"), today)
    row.birth, row.sex = known_birth, known_sex
    for finding in findings:
        _note(row, finding)


def _note(row: Row, finding: Finding) -> None:
    """A doubt with its reason given is a warning that stays visible; without one it stops."""
    where = {"birth_date": "birth"}.get(finding.field or "", finding.field or "number")
    if finding.needs_reason and not row.entry.number_reason.strip():
        row.complain(where, finding.code, finding.message, needs="reason")
    else:
        row.complain(where, finding.code, finding.message, stops=finding.is_error)
