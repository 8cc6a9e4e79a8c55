"""Seats of the role schemes and first responsible persons: needed, held, vacant (S1-46, S3-12, S3-15, S4-34)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.areas.models import Area, AreaLevel, Post, RoleScheme, RoleSchemeSeat
from app.areas.queries.staffing import holders
from app.areas.queries.tree import below, in_force, prefixes


@dataclass(frozen=True)
class SeatFill:
    """A seat of a scheme: how many are needed and held in one area or in all areas of a subtree."""

    scheme: str
    scheme_key: str
    position: str
    needed: int
    held: int

    @property
    def vacant(self) -> int:
        return max(0, self.needed - self.held)


def schemes_for(session: Session, level_id: int, path: str) -> list[RoleScheme]:
    """Active schemes of a level that hold for a path: those of an area above it, and those of no area."""
    above = select(Area.id).where(Area.path.in_(prefixes(path, own=True)))
    query = select(RoleScheme).where(
        RoleScheme.active.is_(True),
        RoleScheme.level_id == level_id,
        or_(RoleScheme.area_id.is_(None), RoleScheme.area_id.in_(above)),
    )
    return list(session.scalars(query.order_by(RoleScheme.id)))


def seats_of(session: Session, area: Area, day: date) -> list[SeatFill]:
    """Seats of the schemes that hold for one area, filled and vacant."""
    schemes = schemes_for(session, area.level_id, area.path)
    held: dict[str, int] = {}
    for holder in holders(session, [area.id], day).get(area.id, ()):
        held[holder.position] = held.get(holder.position, 0) + 1
    return [
        SeatFill(scheme.name, scheme.key, seat.position, seat.needed, held.get(seat.position, 0))
        for scheme in schemes
        for seat in scheme.seats
    ]


def scheme_totals(session: Session, path: str, day: date) -> list[SeatFill]:
    """Seats of all active schemes over the areas of a subtree: needed, and held (at most what is needed in each)."""
    top = aliased(Area)
    posts = (
        select(Post.area_id, Post.position, func.count(Post.id).label("held"))
        .where(*in_force(Post, day))
        .group_by(Post.area_id, Post.position)
        .subquery()
    )
    held = func.coalesce(posts.c.held, 0)
    query = (
        select(
            RoleScheme.name,
            RoleScheme.key,
            RoleSchemeSeat.position,
            func.sum(RoleSchemeSeat.needed),
            func.sum(case((held > RoleSchemeSeat.needed, RoleSchemeSeat.needed), else_=held)),
        )
        .select_from(RoleScheme)
        .join(RoleSchemeSeat, RoleSchemeSeat.scheme_id == RoleScheme.id)
        .join(Area, Area.level_id == RoleScheme.level_id)
        .outerjoin(top, top.id == RoleScheme.area_id)
        .outerjoin(posts, and_(posts.c.area_id == Area.id, posts.c.position == RoleSchemeSeat.position))
        .where(
            RoleScheme.active.is_(True),
            below(path),
            *in_force(Area, day),
            or_(top.id.is_(None), Area.path.between(top.path, top.path + "~")),
        )
        .group_by(RoleScheme.id, RoleScheme.name, RoleScheme.key, RoleSchemeSeat.id, RoleSchemeSeat.position)
        .order_by(RoleScheme.id, RoleSchemeSeat.id)
    )
    return [SeatFill(*row[:3], int(row[3]), int(row[4])) for row in session.execute(query)]


def responsible_totals(session: Session, path: str, day: date) -> list[tuple[str, int, int]]:
    """(level name, areas, areas with a first responsible person) by level (S1-45, S3-15)."""
    held = exists(
        select(Post.id)
        .where(Post.area_id == Area.id, Post.is_first_responsible.is_(True), *in_force(Post, day))
        .correlate(Area)
    )
    query = (
        select(AreaLevel.name, func.count(Area.id), func.sum(case((held, 1), else_=0)))
        .join(Area, Area.level_id == AreaLevel.id)
        .where(below(path), *in_force(Area, day))
        .group_by(AreaLevel.id, AreaLevel.name, AreaLevel.rank)
        .order_by(AreaLevel.rank, AreaLevel.id)
    )
    return [(name, int(areas), int(filled or 0)) for name, areas, filled in session.execute(query)]
