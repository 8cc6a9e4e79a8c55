"""Where counters stand, and how they follow what a transaction writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import String, and_, event, false, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, mapped_column
from sqlalchemy.orm.attributes import get_history

from app.core.counters.kinds import Deltas, is_counted, keys_of, moved
from app.core.models import BigKey
from app.core.session import PlainGuardedSession

PENDING, SETTLED = "counter_deltas", "counters_settled"


class AreaCounter(Model):
    """How many live rows of a kind an area holds itself (not its subtree)."""

    __tablename__ = "area_counter"

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    area_id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False)
    value: Mapped[int] = mapped_column(BigKey, default=0)


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


def _was(row: Any) -> dict[str, Any]:
    values = {}
    for key in keys_of(type(row)):
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
    return {key: getattr(row, key) for key in keys_of(type(row))}


def total(session: Session, kind: str, ranges: tuple[tuple[str, str], ...] | None = None) -> int:
    """Exact total of a kind in subtrees of the area tree (path ranges), or of the whole site for None."""
    return by_kind(session, [kind], ranges)[kind]


def by_kind(
    session: Session, kinds: Collection[str], ranges: tuple[tuple[str, str], ...] | None = None
) -> dict[str, int]:
    """The same of several kinds, in one statement."""
    settle(session)
    area = Model.metadata.tables["area"]
    counter = AreaCounter.__table__
    query = select(counter.c.kind, func.sum(counter.c.value)).where(counter.c.kind.in_(kinds))
    if ranges is not None:
        inside = or_(*(area.c.path.between(lo, hi) for lo, hi in ranges)) if ranges else false()
        query = query.where(counter.c.area_id.in_(select(area.c.id).where(inside)))
    found = {kind: int(value) for kind, value in session.connection().execute(query.group_by(counter.c.kind))}
    return {kind: found.get(kind, 0) for kind in kinds}


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
