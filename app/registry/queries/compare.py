"""Two records side by side: what each says, where they differ, what hangs on them. Only what the session may see."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from app.areas.models import Area
from app.core import codes
from app.core.interface import facts_of
from app.core.masks import mask_id_number, mask_phone
from app.registry.choices import AreaTie, NameKind, ResidenceKind
from app.registry.models import (
    DuplicatePair,
    Dwelling,
    Household,
    HouseholdMember,
    Person,
    PersonArea,
    PersonDocument,
    PersonGroup,
    PersonName,
    PersonPhone,
    PersonSource,
    Residence,
)
from app.registry.queries import cards
from app.registry.queries.parts import ME, OTHER, Part, load
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


@dataclass(frozen=True)
class Two:
    """Two records with what belongs to them, as far as the session sees it."""

    both: tuple[Person, Person]
    parts: dict[str, list[tuple[Any, ...]]]

    def of(self, person: Person, key: str) -> list[tuple[Any, ...]]:
        """The rows of a part that are the person's."""
        return [row for row in self.parts[key] if row[0].person_id == person.id]


def people_of(session: Session, pair: DuplicatePair) -> Two:
    """Both records with all their parts, in one statement beside the two themselves."""
    keys = (pair.first_id, pair.second_id)
    found = {p.id: p for p in session.scalars(select(Person).where(Person.id.in_(keys)))}
    two = Two((found[keys[0]], found[keys[1]]), load(session, _parts(), *keys))
    set_committed_value(pair, "first", two.both[0])
    set_committed_value(pair, "second", two.both[1])
    for person in two.both:
        for name in ("documents", "phones", "names"):
            set_committed_value(person, name, [row for (row,) in two.of(person, name)])
    return two


@cache
def _parts() -> tuple[Part, ...]:
    def part(key: str, model: Any, *more: Any, plain: str = "", beside: Any = ()) -> Part:
        return Part(
            key, model, and_(model.person_id.in_((ME, OTHER)), *more), beside, frozenset(plain.split())
        )

    open_ones = {m: m.valid_to.is_(None) for m in (Residence, HouseholdMember, PersonGroup, PersonArea)}
    return (
        part("documents", PersonDocument, plain="number"),
        part("phones", PersonPhone, plain="number"),
        part("names", PersonName),
        part("sources", PersonSource),
        *(part(m.__tablename__, m, open_ones[m], beside=_beside(m)) for m in open_ones),
    )


def _beside(model: Any) -> tuple[tuple[Any, Any], ...]:
    """What a row is shown with."""
    if model is Residence:
        return ((Dwelling, Dwelling.id == Residence.dwelling_id),)
    if model is HouseholdMember:
        return ((Household, Household.id == HouseholdMember.household_id),)
    return ((Area, Area.id == PersonArea.area_id),) if model is PersonArea else ()


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


def part_lines(session: Session, two: Two, stays: int) -> list[Line]:
    """Documents, phones, names, homes, households, groups, areas and sources; what must be one is chosen."""
    both = two.both
    homes = {person.id: _homes(session, two, person) for person in both}
    lines = [
        _line(
            "documents", both, lambda p: [_document(session, d) for d in p.documents if _live(d)], DOCUMENT
        ),
        _line("phones", both, lambda p: [mask_phone(n.number) for n in p.phones if _live(n)]),
        _line("names", both, lambda p: [n.name for n in p.names if n.kind != NameKind.current]),
        *(_line(str(k), both, lambda p, k=k: homes[p.id].get(str(k), []), str(k)) for k in ResidenceKind),  # type: ignore[misc]
        _line("groups", both, lambda p: _groups(session, two, p)),
        _line("areas", both, lambda p: _areas(two, p)),
        _line(
            "sources", both, lambda p: cards.words_of_sources(session, (s for (s,) in two.of(p, "sources")))
        ),
    ]
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


def _homes(session: Session, two: Two, person: Person) -> dict[str, Words]:
    """Homes and households in force, by kind of residence."""
    found: dict[str, Words] = {}
    for row, home in two.of(person, "residence"):
        place = home.address if home else row.outside_address or row.outside_division
        found.setdefault(row.kind, []).append(place or "—")
    for row, household in two.of(person, "household_member"):
        if household is None:
            continue
        role = codes.label(session, "household_relation", row.relation)
        side = str(households.residence_kind(household.kind))
        words = role if row.relation == HEAD else f"{household.name or '—'} · {role}"
        found.setdefault(side, []).append(words)
    return found


def _groups(session: Session, two: Two, person: Person) -> Words:
    """Groups the reader may see: the guard leaves out what needs a named grant."""
    return [
        codes.label(session, "special_group", group.group_code) for (group,) in two.of(person, "person_group")
    ]


def _areas(two: Two, person: Person) -> Words:
    return [
        f"{area.full_name or area.name} · {AreaTie.label_of(tie.kind)}"
        for tie, area in two.of(person, "person_area")
        if area is not None
    ]
