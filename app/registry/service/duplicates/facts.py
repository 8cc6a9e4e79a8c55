"""What the rules look at, read for many records in four statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.bulk import CHUNK
from app.registry.models import Person, PersonDocument, PersonPhone, Residence
from app.registry.rules.duplicates import Facts, document_family


def read_facts(session: Session, ids: Collection[int]) -> dict[int, Facts]:
    """Facts by key of the person, as far as the session sees them; deleted records have none."""
    return with_contact(session, read_identity(session, ids).values())


def read_identity(session: Session, ids: Collection[int]) -> dict[int, Facts]:
    """The same without phones and homes."""
    found: dict[int, Facts] = {}
    for chunk in chunks(sorted(set(ids))):
        found.update(_identity(session, chunk))
    return found


def with_contact(session: Session, people: Iterable[Facts]) -> dict[int, Facts]:
    """Facts with the phones and homes of today."""
    found = {facts.person_id: facts for facts in people}
    for chunk in chunks(sorted(found)):
        phones, homes = _contact(session, chunk)
        found |= {key: replace(found[key], phones=phones[key], homes=homes[key]) for key in chunk}
    return found


def chunks(keys: Sequence[int]) -> Iterator[Sequence[int]]:
    """Keys in pieces that fit into one statement."""
    return (keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK))


def _identity(session: Session, ids: Sequence[int]) -> dict[int, Facts]:
    documents: dict[int, set[tuple[str, str]]] = defaultdict(set)
    doubtful: dict[int, set[str]] = defaultdict(set)
    numbers = select(
        PersonDocument.person_id, PersonDocument.kind, PersonDocument.number_index, PersonDocument.warning
    )
    for key, kind, index, warning in session.execute(numbers.where(PersonDocument.person_id.in_(ids))):
        documents[key].add((document_family(kind), index))
        if warning:
            doubtful[key].add(index)
    people = select(
        Person.id, Person.name, Person.name_pinyin, Person.birth_date, Person.birth_precision, Person.sex
    ).where(Person.id.in_(ids))
    return {
        key: Facts(
            key,
            name,
            pinyin or "",
            birth,
            precision or "day",
            sex,
            documents=frozenset(documents[key]),
            doubtful=frozenset(doubtful[key]),
        )
        for key, name, pinyin, birth, precision, sex in session.execute(people)
    }


def _contact(
    session: Session, ids: Sequence[int]
) -> tuple[dict[int, frozenset[str]], dict[int, frozenset[int]]]:
    """Phones and homes by person, for each of them."""
    phones: dict[int, set[str]] = {key: set() for key in ids}
    homes: dict[int, set[int]] = {key: set() for key in ids}
    calls = select(PersonPhone.person_id, PersonPhone.number_index)
    for key, index in session.execute(
        calls.where(PersonPhone.person_id.in_(ids), PersonPhone.valid_to.is_(None))
    ):
        phones[key].add(index)
    lived = select(Residence.person_id, Residence.dwelling_id).where(
        Residence.person_id.in_(ids), Residence.valid_to.is_(None), Residence.dwelling_id.is_not(None)
    )
    for key, home in session.execute(lived):
        if home is not None:
            homes[key].add(home)
    return (
        {key: frozenset(found) for key, found in phones.items()},
        {key: frozenset(found) for key, found in homes.items()},
    )
