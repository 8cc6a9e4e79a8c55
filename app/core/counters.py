"""Counts kept per area, so that a list never counts a city (speed.md): a row per (kind, area).

Every table of the house that is bound to an area and can be deleted is counted under its own table name; a domain
may ask for finer kinds (``refine``: living households). What flushes and bulk writes do to the counters is gathered and
written once, at the commit and in key order: a counter row is locked for an instant, and two transactions that work in
the same areas in different orders never wait crosswise. Who reads counters in the middle of a transaction gets them
written first. ``verify`` finds where they left the truth, ``rebuild`` sets them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import String, and_, delete, event, false, func, insert, inspect, literal, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Mapper, ORMExecuteState, Session, mapped_column
from sqlalchemy.orm.attributes import get_history

from app.core.models import AreaBound, BigKey, Deletable
from app.core.session import PlainGuardedSession

Deltas = Counter[tuple[str, int]]
PENDING, SETTLED = "counter_deltas", "counters_settled"


class AreaCounter(Model):
    """How many live rows of a kind an area holds itself (not its subtree)."""

    __tablename__ = "area_counter"

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    area_id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    value: Mapped[int] = mapped_column(BigKey, default=0)


def is_counted(model: type) -> bool:
    """Whether live rows of a mapped class are counted per area."""
    return issubclass(model, AreaBound) and issubclass(model, Deletable)


# class: {kind: the values a live row must have to be counted under it as well}
_finer: dict[type, dict[str, dict[str, Any]]] = {}


def refine(model: type, kinds: Mapping[str, Mapping[str, Any]]) -> None:
    """Count rows of a counted class under further kinds: ``{"household.living": {"kind": "living", "valid_to": None}}``.

    A kind begins with the name of its table and a dot.
    """
    _finer[model] = {kind: dict(values) for kind, values in kinds.items()}
    _keep_old_values(inspect(model), model)


@event.listens_for(Mapper, "mapper_configured")
def _keep_old_values(_mapper: Mapper[Any], model: type) -> None:
    """Setting an expired attribute must not lose its old value: the counter of the old place has to go down."""
    for key in _keys(model) if is_counted(model) else ():
        impl = getattr(getattr(model, key), "impl", None)
        if impl is not None:
            impl.active_history = True


def add(session: Session, kind: str, area_id: int, by: int) -> None:
    """Change one counter inside the business transaction."""
    apply(session, Counter({(kind, area_id): by}))


def apply(session: Session, deltas: Deltas) -> None:
    """Change counters in the transaction of the session: with its commit, or at once inside a savepoint, which may still
    be taken back, and once the commit has begun.
    """
    transaction = session.get_transaction() or session.begin()
    if session.in_nested_transaction() or session.info.get(SETTLED) is transaction:
        _write(session, deltas)
        return
    known, pending = session.info.get(PENDING, (None, None))
    if known is not transaction or pending is None:  # left over from a transaction that was given up
        pending = Counter()
        session.info[PENDING] = (transaction, pending)
    pending.update(deltas)


def settle(session: Session) -> None:
    """Write what has been gathered in this transaction."""
    known, pending = session.info.pop(PENDING, (None, None))
    if pending and known is session.get_transaction():
        _write(session, pending)


def _write(session: Session, deltas: Deltas) -> None:
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


@event.listens_for(PlainGuardedSession, "before_commit")
def _at_the_end(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()  # the commit would flush after this event only
    settle(session)
    session.info[SETTLED] = session.get_transaction()


@event.listens_for(PlainGuardedSession, "do_orm_execute")
def _before_reading(state: ORMExecuteState) -> None:
    if PENDING in state.session.info and any(m.class_ is AreaCounter for m in state.all_mappers):
        settle(state.session)


def places(model: type, values: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """The counters a row with these values stands in; none when it is deleted or has no area."""
    if values.get("area_id") is None or values.get("deleted_at") is not None:
        return
    yield model.__tablename__, values["area_id"]  # type: ignore[attr-defined]
    for kind, wanted in _finer.get(model, {}).items():
        if all(values.get(key) == value for key, value in wanted.items()):
            yield kind, values["area_id"]


def moved(model: type, old: dict[str, Any] | None, new: dict[str, Any] | None) -> Deltas:
    """What one row's change does to the counters; None stands for “not there”."""
    deltas: Deltas = Counter()
    if old is not None:
        deltas.subtract(places(model, old))
    if new is not None:
        deltas.update(places(model, new))
    return deltas


def _keys(model: type) -> set[str]:
    """Attributes on which the counters of a class depend."""
    return {"area_id", "deleted_at"}.union(*(_finer.get(model, {}).values()))


def _was(row: Any) -> dict[str, Any]:
    values = {}
    for key in _keys(type(row)):
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
    return {key: getattr(row, key) for key in _keys(type(row))}


def total(session: Session, kind: str, ranges: tuple[tuple[str, str], ...] | None = None) -> int:
    """Exact total of a kind in subtrees of the area tree (path ranges), or of the whole site for None."""
    settle(session)
    area = Model.metadata.tables["area"]
    counter = AreaCounter.__table__
    query = select(func.coalesce(func.sum(counter.c.value), 0)).where(counter.c.kind == kind)
    if ranges is not None:
        inside = or_(*(area.c.path.between(lo, hi) for lo, hi in ranges)) if ranges else false()
        query = query.where(counter.c.area_id.in_(select(area.c.id).where(inside)))
    return int(session.connection().execute(query).scalar_one())


def totals(session: Session, kind: str, area_ids: Collection[int]) -> dict[int, int]:
    """Exact totals of a kind in the subtrees of several areas by area id, in one statement."""
    settle(session)
    top, inner = (Model.metadata.tables["area"].alias(name) for name in ("top_area", "inner_area"))
    counter = AreaCounter.__table__
    query = (
        select(top.c.id, func.sum(counter.c.value))
        .join(inner, inner.c.path.between(top.c.path, top.c.path + "~"))
        .join(counter, and_(counter.c.area_id == inner.c.id, counter.c.kind == kind))
        .where(top.c.id.in_(area_ids))
        .group_by(top.c.id)
    )
    found = {key: int(value) for key, value in session.connection().execute(query)}
    return {key: found.get(key, 0) for key in area_ids}


# --- truth ----------------------------------------------------------------------------------------------------


def counted_models() -> list[type]:
    """All counted classes in table order."""
    found = [m.class_ for m in Model.registry.mappers if is_counted(m.class_)]
    return sorted(found, key=lambda c: c.__tablename__)


def _actual(model: type) -> Iterator[tuple[str, Any]]:
    """(kind, select of area and number) for each kind under which a class is counted."""
    table = model.__table__  # type: ignore[attr-defined]
    kinds: dict[str, dict[str, Any]] = {table.name: {}, **_finer.get(model, {})}
    for kind, wanted in kinds.items():
        query = select(literal(kind).label("kind"), table.c.area_id, func.count().label("value"))
        query = query.where(table.c.deleted_at.is_(None), table.c.area_id.is_not(None))
        yield (
            kind,
            query.where(*(table.c[key] == value for key, value in wanted.items())).group_by(table.c.area_id),
        )


def verify(session: Session) -> list[tuple[str, int, int, int]]:
    """(kind, area id, counted, actual) of every counter that differs from its table."""
    settle(session)
    connection, counter = session.connection(), AreaCounter.__table__
    wrong = []
    for model in counted_models():
        for kind, rows in _actual(model):
            query = select(counter.c.area_id, counter.c.value).where(counter.c.kind == kind)
            stored = {a: v for a, v in connection.execute(query) if v}
            actual = {a: n for _kind, a, n in connection.execute(rows)}
            areas: Iterable[int] = sorted(stored.keys() | actual.keys())
            wrong += [
                (kind, a, stored.get(a, 0), actual.get(a, 0))
                for a in areas
                if stored.get(a, 0) != actual.get(a, 0)
            ]
    return wrong


def rebuild(session: Session) -> None:
    """Count everything anew. Run it in a unit of work of its own: it locks the counters."""
    settle(session)
    connection, counter = session.connection(), AreaCounter.__table__
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE area_counter IN EXCLUSIVE MODE")
    for model in counted_models():
        for kind, rows in _actual(model):
            connection.execute(delete(counter).where(counter.c.kind == kind))
            connection.execute(insert(counter).from_select(["kind", "area_id", "value"], rows))
