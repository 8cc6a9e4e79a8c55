"""The party of a case as a snapshot: who it was for on the day of booking, whatever happens to the person later."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.registry.models import Dwelling, Person, PersonDocument, PersonPhone, Residence


def party_of(session: Session, person: Person) -> dict[str, Any]:
    """Name, sex, birth date, primary document, address and phone of a person, as plain values."""
    document = session.scalars(
        select(PersonDocument)
        .where(PersonDocument.person_id == person.id, PersonDocument.valid_to.is_(None))
        .order_by(PersonDocument.is_primary.desc(), PersonDocument.id)
    ).first()
    phone = session.scalars(
        select(PersonPhone.number)
        .where(PersonPhone.person_id == person.id, PersonPhone.valid_to.is_(None))
        .order_by(PersonPhone.id)
    ).first()
    return {
        "uid": person.uid,
        "name": person.name,
        "sex": person.sex,
        "birth_date": person.birth_date.isoformat() if person.birth_date else None,
        "document_kind": document.kind if document else None,
        "document_number": document.number if document else None,
        "address": home_of(session, person),
        "phone": phone,
    }


def home_of(session: Session, person: Person) -> str | None:
    """Where the person lives today, as one line."""
    query = (
        select(Dwelling.address)
        .join(Residence, Residence.dwelling_id == Dwelling.id)
        .where(Residence.person_id == person.id, Residence.kind == "living", Residence.valid_to.is_(None))
        .order_by(Residence.id.desc())
    )
    return session.scalars(query).first() or person.register_address
