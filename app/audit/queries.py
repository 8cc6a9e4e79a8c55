"""Reading the logs: the history of one record as the kernel's views show it."""

from __future__ import annotations

import json
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import ChangeLog
from app.core import policy
from app.core.hooks import Change


def changes_of(session: Session, table: str, row_id: int, limit: int = 200) -> list[ChangeLog]:
    """Log rows of one record, newest first."""
    query = select(ChangeLog).where(ChangeLog.table_name == table, ChangeLog.row_id == row_id)
    return list(session.scalars(query.order_by(ChangeLog.id.desc()).limit(limit)))


def fields(row: ChangeLog, model: type | None) -> list[tuple[str, Any, Any]]:
    """[(column, old, new)] of a log row; protected values are masked as the field policy says."""
    shown = [(key, old, new) for key, (old, new) in sorted(json.loads(row.changes).items())]
    if row.protected:
        hidden = json.loads(row.protected)
        shown += [
            (key, _masked(model, key, old), _masked(model, key, new))
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


def history_hook(session: Session, table: str, row_id: int, model: type, limit: int = 200) -> list[Change]:
    """The kernel's history hook; the caller has checked that the record itself may be seen."""
    return [
        Change(row.at, row.actor, row.role, row.action, row.reason, fields(row, model))
        for row in changes_of(session, table, row_id, limit)
    ]
