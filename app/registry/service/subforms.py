"""Own forms by code, read from the data once a process; their values checked against lists and record."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import seeds
from app.core import codes
from app.registry.models import Person, PersonDocument
from app.registry.rules import document_key, subforms
from app.registry.rules.subforms import SubForm

ID_CARDS = ("111", "112")


@lru_cache(maxsize=1)
def group_forms() -> dict[str, SubForm]:
    """The own form of each special group by its code."""
    raw = seeds.read("group_forms")
    return {code: subforms.read_form(code, given, raw["blocks"]) for code, given in raw["groups"].items()}


@lru_cache(maxsize=1)
def population_forms() -> dict[str, SubForm]:
    """The own forms of kinds of residents (left-behind people)."""
    raw = seeds.read("population_forms")
    return {code: subforms.read_form(code, given, {}) for code, given in raw["kinds"].items()}


def group_form(code: str | None) -> SubForm | None:
    """The own form of a group; None for a group that a site added without one."""
    return group_forms().get(code or "")


def settle(
    session: Session, form: SubForm | None, values: Mapping[str, Any] | None, *, complete: bool = True
) -> dict[str, Any] | None:
    """What is kept of typed values; None when nothing is. Raises Invalid at ``details.<field>``."""
    if form is None or values is None:
        return None
    return subforms.settle(form, values, knows=knows(session), complete=complete) or None


def settle_group(
    session: Session, person: Person, code: str, values: Mapping[str, Any] | None, *, complete: bool = True
) -> dict[str, Any] | None:
    """The same for a member of a group, with what the record of the person says against it."""
    kept = settle(session, group_form(code), values, complete=complete)
    if kept and "disability_no" in kept:
        subforms.check_disability(kept, id_number_of(session, person))
    return kept


def knows(session: Session) -> subforms.Knows:
    """Whether a list has a code, expired ones included."""
    return lambda name, code: code in codes.codes(session, name)


def id_number_of(session: Session, person: Person) -> str | None:
    """The resident ID number on file in its 18-character form, None without one."""
    found = session.scalars(
        select(PersonDocument)
        .where(
            PersonDocument.person_id == person.id,
            PersonDocument.kind.in_(ID_CARDS),
            PersonDocument.valid_to.is_(None),
        )
        .order_by(PersonDocument.is_primary.desc(), PersonDocument.id)
    ).first()
    key = document_key(found.kind, found.number) if found else None
    return key[1] if key else None
