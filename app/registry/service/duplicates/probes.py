"""Where pairs may be found: for some records, and for a slice of the whole register. By indexes, never record by record.

Each probe is named in rules/duplicates.py. What is found here is only a candidate: the rules judge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import combinations
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.registry.models import Person, PersonDocument, PersonPhone, Residence
from app.registry.rules.duplicates import Facts
from app.registry.service.duplicates.facts import chunks

# more people than this under one number, one home and name, or one birth date and name are no pairs of duplicates but
# a switchboard, a dormitory or an invented date: they are counted, not queued
CROWD = 12
FIRST_YEAR, YEARS = 1900, 160

Pair = tuple[int, int]


def beside(session: Session, people: Iterable[Facts], probes: Iterable[str]) -> set[Pair]:
    """Pairs of these records with any record that the session sees, found by these probes."""
    wanted = list(people)
    pairs: set[Pair] = set()
    for probe in probes:
        by_key: dict[Any, set[int]] = defaultdict(set)
        for facts in wanted:
            for key in KEYS[probe](facts):
                by_key[key].add(facts.person_id)
        for key, other in _others(session, probe, sorted(by_key)):
            pairs.update(_pair(mine, other) for mine in by_key.get(key, ()) if mine != other)
    return pairs


KEYS: Mapping[str, Callable[[Facts], Iterable[Any]]] = {
    "document": lambda facts: {index for _family, index in facts.documents},
    "birth": lambda facts: (
        {(facts.birth, facts.pinyin)} if facts.birth and facts.pinyin and facts.precision == "day" else ()
    ),
    "phone": lambda facts: facts.phones,
    "home": lambda facts: {(home, facts.pinyin) for home in facts.homes if facts.pinyin},
}


def _pair(a: int, b: int) -> Pair:
    return (a, b) if a < b else (b, a)


def _others(session: Session, probe: str, keys: list[Any]) -> Iterator[tuple[Any, int]]:
    """(key, person) of everybody with one of the keys; more may come than was asked for, never less."""
    for chunk in chunks(keys):
        for *key, person in session.execute(_with_keys(probe, chunk)):
            yield (tuple(key) if len(key) > 1 else key[0]), person


def _with_keys(probe: str, keys: Any) -> Any:
    if probe == "document":
        return select(PersonDocument.number_index, PersonDocument.person_id).where(
            PersonDocument.number_index.in_(keys)
        )
    if probe == "phone":
        return select(PersonPhone.number_index, PersonPhone.person_id).where(
            PersonPhone.number_index.in_(keys), PersonPhone.valid_to.is_(None)
        )
    first, second = ({key[n] for key in keys} for n in (0, 1))
    if probe == "birth":
        return select(Person.birth_date, Person.name_pinyin, Person.id).where(
            Person.birth_date.in_(first), Person.name_pinyin.in_(second), Person.birth_precision == "day"
        )
    return (
        select(Residence.dwelling_id, Person.name_pinyin, Person.id)
        .join(Person, Person.id == Residence.person_id)
        .where(Residence.dwelling_id.in_(first), Person.name_pinyin.in_(second), Residence.valid_to.is_(None))
    )


# --- the whole register, slice by slice -----------------------------------------------------------------------------


def crowds(session: Session, probe: str, slice_no: int, slices: int) -> tuple[set[Pair], int]:
    """Candidates of one slice of the register, and how many keys were skipped because a crowd has them.

    The slices of a probe cover every key once: ranges of the blind index, of birth dates, of homes.
    """
    members: dict[Any, set[int]] = defaultdict(set)
    for *key, person in session.execute(_shared(session, probe, slice_no, slices)):
        members[tuple(key)].add(person)
    pairs: set[Pair] = set()
    skipped = 0
    for people in members.values():
        if len(people) > CROWD:
            skipped += 1
        else:
            pairs.update(combinations(sorted(people), 2))
    return pairs, skipped


def _shared(session: Session, probe: str, slice_no: int, slices: int) -> Any:
    """(key …, person) of the keys in the slice that several records have, in one statement."""
    if probe in {"document", "phone"}:
        model: Any = PersonDocument if probe == "document" else PersonPhone
        key: Any = (model.number_index,)
        person = model.person_id
        where = [*_index_range(model.number_index, slice_no, slices)]
        if probe == "phone":
            where.append(model.valid_to.is_(None))
        rows = select(*key, person)
    elif probe == "birth":
        key, person = (Person.birth_date, Person.name_pinyin), Person.id
        where = [*_years(slice_no, slices), Person.birth_precision == "day", Person.name_pinyin.is_not(None)]
        rows = select(*key, person)
    else:
        key, person = (Residence.dwelling_id, Person.name_pinyin), Person.id
        where = [
            *_homes(session, slice_no, slices),
            Residence.valid_to.is_(None),
            Person.name_pinyin.is_not(None),
        ]
        rows = select(*key, person).join(Person, Person.id == Residence.person_id)
    numbered = rows.add_columns(func.count().over(partition_by=key).label("n")).where(*where).subquery()
    return select(*(c for c in numbered.c if c.name != "n")).where(numbered.c.n > 1)


def _index_range(column: Any, slice_no: int, slices: int) -> list[Any]:
    """A range of a hex digest: digests are spread evenly."""
    width = 0x10000 // slices
    where = [column >= f"{slice_no * width:04x}"]
    return where if slice_no == slices - 1 else [*where, column < f"{(slice_no + 1) * width:04x}"]


def _years(slice_no: int, slices: int) -> list[Any]:
    days = YEARS * 366 // slices + 1
    first = date(FIRST_YEAR, 1, 1) + timedelta(days=slice_no * days)
    where = [] if slice_no == 0 else [Person.birth_date >= first]
    return where if slice_no == slices - 1 else [*where, Person.birth_date < first + timedelta(days=days)]


def _homes(session: Session, slice_no: int, slices: int) -> list[Any]:
    """A range of keys; the width changes only when the highest key doubles, so that a resumed search loses nothing."""
    highest = session.scalar(select(func.max(Residence.dwelling_id))) or 0
    width = max((1 << int(highest).bit_length()) // slices, 1)
    where = [Residence.dwelling_id >= slice_no * width] if slice_no else [Residence.dwelling_id.is_not(None)]
    return where if slice_no == slices - 1 else [*where, Residence.dwelling_id < (slice_no + 1) * width]
