"""How many rows of each kind hang on two persons, over all domains: for the page that compares two records."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import String, bindparam, case, func, inspect, literal, select, union_all
from sqlalchemy.orm import Mapper, Session

from app.registry.models import Person
from app.registry.queries.parts import ME, OTHER
from app.registry.service.merging.follow import MOVES, Pointer, pointers

# shown by themselves on the page, or of no use there
LEFT_OUT = frozenset(
    "person_area person_document person_group person_name person_phone person_source household staff".split()
)
ME_UID, OTHER_UID = (bindparam(name, type_=String) for name in ("me_uid", "other_uid"))


def hanging(session: Session, first: Person, second: Person) -> Iterator[tuple[type, int, int]]:
    """(class, rows of the first, rows of the second) as far as the session sees them; one statement.

    A class appears once for each of its columns that points at a person; those without rows are left out.
    """
    found: dict[int, dict[int, int]] = {}
    keys = {"me": first.id, "other": second.id, "me_uid": first.uid, "other_uid": second.uid}
    for person, n, count in session.execute(_statement(), keys):
        found.setdefault(n, {})[person] = count
    for n in sorted(found):
        model, _pointer = _pointing()[n]
        yield model, found[n].get(first.id, 0), found[n].get(second.id, 0)


@cache
def _pointing() -> list[tuple[type, Pointer]]:
    """Classes with the column that points at a person and moves with a merge."""
    classes = {m.local_table.name: m.class_ for m in Model.registry.mappers if m.local_table is not None}
    return [
        (classes[p.column.table.name], p)
        for p in pointers()
        if p.follow is not None and p.follow.way == MOVES and p.column.table.name not in LEFT_OUT
    ]


@cache
def _statement() -> Any:
    """(person, number of the pointer, rows). Beside the person, so that the guard of the session puts its criterion into
    the count of each table.
    """
    counts = union_all(*(_count(n, model, p) for n, (model, p) in enumerate(_pointing()))).subquery()
    query = select(Person.id, counts.c.n, counts.c.rows).join(counts, counts.c.person == Person.id)
    return query.where(Person.id.in_((ME, OTHER)))


def _count(n: int, model: Any, pointer: Pointer) -> Any:
    mapper: Mapper[Any] = inspect(model)
    key: Any = getattr(model, mapper.get_property_by_column(pointer.column).key)
    of_two, person = key.in_((ME, OTHER)), key
    if pointer.by_uid:
        of_two, person = key.in_((ME_UID, OTHER_UID)), case((key == ME_UID, ME), else_=OTHER)
    query = select(person.label("person"), literal(n).label("n"), func.count(model.id).label("rows"))
    return query.where(of_two).group_by(key)
