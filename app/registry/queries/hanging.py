"""How many rows of each kind hang on a person, over all domains: for the page that compares two records."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Mapper, Session

from app.registry.models import Person
from app.registry.service.merging.follow import MOVES, pointers

# shown by themselves on the page, or of no use there
LEFT_OUT = frozenset(
    "person_area person_document person_group person_name person_phone person_source household staff".split()
)


def hanging(session: Session, people: Collection[Person]) -> Iterator[tuple[type, dict[int, int]]]:
    """(class, rows by key of the person) as far as the session sees them; classes without rows are left out."""
    ids = {p.id: p.id for p in people}
    uids = {p.uid: p.id for p in people}
    classes = {m.local_table.name: m.class_ for m in Model.registry.mappers if m.local_table is not None}
    for pointer in pointers():
        follow, table = pointer.follow, pointer.column.table.name
        if follow is None or follow.way != MOVES or table in LEFT_OUT:
            continue
        model: Any = classes[table]
        mapper: Mapper[Any] = inspect(model)
        key: Any = getattr(model, mapper.get_property_by_column(pointer.column).key)
        keys: dict[Any, int] = uids if pointer.by_uid else ids
        query = select(key, func.count(model.id)).where(key.in_(list(keys))).group_by(key)
        found = {keys[value]: int(count) for value, count in session.execute(query)}
        if found:
            yield model, found
