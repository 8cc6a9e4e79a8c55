"""Org units: a tree apart from the areas (who, not where), S0-26…29, S1-09, S1-51, S4-08."""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import get_history

from app.areas.models import OrgUnit, Post
from app.areas.rules import child_path, is_within, range_of
from app.areas.service.rights import area_of, need_area
from app.core import hooks
from app.core.actor import Actor
from app.core.errors import Conflict, Invalid


def create_unit(session: Session, unit: OrgUnit, actor: Actor, now: datetime) -> OrgUnit:
    """Put a new unit into the tree. Raises Invalid with the field, NotAllowed outside the actor's areas."""
    with session.no_autoflush:
        parent = _check(session, unit, actor)
        unit.path = _next_path(session, parent)
    session.add(unit)
    session.flush()
    return unit


def change_unit(session: Session, unit: OrgUnit, actor: Actor, now: datetime) -> OrgUnit:
    """Check a changed unit; with another parent its whole subtree moves."""
    moved = get_history(unit, "parent_id").has_changes()
    old_areas = get_history(unit, "area_id").deleted
    with session.no_autoflush:
        parent = _check(session, unit, actor)
        for area_id in old_areas:
            need_area(actor, area_of(session, area_id).path)
        if moved:
            _rehang(session, unit, parent)
    session.flush()
    return unit


def close_unit(
    session: Session, unit: OrgUnit, last_day: date, reason: str, actor: Actor, now: datetime
) -> OrgUnit:
    """End a unit. Raises Conflict while posts or units below it go on."""
    need_area(actor, area_of(session, unit.area_id).path)
    if not (reason or "").strip():
        raise Invalid(_("Please give a reason."), field="reason")
    below = select(func.count(OrgUnit.id)).where(
        OrgUnit.path.between(*range_of(unit.path)), OrgUnit.id != unit.id, _lasting(OrgUnit, last_day)
    )
    posts = select(func.count(Post.id)).where(Post.org_unit_id == unit.id, _lasting(Post, last_day))
    standing = (session.scalar(below) or 0, session.scalar(posts) or 0)
    if any(standing):
        text = _(
            "Still in this unit: %(units)s units below, %(posts)s posts.",
            units=standing[0],
            posts=standing[1],
        )
        raise Conflict(text)
    unit.valid_to = last_day
    hooks.give_reason(session, reason.strip())
    session.flush()
    return unit


def _lasting(row: type, last_day: date):  # type: ignore[no-untyped-def]
    return or_(row.valid_to.is_(None), row.valid_to > last_day)  # type: ignore[attr-defined]


def _check(session: Session, unit: OrgUnit, actor: Actor) -> OrgUnit | None:
    area = area_of(session, unit.area_id)
    need_area(actor, area.path)
    for name in ("name", "code"):
        setattr(unit, name, (getattr(unit, name) or "").strip())
        if not getattr(unit, name):
            raise Invalid(
                _("Please fill in the name.") if name == "name" else _("Please give a code."), field=name
            )
    same = select(OrgUnit.id).where(OrgUnit.code == unit.code)
    if unit.id is not None:
        same = same.where(OrgUnit.id != unit.id)
    if session.scalar(same.limit(1)) is not None:
        raise Invalid(_("The code %(code)s is taken.", code=unit.code), field="code")
    if unit.valid_from and unit.valid_to and unit.valid_to < unit.valid_from:
        raise Invalid(_("The end lies before the beginning."), field="valid_to")
    unit.department_code = (unit.department_code or "").strip().upper() or None
    parent = session.get(OrgUnit, unit.parent_id) if unit.parent_id else None
    if unit.parent_id and parent is None:
        raise Invalid(_("Please choose the unit above again."), field="parent")
    return parent


def _next_path(session: Session, parent: OrgUnit | None) -> str:
    if parent is None:
        last = session.scalar(select(func.max(OrgUnit.path)).where(OrgUnit.parent_id.is_(None)))
        return child_path("", int(last, 36) + 1 if last else 1)
    statement = update(OrgUnit).where(OrgUnit.id == parent.id).values(next_child=OrgUnit.next_child + 1)
    number = session.scalar(
        statement.returning(OrgUnit.next_child).execution_options(synchronize_session=False)
    )
    session.expire(parent, ["next_child"])
    return child_path(parent.path, number - 1)


def _rehang(session: Session, unit: OrgUnit, parent: OrgUnit | None) -> None:
    old = unit.path
    if parent is not None and is_within(parent.path, old):
        raise Invalid(_("A unit cannot stand below itself."), field="parent")
    new = _next_path(session, parent)
    for row in list(session.scalars(select(OrgUnit).where(OrgUnit.path.between(*range_of(old))))):
        row.path = new + row.path[len(old) :]
