"""The columns that a sheet of residents may have, and what the domain says of a single value."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import clock, extra, policy
from app.core.actor import Actor
from app.core.errors import Finding, Invalid
from app.core.interface import facts_of
from app.core.scope import session_actor
from app.core.sheets import Field
from app.core.sheets.saying import said
from app.core.views.extras import concerns, is_asked_wherever
from app.registry.choices import HouseholdKind
from app.registry.importing.customs import is_granted_in_part
from app.registry.importing.plain import is_card, is_mobile, is_plain_name
from app.registry.models import Dwelling, Household, Person, PersonDocument, PersonPhone
from app.registry.rules import check_name, inspect_document, normalise_number, normalise_phone, parse_birth
from app.registry.rules.id_number import ID_CARD

Remarks = list[tuple[str, dict[str, Any], bool]]
# columns of the person that stand in the sheet as they are: code lists first, then texts
CODES = (
    "sex",
    "ethnic",
    "marital",
    "political_status",
    "education",
    "employment",
    "population_kind",
    "consistency",
)
TEXTS = (
    "nationality",
    "native_place",
    "occupation",
    "workplace",
    "register_division",
    "register_address",
    "note",
)
CLOSED: dict[str, tuple[type, str]] = {"number": (PersonDocument, "number"), "phone": (PersonPhone, "number")}
LABELS = {
    "ethnic": _("Ethnic group"),
    "marital": _("Marital status"),
    "political_status": _("Political status"),
    "education": _("Education"),
    "employment": _("Employment status"),
    "population_kind": _("Kind of resident"),
    "consistency": _("Registered here"),
    "nationality": _("Nationality"),
    "native_place": _("Native place"),
    "occupation": _("Occupation"),
    "workplace": _("Workplace"),
    "register_division": _("Registered in (division)"),
    "register_address": _("Registered address"),
    "note": _("Note"),
}


def judge_name(value: str) -> tuple[Any, Remarks]:
    """A name has letters only."""
    if is_plain_name(value):
        return value, []
    return _judged(value, lambda: check_name(value))


def judge_phone(value: str) -> tuple[Any, Remarks]:
    """A number in its stored form. One that is none is left out with a remark: it must not keep a person out."""
    if is_mobile(value):
        return value, []
    try:
        return normalise_phone(value).number, []
    except Invalid:
        text = _("“%(text)s” is no phone number; it is left out.")
        return None, [(*said(text, text=value), False)]


def judge_birth(value: str) -> tuple[Any, Remarks]:
    """A birth date of which the month or the year may be all that is known."""
    return _judged(value, lambda: str(parse_birth(value, clock.today())))


def judge_number(value: str) -> tuple[Any, Remarks]:
    """What can be said of a number before the kind of document is known: nobody is kept out by it here."""
    if is_card(value):
        return value, []
    number = normalise_number(value)
    if len(number) not in (15, 18):
        return number, []
    return number, remarks(inspect_document(ID_CARD, number, clock.today()))


def remarks(findings: list[Finding]) -> Remarks:
    """Findings of the rules as remarks of a sheet: a warning that asks a clerk for a reason is kept with a remark."""
    return [(*said(f.message), f.is_error) for f in findings]


def _judged(value: Any, check: Any) -> tuple[Any, Remarks]:
    try:
        return check(), []
    except Invalid as refusal:
        return value, [(*said(refusal.message), True)]


def person_fields(session: Session) -> list[Field]:
    """All columns, in the order of the template; custom fields of the person stand at the end."""
    actor = session_actor(session)
    found = (*_place_fields(), *_own_fields(), *_extra_fields(session, actor))
    return [field for field in found if _is_open(actor, field.key)]


def _place_fields() -> list[Field]:
    return [
        Field(
            "area",
            _("Grid or community"),
            "area",
            note=_("Name or code. Empty: the area chosen at the import."),
        ),
        Field(
            "community",
            _("Community"),
            "text",
            length=120,
            note=_("Where grids of several have the same name."),
        ),
        *_home_fields(),
        Field("household_no", _("Household number"), "text", length=_length(Household, "household_no")),
        Field(
            "household_kind",
            _("Kind of household"),
            "choice",
            choices=HouseholdKind,
            note=_("Empty: living."),
        ),
        Field(
            "relation", _("Relation to head"), "code", code_list="household_relation", note=_("The head: 02.")
        ),
    ]


def _own_fields() -> list[Field]:
    facts = facts_of(Person)
    codes = {key: facts[key].code_list or "" for key in CODES}
    return [
        Field("name", _("Name"), "name", needed=True, length=_length(Person, "name"), judge=judge_name),
        Field("sex", _("Sex"), "code", code_list=codes["sex"], note=_("Empty: from the ID number.")),
        Field(
            "birth", _("Birth date"), "partial_date", judge=judge_birth, note=_("Empty: from the ID number.")
        ),
        Field("doc_kind", _("Document"), "code", code_list="id_document", note=_("Empty: resident ID card.")),
        Field("number", _("Number of the document"), "id_number", length=40, judge=judge_number),
        Field("phone", _("Phone"), "phone", judge=judge_phone),
        *(Field(key, LABELS[key], "code", code_list=codes[key]) for key in CODES[1:]),
        *(Field(key, LABELS[key], "text", length=facts[key].length) for key in TEXTS),
    ]


def _home_fields() -> list[Field]:
    return [
        Field("estate", _("Estate"), "text", length=80),
        Field("building", _("Building"), "text", length=80),
        Field("unit", _("Staircase"), "text", length=40),
        Field("floor", _("Floor"), "int"),
        Field("room_no", _("Room"), "text", length=_length(Dwelling, "room_no")),
        Field("village_group", _("Village group"), "text", length=_length(Dwelling, "village_group")),
        Field("road", _("Road"), "text", length=_length(Dwelling, "road")),
        Field("door_no", _("House number"), "text", length=_length(Dwelling, "door_no")),
        Field("house_no", _("Number of the home"), "text", length=_length(Dwelling, "house_no")),
        Field(
            "address",
            _("Address"),
            "text",
            length=_length(Dwelling, "address"),
            note=_("Where it is not divided."),
        ),
    ]


def _extra_fields(session: Session, actor: Actor) -> list[Field]:
    """Those that are asked somewhere in the actor's areas."""
    return [
        Field(
            c.name,
            c.label,
            c.kind,
            code_list=c.code_list or "",
            # else each row is asked (customs.py)
            needed=c.is_required and is_asked_wherever(c, actor) and not is_granted_in_part(actor, c),
            note=c.help,
        )
        for c in extra.columns(session, Person)
        if concerns(c, actor)
    ]


def _is_open(actor: Actor, key: str) -> bool:
    """Whether the acting role may type the field in a form: what it may not, stands in no sheet (field policy)."""
    model, column = CLOSED.get(key, (Person, key))
    if key.startswith(extra.PREFIX):  # where the record will stand, each row tells
        return policy.may_somewhere(actor, "edit", model, column)
    return key not in CLOSED or policy.may(actor, "edit", model, column)


def _length(model: type, key: str) -> int | None:
    return facts_of(model)[key].length
