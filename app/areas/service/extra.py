"""Custom fields as an administrator keeps them: added, reworded, ended; never deleted, a key is never given again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_appbuilder import Model
from flask_babel import lazy_gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import get_history

from app.areas.choices import ExtraKind, ExtraLevel, ExtraSubject
from app.areas.models import Area
from app.areas.queries import overlapping
from app.areas.service.rights import need_area
from app.core import clock, codes, hooks
from app.core.actor import Actor
from app.core.errors import Conflict, Invalid
from app.core.extra import Extra, ExtraField, ExtraFieldArea
from app.core.extra.column import OPEN_LEVELS
from app.core.scope import unscoped

STEP = 10
CLOSED_BATCH = 500


def save_field(
    session: Session, row: ExtraField, actor: Actor, now: datetime, *, area: Area | None = None
) -> ExtraField:
    """Add or change a field. ``area`` is the first area in which a new one is asked; none means everywhere.

    Raises Conflict for another record, kind or store once there are values: they would mean something else.
    """
    need_area(actor, "")
    with session.no_autoflush:
        is_new = row.id is None
        row.label = " ".join((row.label or "").split())
        if not row.label:
            raise Invalid(_("Please fill in the name."), field="label")
        subject = ExtraSubject.parse(row.subject, field="subject")
        ExtraLevel.parse(row.level, field="level")
        _check_kind(session, row, ExtraKind.parse(row.kind, field="kind"))
        if is_new:
            row.valid_from = row.valid_from or clock.to_local(now).date()
            row.key = _next_key(session, subject)
            row.seq = row.seq or _next_seq(session, subject)
        else:
            _check_unchanged(session, row)
        if row.valid_from and row.valid_to and row.valid_to < row.valid_from:
            raise Invalid(_("The end lies before the beginning."), field="valid_to")
        _check_label(session, row)
    session.add(row)
    if is_new and area is not None:
        row.areas.append(ExtraFieldArea(area_id=area.id))
    session.flush()
    return row


def add_area(session: Session, row: ExtraFieldArea, actor: Actor, now: datetime) -> ExtraFieldArea:
    """Ask a field in one more area, with all below it."""
    need_area(actor, "")
    with session.no_autoflush:
        field = session.get(ExtraField, row.field_id or 0)
        if field is None:
            raise Invalid(_("This choice does not exist."), field="field_id")
        if any(known.area_id == row.area_id and known is not row for known in field.areas):
            raise Conflict(_("The field is asked in this area already."), field="area_id")
    session.add(row)
    _touched(field, now)
    session.flush()
    return row


def drop_area(session: Session, row: ExtraFieldArea, reason: str, actor: Actor, now: datetime) -> None:
    """No longer ask a field in an area. The last area stays: without one the field would be asked everywhere."""
    need_area(actor, "")
    if len(row.field.areas) == 1:
        raise Conflict(
            _("The last area stays: without one the field would be asked everywhere. End the field.")
        )
    hooks.give_reason(session, reason)
    field = row.field
    field.areas.remove(row)
    _touched(field, now)
    session.flush()


def _touched(field: ExtraField, now: datetime) -> None:
    """Other processes go by the stamp of the newest change."""
    field.updated_at = now


def _check_kind(session: Session, row: ExtraField, kind: ExtraKind) -> None:
    if kind != ExtraKind.choice:
        row.code_list = None
        return
    if not row.code_list:
        raise Invalid(_("Please choose the code list."), field="code_list")
    has_changed = row.id is None or get_history(row, "code_list").has_changes()
    if has_changed and not any(c.current for c in codes.codes(session, row.code_list).values()):
        raise Invalid(
            _("This list has no code in force: there would be nothing to choose."), field="code_list"
        )


def _check_unchanged(session: Session, row: ExtraField) -> None:
    for name in ("subject", "key"):
        if get_history(row, name).has_changes():
            raise Conflict(_("Record and key of a field never change."), field=name)
    changed = [name for name in ("kind", "code_list") if get_history(row, name).has_changes()]
    level = get_history(row, "level")
    before = level.deleted[0] if level.deleted else row.level
    if (before in OPEN_LEVELS) != (row.level in OPEN_LEVELS):
        changed.append("level")
    if changed and has_values(row, is_open=before in OPEN_LEVELS):
        text = _(
            "Records hold values of this field, so this cannot change any more: end it and add a new one."
        )
        raise Conflict(text, field=changed[0])


def _check_label(session: Session, row: ExtraField) -> None:
    """Two fields of one name on a form could not be told apart."""
    same = select(ExtraField.id).where(
        ExtraField.subject == row.subject,
        ExtraField.label == row.label,
        *overlapping(ExtraField, row.valid_from, row.valid_to),
    )
    if row.id is not None:
        same = same.where(ExtraField.id != row.id)
    if session.scalar(same.limit(1)) is not None:
        raise Conflict(_("There is a field of this name already."), field="label")


def _next_key(session: Session, subject: str) -> str:
    """Fields are never deleted, so the next number is a new one; two at once stop at the unique key."""
    known = session.scalars(select(ExtraField.key).where(ExtraField.subject == subject))
    return f"f{max((int(key[1:]) for key in known), default=0) + 1}"


def _next_seq(session: Session, subject: str) -> int:
    last = session.scalar(select(func.max(ExtraField.seq)).where(ExtraField.subject == subject))
    return (last or 0) + STEP


def has_values(row: ExtraField, *, is_open: bool) -> bool:
    """Whether any record of the site, deleted ones too, holds a value of the field; the answer is yes or no."""
    model: Any = next(
        m.class_
        for m in Model.registry.mappers
        if issubclass(m.class_, Extra) and m.class_.__tablename__ == row.subject
    )
    with unscoped("a custom field that has values keeps its kind") as wide:
        if is_open:
            found = select(model.id).where(model.extra[row.key].as_string().is_not(None)).limit(1)
            return wide.scalar(found.execution_options(with_deleted=True)) is not None
        stored = select(model.extra_closed).where(model.extra_closed.is_not(None))
        rows = wide.scalars(stored.execution_options(with_deleted=True, yield_per=CLOSED_BATCH))
        return any(row.key in (values or {}) for values in rows)
