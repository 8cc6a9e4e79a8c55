"""The definitions of custom fields: they are few and read on every page, so a process keeps them in memory (as code
lists are kept) and reads them again when the stamp of the newest change moves.
"""

from __future__ import annotations

import time
from datetime import date
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session

from app.core.extra.column import KINDS, PREFIX, ExtraColumn
from app.core.extra.models import Extra, ExtraField, ExtraFieldArea
from app.core.session import PlainGuardedSession

# what another process changed is seen after a second, what this one changed at once; areas may be moved by a plan
TRUST, OLDEST = 1.0, 60.0

# replaced as a whole: other threads read it
_kept: list[dict[str, dict[str, ExtraColumn]]] = [{}]
_stamp: list[Any] = [None]
_asked: list[float] = [0.0]
_read: list[float] = [0.0]


def _forget(*_event: object) -> None:
    _asked[0] = 0.0


@event.listens_for(PlainGuardedSession, "after_flush")
def _changed(session: Session, _context: object) -> None:
    touched = (*session.new, *session.dirty, *session.deleted)
    if any(isinstance(row, ExtraField | ExtraFieldArea) for row in touched):
        session.info["extra_changed"] = True
        session.info.pop("extra_checked", None)


@event.listens_for(PlainGuardedSession, "after_commit")
def _committed(session: Session) -> None:
    if not session.in_nested_transaction() and session.info.pop("extra_changed", None):
        _forget()
        _stamp[0] = None


@event.listens_for(PlainGuardedSession, "after_rollback")
def _rolled_back(session: Session) -> None:
    if session.info.pop("extra_changed", None):
        _forget()
        _stamp[0] = None


event.listen(Engine, "engine_disposed", _forget)


def refresh(session: Session) -> None:
    """Read the definitions again where they have changed; asks the database once a second at most."""
    now = time.monotonic()
    own = session.info.get("extra_changed") and "extra_checked" not in session.info
    if now - session.info.get("extra_checked", 0.0) < TRUST:
        return
    session.info["extra_checked"] = now
    if now - _asked[0] < TRUST and not own:
        return
    newest = session.execute(select(func.max(ExtraField.updated_at), func.count(ExtraField.id))).one()
    key = (str(session.get_bind().url), *newest)  # type: ignore[union-attr]
    if _stamp[0] == key and now - _read[0] < OLDEST and not own:
        _asked[0] = now
        return
    found = _definitions(session) if newest[1] else {}
    _kept[0] = found
    _stamp[0], _asked[0], _read[0] = key, now, now


def _paths(session: Session) -> dict[int, list[str]]:
    """Paths of the areas of each field: those that were chosen, and whatever took over from them since."""
    chosen = session.execute(select(ExtraFieldArea.field_id, ExtraFieldArea.area_id)).all()
    if not chosen:
        return {}
    area, after = (Model.metadata.tables[name] for name in ("area", "area_succession"))
    heirs: dict[int, set[int]] = {}
    for old, new in session.execute(select(after.c.old_area_id, after.c.new_area_id)):
        heirs.setdefault(old, set()).add(new)
    areas: dict[int, set[int]] = {}
    for field_id, area_id in chosen:
        waiting, mine = {area_id}, areas.setdefault(field_id, set())
        while waiting:
            mine |= waiting
            waiting = {new for old in waiting for new in heirs.get(old, ())} - mine
    wanted = {key for mine in areas.values() for key in mine}
    rows = session.execute(select(area.c.id, area.c.path).where(area.c.id.in_(wanted)))
    known = {row.id: row.path for row in rows}
    return {field_id: sorted(known[key] for key in mine) for field_id, mine in areas.items()}


def _definitions(session: Session) -> dict[str, dict[str, ExtraColumn]]:
    paths = _paths(session)
    found: dict[str, dict[str, ExtraColumn]] = {}
    query = select(ExtraField).order_by(ExtraField.subject, ExtraField.seq, ExtraField.id)
    for row in session.scalars(query):
        found.setdefault(row.subject, {})[PREFIX + row.key] = ExtraColumn(
            PREFIX + row.key,
            row.key,
            row.subject,
            row.label,
            KINDS.get(row.kind, "text"),
            row.code_list if row.kind == "choice" else None,
            row.level,
            row.is_required,
            row.help or "",
            row.seq,
            row.in_list,
            tuple(paths.get(row.id, ())),
            row.valid_from,
            row.valid_to,
        )
    return found


def known(model: Any) -> dict[str, ExtraColumn]:
    """All custom fields of a class by name as this process knows them, ended ones too; asks the database nothing."""
    found = _kept[0]
    return found.get(model.__table__.name, {}) if found and has_extra(model) else {}


def has_extra(model: Any) -> bool:
    """Whether records of a class may have custom fields."""
    return isinstance(model, type) and issubclass(model, Extra)


def column_of(model: Any, name: str) -> ExtraColumn | None:
    """The custom field of a name such as ``x_f1``, if the class has it."""
    return known(model).get(name) if name.startswith(PREFIX) else None


def all_columns(session: Session, model: Any) -> list[ExtraColumn]:
    """All custom fields of a class in their order, ended and coming ones too."""
    if not has_extra(model):
        return []
    refresh(session)
    return list(known(model).values())


def columns(
    session: Session, model: Any, *, area_id: int | None = None, day: date | None = None
) -> list[ExtraColumn]:
    """The custom fields of a class that are asked on a day (today), in an area if one is given."""
    from app.core.clock import today

    found = [c for c in all_columns(session, model) if c.is_asked_on(day or today())]
    if area_id is None or not any(c.paths for c in found):
        return found
    area = Model.metadata.tables["area"]
    path = session.scalar(select(area.c.path).where(area.c.id == area_id)) or ""
    return [c for c in found if c.is_asked_in(path)]
