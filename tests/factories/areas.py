"""Invented areas, staff and posts for tests. Services do the work, so that a test's rows are as real ones."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Area, AreaLevel, Post, PostDuty, Staff
from app.areas.service import posts, tree
from app.areas.service import staff as staff_service
from app.core import clock
from app.core.scope import session_actor


def level(session: Session, key: str) -> AreaLevel:
    return session.scalars(select(AreaLevel).where(AreaLevel.key == key)).one()


def make_area(
    session: Session, parent_id: int | None, level_key: str, code: str, name: str = "", **fields: Any
) -> Area:
    """An area below a parent, through the service."""
    fields.setdefault("valid_from", date(2026, 1, 1))
    area = Area(
        parent_id=parent_id,
        level_id=level(session, level_key).id,
        code=code,
        name=name or f"Area {code}",
        **fields,
    )
    return tree.create_area(session, area, session_actor(session), clock.now())


def make_staff(session: Session, area_id: int, name: str = "Mei Chen", **fields: Any) -> Staff:
    """A staff member without an account."""
    fields.setdefault("kind", "employee")
    row = Staff(area_id=area_id, name=name, **fields)
    return staff_service.save_staff(session, row, session_actor(session), clock.now())


def make_post(
    session: Session, area_id: int, person: Staff | None = None, position: str = "grid_worker", **fields: Any
) -> Post:
    """A post, by default of a grid worker without a role."""
    person = person or make_staff(session, area_id)
    fields.setdefault("employment", "full_time")
    row = Post(staff_id=person.id, area_id=area_id, position=position, **fields)
    return posts.give_post(session, row, session_actor(session), clock.now())


def make_duty(session: Session, post: Post, domain: str = "census", task: str | None = None) -> PostDuty:
    """A duty of a post."""
    row = PostDuty(post_id=post.id, domain=domain, task=task)
    return posts.add_duty(session, row, session_actor(session), clock.now())
