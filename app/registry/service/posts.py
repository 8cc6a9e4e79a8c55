"""Who is to be told: holders of posts that cover an area."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.areas.models import Account, Area, Post
from app.areas.queries.tree import prefixes
from app.core.bulk import CHUNK


def nearest_users(wide: Session, area: Area, roles: Collection[str], day: date) -> list[int]:
    """Accounts of the nearest posts with one of the roles that cover an area: the community's, else the town's."""
    return sorted(nearest_users_of(wide, [area.path], roles, day))


def nearest_users_of(wide: Session, paths: Iterable[str], roles: Collection[str], day: date) -> set[int]:
    """The same for the areas of many paths, in one statement for each 900 areas at or above them."""
    lines = {path: prefixes(path, own=True) for path in paths}
    above = sorted({one for line in lines.values() for one in line})
    holders: dict[str, set[int]] = defaultdict(set)
    for start in range(0, len(above), CHUNK):
        query = (
            select(Area.path, Account.user_id)
            .join(Post, Post.area_id == Area.id)
            .join(Account, Account.staff_id == Post.staff_id)
            .where(Post.role.in_(roles), Area.path.in_(above[start : start + CHUNK]))
            .where(or_(Post.valid_from.is_(None), Post.valid_from <= day))
            .where(or_(Post.valid_to.is_(None), Post.valid_to >= day))
        )
        for path, user in wide.execute(query):
            holders[path].add(user)
    nearest = (next((one for one in reversed(line) if one in holders), "") for line in lines.values())
    return {user for path in nearest for user in holders.get(path, ())}
