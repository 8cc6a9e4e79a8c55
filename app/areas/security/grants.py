"""Roles are given by posts, and posts can be written by many routes: this listener guards them all.

In the same transaction it refuses what the rank rule forbids and ends the sessions of everybody whose role changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import get_history

from app.areas.accounts import sessions, standing
from app.areas.accounts.standing import Grant
from app.areas.models import Account, Post
from app.core import clock
from app.core.scope import session_actor
from app.core.session import PlainGuardedSession

# what decides over rights; the rest of a post (title, number, duties) is ordinary data
DECIDING = (
    "role",
    "staff_id",
    "area_id",
    "org_unit_id",
    "grid_group_id",
    "valid_from",
    "valid_to",
    "deleted_at",
)


def _values(post: Post, name: str) -> tuple[Any, Any]:
    """(old, new) of an attribute; the same twice when it did not change."""
    history = get_history(post, name)
    if not history.has_changes():
        return getattr(post, name), getattr(post, name)
    return (history.deleted[0] if history.deleted else None), getattr(post, name)


def _both(post: Post, new: bool) -> Iterator[Grant]:
    """The grant before and after the write."""
    pairs = {name: _values(post, name) for name in DECIDING}
    staff_id = post.staff_id or getattr(post.staff, "id", None)
    area_id = post.area_id or getattr(post.area, "id", None)
    for side in (1,) if new else (0, 1):
        role = pairs["role"][side]
        if role:
            yield Grant(
                pairs["staff_id"][side] or staff_id,
                role,
                pairs["area_id"][side] or area_id,
                pairs["org_unit_id"][side],
                pairs["grid_group_id"][side],
            )


def _is_decided(post: Post) -> bool:
    return any(get_history(post, name).has_changes() for name in DECIDING)


@event.listens_for(PlainGuardedSession, "before_flush")
def _guard_posts(session: Session, _context: Any, _instances: Any) -> None:
    new = [p for p in session.new if isinstance(p, Post)]
    old = [p for p in (*session.dirty, *session.deleted) if isinstance(p, Post)]
    old = [p for p in old if p in session.deleted or _is_decided(p)]
    if not new and not old:
        return
    actor = session_actor(session)
    grants = [g for p in new for g in _both(p, True)] + [g for p in old for g in _both(p, False)]
    with session.no_autoflush:
        standing.must_grant(actor, grants, clock.today())
        for staff_id in {g.staff_id for g in grants if g.staff_id is not None}:
            held = standing.holdings_of([staff_id], clock.today()).get(staff_id, [])
            added = [g.role for g in grants if g.staff_id == staff_id]
            standing.must_be_disjoint([*(h.role for h in held), *added])
            if not (actor.is_system and new):
                _end_sessions(session, staff_id)


def _end_sessions(session: Session, staff_id: int) -> None:
    user_id = session.scalar(select(Account.user_id).where(Account.staff_id == staff_id))
    if user_id is not None:
        sessions.end_all(session, user_id, clock.now(), sessions.ROLE)
