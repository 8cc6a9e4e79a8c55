"""The kind of resident and the dated stays agree: whichever was written, the other follows (GB/T 31000-2015, 1.1)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.core import clock
from app.registry.choices import ResidenceKind
from app.registry.models import FloatingStay, LeftBehind, OverseasStay, Person, Residence
from app.registry.rules import age_on, left_behind_type
from app.registry.rules.population import FLOATING, LEFT_BEHIND, OVERSEAS, STAYS, kind_of_stays, stays_of_kind
from app.registry.service.consents import birth_of
from app.registry.service.ties import last_day

MODELS: dict[str, Any] = {FLOATING: FloatingStay, OVERSEAS: OverseasStay, LEFT_BEHIND: LeftBehind}
ADULT = 30  # for the kind of somebody left behind whose age is not known


def open_stays(session: Session, person_ids: Iterable[int]) -> dict[int, dict[str, list[Any]]]:
    """Open stays by person and kind."""
    found: dict[int, dict[str, list[Any]]] = {}
    ids = list(person_ids)
    for kind, model in MODELS.items():
        query = select(model).where(model.person_id.in_(ids), model.valid_to.is_(None))
        for row in session.scalars(query):
            found.setdefault(row.person_id, {}).setdefault(kind, []).append(row)
    return found


def follow_kind(session: Session, person_ids: Iterable[int], now: datetime) -> int:
    """Open and end stays as the kind of resident says; returns how many rows changed."""
    ids, changed = sorted(set(person_ids)), 0
    today = clock.to_local(now).date()
    stays = open_stays(session, ids)
    for person in session.scalars(select(Person).where(Person.id.in_(ids))):
        held = stays.get(person.id, {})
        opened, ended = stays_of_kind(person.population_kind, frozenset(held))
        for kind in sorted(opened):
            session.add(_opened(person, kind, today))
        for kind in sorted(ended):
            for row in held[kind]:
                row.valid_to = last_day(row.valid_from, today)
        changed += len(opened) + len(ended)
    return changed


def follow_stays(session: Session, person_ids: Iterable[int]) -> int:
    """Set the kind of resident as the open stays say; returns how many people changed."""
    ids, changed = sorted(set(person_ids)), 0
    stays = open_stays(session, ids)
    registered = select(Residence.person_id).where(
        Residence.person_id.in_(ids),
        Residence.valid_to.is_(None),
        Residence.kind == ResidenceKind.registered.value,
    )
    here = set(session.scalars(registered))
    for person in session.scalars(select(Person).where(Person.id.in_(ids))):
        kind = kind_of_stays(
            person.population_kind,
            frozenset(stays.get(person.id, {})),
            is_registered_here=person.id in here,
        )
        if kind != person.population_kind:
            person.population_kind = kind
            changed += 1
    return changed


def _opened(person: Person, kind: str, today: date) -> Any:
    row = MODELS[kind](person_id=person.id, valid_from=today)
    if kind == LEFT_BEHIND:
        row.kind = type_of(person, today)
    return row


def type_of(person: Person, today: date) -> str:
    """Child, elder, woman or other, by age and sex."""
    years = age_on(birth_of(person), today)
    return left_behind_type(ADULT if years is None else years, person.sex)


def out_of_step(session: Session) -> list[int]:
    """Keys of the people whose kind has no open stay of its own (rows that came in by bulk). Without row scope."""
    found: set[int] = set()
    for kind, model in MODELS.items():
        stay = select(model.id).where(model.person_id == Person.id, model.valid_to.is_(None)).exists()
        found.update(session.scalars(select(Person.id).where(Person.population_kind == kind, ~stay)))
        if kind != LEFT_BEHIND:
            other = or_(Person.population_kind.is_(None), Person.population_kind != kind)
            found.update(session.scalars(select(Person.id).where(stay, other)))
    return sorted(found)


__all__ = ["MODELS", "STAYS", "follow_kind", "follow_stays", "open_stays", "out_of_step", "type_of"]
