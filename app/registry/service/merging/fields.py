"""Which value the merged record takes, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.core.extra import all_columns
from app.registry.models import Person
from app.registry.service import persons

KEPT, GONE = "kept", "gone"
# what is chosen together, by the name of the choice; columns that are not listed belong to the record and stay with it
FIELDS: dict[str, tuple[str, ...]] = {
    "name": ("name", "name_pinyin", "name_initials"),
    "birth": ("birth_date", "birth_precision"),
    **{
        key: (key,)
        for key in (
            "sex ethnic nationality native_place marital political_status education employment occupation_class"
            " occupation workplace population_kind consistency separation register_division register_address note"
        ).split()
    },
    "died": ("died_on", "status", "status_reason"),
}
OF_THE_RECORD = frozenset(
    "id uid area_id confirmed_on merged_into_id version created_at created_by updated_at updated_by"
    " deleted_at deleted_by delete_reason deleted_step".split()
)
# custom fields are not chosen one by one: those of the record that stays win, what it lacks is taken over
STORES = frozenset({"extra", "extra_closed"})
# chosen as well, but rows and not columns
HOMES = {"living": "living", "registered": "registered"}
DOCUMENT = "document"


def values_of(person: Person, choice: str) -> tuple[Any, ...]:
    """The values that go together under one choice."""
    return tuple(getattr(person, key) for key in FIELDS[choice])


def is_empty(person: Person, choice: str) -> bool:
    """Whether the record says nothing here; being alive is no statement against a death."""
    if choice == "died":
        return person.died_on is None
    return getattr(person, FIELDS[choice][0]) in (None, "")


def differing(one: Person, other: Person) -> list[str]:
    """The choices in which two records differ, in the order of the page."""
    return [choice for choice in FIELDS if values_of(one, choice) != values_of(other, choice)]


def default_choice(kept: Person, gone: Person, choice: str) -> str:
    """The record that stays, unless only the other one says something."""
    return GONE if is_empty(kept, choice) and not is_empty(gone, choice) else KEPT


def take_values(session: Session, kept: Person, gone: Person, choices: Mapping[str, str]) -> None:
    """Give the record that stays the values that were chosen from the other one."""
    for choice in differing(kept, gone):
        if choices.get(choice, default_choice(kept, gone, choice)) != GONE:
            continue
        if choice == "name":
            persons.rename(session, kept, gone.name)
            continue
        for key in FIELDS[choice]:
            getattr(kept, key)  # read before it is set: the way back needs the old value
            setattr(kept, key, getattr(gone, key))
    for column in all_columns(session, Person):
        getattr(kept, column.store)
        if column.read(kept) is None and (value := column.read(gone)) is not None:
            column.write(kept, value)
    session.flush()
