"""Persons: create, edit, names, phones. One row for life; what is dated hangs on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.core.crypto import blind
from app.core.pinyin import spell
from app.registry.choices import AreaTie, FieldGroup, NameKind
from app.registry.models import Household, Person, PersonName, PersonPhone
from app.registry.rules import Birth, check_name, normalise_phone
from app.registry.service import consents, sources, wording
from app.registry.service.checks import check_fields
from app.registry.service.ties import last_day, open_tie

# columns that a form may set; birth comes as one value with its precision
FIELDS = frozenset(
    "sex ethnic nationality native_place marital political_status education employment occupation_class occupation"
    " workplace population_kind consistency separation register_division register_address note".split()
)


def create_person(session: Session, **given: Any) -> Person:
    """``enter_person``, in the database at once."""
    person = enter_person(session, **given)
    session.flush()
    return person


def enter_person(
    session: Session,
    *,
    name: str,
    area_id: int,
    actor: Actor,
    now: datetime,
    birth: Birth | None = None,
    fields: Mapping[str, Any] | None = None,
    ties: Iterable[AreaTie] = (),
    source: str = sources.GRID,
) -> Person:
    """A new person, managed by an area. ``ties`` are further reasons for the same area to see the person. Waits for the
    flush: documents, phones, home and household of a whole family are hung on first and go to the database together.

    Raises Invalid for a name that is none, unknown codes and fields that cannot be set here.
    """
    values = dict(fields or {})
    check_fields(session, Person, values, FIELDS)
    person = Person(area_id=area_id, **{key: value or None for key, value in values.items()})
    person.name = name
    set_birth(person, birth)
    settle_new(session, person, ties=ties, actor=actor, now=now, source=source)
    return person


def settle_new(
    session: Session,
    person: Person,
    *,
    actor: Actor,
    now: datetime,
    ties: Iterable[AreaTie] = (),
    source: str = sources.GRID,
) -> None:
    """Whatever a new person needs beside its columns: name row, ties to the area, provenance, a child's consent. Waits
    for the flush, as the person does.
    """
    day = clock.to_local(now).date()
    set_name(person, person.name)
    person.names.append(PersonName(kind=str(NameKind.current), name=person.name, valid_from=day))
    session.add(person)
    for kind in (AreaTie.managing, *ties):
        open_tie(session, person, person.area_id, kind, day)
    sources.confirm(session, person, FieldGroup, actor=actor, now=now, source=source)
    consents.ask_if_child(session, person, day)


def edit_person(
    session: Session,
    person: Person,
    fields: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
    source: str = sources.GRID,
) -> set[str]:
    """Correct a person: ``fields`` may hold ``name``, ``birth`` (a Birth or None) and the columns of FIELDS.

    Returns the columns that changed. Provenance is renewed for the groups that were touched. A new name by law is
    a life event and not an edit: here the name as it stands is put right.
    """
    values = dict(fields)
    before = _snapshot(person)
    if "name" in values:
        rename(session, person, values.pop("name"))
    if "birth" in values:
        set_birth(person, values.pop("birth"))
    check_fields(session, Person, values, FIELDS)
    for key, value in values.items():
        setattr(person, key, value or None)
    changed = {key for key, value in _snapshot(person).items() if before[key] != value}
    return settle_edit(session, person, changed, actor=actor, now=now, source=source)


def settle_edit(
    session: Session,
    person: Person,
    changed: set[str],
    *,
    actor: Actor,
    now: datetime,
    source: str = sources.GRID,
) -> set[str]:
    """What follows from changed columns, whoever changed them: provenance, and the consent a child needs."""
    sources.confirm(session, person, sources.groups_of(changed), actor=actor, now=now, source=source)
    if "birth_date" in changed:
        consents.ask_if_child(session, person, clock.to_local(now).date())
    return changed


def rename(session: Session, person: Person, name: str) -> None:
    """Put the present name right, in the row of names and in the names of households headed by the person."""
    old = person.name
    set_name(person, name)
    if person.name == old:
        return
    for row in person.names:
        if row.kind == NameKind.current and row.valid_to is None:
            row.name = person.name
    if old:
        headed = select(Household).where(
            Household.head_person_id == person.id, Household.name == wording.household_name(old)
        )
        for household in session.scalars(headed):
            household.name = wording.household_name(person.name)


def set_name(person: Person, name: str) -> None:
    """The name as given, with what search needs."""
    person.name = check_name(name)
    full, initials = spell(person.name, name=True)
    person.name_pinyin, person.name_initials = full[:200] or None, initials[:50] or None


def set_birth(person: Person, birth: Birth | None) -> None:
    """Birth date and how much of it is known."""
    person.birth_date = birth.date if birth else None
    person.birth_precision = str(birth.precision) if birth else "day"


def set_phone(
    session: Session,
    person: Person,
    text: str,
    *,
    actor: Actor,
    now: datetime,
    replaces: PersonPhone | None = None,
) -> PersonPhone:
    """Note a phone number; the same open number is kept once. ``replaces`` ends an old one."""
    phone = normalise_phone(text)
    day = clock.to_local(now).date()
    index = blind("phone", phone.number)
    found = next((row for row in open_phones(person) if row.number_index == index), None)
    if found is None:
        found = PersonPhone(number=phone.number, kind=phone.kind, valid_from=day)
        person.phones.append(found)
        if person in session:
            sources.confirm(session, person, {FieldGroup.contact}, actor=actor, now=now)
    if replaces is not None and replaces is not found:
        replaces.valid_to = last_day(replaces.valid_from, day)
    return found


def open_phones(person: Person) -> list[PersonPhone]:
    """Numbers in use, oldest first."""
    return [row for row in person.phones if row.valid_to is None and row.deleted_at is None]


def _snapshot(person: Person) -> dict[str, Any]:
    keys = ("name", "birth_date", "birth_precision", *sorted(FIELDS))
    return {key: getattr(person, key) for key in keys}
