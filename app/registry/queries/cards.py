"""A person as a small card or as one row of the clerk's page: what is shown, protected numbers masked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session, selectinload

from app.core import clock, codes
from app.core.extra import known
from app.core.masks import mask_id_number, mask_phone
from app.registry.choices import FieldGroup, HouseholdKind, ResidenceKind
from app.registry.models import (
    Household,
    HouseholdMember,
    Person,
    PersonDocument,
    PersonPhone,
    PersonSource,
    Residence,
)
from app.registry.rules import Birth, Precision, age_on

EDITED = (
    "sex ethnic marital political_status education employment occupation workplace population_kind consistency"
    " register_division register_address native_place nationality note"
).split()
WITH_PARTS = (
    selectinload(Person.documents),
    selectinload(Person.phones),
    selectinload(Person.groups),
)


def birth_text(person: Person) -> str:
    """The birth date as far as it is known: 1985-02-21, 1985-02, 1985."""
    if person.birth_date is None:
        return ""
    return str(Birth(person.birth_date, Precision(person.birth_precision or "day")))


def age(person: Person, today: date) -> int | None:
    """Completed years."""
    if person.birth_date is None:
        return None
    return age_on(Birth(person.birth_date, Precision(person.birth_precision or "day")), today)


def field_values(person: Person, names: Iterable[str]) -> dict[str, str]:
    """Present values of form fields, as a form would show them."""
    own = {"name": person.name, "birth": birth_text(person)}
    own.update({name: getattr(person, name) or "" for name in EDITED})
    own.update({c.name: c.wire(c.read(person)) for c in known(Person).values() if c.is_open})
    return {name: own[name] for name in names if name in own}


def primary(rows: Iterable[PersonDocument]) -> PersonDocument | None:
    """The document in force that stands for the person."""
    live = [d for d in rows if d.deleted_at is None and d.valid_to is None]
    return next((d for d in live if d.is_primary), live[0] if live else None)


def latest_phone(rows: Iterable[PersonPhone]) -> PersonPhone | None:
    """The phone number noted last that is still in use."""
    live = [p for p in rows if p.deleted_at is None and p.valid_to is None]
    return live[-1] if live else None


def person_fields(person: Person, today: date) -> dict[str, Any]:
    """A person as a row of the clerk's page."""
    document, phone = primary(person.documents), latest_phone(person.phones)
    return {
        "uid": person.uid,
        "version": person.version,
        "age": age(person, today),
        "doc_kind": document.kind if document else "",
        "number_mask": mask_id_number(document.number) if document else "",
        "phone_mask": mask_phone(phone.number) if phone else "",
        "groups": [g.group_code for g in person.groups if g.valid_to is None and g.deleted_at is None],
        "fields": field_values(person, ("name", "birth", *EDITED)),
    }


def card(session: Session, person: Person) -> dict[str, Any]:
    """Enough to tell somebody from a namesake: birth, masked document, home, household. For matches in the scope."""
    facts = person_fields(person, clock.today())
    membership = session.execute(
        select(Household.name, HouseholdMember.relation)
        .join(Household, Household.id == HouseholdMember.household_id)
        .where(
            HouseholdMember.person_id == person.id,
            HouseholdMember.valid_to.is_(None),
            Household.kind == str(HouseholdKind.living),
        )
    ).first()
    home = session.scalars(
        select(Residence).where(
            Residence.person_id == person.id,
            Residence.valid_to.is_(None),
            Residence.kind == str(ResidenceKind.living),
        )
    ).first()
    facts["address"] = (
        (home.dwelling.address if home and home.dwelling else None) or person.register_address or ""
    )
    facts["household"] = membership[0] if membership else ""
    facts["relation"] = codes.label(session, "household_relation", membership[1]) if membership else ""
    facts["sex_label"] = codes.label(session, "gender", person.sex)
    facts["doc_label"] = codes.label(session, "id_document", facts["doc_kind"] or None)
    return facts


def source_words(person: Person) -> list[str]:
    """“Identity: collected by the grid worker, 2026-11-03” for each field group."""
    session = object_session(person)
    if session is None:
        return []
    query = select(PersonSource).where(PersonSource.person_id == person.id).order_by(PersonSource.id)
    return words_of_sources(session, session.scalars(query))


def words_of_sources(session: Session, rows: Iterable[PersonSource]) -> list[str]:
    """The same of rows that were loaded."""
    return [
        f"{FieldGroup.label_of(row.field_group)}: {codes.label(session, 'data_source', row.source)},"
        f" {clock.to_local(row.confirmed_at).date().isoformat()}"
        for row in rows
    ]
