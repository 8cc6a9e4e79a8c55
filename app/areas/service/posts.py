"""Posts: somebody holds a position in a place for a time, with or without rights in the system (S0-22, S0-23).

Who may give which role is decided by the listener of app/areas/security/grants.py for every route; here stand the
facts of a post: periods, numbers, leaders, duties.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas import queries
from app.areas.choices import WORKER_POSITIONS
from app.areas.models import Area, GridGroup, OrgUnit, Post, PostDuty, Staff
from app.areas.roles import ROLES
from app.areas.service.rights import area_of
from app.core import clock, hooks
from app.core.actor import Actor
from app.core.errors import Conflict, Invalid

LEADS = {
    "is_station_leader": _("%(name)s leads this station already: end that post first."),
    "is_first_responsible": _("%(name)s is the first responsible person here already: end that post first."),
}


def give_post(session: Session, post: Post, actor: Actor, now: datetime) -> Post:
    """Give somebody a post; from today when no day is named. A grid worker without a number gets the one held in this
    community already, else the lowest free one.

    Raises Invalid or Conflict with the field: the same person, position and place twice at a time; a worker number
    that another open post of the community has (S2-23); a second leader; a role that does not fit the place.
    """
    with session.no_autoflush:
        post.valid_from = post.valid_from or clock.to_local(now).date()
        _check(session, post)
        if post.worker_no is None and post.position in WORKER_POSITIONS:
            post.worker_no = _number_for(session, post)
    session.add(post)
    session.flush()
    return post


def change_post(session: Session, post: Post, actor: Actor, now: datetime) -> Post:
    """Check a changed post. Its end is set by `end_post`, because it needs a reason."""
    with session.no_autoflush:
        _check(session, post)
    session.flush()
    return post


def end_post(session: Session, post: Post, last_day: date, reason: str, actor: Actor, now: datetime) -> Post:
    """End a post with its duties; the last day belongs to it. Raises Invalid without a reason."""
    if not (reason or "").strip():
        raise Invalid(_("Please give a reason."), field="reason")
    if post.valid_to is not None and post.valid_to <= last_day:
        raise Conflict(_("This post has ended."))
    if post.valid_from is not None and last_day < post.valid_from:
        raise Invalid(_("The last day lies before the first."), field="last_day")
    post.valid_to = last_day
    post.end_reason = reason.strip()[:120]
    for duty in post.duties:
        if duty.valid_to is None or duty.valid_to > last_day:
            duty.valid_to = last_day
    hooks.give_reason(session, reason.strip())
    session.flush()
    return post


def add_duty(session: Session, duty: PostDuty, actor: Actor, now: datetime) -> PostDuty:
    """Tag a post with a duty of a work domain, with its task where there is one (S0-23, S4-13…18)."""
    with session.no_autoflush:
        post = session.get(Post, duty.post_id)
        if post is None:
            raise Invalid(_("This choice does not exist."), field="post")
        duty.area_id = post.area_id
        duty.task = (duty.task or "").strip() or None
        duty.valid_from = duty.valid_from or max(post.valid_from or date.min, clock.to_local(now).date())
        same = select(PostDuty.id).where(
            PostDuty.post_id == post.id,
            PostDuty.domain == duty.domain,
            PostDuty.task.is_(None) if duty.task is None else PostDuty.task == duty.task,
            *queries.overlapping(PostDuty, duty.valid_from, duty.valid_to),
        )
        if duty.id is not None:
            same = same.where(PostDuty.id != duty.id)
        if session.scalar(same.limit(1)) is not None:
            raise Conflict(_("The post has this duty already."), field="domain")
    session.add(duty)
    session.flush()
    return duty


def _check(session: Session, post: Post) -> None:
    area = area_of(session, post.area_id)
    if session.get(Staff, post.staff_id or 0) is None:
        raise Invalid(_("Please choose the person."), field="staff")
    if post.valid_from and post.valid_to and post.valid_to < post.valid_from:
        raise Invalid(_("The end lies before the beginning."), field="valid_to")
    if post.valid_from is not None and not area.is_valid_on(post.valid_from):
        raise Invalid(_("The area is not in force on that day."), field="area")
    _check_role(session, post, area)
    _check_group(session, post, area)
    _check_twice(session, post)
    _check_number(session, post, area)
    _check_leaders(session, post)


def _check_role(session: Session, post: Post, area: Area) -> None:
    post.role = post.role or None
    if post.role is None:
        return
    spec = ROLES.get(post.role)
    if spec is None:
        raise Invalid(_("This choice does not exist."), field="role")
    if spec.scope == "department" and post.org_unit_id is None:
        raise Invalid(_("A department handler needs the department."), field="org_unit")
    if spec.scope == "site" and area.parent_id is not None:
        raise Invalid(_("This role is for the whole site: choose the topmost area."), field="area")


def _check_group(session: Session, post: Post, area: Area) -> None:
    if post.grid_group_id is None:
        return
    group = session.get(GridGroup, post.grid_group_id)
    if group is None:
        raise Invalid(_("This choice does not exist."), field="grid_group")
    if group.area_id != area.id:
        raise Invalid(_("A post of a grid group stands in the area of the group."), field="area")
    if post.org_unit_id and session.get(OrgUnit, post.org_unit_id) is None:
        raise Invalid(_("This choice does not exist."), field="org_unit")


def _others(post: Post) -> Any:
    """Posts that share a day with this one, itself left out."""
    query = select(Post).where(*queries.overlapping(Post, post.valid_from, post.valid_to))
    return query if post.id is None else query.where(Post.id != post.id)


def _check_twice(session: Session, post: Post) -> None:
    same = _others(post).where(
        Post.staff_id == post.staff_id, Post.position == post.position, Post.area_id == post.area_id
    )
    for column in (Post.grid_group_id, Post.org_unit_id):
        value = getattr(post, column.key)
        same = same.where(column.is_(None) if value is None else column == value)
    if session.scalars(same.limit(1)).first() is not None:
        raise Conflict(_("This person holds this post already."), field="position")


def _numbering(session: Session, area: Area) -> Area:
    """The community that numbers the workers of an area; two clerks who give a number there at once wait for each other
    (SQLite has one writer anyway).
    """
    community = queries.community_of(session, area.path) or area
    session.execute(select(Area.id).where(Area.id == community.id).with_for_update())
    return community


def _check_number(session: Session, post: Post, area: Area) -> None:
    if post.worker_no is None:
        return
    if not 1 <= post.worker_no <= 999:
        raise Invalid(_("A worker number lies between 1 and 999."), field="worker_no")
    community = _numbering(session, area)
    same = (
        _others(post)
        .join(Area, Area.id == Post.area_id)
        .where(
            Post.worker_no == post.worker_no, Post.staff_id != post.staff_id, queries.below(community.path)
        )
    )
    other = session.scalars(same.limit(1)).first()
    if other is not None:
        text = _(
            "%(name)s has the number %(number)s in this community.",
            name=other.staff.name,
            number=post.worker_no,
        )
        raise Conflict(text, field="worker_no")


def _number_for(session: Session, post: Post) -> int:
    area = area_of(session, post.area_id)
    community = _numbering(session, area)
    own = (
        _others(post)
        .with_only_columns(Post.worker_no)
        .join(Area, Area.id == Post.area_id)
        .where(Post.staff_id == post.staff_id, Post.worker_no.is_not(None), queries.below(community.path))
    )
    held = session.scalar(own.limit(1))
    return held or queries.next_worker_no(session, area.path, post.valid_from or date.min)


def _check_leaders(session: Session, post: Post) -> None:
    for flag, sentence in LEADS.items():
        if not getattr(post, flag):
            continue
        same = _others(post).where(getattr(Post, flag).is_(True), Post.area_id == post.area_id)
        if flag == "is_station_leader" and post.org_unit_id is not None:
            same = same.where(Post.org_unit_id == post.org_unit_id)
        other = session.scalars(same.limit(1)).first()
        if other is not None:
            raise Conflict(sentence % {"name": other.staff.name}, field=flag)
