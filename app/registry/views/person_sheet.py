"""Residents and households in a sheet: what their lists make by formatters, read for thousands at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.views.sheet_cells import SheetCell
from app.core.words import gettext
from app.registry.models import Dwelling, HouseholdDwelling, PersonDocument, PersonPhone
from app.registry.rules import Birth, Precision, age_on


def born(day: date | None, precision: str | None) -> date | str | None:
    """The birth date as a day, or as far as it is known (1985, 1985-02)."""
    if day is None or precision in (None, "day"):
        return day
    return str(Birth(day, Precision(precision)))


def age(day: date | None, precision: str | None) -> int | None:
    """Completed years today."""
    return None if day is None else age_on(Birth(day, Precision(precision or "day")), clock.today())


def documents(session: Session, keys: Sequence[int]) -> dict[int, Any]:
    """The number of the document that stands for each person, as ``cards.primary`` finds it."""
    query = select(PersonDocument.person_id, PersonDocument.number).where(
        PersonDocument.person_id.in_(keys), PersonDocument.valid_to.is_(None)
    )
    # the last one read stays: the first of those that stand for the person, else the first of all
    query = query.order_by(PersonDocument.is_primary, PersonDocument.id.desc())
    return {row[0]: row[1] for row in session.execute(query, execution_options={"by_key": True})}


def phones(session: Session, keys: Sequence[int]) -> dict[int, Any]:
    """The phone number noted last, as ``cards.latest_phone`` finds it."""
    query = select(PersonPhone.person_id, PersonPhone.number).where(
        PersonPhone.person_id.in_(keys), PersonPhone.valid_to.is_(None)
    )
    query = query.order_by(PersonPhone.id)
    return {row[0]: row[1] for row in session.execute(query, execution_options={"by_key": True})}


def homes(session: Session, keys: Sequence[int]) -> dict[int, Any]:
    """The addresses of the homes of today of each household, as far as they are inside the scope."""
    query = (
        select(HouseholdDwelling.household_id, Dwelling.address)
        .join(HouseholdDwelling.dwelling)
        .where(HouseholdDwelling.household_id.in_(keys), HouseholdDwelling.valid_to.is_(None))
        .order_by(HouseholdDwelling.id)
    )
    found: dict[int, list[str]] = {}
    for household, address in session.execute(query, execution_options={"by_key": True}):
        found.setdefault(household, []).append(address)
    return {household: gettext(", ").join(addresses) for household, addresses in found.items()}


HOME_CELLS = {"homes": SheetCell(gather=homes)}
BIRTH = ("birth_date", "birth_precision")
SHEET_CELLS = {
    "name": SheetCell(reads=("name",)),
    "birth_date": SheetCell("date", BIRTH, born),
    "age": SheetCell("int", BIRTH, age, label=_("Age"), adds=False),
    "document": SheetCell(gather=documents, protects=(PersonDocument, "number")),
    "phone_number": SheetCell(gather=phones, protects=(PersonPhone, "number")),
}
