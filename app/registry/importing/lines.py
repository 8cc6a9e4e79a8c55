"""A row of the sheet as the writer works with it: stored forms, blind indexes, and every remark on the way.

The plain case (an ID card whose number is in order, a mobile) is told by two patterns; everything else asks the rules,
which cost twenty times as much.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.crypto import blind
from app.core.errors import Invalid
from app.core.sheets import Finding, Row
from app.core.sheets.saying import finding_of, said
from app.registry.choices import HouseholdKind, PhoneKind
from app.registry.importing.plain import born_of, is_card, is_mobile, is_plain_name
from app.registry.rules import (
    Birth,
    Precision,
    check_name,
    derive,
    document_key,
    inspect_document,
    normalise_number,
    normalise_phone,
    parse_birth,
)
from app.registry.rules.duplicates import document_family
from app.registry.rules.id_number import FEMALE, ID_CARD, MALE


@dataclass(slots=True)
class Line:
    """One person of the sheet. ``document`` is (family of kinds, blind index); ``why`` says what becomes of the row."""

    number: int
    values: dict[str, Any]
    told: set[str]
    name: str = ""
    sex: str | None = None
    birth: Birth | None = None
    doc_kind: str = ID_CARD
    doc_number: str | None = None
    document: tuple[str, str] | None = None
    mark: int | None = None  # by which further rows mean the same person, of the first row that goes in
    other: int | None = None  # the row above about the same person
    warning: str | None = None
    dup_no: int = 0
    phone: str | None = None
    phone_kind: str = ""
    phone_index: str | None = None
    household_kind: str = HouseholdKind.living.value
    relation: str | None = None
    area: Any = None
    home: Any = None
    household: Any = None
    person: Any = None  # key of the known one, or of the one that was made
    population: str | None = None
    why: str = "made"
    findings: list[Finding] = field(default_factory=list)
    made: list[list[Any]] = field(default_factory=list)
    before: list[list[Any]] = field(default_factory=list)

    @property
    def is_new(self) -> bool:
        return self.why == "made"

    def remark(self, text: Any, column: int | None = None, /, **params: Any) -> None:
        """Something to know about a row that goes in."""
        if said(text)[0] not in self.told:
            self.findings.append(finding_of(text, self.number, column, grave=False, **params))

    def refuse(self, text: Any, column: int | None = None, /, **params: Any) -> None:
        """The row cannot go in."""
        self.findings.append(finding_of(text, self.number, column, **params))
        self.why = "bad"


class Reader:
    """Makes lines of rows; ``columns`` are the numbers of the sheet's columns, ``fixed`` holds for every row."""

    def __init__(self, today: date, columns: dict[str, int], fixed: dict[str, Any]) -> None:
        self.today, self.columns, self.fixed = today, columns, fixed

    def line(self, row: Row) -> Line:
        values = (
            {**self.fixed, **{k: v for k, v in row.values.items() if v is not None}}
            if self.fixed
            else row.values
        )
        line = Line(row.number, values, {f.message for f in row.findings} if row.findings else set())
        if row.is_bad:
            line.why = "bad"
            return line
        self._name(line)
        line.sex = values.get("sex")
        self._birth(line)
        number = values.get("number")
        if number:
            self._number(line, str(number))
        phone = values.get("phone")
        if phone:
            self._phone(line, str(phone))
        kind = values.get("household_kind")
        if kind:
            line.household_kind = str(HouseholdKind.parse(kind, field="household_kind"))
        line.relation = values.get("relation")
        return line

    def _name(self, line: Line) -> None:
        name = line.values.get("name") or ""
        if is_plain_name(name) is None:
            try:
                name = check_name(name)
            except Invalid as refusal:
                line.refuse(refusal.message, self.columns.get("name"))
        line.name = name

    def _birth(self, line: Line) -> None:
        given = line.values.get("birth")
        if given is None:
            return
        try:
            line.birth = given if isinstance(given, Birth) else _birth_of(str(given), self.today)
        except Invalid as refusal:
            line.refuse(refusal.message, self.columns.get("birth"))

    def _number(self, line: Line, text: str) -> None:
        line.doc_kind = kind = line.values.get("doc_kind") or ID_CARD
        if kind == ID_CARD and is_card(text) and self._agrees(line, text):
            line.doc_number = text
            line.document = (document_family(ID_CARD), blind("document", text) or "")
            return
        number, column = normalise_number(text), self.columns.get("number")
        for found in inspect_document(kind, number, self.today, birth=line.birth, sex=line.sex):
            if found.is_error:
                line.refuse(found.message, column)
                return
            line.remark(found.message, column)
            if found.needs_reason and line.warning is None:
                line.warning = found.code
        derived = derive(kind, number)
        if derived is not None:
            line.birth = line.birth or Birth(derived.birth)
            line.sex = line.sex or derived.sex
        key = document_key(kind, number)
        if key is not None:
            line.doc_number, line.document = number, (document_family(kind), blind("document", key[1]) or "")

    def _agrees(self, line: Line, number: str) -> bool:
        """Whether what is typed agrees with an ID card's number; what it says of its holder is taken then."""
        born, sex = born_of(number, self.today), MALE if number[16] in "13579" else FEMALE
        if born is None or (line.sex in (MALE, FEMALE) and line.sex != sex):
            return False
        if line.birth is not None and not line.birth.agrees_with(born):
            return False
        line.birth, line.sex = Birth(born), line.sex or sex
        return True

    def _phone(self, line: Line, text: str) -> None:
        if is_mobile(text):
            line.phone, line.phone_kind = text, PhoneKind.mobile.value
        else:
            try:
                phone = normalise_phone(text)
            except Invalid:
                line.remark(NO_PHONE, self.columns.get("phone"), text=text)
                return
            line.phone, line.phone_kind = phone.number, phone.kind
        line.phone_index = blind("phone", line.phone)


NO_PHONE = _("“%(text)s” is no phone number; it is left out.")


@lru_cache(maxsize=10_000)
def _birth_of(text: str, today: date) -> Birth:
    """A date as the reader of sheets gives it (1985, 1985-02, 1985-02-21)."""
    return parse_birth(text, today)


def precision_of(birth: Birth | None) -> str:
    return str(birth.precision) if birth else Precision.day.value
