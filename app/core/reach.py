"""The first rows of an actor's scope by key, found from the areas (speed.md, recipes "Scope plans").

A list in key order whose rows were stored area by area (what an import does) sends PostgreSQL through a whole city for
the 26 newest rows of one town. Here each area of the scope gives its own newest keys out of an index (area, key), and
the newest of them all are the page. The keys only say where to look: the rows are read by the guarded statement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Select, bindparam, func, or_, select, true
from sqlalchemy.orm import Session

from app.core import scope
from app.core.actor import Actor
from app.core.criteria import steady
from app.core.models import Deletable, Scoped


@dataclass(frozen=True)
class Link:
    """The table that says which rows of a class an area sees: ``row`` and ``area`` are its columns."""

    row: Any
    area: Any
    live: tuple[Any, ...] = ()


_links: dict[type, Callable[[], Link]] = {}


def link(model: type, make: Callable[[], Link]) -> None:
    """Tell where the areas of a class stand that is not scoped by its own area; the table has an index (area, row)."""
    _links[model] = make


def _link_of(model: Any) -> Link | None:
    if model in _links:
        return _links[model]()
    if not issubclass(model, Scoped) or len(scope.guarded_by(model)) != 1:
        return None
    return Link(model.__table__.c.id, model.__table__.c.area_id)


def paths_of(session: Session, row: Any) -> tuple[str, ...]:
    """Paths of the areas in which a record stands: those of its open ties, or its own area; none for other records."""
    area, model = Model.metadata.tables["area"], type(row)
    if model in _links:
        link = _links[model]()
        ties = select(link.area).where(link.row == row.id, *link.live)
        return tuple(session.scalars(select(area.c.path).where(area.c.id.in_(ties))))
    key = getattr(row, "area_id", None)
    return () if key is None else tuple(session.scalars(select(area.c.path).where(area.c.id == key)))


def path_of(session: Session, area_id: int) -> str:
    """Path of an area, remembered for the transaction."""
    return scope._area_path(session, area_id)


def is_narrow(actor: Actor, model: type) -> bool:
    """Whether the areas of the actor hold back rows of a class."""
    return not (actor.is_system or actor.whole_site) and scope.is_guarded(model)


def sorted_by(session: Session, query: Select[Any], model: type, *order: Any) -> Select[Any]:
    """The statement of a search in this order. For an actor of some areas the order is hidden from indexes: looking for
    eight names, PostgreSQL would walk through all names of a city in their order (11 s), where it can as well sort the
    few that were found inside the scope.
    """
    if is_narrow(scope.session_actor(session), model):
        order = tuple(func.coalesce(column, column) for column in order)
    return query.order_by(*order)


def first_keys(
    session: Session, model: type, *, descending: bool, beyond: int | None, count: int
) -> list[int] | None:
    """The first ``count`` keys of the actor's rows in key order, beyond a key if one is given; None where the areas do not
    decide alone which rows of the class the actor sees, and on SQLite, which sorts a scope as quickly.

    They are read by themselves: where the statement of the rows holds this one, PostgreSQL joins whole tables first.
    """
    actor = scope.session_actor(session)
    if session.get_bind().dialect.name != "postgresql" or not is_narrow(actor, model):
        return None
    if _link_of(model) is None or not actor.sees_persons or not actor.ranges:
        return None
    statement = _statement(model, len(actor.ranges), descending, beyond is not None)
    values: dict[str, Any] = {"count": count} | ({"beyond": beyond} if beyond is not None else {})
    for at, (low, high) in enumerate(actor.ranges):
        values |= {f"low_{at}": low, f"high_{at}": high}
    return list(session.scalars(statement, values))


@lru_cache(maxsize=256)
def _statement(model: Any, ranges: int, descending: bool, is_beyond: bool) -> Select[Any]:
    found = _link_of(model)
    assert found is not None  # noqa: S101  asked before
    area, table = Model.metadata.tables["area"], model.__table__
    inside = or_(*(area.c.path.between(bindparam(f"low_{n}"), bindparam(f"high_{n}")) for n in range(ranges)))
    key: Any = found.row
    count: Any = bindparam("count")

    def down(column: Any) -> Any:
        return column.desc() if descending else column.asc()

    query = select(key.label("id")).distinct().where(*found.live).order_by(down(key)).limit(count)
    if is_beyond:
        query = query.where(key < bindparam("beyond") if descending else key > bindparam("beyond"))
    if issubclass(model, Deletable):
        if found.row.table is not table:
            query = query.join(table, table.c.id == key)
        query = query.where(table.c.deleted_at.is_(None))
    each = query.where(found.area == area.c.id).correlate(area).lateral("each_area")
    joined = select(each.c.id).distinct().select_from(area.join(each, true())).where(inside)
    return steady(joined.order_by(down(each.c.id)).limit(count))
