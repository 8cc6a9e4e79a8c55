"""People and offices of an area that ends go over to its successors: posts with duties, groups, grants, calendars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas import queries
from app.areas.models import (
    Account,
    Area,
    AreaPlan,
    CalendarDay,
    GridGroup,
    GridGroupArea,
    OfficeHours,
    OrgUnit,
    Post,
    PostDuty,
    RoleScheme,
    SensitiveGrant,
    Staff,
)
from app.areas.service.plans.definition import Shape
from app.areas.service.plans.move import copy_of
from app.areas.service.plans.preview import open_posts


def hand_over(session: Session, plan: AreaPlan, shape: Shape, areas: Mapping[str, Area]) -> None:
    """Posts go on where the plan says so; all others end. What is bound to an area otherwise goes to every piece
    (groups, grants, calendars) or to the piece of the rest (offices, staff without a post).
    """
    day = plan.effective_on
    homes = _posts(session, plan, shape, areas)
    everywhere = [area.id for area in areas.values()]
    for model in (GridGroupArea, SensitiveGrant):
        _copy_dated(session, model, shape.sources, everywhere, day)
    rest = shape.rest
    target = areas[rest.key].id if rest else everywhere[0]
    _rehome_staff(session, shape.sources, homes, target)
    for bound in (OrgUnit, RoleScheme, GridGroup):
        for row in session.scalars(select(bound).where(bound.area_id.in_(shape.sources))):
            row.area_id = target
    _copy_calendars(session, shape.sources, everywhere, day)
    session.flush()


def _posts(session: Session, plan: AreaPlan, shape: Shape, areas: Mapping[str, Area]) -> dict[int, int]:
    """End the posts of the sources and open their successors; returns the new area of each staff member."""
    day = plan.effective_on
    wanted: dict[int, list[int]] = {}
    for piece in shape.pieces:
        for post_id in piece.posts:
            wanted.setdefault(post_id, []).append(areas[piece.key].id)
    homes: dict[int, int] = {}
    seen: set[tuple[Any, ...]] = set()
    for post in open_posts(session, shape.sources, day):
        for area_id in wanted.get(post.id, ()):
            homes.setdefault(post.staff_id, area_id)
            key = (post.staff_id, post.position, post.role, area_id)
            if key not in seen:
                seen.add(key)
                _continue_post(session, post, area_id, day)
        _end_post(post, plan, day)
    session.flush()
    return homes


def _continue_post(session: Session, post: Post, area_id: int, day: date) -> None:
    begins = max(day, post.valid_from or day)
    # a group covers its grids by its own rows; the post of a group stays with the group
    new = copy_of(post, area_id=area_id, valid_from=begins, end_reason=None)
    session.add(new)
    session.flush()
    for duty in session.scalars(
        select(PostDuty).where(PostDuty.post_id == post.id, *queries.overlapping(PostDuty, day, None))
    ):
        session.add(
            copy_of(duty, post_id=new.id, area_id=area_id, valid_from=max(day, duty.valid_from or day))
        )


def _end_post(post: Post, plan: AreaPlan, day: date) -> None:
    last = day - timedelta(days=1)
    # a post that was to begin later never begins here
    post.valid_from = min(post.valid_from, last) if post.valid_from else None
    post.valid_to = last
    post.end_reason = plan.title[:120]
    for duty in post.duties:
        if duty.valid_to is None or duty.valid_to > last:
            duty.valid_from = min(duty.valid_from, last) if duty.valid_from else None
            duty.valid_to = last


def _copy_dated(
    session: Session, model: Any, sources: Sequence[int], targets: Iterable[int], day: date
) -> None:
    rows = list(
        session.scalars(
            select(model).where(model.area_id.in_(sources), *queries.overlapping(model, day, None))
        )
    )
    seen: set[tuple[Any, ...]] = set()
    for row in rows:
        for target in targets:
            key = (target, *(getattr(row, name, None) for name in ("group_id", "staff_id", "group_code")))
            if key not in seen:
                seen.add(key)
                session.add(copy_of(row, area_id=target, valid_from=max(day, row.valid_from or day)))
        last = day - timedelta(days=1)
        row.valid_from = min(row.valid_from, last) if row.valid_from else None
        row.valid_to = last
    session.flush()


def _rehome_staff(session: Session, sources: Sequence[int], homes: Mapping[int, int], rest: int) -> None:
    """Staff rows and accounts that are administered by an area that ends."""
    for staff in session.scalars(select(Staff).where(Staff.area_id.in_(sources))):
        staff.area_id = homes.get(staff.id, rest)
    for account in session.scalars(select(Account).where(Account.home_area_id.in_(sources))):
        account.home_area_id = homes.get(account.staff_id or 0, rest)


def _copy_calendars(session: Session, sources: Sequence[int], targets: Iterable[int], day: date) -> None:
    """Days and hours of an area that ends hold on in each successor; two sources may name the same day once only."""
    seen: set[tuple[int, date]] = set()
    days = list(
        session.scalars(select(CalendarDay).where(CalendarDay.area_id.in_(sources), CalendarDay.day >= day))
    )
    hours = list(session.scalars(select(OfficeHours).where(OfficeHours.area_id == _first(sources))))
    for target in targets:
        for row in days:
            if (target, row.day) not in seen:
                seen.add((target, row.day))
                session.add(copy_of(row, area_id=target))
        for season in hours:
            session.add(copy_of(season, area_id=target))
    session.flush()


def _first(sources: Sequence[int]) -> int:
    return sources[0] if sources else 0
