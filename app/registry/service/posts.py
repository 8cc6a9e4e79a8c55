"""Who is to be told: holders of posts that cover an area."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.areas.models import Account, Area, Post
from app.areas.queries.tree import prefixes


def nearest_users(wide: Session, area: Area, roles: Collection[str], day: date) -> list[int]:
    """Accounts of the nearest posts with one of the roles that cover an area: the community's, else the town's."""
    query = (
        select(Area.depth, Account.user_id)
        .join(Post, Post.area_id == Area.id)
        .join(Account, Account.staff_id == Post.staff_id)
        .where(Post.role.in_(roles), Area.path.in_(prefixes(area.path, own=True)))
        .where(or_(Post.valid_from.is_(None), Post.valid_from <= day))
        .where(or_(Post.valid_to.is_(None), Post.valid_to >= day))
    )
    found = [(depth, user) for depth, user in wide.execute(query)]
    nearest = max((depth for depth, _user in found), default=0)
    return sorted({user for depth, user in found if depth == nearest})
