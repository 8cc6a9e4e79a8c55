"""Live rows go over to their new area, with their versions and their history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.areas.service import live
from app.areas.service.live import Live
from app.areas.service.plans.assign import Assignment, chunks, row_targets
from app.areas.service.plans.definition import Shape

# belongs to one row, not to its copy
OWN = frozenset({"id", "uid", "created_at", "created_by", "updated_at", "updated_by", "version"})


def move_rows(
    session: Session, shape: Shape, assignment: Assignment, areas: Mapping[str, Area], day: date
) -> None:
    """Every live row of every registered kind goes to the area of its piece; area counters follow each flush."""
    # read everything first: rows of one kind are found through rows of another
    moves = {one.key: list(row_targets(session, one, shape, assignment)) for one in live.registered()}
    for one in live.registered():
        by_target: dict[int, list[int]] = {}
        for row_id, area_id, key in moves[one.key]:
            if areas[key].id != area_id:
                by_target.setdefault(areas[key].id, []).append(row_id)
        for target, rows in by_target.items():
            for some in chunks(rows):
                _move(session, one, some, target, day)


def _move(session: Session, one: Live, row_ids: Sequence[int], target: int, day: date) -> None:
    """By objects, not by one UPDATE: the version rises, so that an open form notices, and the audit sees each row."""
    rows = list(session.scalars(select(one.model).where(one.model.id.in_(row_ids)).order_by(one.model.id)))
    taken = _open_keys(session, one, rows, target) if one.dated else set()
    for row in rows:
        if one.dated:
            _succeed(session, one, row, target, day, taken)
        else:
            row.area_id = target
    session.flush()
    session.expire_all()


def _open_keys(session: Session, one: Live, rows: Sequence[Any], target: int) -> set[tuple[Any, ...]]:
    """Open rows that the target has already: a second one beside it would count somebody twice."""
    columns = [getattr(one.model, name) for name in one.dated]
    query = select(*columns).where(
        one.model.area_id == target, columns[0].in_([getattr(r, one.dated[0]) for r in rows])
    )
    if one.where is not None:
        query = query.where(one.where)
    return {tuple(found) for found in session.execute(query)}


def _succeed(
    session: Session, one: Live, row: Any, target: int, day: date, taken: set[tuple[Any, ...]]
) -> None:
    if row.valid_from is not None and row.valid_from >= day:
        row.area_id = target  # begins on the day itself: there is no past to keep
        return
    row.valid_to = day - timedelta(days=1)
    key = tuple(getattr(row, name) for name in one.dated)
    if key in taken:
        return
    taken.add(key)
    session.add(copy_of(row, area_id=target, valid_from=day, valid_to=None))


def copy_of(row: Any, **changes: Any) -> Any:
    """A new row with the columns of another, its identity and stamps left out."""
    columns = {
        attr.key: getattr(row, attr.key) for attr in inspect(type(row)).column_attrs if attr.key not in OWN
    }
    return type(row)(**{**columns, **changes})
