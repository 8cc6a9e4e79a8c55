"""Provenance per field group: where it comes from, who confirmed it last and when (S4-54)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.registry.choices import FieldGroup
from app.registry.models import Person, PersonSource
from app.registry.service.checks import check_code

GRID = "grid"
GROUP_OF = {
    **dict.fromkeys(
        ("name", "sex", "birth_date", "birth_precision", "ethnic", "nationality", "native_place"),
        FieldGroup.identity,
    ),
    **dict.fromkeys(
        ("population_kind", "consistency", "separation", "register_division", "register_address"), FieldGroup.residence
    ),
}


def groups_of(fields: Iterable[str]) -> set[FieldGroup]:
    """The field groups that these person columns belong to; what is not listed is about status."""
    return {GROUP_OF.get(name, FieldGroup.status) for name in fields}


def confirm(
    session: Session,
    person: Person,
    groups: Iterable[FieldGroup],
    *,
    actor: Actor,
    now: datetime,
    source: str = GRID,
) -> None:
    """Write down that these groups were collected or confirmed just now."""
    wanted = {str(group) for group in groups}
    if not wanted:
        return
    check_code(session, "data_source", source, field="source")
    query = select(PersonSource).where(
        PersonSource.person_id == person.id, PersonSource.field_group.in_(wanted)
    )
    known = {row.field_group: row for row in session.scalars(query)}
    for group in sorted(wanted):
        row = known.get(group) or PersonSource(person_id=person.id, field_group=group)
        row.source, row.confirmed_at, row.confirmed_by = source, now, actor.user_id
        session.add(row)
