"""Counts kept per area, so that a list never counts a city (speed.md): a row per (kind, area).

Every table of the house that is bound to an area and can be deleted is counted under its own table name. The
counters follow each flush and each bulk write; ``verify`` finds where they left the truth, ``rebuild`` sets them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import String, delete, event, false, func, insert, literal, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.orm.attributes import get_history

from app.core.models import AreaBound, BigKey, Deletable
from app.core.session import PlainGuardedSession

Deltas = Counter[tuple[str, int]]


class AreaCounter(Model):
    """How many live rows of a kind an area holds itself (not its subtree)."""

    __tablename__ = "area_counter"

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    area_id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    value: Mapped[int] = mapped_column(BigKey, default=0)


def is_counted(model: type) -> bool:
    """Whether live rows of a mapped class are counted per area."""
    return issubclass(model, AreaBound) and issubclass(model, Deletable)


def add(session: Session, kind: str, area_id: int, by: int) -> None:
    """Change one counter inside the business transaction."""
    apply(session, Counter({(kind, area_id): by}))


def apply(session: Session, deltas: Deltas) -> None:
    """Change counters in the transaction of the session, in key order: two transactions never wait crosswise."""
    rows = [{"kind": k, "area_id": a, "value": by} for (k, a), by in sorted(deltas.items()) if by]
    if not rows:
        return
    connection, table = session.connection(), AreaCounter.__table__
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    added = table.c.value + statement.excluded.value
    connection.execute(
        statement.on_conflict_do_update(index_elements=["kind", "area_id"], set_={"value": added}), rows
    )


def place(model: type, values: dict[str, Any]) -> tuple[str, int] | None:
    """The counter a row with these values stands in, or None (deleted, no area)."""
    if values.get("area_id") is None or values.get("deleted_at") is not None:
        return None
    return model.__tablename__, values["area_id"]  # type: ignore[attr-defined]


def moved(model: type, old: dict[str, Any] | None, new: dict[str, Any] | None) -> Deltas:
    """What one row's change does to the counters; None stands for “not there”."""
    deltas: Deltas = Counter()
    if old is not None and (before := place(model, old)) is not None:
        deltas[before] -= 1
    if new is not None and (after := place(model, new)) is not None:
        deltas[after] += 1
    return deltas


def _was(row: Any) -> dict[str, Any]:
    values = {}
    for key in ("area_id", "deleted_at"):
        history = get_history(row, key)
        values[key] = (history.deleted or history.unchanged or (None,))[0]
    return values


@event.listens_for(PlainGuardedSession, "after_flush")
def _follow(session: Session, _context: Any) -> None:
    deltas: Deltas = Counter()
    for row in session.new:
        if is_counted(type(row)):
            deltas.update(moved(type(row), None, _is(row)))
    for row in session.dirty:
        if is_counted(type(row)) and session.is_modified(row):
            deltas.update(moved(type(row), _was(row), _is(row)))
    for row in session.deleted:
        if is_counted(type(row)):
            deltas.update(moved(type(row), _was(row), None))
    apply(session, deltas)


def _is(row: Any) -> dict[str, Any]:
    return {"area_id": row.area_id, "deleted_at": row.deleted_at}


def total(session: Session, kind: str, ranges: tuple[tuple[str, str], ...] | None = None) -> int:
    """Exact total of a kind in subtrees of the area tree (path ranges), or of the whole site for None."""
    area = Model.metadata.tables["area"]
    counter = AreaCounter.__table__
    query = select(func.coalesce(func.sum(counter.c.value), 0)).where(counter.c.kind == kind)
    if ranges is not None:
        inside = or_(*(area.c.path.between(lo, hi) for lo, hi in ranges)) if ranges else false()
        query = query.where(counter.c.area_id.in_(select(area.c.id).where(inside)))
    return int(session.connection().execute(query).scalar_one())


# --- truth ----------------------------------------------------------------------------------------------------


def counted_models() -> list[type]:
    """All counted classes in table order."""
    found = [m.class_ for m in Model.registry.mappers if is_counted(m.class_)]
    return sorted(found, key=lambda c: c.__tablename__)


def _actual(model: type) -> Any:
    table = model.__table__  # type: ignore[attr-defined]
    return (
        select(literal(table.name).label("kind"), table.c.area_id, func.count().label("value"))
        .where(table.c.deleted_at.is_(None), table.c.area_id.is_not(None))
        .group_by(table.c.area_id)
    )


def verify(session: Session) -> list[tuple[str, int, int, int]]:
    """(kind, area id, counted, actual) of every counter that differs from its table."""
    connection, counter = session.connection(), AreaCounter.__table__
    wrong = []
    for model in counted_models():
        kind = model.__tablename__  # type: ignore[attr-defined]
        query = select(counter.c.area_id, counter.c.value).where(counter.c.kind == kind)
        stored = {a: v for a, v in connection.execute(query) if v}
        actual = {a: n for _kind, a, n in connection.execute(_actual(model))}
        areas: Iterable[int] = sorted(stored.keys() | actual.keys())
        wrong += [
            (kind, a, stored.get(a, 0), actual.get(a, 0))
            for a in areas
            if stored.get(a, 0) != actual.get(a, 0)
        ]
    return wrong


def rebuild(session: Session) -> None:
    """Count everything anew. Run it in a unit of work of its own: it locks the counters."""
    connection, counter = session.connection(), AreaCounter.__table__
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE area_counter IN EXCLUSIVE MODE")
    for model in counted_models():
        connection.execute(delete(counter).where(counter.c.kind == model.__tablename__))  # type: ignore[attr-defined]
        connection.execute(insert(counter).from_select(["kind", "area_id", "value"], _actual(model)))
