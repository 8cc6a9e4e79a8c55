"""Whom a dated plan concerns when it cannot take effect: who planned it, and who administers the areas it lies in."""

from __future__ import annotations

from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.areas.models import Account, Area, AreaPlan, AreaPlanStep, Post
from app.areas.roles import ROLES
from app.areas.rules.paths import SEGMENT


def watchers(session: Session, plan: AreaPlan, day: date) -> list[int]:
    """User ids, each once: the author, whoever took the plan's steps, and holders of a post on the day that may edit
    plans in the plan's area or above it. ``session`` must see the posts above the plan: call it without row scope.
    """
    steps = select(AreaPlanStep.by_user).where(
        AreaPlanStep.plan_id == plan.id, AreaPlanStep.by_user.is_not(None)
    )
    planners = [plan.created_by, *session.scalars(steps.order_by(AreaPlanStep.id))]
    administrators = (
        select(Account.user_id)
        .join(Post, Post.staff_id == Account.staff_id)
        .join(Area, Area.id == Post.area_id)
        .where(
            Post.role.in_([key for key, role in ROLES.items() if role.permits("can_edit", "AreaPlanView")]),
            Area.path.in_(_upwards(plan.area.path)),
            or_(Post.valid_from.is_(None), Post.valid_from <= day),
            or_(Post.valid_to.is_(None), Post.valid_to >= day),
        )
        .order_by(Account.user_id)
    )
    found = [*planners, *session.scalars(administrators)]
    return list(dict.fromkeys(user for user in found if user is not None))


def _upwards(path: str) -> list[str]:
    """The path and those of all areas above it."""
    return [path[:n] for n in range(SEGMENT, len(path) + 1, SEGMENT)]
