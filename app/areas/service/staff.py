"""People who work in or for a grid, with or without an account (S4-37, S4-38, S4-39)."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.areas.models import Area, GridGroup, GridGroupArea, OrgUnit, Post, Staff
from app.areas.queries import overlapping
from app.areas.rules import is_within
from app.areas.service.rights import area_of
from app.core import clock, pinyin
from app.core.actor import Actor
from app.core.errors import Conflict, Invalid


def save_staff(session: Session, staff: Staff, actor: Actor, now: datetime) -> Staff:
    """Check and keep a staff member. Only what the work needs stands here, never a welfare status (S4-39)."""
    with session.no_autoflush:
        staff.name = (staff.name or "").strip()
        if not staff.name:
            raise Invalid(_("Please give a name."), field="name")
        area_of(session, staff.area_id)
        if staff.org_unit_id and session.get(OrgUnit, staff.org_unit_id) is None:
            raise Invalid(_("This choice does not exist."), field="org_unit")
        staff.name_pinyin, initials = pinyin.spell(staff.name, 120, name=True)
        staff.name_initials = initials[:40]
        staff.phone = "".join((staff.phone or "").split()) or None
    session.add(staff)
    session.flush()
    return staff


def must_be_free(session: Session, staff: Staff, now: datetime) -> None:
    """Raise Conflict when a staff member still holds posts: they are ended one by one, each with its reason."""
    today = clock.to_local(now).date()
    query = select(func.count(Post.id)).where(
        Post.staff_id == staff.id, or_(Post.valid_to.is_(None), Post.valid_to >= today)
    )
    count = session.scalar(query) or 0
    if count:
        raise Conflict(
            _("%(name)s still holds %(count)s posts: end them first.", name=staff.name, count=count)
        )


def save_group(session: Session, group: GridGroup, actor: Actor, now: datetime) -> GridGroup:
    """Check and keep a grid group (S1-19)."""
    group.name = (group.name or "").strip()
    if not group.name:
        raise Invalid(_("Please fill in the name."), field="name")
    session.add(group)
    session.flush()
    return group


def cover(session: Session, member: GridGroupArea, actor: Actor, now: datetime) -> GridGroupArea:
    """Let a group cover a grid for a time. The grid lies in the group's area and is covered once at a time."""
    with session.no_autoflush:
        group, area = session.get(GridGroup, member.group_id), session.get(Area, member.area_id)
        if group is None or area is None:
            raise Invalid(_("This choice does not exist."), field="area")
        if not is_within(area.path, area_of(session, group.area_id).path):
            raise Invalid(_("The grid does not lie in the area of the group."), field="area")
        member.valid_from = member.valid_from or clock.to_local(now).date()
        _check_once(session, member)
    session.add(member)
    session.flush()
    return member


def _check_once(session: Session, member: GridGroupArea) -> None:
    if member.valid_to is not None and member.valid_from is not None and member.valid_to < member.valid_from:
        raise Invalid(_("The end lies before the beginning."), field="valid_to")
    query = select(GridGroupArea.id).where(
        GridGroupArea.group_id == member.group_id,
        GridGroupArea.area_id == member.area_id,
        *overlapping(GridGroupArea, member.valid_from, member.valid_to),
    )
    if member.id is not None:
        query = query.where(GridGroupArea.id != member.id)
    if session.scalar(query.limit(1)) is not None:
        raise Conflict(_("The group covers this grid already."), field="area")
