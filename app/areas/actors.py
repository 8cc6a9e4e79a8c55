"""From a signed-in user to an Actor: the posts valid today decide role, areas and departments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    ViewMenu,
    assoc_permissionview_role,
)
from flask_appbuilder.security.sqla.models import (
    Role as RoleRow,
)
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.areas.models import Account, Area, GridGroupArea, Post, SensitiveGrant, Staff
from app.areas.roles import ROLES
from app.areas.rules import depth_of, range_of
from app.core.actor import Actor
from app.core.scope import unscoped


@dataclass(frozen=True, slots=True)
class Seat:
    """A post as the acting-post switcher shows it."""

    role: str
    area_id: int
    area_name: str
    path: str
    org_unit_id: int | None
    grid_group_id: int | None


def seats(session: Session, staff_id: int, day: date) -> list[Seat]:
    """The posts with a role that a staff member holds on a day, in the order they were given."""
    valid = (
        or_(Post.valid_from.is_(None), Post.valid_from <= day),
        or_(Post.valid_to.is_(None), Post.valid_to >= day),
    )
    query = (
        select(Post.role, Post.area_id, Area.name, Area.path, Post.org_unit_id, Post.grid_group_id)
        .join(Area, Area.id == Post.area_id)
        .where(Post.staff_id == staff_id, Post.role.is_not(None), *valid)
        .order_by(Post.id)
    )
    return [Seat(*row) for row in session.execute(query)]


def permission_pairs(session: Session, role: str) -> frozenset[tuple[str, str]]:
    """What FAB's tables grant to a role, as one string aggregate (recipes: one select, no 32 EXISTS a page)."""
    pair = Permission.name + " " + ViewMenu.name
    query = (
        select(func.aggregate_strings(pair, "\n"))
        .select_from(RoleRow)
        .join(assoc_permissionview_role, assoc_permissionview_role.c.role_id == RoleRow.id)
        .join(PermissionView, PermissionView.id == assoc_permissionview_role.c.permission_view_id)
        .join(Permission, Permission.id == PermissionView.permission_id)
        .join(ViewMenu, ViewMenu.id == PermissionView.view_menu_id)
        .where(RoleRow.name == role)
    )
    text = session.scalar(query) or ""
    return frozenset((p, v) for p, _, v in (line.partition(" ") for line in text.splitlines()))


def _ranges(session: Session, held: list[Seat], day: date) -> tuple[tuple[str, str], ...]:
    paths = {s.path for s in held if s.grid_group_id is None}
    groups = [s.grid_group_id for s in held if s.grid_group_id is not None]
    if groups:
        query = (
            select(Area.path)
            .join(GridGroupArea, GridGroupArea.area_id == Area.id)
            .where(GridGroupArea.group_id.in_(groups))
            .where(or_(GridGroupArea.valid_to.is_(None), GridGroupArea.valid_to >= day))
        )
        paths |= set(session.scalars(query))
    top = sorted(paths)
    outer = [p for p in top if not any(p != q and p.startswith(q) for q in top)]
    return tuple(range_of(p) for p in outer)


def _is_whole_site(session: Session, held: list[Seat]) -> bool:
    """A post on the only root area covers everything: such an actor needs no criterion at all (recipes)."""
    if not any(depth_of(s.path) == 1 and s.grid_group_id is None for s in held):
        return False
    return session.scalar(select(func.count(Area.id)).where(Area.parent_id.is_(None))) == 1


def _grants(session: Session, staff_id: int, day: date) -> frozenset[str]:
    query = select(SensitiveGrant.group_code).where(
        SensitiveGrant.staff_id == staff_id,
        or_(SensitiveGrant.valid_from.is_(None), SensitiveGrant.valid_from <= day),
        or_(SensitiveGrant.valid_to.is_(None), SensitiveGrant.valid_to >= day),
    )
    return frozenset(session.scalars(query))


def build_actor(
    user_id: int, day: date, *, role: str | None = None, origin: str = "web", address: str = ""
) -> tuple[Actor, list[Seat]]:
    """The actor of a user in one acting role and all seats of that user.

    ``role`` is the wanted acting role; when the user no longer holds it, the first seat's role is taken. A user
    without a valid post gets an actor without rights.
    """
    with unscoped("sign-in: posts decide the scope, so they are read before there is one") as session:
        account = session.get(Account, user_id)
        staff = session.get(Staff, account.staff_id) if account and account.staff_id else None
        if staff is None:
            return Actor(user_id=user_id, origin=origin, address=address), []
        all_seats = [s for s in seats(session, staff.id, day) if s.role in ROLES]
        roles = [s.role for s in all_seats]
        if not roles:
            return Actor(
                user_id=user_id, staff_id=staff.id, label=staff.name, origin=origin, address=address
            ), []
        acting = role if role in roles else roles[0]
        spec = ROLES[acting]
        held = [s for s in all_seats if s.role == acting]
        actor = Actor(
            user_id=user_id,
            staff_id=staff.id,
            label=staff.name,
            role=acting,
            ranges=_ranges(session, held, day) if spec.scope == "area" else (),
            whole_site=spec.scope == "site" or (spec.scope == "area" and _is_whole_site(session, held)),
            org_unit_ids=tuple(s.org_unit_id for s in held if s.org_unit_id)
            if spec.scope == "department"
            else (),
            read_only=spec.read_only,
            permissions=permission_pairs(session, acting),
            grants=_grants(session, staff.id, day),
            sees_persons=spec.sees_persons,
            origin=origin,
            address=address,
        )
        return actor, all_seats
