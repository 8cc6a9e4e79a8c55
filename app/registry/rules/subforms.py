"""The own form of a special group or of a kind of resident: its fields, and what may be kept of what was typed.

The fields are data (seeds/group_forms.yaml, seeds/population_forms.yaml; GB/T 31000-2015, 1.3 and 1.4). Values are kept
as JSON: text, ISO day, whole number, amount as text with two digits, true or false, a code, a list of codes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid
from app.registry.rules.id_number import normalise_number
from app.registry.rules.phones import normalise_phone

KINDS = frozenset("text long date int money yesno code codes phone document".split())
SECRET_KINDS = frozenset({"phone", "document"})
LONGEST = {"text": 200, "long": 1024, "document": 40}
LARGEST = 1_000_000
# (list, code) -> whether the list has it
Knows = Callable[[str, str], bool]


@dataclass(frozen=True)
class SubField:
    """One field. ``most`` is the longest text or the largest number; ``at_visit``: taken down again at each visit."""

    name: str
    zh: str
    en: str
    kind: str
    code_list: str | None = None
    required: bool = False
    at_visit: bool = False
    most: int | None = None

    @property
    def is_secret(self) -> bool:
        """Numbers of documents and phones are masked wherever they are shown."""
        return self.kind in SECRET_KINDS


@dataclass(frozen=True)
class SubSection:
    """Fields under one heading."""

    zh: str
    en: str
    fields: tuple[SubField, ...]


@dataclass(frozen=True)
class SubForm:
    """The own form of one code, and where its fields come from."""

    code: str
    source: str
    sections: tuple[SubSection, ...]

    def __iter__(self) -> Iterator[SubField]:
        return (field for section in self.sections for field in section.fields)

    @property
    def fields(self) -> dict[str, SubField]:
        """All fields by name."""
        return {field.name: field for field in self}

    @property
    def at_visit(self) -> tuple[SubField, ...]:
        """What is taken down again at each visit."""
        return tuple(field for field in self if field.at_visit)


def read_form(code: str, raw: Mapping[str, Any], blocks: Mapping[str, Any]) -> SubForm:
    """One form from the data. Raises ValueError for a field that no page could show or two of one name."""
    sections = tuple(
        SubSection(s["zh"], s["en"], tuple(_fields(s["fields"], blocks))) for s in raw["sections"]
    )
    form = SubForm(code, raw["source"], sections)
    names = [field.name for field in form]
    if len(names) != len(set(names)):
        raise ValueError(f"{code}: a field stands twice")
    return form


def _fields(given: list[Mapping[str, Any]], blocks: Mapping[str, Any]) -> Iterator[SubField]:
    for raw in given:
        if "block" in raw:
            yield from _fields(blocks[raw["block"]], blocks)
            continue
        if raw["kind"] not in KINDS or (raw["kind"] in {"code", "codes"}) != ("list" in raw):
            raise ValueError(f"{raw['name']}: kind {raw['kind']!r} is not known or lacks its list")
        yield SubField(
            raw["name"],
            raw["zh"],
            raw["en"],
            raw["kind"],
            raw.get("list"),
            raw.get("required", False),
            raw.get("at_visit", False),
            raw.get("most"),
        )


def settle(
    form: SubForm, values: Mapping[str, Any], *, knows: Knows, complete: bool = True
) -> dict[str, Any]:
    """What is kept of the typed values; empty ones are left out.

    Raises Invalid with ``field="details.<name>"``: a field that the form does not have, a value that its kind does not
    take, with ``complete`` a required field left empty, and an end before its beginning (``x_from``, ``x_to``).
    """
    fields = form.fields
    for name in values:
        if name not in fields:
            raise Invalid(_("This field cannot be set here."), field=at(name))
    kept = {}
    for field in form:
        value = values.get(field.name)
        if value is None or value == "" or value == []:
            if field.required and complete:
                raise Invalid(_("Please fill this in."), field=at(field.name))
            continue
        kept[field.name] = _kept(field, value, knows)
    _in_order(kept)
    return kept


def at(name: str) -> str:
    """How a refusal names a field of an own form."""
    return f"details.{name}"


def _kept(field: SubField, value: Any, knows: Knows) -> Any:
    reader = _READERS.get(field.kind)
    if reader is not None:
        return reader(field, value)
    if field.kind == "code":
        return _code(field, value, knows)
    if not isinstance(value, list | tuple | set):
        raise _bad(field)
    return sorted({_code(field, code, knows) for code in value})


def _code(field: SubField, value: Any, knows: Knows) -> str:
    if not isinstance(value, str) or not knows(field.code_list or "", value):
        raise Invalid(_("This code is not in the list."), field=at(field.name))
    return value


def _text(field: SubField, value: Any) -> str:
    if not isinstance(value, str):
        raise _bad(field)
    most = field.most or LONGEST[field.kind]
    text = value.strip()
    if len(text) > most:
        raise Invalid(_("Please keep this to %(most)s characters.", most=most), field=at(field.name))
    return text


def _document(field: SubField, value: Any) -> str:
    return normalise_number(_text(field, value))


def _phone(field: SubField, value: Any) -> str:
    return normalise_phone(value, field=at(field.name)).number


def _day(field: SubField, value: Any) -> str:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            raise _bad(field) from None
    if not isinstance(value, date):
        raise _bad(field)
    return value.isoformat()


def _whole(field: SubField, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= (field.most or LARGEST):
        raise _bad(field)
    return value


def _money(field: SubField, value: Any) -> str:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise _bad(field) from None
    if not 0 <= amount < 10**10:
        raise _bad(field)
    return f"{amount:.2f}"


def _yes_no(field: SubField, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _bad(field)
    return value


def _bad(field: SubField) -> Invalid:
    return Invalid(_("This value is not valid."), field=at(field.name))


_READERS: dict[str, Callable[[SubField, Any], Any]] = {
    "text": _text,
    "long": _text,
    "document": _document,
    "phone": _phone,
    "date": _day,
    "int": _whole,
    "money": _money,
    "yesno": _yes_no,
}


def _in_order(kept: Mapping[str, Any]) -> None:
    for name, value in kept.items():
        start = kept.get(f"{name[:-3]}_from") if name.endswith("_to") else None
        if start is not None and value < start:
            raise Invalid(_("The end lies before the beginning."), field=at(name))


_DISABILITY_CARD = re.compile(r"([0-9]{17}[0-9X])([1-7])([1-4])(?:B[0-9]{1,2})?")


def check_disability(kept: Mapping[str, Any], id_number: str | None) -> None:
    """The number of a disability card is the ID number, one digit for the kind and one for the grade, and B1, B2 …
    after a replacement (GB/T 26341-2010, rules of the disability card).

    ``id_number`` is the number on file, None where there is none. Raises Invalid at the number when it contradicts
    the record.
    """
    number = kept.get("disability_no")
    if not number:
        return
    found = _DISABILITY_CARD.fullmatch(number)
    where = at("disability_no")
    if found is None:
        text = _("The number of a disability card has 20 characters: ID number, kind, grade.")
        raise Invalid(text, field=where)
    if id_number and found[1] != id_number:
        raise Invalid(_("The ID number inside is another one than that on file."), field=where)
    if kept.get("disability_type") not in (None, found[2]):
        raise Invalid(_("The number names another kind of disability (digit 19)."), field=where)
    if kept.get("disability_grade") not in (None, found[3]):
        raise Invalid(_("The number names another grade of disability (digit 20)."), field=where)


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[str]:
    """Names of the values that differ between two visits, in the order of the later one."""
    old, new = before or {}, after or {}
    return [name for name in (*new, *(n for n in old if n not in new)) if old.get(name) != new.get(name)]
