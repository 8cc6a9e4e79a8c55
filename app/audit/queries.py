"""Reading the logs: the history of one record as the kernel's views show it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.audit.models import AccessLog, ChangeLog
from app.core import policy
from app.core.hooks import Change, Look, Rows


def changes_of(session: Session, table: str, row_id: int, limit: int = 200) -> list[ChangeLog]:
    """Log rows of one record, newest first."""
    return _newest(session, ChangeLog, [(table, [row_id])], limit)


def _newest(session: Session, log: Any, rows: Iterable[tuple[str, Sequence[int]]], limit: int) -> list[Any]:
    """Rows of a log about some records, newest first."""
    about = [(log.table_name == table) & log.row_id.in_(ids) for table, ids in rows if ids]
    if not about:
        return []
    return list(session.scalars(select(log).where(or_(*about)).order_by(log.id.desc()).limit(limit)))


def fields(row: ChangeLog, model: type | None, *, of_seen_record: bool = False) -> list[tuple[str, Any, Any]]:
    """[(column, old, new)] of a log row; protected values are masked as the field policy says. ``of_seen_record``: the
    reader sees the record itself, and with it what is closed in the log only.
    """
    open_here = policy.logged_closed() if of_seen_record else frozenset()
    shown = [(key, old, new) for key, (old, new) in sorted(json.loads(row.changes).items())]
    if row.protected:
        hidden = json.loads(row.protected)
        shown += [
            (key, old, new)
            if (row.table_name, key) in open_here
            else (key, _masked(model, key, old), _masked(model, key, new))
            for key, (old, new) in sorted(hidden.items())
        ]
    return shown


def model_of(table: str) -> type | None:
    """The mapped class of a table name."""
    return next((m.class_ for m in Model.registry.mappers if m.class_.__tablename__ == table), None)


def _masked(model: type | None, key: str, value: Any) -> Any:
    if value is None:
        return None
    rule = policy.rule_of(model, key) if model is not None else None
    return rule.masked(value) if rule is not None else policy.HIDDEN


def history_hook(session: Session, rows: Sequence[Rows], limit: int = 200) -> list[Change]:
    """The kernel's history hook; the caller has checked that the records may be seen."""
    models = {table: model for table, _ids, model in rows}
    found = _newest(session, ChangeLog, [(table, ids) for table, ids, _model in rows], limit)
    return [
        Change(
            row.at,
            row.actor,
            row.role,
            row.action,
            row.reason,
            fields(row, models[row.table_name], of_seen_record=True),
            row.table_name,
        )
        for row in found
    ]


def looks_hook(session: Session, rows: Sequence[Rows], limit: int = 200) -> list[Look]:
    """The kernel's hook for “who looked at it”; the caller has checked that the records may be seen."""
    found = _newest(session, AccessLog, [(table, ids) for table, ids, _model in rows], limit)
    return [
        Look(row.at, row.actor, row.role, row.action, row.table_name or "", row.detail, row.reason)
        for row in found
    ]
