"""Two records side by side: what each says, where they differ, what hangs on them. Only what the session may see."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.core import codes
from app.core.interface import facts_of
from app.core.masks import mask_id_number, mask_phone
from app.registry.choices import AreaTie, NameKind, ResidenceKind
from app.registry.models import (
    DuplicatePair,
    Household,
    HouseholdMember,
    Person,
    PersonArea,
    PersonGroup,
    Residence,
)
from app.registry.queries import cards
from app.registry.rules.household import HEAD
from app.registry.service import households
from app.registry.service.merging.fields import DOCUMENT, FIELDS, KEPT, default_choice, differing

Words = list[str]


@dataclass
class Line:
    """One line of the page. ``choice`` is the name under which a value can be chosen; empty where there is nothing to
    choose. ``chosen`` is 1 or 2.
    """

    key: str
    values: tuple[Words, Words]
    differs: bool
    choice: str = ""
    chosen: int = 1


def people_of(session: Session, pair: DuplicatePair) -> tuple[Person, Person]:
    """Both records with their documents, names and phones, in three statements beside the rows themselves."""
    query = select(Person).where(Person.id.in_((pair.first_id, pair.second_id))).order_by(Person.id)
    parts = (selectinload(Person.documents), selectinload(Person.phones), selectinload(Person.names))
    found = {p.id: p for p in session.scalars(query.options(*parts, selectinload(Person.area)))}
    return found[pair.first_id], found[pair.second_id]


def suggested(session: Session, first: Person, second: Person) -> int:
    """Which record had better stay: the one with a document, else the older one."""
    return 2 if cards.primary(second.documents) and not cards.primary(first.documents) else 1


def field_lines(session: Session, first: Person, second: Person, stays: int) -> list[Line]:
    """A line for each field. Where both say something else one is chosen; what only one says is taken over by itself."""
    kept, gone = (first, second) if stays == 1 else (second, first)
    different = set(differing(first, second))
    lines = []
    for choice in FIELDS:
        values = _words(session, first, choice), _words(session, second, choice)
        if not any(values):
            continue
        differs = choice in different and (all(values) or choice == "died")
        taken = stays if default_choice(kept, gone, choice) == KEPT else 3 - stays
        lines.append(Line(choice, values, differs, choice if differs else "", taken))
    return lines


def _words(session: Session, person: Person, choice: str) -> Words:
    if choice == "birth":
        return _given(cards.birth_text(person))
    if choice == "died":
        return _given(person.died_on.isoformat() if person.died_on else "")
    value = getattr(person, choice)
    code_list = facts_of(Person)[choice].code_list
    return _given(codes.label(session, code_list, value) if code_list and value else value)


def _given(value: Any) -> Words:
    return [str(value)] if value not in (None, "") else []


def part_lines(session: Session, first: Person, second: Person, stays: int) -> list[Line]:
    """Documents, phones, names, homes, households, groups, areas and sources; what must be one is chosen."""
    both = (first, second)
    lines = [
        _line(
            "documents", both, lambda p: [_document(session, d) for d in p.documents if _live(d)], DOCUMENT
        ),
        _line("phones", both, lambda p: [mask_phone(n.number) for n in p.phones if _live(n)]),
        _line("names", both, lambda p: [n.name for n in p.names if n.kind != NameKind.current]),
    ]
    homes = _homes(session, [p.id for p in both])
    for kind in ResidenceKind:
        by_person = {p.id: homes.get((p.id, str(kind)), []) for p in both}
        lines.append(_line(str(kind), both, lambda p, of=by_person: of[p.id], str(kind)))  # type: ignore[misc]
    for key, rows in (
        ("groups", _groups(session, both)),
        ("areas", _areas(session, both)),
        ("sources", {p.id: cards.source_words(p) for p in both}),
    ):
        lines.append(_line(key, both, lambda p, of=rows: of.get(p.id, [])))  # type: ignore[misc]
    for line in lines:
        mine, other = line.values if stays == 1 else line.values[::-1]
        line.chosen = stays if mine or not other else 3 - stays
        line.differs = line.differs and bool(mine and other)
        if not line.differs:
            line.choice = ""
    return [line for line in lines if any(line.values)]


def _line(
    key: str, both: tuple[Person, Person], read: Callable[[Person], Iterable[str]], choice: str = ""
) -> Line:
    values = (list(read(both[0])), list(read(both[1])))
    return Line(key, values, sorted(values[0]) != sorted(values[1]), choice)


def _live(row: Any) -> bool:
    return row.deleted_at is None and row.valid_to is None


def _document(session: Session, row: Any) -> str:
    return f"{codes.label(session, 'id_document', row.kind)} {mask_id_number(row.number)}"


def _homes(session: Session, ids: list[int]) -> dict[tuple[int, str], Words]:
    """Homes and households in force, by person and kind of residence."""
    found: dict[tuple[int, str], Words] = {}
    lived = select(Residence).where(Residence.person_id.in_(ids), Residence.valid_to.is_(None))
    for row in session.scalars(lived.options(selectinload(Residence.dwelling)).order_by(Residence.id)):
        place = row.dwelling.address if row.dwelling else row.outside_address or row.outside_division
        found.setdefault((row.person_id, row.kind), []).append(place or "—")
    belongs = (
        select(HouseholdMember.person_id, HouseholdMember.relation, Household.kind, Household.name)
        .join(Household, Household.id == HouseholdMember.household_id)
        .where(HouseholdMember.person_id.in_(ids), HouseholdMember.valid_to.is_(None))
        .order_by(HouseholdMember.id)
    )
    for person, relation, kind, name in session.execute(belongs):
        role = codes.label(session, "household_relation", relation)
        side = str(households.residence_kind(kind))
        words = role if relation == HEAD else f"{name or '—'} · {role}"
        found.setdefault((person, side), []).append(words)
    return found


def _groups(session: Session, both: tuple[Person, Person]) -> dict[int, Words]:
    """Groups the reader may see: the guard leaves out what needs a named grant."""
    query = select(PersonGroup.person_id, PersonGroup.group_code).where(
        PersonGroup.person_id.in_([p.id for p in both]), PersonGroup.valid_to.is_(None)
    )
    found: dict[int, Words] = {}
    for person, code in session.execute(query):
        found.setdefault(person, []).append(codes.label(session, "special_group", code))
    return found


def _areas(session: Session, both: tuple[Person, Person]) -> dict[int, Words]:
    query = (
        select(PersonArea)
        .where(PersonArea.person_id.in_([p.id for p in both]), PersonArea.valid_to.is_(None))
        .options(selectinload(PersonArea.area))
        .order_by(PersonArea.id)
    )
    found: dict[int, Words] = {}
    for tie in session.scalars(query):
        words = f"{tie.area.full_name or tie.area.name} · {AreaTie.label_of(tie.kind)}"
        found.setdefault(tie.person_id, []).append(words)
    return found
