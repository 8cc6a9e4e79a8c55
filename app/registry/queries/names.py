"""Who is meant by a name: the present one, a former one, one the person is also called by (S4-61, S4-62).

After a merge the name that was not chosen, and after a new name by law the old one, still find the person. Present
names stand on ``Person`` and are looked for there; the others are few, and an index holds only them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from sqlalchemy import Select, Subquery, literal, null, select, union_all
from sqlalchemy.orm import Session

from app.core import reach, search
from app.registry.choices import NameKind
from app.registry.models import Person, PersonName

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
        if not self.name:
            return ""
        if self.kind == NameKind.former:
            return gettext("formerly %(name)s", name=self.name)
        return gettext("also %(name)s", name=self.name)


def present(query: str) -> Any:
    """Criterion on ``Person``: the present name fits."""
    return search.matching(Person, COLUMNS, query)


def other(query: str) -> Any:
    """Criterion on ``PersonName``: a name that is not the present one fits."""
    return search.matching(PersonName, COLUMNS, query, part=True)


def keys(query: str) -> Select[Any]:
    """Sub-select of the keys of everybody who is or was called so."""
    others = select(PersonName.person_id.label("id")).where(other(query))
    both = union_all(select(Person.id.label("id")).where(present(query)), others).subquery()
    return select(both.c.id)


def called(session: Session, query: str, count: int, *options: Any) -> list[Called]:
    """Up to ``count`` people, one statement: those of the present name first, each once."""
    hits = _hits(session, query, count)
    found = select(Person, hits.c.known_as, hits.c.kind).join(hits, hits.c.id == Person.id).options(*options)
    found = found.order_by(hits.c.rank, Person.name, Person.id)
    return _each_once(session, found)[:count]


def formerly(session: Session, query: str, count: int, *options: Any) -> list[Called]:
    """Up to ``count`` people whose present name does not fit, but another one does."""
    some = _others(query, count).subquery()
    found = select(Person, some.c.known_as, some.c.kind).join(some, some.c.id == Person.id).options(*options)
    found = found.where(~present(query)).order_by(Person.name, Person.id)
    return _each_once(session, found)


def _hits(session: Session, query: str, count: int) -> Subquery:
    """(id, known_as, kind, rank): the first of each sort, by name."""
    now: Any = select(
        Person.id.label("id"), null().label("known_as"), null().label("kind"), literal(0).label("rank")
    ).where(present(query))
    now = reach.sorted_by(session, now, Person, Person.name, Person.id).limit(count)
    return union_all(select(now.subquery()), select(_others(query, count).subquery())).subquery("hits")


def _others(query: str, count: int) -> Any:
    """The oldest rows first: a register has few of them, whatever their order."""
    others: Any = select(
        PersonName.person_id.label("id"),
        PersonName.name.label("known_as"),
        PersonName.kind,
        literal(1).label("rank"),
    )
    return others.where(other(query)).order_by(PersonName.id + 0).limit(count)


def _each_once(session: Session, found: Select[Any]) -> list[Called]:
    once: dict[int, Called] = {}
    for person, name, kind in session.execute(found):
        once.setdefault(person.id, Called(person, name or "", kind or ""))
    return list(once.values())
