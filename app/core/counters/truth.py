"""Counters against their tables: found where they differ, and set anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Date, Integer, String, cast, delete, extract, func, insert, literal, select
from sqlalchemy.orm import Session

from app.core.counters.kept import AreaCounter, settle
from app.core.counters.kinds import Kind, finer, is_counted
from app.core.models import Deletable


def counted_models() -> list[type]:
    """All counted classes in table order."""
    found = [m.class_ for m in Model.registry.mappers if is_counted(m.class_)]
    return sorted(found, key=lambda c: c.__tablename__)


def _actual(model: type) -> Iterator[tuple[Any, Any]]:
    """(criterion of the counters, select of kind, area and number) for each kind under which a class is counted."""
    table, counter = model.__table__, AreaCounter.__table__  # type: ignore[attr-defined]
    here = [table.c.area_id.is_not(None)]
    if issubclass(model, Deletable):
        here.append(table.c.deleted_at.is_(None))
    for kind in (Kind(table.name), *finer(model)):
        name: Any = literal(kind.name)
        for key in kind.by:
            name = name + "." + _sql_token(table.c[key])
        own = counter.c.kind.startswith(kind.name + ".", autoescape=True)
        where = [*here, *(table.c[key] == value for key, value in kind.wanted.items())]
        query = select(name.label("counted_kind"), table.c.area_id, func.count().label("value"))
        query = query.where(*where, *(table.c[key].is_not(None) for key in kind.by))
        yield own if kind.by else counter.c.kind == kind.name, query.group_by("counted_kind", table.c.area_id)


def _sql_token(column: Any) -> Any:
    if isinstance(column.type, Date):
        column = cast(extract("year", column) * 100 + extract("month", column), Integer)
    return cast(column, String)


def verify(session: Session) -> list[tuple[str, int, int, int]]:
    """(kind, area id, counted, actual) of every counter that differs from its table."""
    settle(session)
    connection, counter = session.connection(), AreaCounter.__table__
    wrong = []
    for model in counted_models():
        for own, rows in _actual(model):
            query = select(counter.c.kind, counter.c.area_id, counter.c.value).where(own)
            stored = {(kind, a): v for kind, a, v in connection.execute(query) if v}
            actual = {(kind, a): n for kind, a, n in connection.execute(rows)}
            wrong += [
                (*place, stored.get(place, 0), actual.get(place, 0))
                for place in sorted(stored.keys() | actual.keys())
                if stored.get(place, 0) != actual.get(place, 0)
            ]
    return wrong


def rebuild(session: Session) -> None:
    """Count everything anew. Run it in a unit of work of its own: it locks the counters."""
    settle(session)
    connection, counter = session.connection(), AreaCounter.__table__
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE area_counter IN EXCLUSIVE MODE")
    for model in counted_models():
        for own, rows in _actual(model):
            connection.execute(delete(counter).where(own))
            connection.execute(insert(counter).from_select(["kind", "area_id", "value"], rows))
