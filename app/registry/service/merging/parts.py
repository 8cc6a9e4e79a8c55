"""Rows of the record that goes, handed to the one that stays; where both have the same, one is closed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import inspect, select
from sqlalchemy.orm import Mapper, Session

from app.core import removal
from app.core.models import Deletable, Period
from app.registry.choices import NameKind
from app.registry.models import Person, PersonName
from app.registry.service import removals
from app.registry.service.merging.follow import MOVES, Pointer, pointers
from app.registry.service.ties import last_day

REASON = "duplicate"


def move_rows(session: Session, kept: Person, gone: Person, day: date, now: datetime) -> None:
    """Every pointer that simply follows, in every domain."""
    classes = {m.local_table.name: m.class_ for m in Model.registry.mappers if m.local_table is not None}
    for pointer in pointers():
        if pointer.follow is not None and pointer.follow.way == MOVES:
            _move(session, classes[pointer.column.table.name], pointer, kept, gone, day, now)


def rows_of(session: Session, model: type, key: str, value: Any) -> list[Any]:
    """All rows with this pointer, those in the recycle bin too, oldest first."""
    mapped: Any = model
    query: Any = select(mapped).where(getattr(mapped, key) == value).order_by(mapped.id)
    return list(session.scalars(query.execution_options(with_deleted=True, populate_existing=True)))


def _move(
    session: Session, model: type, pointer: Pointer, kept: Person, gone: Person, day: date, now: datetime
) -> None:
    mapper: Mapper[Any] = inspect(model)
    key = mapper.get_property_by_column(pointer.column).key
    old, new = (gone.uid, kept.uid) if pointer.by_uid else (gone.id, kept.id)
    follow = pointer.follow
    moving = rows_of(session, model, key, old)
    if not moving or follow is None:
        return
    there = [] if follow.once is None else rows_of(session, model, key, new)
    taken = {_same(row, follow.once) for row in there if is_open(row)} if follow.once is not None else set()
    for row in moving:
        if follow.once is not None and is_open(row) and _same(row, follow.once) in taken:
            if follow.drop:
                session.delete(row)
                continue
            if follow.mark:
                marked = f"{getattr(row, follow.mark)}~{gone.id}"
                setattr(row, follow.mark, marked[: _width(model, follow.mark)])
            before = getattr(row, "state", None)
            close(row, day, now, follow.closing, hide=follow.hide)
            if follow.step and before != row.state:
                write_step(session, row, follow.step[:2], before, now)
        setattr(row, key, new)
    session.flush()


def write_step(session: Session, row: Any, step: tuple[str, str], before: Any, now: datetime) -> None:
    """A state that a merge or its way back has changed stands in the row's own history."""
    steps: Any = next(m.class_ for m in Model.registry.mappers if m.class_.__tablename__ == step[0])
    parent, _model = steps.__scope_parent__()
    session.add(steps(**{parent: row.id}, at=now, action=step[1], from_state=before, to_state=row.state))


def _same(row: Any, columns: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(getattr(row, column) for column in columns)


def _width(model: type, key: str) -> int:
    return int(getattr(inspect(model).columns[key].type, "length", None) or 255)


def is_open(row: Any) -> bool:
    """In force: neither over nor in the recycle bin."""
    return getattr(row, "valid_to", None) is None and getattr(row, "deleted_at", None) is None


def close(row: Any, day: date, now: datetime, closing: Any = None, *, hide: bool = False) -> None:
    """End a row that the other record has as well."""
    if isinstance(row, Period) and not hide:
        row.valid_to = last_day(row.valid_from, day)
    elif isinstance(row, Deletable):
        removal.take_away(row, removals.MERGED, now=now)
    for key, value in (closing or {}).items():
        getattr(row, key)
        setattr(row, key, value)


# --- names -----------------------------------------------------------------------------------------------------------


def move_names(
    session: Session, kept: Person, gone: Person, called: set[str], day: date, now: datetime
) -> None:
    """Former and other names go over; a name that either record went by is kept as one the person is called by."""
    held = {
        (n.kind, n.name) for n in rows_of(session, PersonName, "person_id", kept.id) if n.deleted_at is None
    }
    for row in rows_of(session, PersonName, "person_id", gone.id):
        if row.deleted_at is None and (row.kind == NameKind.current or (row.kind, row.name) in held):
            removal.take_away(row, removals.MERGED, now=now)
        row.person_id = kept.id
    session.flush()
    for name in sorted(called - {name for _kind, name in held} - {kept.name}):
        session.add(PersonName(person_id=kept.id, kind=str(NameKind.alias), name=name, valid_from=day))
    session.flush()
