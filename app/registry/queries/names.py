"""Who is meant by a name: the present one, a former one, one the person is also called by (S4-61, S4-62).

After a merge the name that was not chosen, and after a new name by law the old one, still find the person. Present
names stand on ``Person`` and are looked for there; the others are few, and an index holds only them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from sqlalchemy import Select, Subquery, and_, literal, null, or_, select, union_all
from sqlalchemy.orm import Session

from app.core import reach, search
from app.core.actor import current_actor
from app.core.views.filters import CONTAINS, OPS, PREFIX, Active, Op
from app.registry.choices import NameKind
from app.registry.models import Person, PersonName

_NAME_OPS = OPS["text"]
COLUMNS = ("name", "name_initials", "name_pinyin")


@dataclass(frozen=True, slots=True)
class Called:
    """Somebody who was found; ``name`` is the name that fits where it is not the present one."""

    person: Person
    name: str = ""
    kind: str = ""

    @property
    def hint(self) -> str:
        """Why a person of another name is among the hits; empty for the present name."""
        return hint_of(self.name, self.kind)


def hint_of(name: str, kind: str) -> str:
    """How a name that is not the present one is said beside that; empty for none."""
    if not name:
        return ""
    if kind == NameKind.former:
        return gettext("formerly %(name)s", name=name)
    return gettext("also %(name)s", name=name)


def with_reason(person: Person) -> str:
    """The name of somebody in a list, and why they are there where another name was typed."""
    return f"{person.name} · {person.found_as}" if person.found_as else person.name


def present(query: search.Word) -> Any:
    """Criterion on ``Person``: the present name fits."""
    return search.matching(Person, COLUMNS, query)


def other(query: search.Word) -> Any:
    """Criterion on ``PersonName``: a name that is not the present one fits."""
    return search.matching(PersonName, COLUMNS, query, part=True)


def known_as(query: str) -> Any:
    """Criterion on ``Person``: the present name fits, or another one."""
    return or_(present(query), _whose(other(query)))


def filtered(typed: str, op: Op) -> Any:
    """Criterion on ``Person`` for a filter of the list: a name that is not the present one fits."""
    return _whose(_compared(typed, op))


def _whose(fits: Any) -> Any:
    """Criterion on ``Person``: one of those with such a row of ``PersonName``. In a scope of some areas they are few."""
    few = reach.is_narrow(current_actor(), Person)
    return search.one_of(Person.id, select(PersonName.person_id).where(fits), few=few)


def _compared(typed: str, op: Op) -> Any:
    """Criterion on ``PersonName``; the index of characters answers every comparison."""
    if op is CONTAINS:
        fits = search.contains(PersonName, "name", typed, part=True)
    else:
        fits = and_(search.near(PersonName, "name", typed, part=True), op.make(PersonName.name, typed))
    # in the recycle bin too a name that was taken away finds nobody
    return and_(search.in_part(PersonName), PersonName.deleted_at.is_(None), fits)


def tell_filtered(session: Session, people: Iterable[Person], asked: Active) -> None:
    """Say beside each of these people of a list why a filter found them where the present name does not."""
    op, typed = _NAME_OPS[asked.op], asked.raw.strip()
    _tell(session, [p for p in people if not _is_so(p.name, typed, op)], _compared(typed, op))


def tell(session: Session, people: Iterable[Person], query: str) -> None:
    """The same where ``known_as`` found them."""
    others = [p for p in people if not _is_so(p.name, query, CONTAINS) and not _is_spelled(p, query)]
    _tell(session, others, other(query))


def _tell(session: Session, people: list[Person], fits: Any) -> None:
    """One statement, none where nobody is left to explain."""
    if not people:
        return
    mine = PersonName.person_id.in_([p.id for p in people])
    rows = session.scalars(select(PersonName).where(mine, fits).order_by(PersonName.id))
    hints: dict[int, str] = {}
    for row in rows.all():
        hints.setdefault(row.person_id, hint_of(row.name, row.kind))
    for person in people:
        person.found_as = hints.get(person.id, "")


def _is_so(name: str, typed: str, op: Op) -> bool:
    name, typed = ("".join(words.split()) for words in (name, typed))
    if op is CONTAINS:
        return typed in name
    return name.startswith(typed) if op is PREFIX else name == typed


def _is_spelled(person: Person, query: str) -> bool:
    letters = search.letters_of(query)
    spelled = (person.name_initials, person.name_pinyin)
    return bool(letters) and any((words or "").startswith(letters) for words in spelled)


def keys(query: str) -> Select[Any]:
    """Sub-select of the keys of everybody who is or was called so."""
    others = select(PersonName.person_id.label("id")).where(other(query))
    both = union_all(select(Person.id.label("id")).where(present(query)), others).subquery()
    return select(both.c.id)


def called(session: Session, query: str, count: int, *options: Any) -> list[Called]:
    """Up to ``count`` people, one statement: those of the present name first, each once."""
    return each_once(session.execute(calling(session, query, count).options(*options)))[:count]


def calling(session: Session, query: search.Word, count: int) -> Select[Any]:
    """The statement of ``called``."""
    hits = _hits(session, query, count)
    found = select(Person, hits.c.known_as, hits.c.kind).join(hits, hits.c.id == Person.id)
    return found.order_by(hits.c.rank, Person.name, Person.id)


def formerly(session: Session, query: str, count: int, *options: Any) -> list[Called]:
    """Up to ``count`` people whose present name does not fit, but another one does."""
    some = _others(query, count).subquery()
    found = select(Person, some.c.known_as, some.c.kind).join(some, some.c.id == Person.id).options(*options)
    found = found.where(~present(query)).order_by(Person.name, Person.id)
    return each_once(session.execute(found))


def _hits(session: Session, query: search.Word, count: int) -> Subquery:
    """(id, known_as, kind, rank): the first of each sort, by name."""
    now: Any = select(
        Person.id.label("id"), null().label("known_as"), null().label("kind"), literal(0).label("rank")
    ).where(present(query))
    now = reach.sorted_by(session, now, Person, Person.name, Person.id).limit(count)
    return union_all(select(now.subquery()), select(_others(query, count).subquery())).subquery("hits")


def _others(query: search.Word, count: int) -> Any:
    """The oldest rows first: a register has few of them, whatever their order."""
    others: Any = select(
        PersonName.person_id.label("id"),
        PersonName.name.label("known_as"),
        PersonName.kind,
        literal(1).label("rank"),
    )
    return others.where(other(query)).order_by(PersonName.id + 0).limit(count)


def each_once(rows: Iterable[Any]) -> list[Called]:
    """Each person of (person, other name, its kind) by the first of the names that fit."""
    once: dict[int, Called] = {}
    for person, name, kind in rows:
        once.setdefault(person.id, Called(person, name or "", kind or ""))
    return list(once.values())
