"""From a signed-in user to an Actor: the posts valid today decide role, areas and departments.

Two selects make a request's actor: the seats (posts with a role) and the person with the rights of the acting
role. ``request_actor`` starts from the session token, ``build_actor`` from a user id (jobs, commands, tests).
The statements are prepared: building them anew cost more than running them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    User,
    ViewMenu,
    assoc_permissionview_role,
)
from flask_appbuilder.security.sqla.models import Role as RoleRow
from sqlalchemy import Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql import ColumnElement

from app.areas.models import Account, Area, GridGroupArea, Post, SensitiveGrant, SignIn, Staff
from app.areas.roles import ROLES
from app.areas.rules import SEGMENT, granted, outermost, range_of
from app.areas.succession import predecessor_paths, predecessor_values
from app.core.actor import Actor
from app.core.prepared import Prepared
from app.core.saved import lists_of
from app.core.scope import not_deleted, unscoped


@dataclass(frozen=True, slots=True)
class Seat:
    """A post as the acting-post switcher shows it."""

    role: str
    area_id: int
    area_name: str
    path: str
    org_unit_id: int | None
    grid_group_id: int | None


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What a request knows about its server-side session and the account behind it."""

    id: int
    user_id: int
    username: str
    epoch: int
    account_epoch: int
    started_at: datetime
    seen_at: datetime
    confirmed_at: datetime | None
    second_factor_at: datetime | None
    ended_at: datetime | None
    acting_role: str | None
    active: bool
    must_change_password: bool
    password_changed_at: datetime | None
    enrolled: bool
    language: str | None
    large_type: bool


DAY: Any = bindparam("day")
BY_USER = Account.user_id == bindparam("user_id")
BY_TOKEN = SignIn.token_hash == bindparam("token")
# what a session adds to the person: the rest of SessionFacts
SESSION = (
    SignIn.id,
    SignIn.epoch,
    SignIn.started_at,
    SignIn.seen_at,
    SignIn.confirmed_at,
    SignIn.second_factor_at,
    SignIn.ended_at,
    SignIn.acting_role,
)


def _in_force(row: Any) -> tuple[ColumnElement[bool], ...]:
    return (
        or_(row.valid_from.is_(None), row.valid_from <= DAY),
        or_(row.valid_to.is_(None), row.valid_to >= DAY),
    )


def _seats_query() -> Select[Any]:
    """Seats of an account on a `day`, in the order they were given; one row more per area of a grid group."""
    member, in_group = aliased(Area), [GridGroupArea.group_id == Post.grid_group_id]
    return (
        select(
            *(Post.id, Post.role, Post.area_id, Area.name, Area.path),
            Post.org_unit_id,
            Post.grid_group_id,
            member.path.label("member_path"),
        )
        .join(Area, Area.id == Post.area_id)
        .join(Account, Account.staff_id == Post.staff_id)
        .outerjoin(GridGroupArea, and_(*in_group, *_in_force(GridGroupArea)))
        .outerjoin(member, member.id == GridGroupArea.area_id)
        .where(Post.role.in_(ROLES), *_in_force(Post))
        .order_by(Post.id)
    )


def _fold(rows: list[Any]) -> tuple[list[Seat], dict[str, set[str]]]:
    """The seats, and the area paths of each role: a group's areas stand in for the area of its post."""
    seats: dict[int, Seat] = {}
    paths: dict[str, set[str]] = {}
    for post_id, role, area_id, name, path, unit, group, member_path in rows:
        seats.setdefault(post_id, Seat(role, area_id, name, path, unit, group))
        covered = path if group is None else member_path
        if covered is not None:
            paths.setdefault(role, set()).add(covered)
    return list(seats.values()), paths


def _rights() -> Any:
    """What FAB's tables grant to a `role`, as one string (recipes: one select, not 32 EXISTS a page)."""
    pair = Permission.name + " " + ViewMenu.name
    return (
        select(func.aggregate_strings(pair, "\n"))
        .select_from(RoleRow)
        .join(assoc_permissionview_role, assoc_permissionview_role.c.role_id == RoleRow.id)
        .join(PermissionView, PermissionView.id == assoc_permissionview_role.c.permission_view_id)
        .join(Permission, Permission.id == PermissionView.permission_id)
        .join(ViewMenu, ViewMenu.id == PermissionView.view_menu_id)
        .where(RoleRow.name == bindparam("role"))
        .scalar_subquery()
    )


@lru_cache(maxsize=64)
def _pairs(text: str) -> frozenset[tuple[str, str]]:
    return frozenset((p, v) for p, _, v in (line.partition(" ") for line in text.splitlines()))


def _heritage(role: str, paths: set[str]) -> list[str]:
    """The areas whose closed predecessors count too: none for roles without areas or with the whole site."""
    by_area = role in ROLES and ROLES[role].scope == "area"
    return [] if not by_area or any(len(p) <= SEGMENT for p in paths) else sorted(paths)


def _person_query(areas: int) -> Select[Any]:
    """One row: the account, its staff member, the rights of the acting `role`, the named grants, the lists of which
    something is saved, and the closed predecessors of its areas (the successor's worker reads the old rows).
    """
    place = aliased(Area)
    grants = (
        select(func.aggregate_strings(SensitiveGrant.group_code + " " + place.path, "\n"))
        .join(place, place.id == SensitiveGrant.area_id)
        .where(SensitiveGrant.staff_id == Account.staff_id, *_in_force(SensitiveGrant))
        .scalar_subquery()
    )
    roots = select(func.count(Area.id)).where(Area.parent_id.is_(None)).scalar_subquery()
    return (
        select(
            Account.user_id,
            Account.staff_id,
            Account.epoch.label("account_epoch"),
            Account.must_change_password,
            Account.password_changed_at,
            Account.totp_confirmed_at.is_not(None).label("enrolled"),
            Account.language,
            Account.large_type,
            User.username,
            User.active,
            Staff.name.label("staff_name"),
            _rights().label("rights"),
            grants.label("grants"),
            roots.label("roots"),
            lists_of(Account.user_id).label("lists"),
            predecessor_paths(areas, DAY).label("closed"),
        )
        .join(User, User.id == Account.user_id)
        .outerjoin(Staff, Staff.id == Account.staff_id)
    )


@lru_cache(maxsize=1)
def _seats_of_user() -> Prepared:
    return Prepared(_seats_query().where(BY_USER).options(not_deleted()))


def _by_token(query: Select[Any]) -> Prepared:
    query = query.join(SignIn, SignIn.user_id == Account.user_id).where(BY_TOKEN)
    return Prepared(query.options(not_deleted()))


@lru_cache(maxsize=1)
def _seats_of_token() -> Prepared:
    return _by_token(_seats_query().add_columns(SignIn.acting_role))


@lru_cache(maxsize=64)
def _person_of_user(areas: int) -> Prepared:
    return Prepared(_person_query(areas).where(BY_USER).options(not_deleted()))


@lru_cache(maxsize=64)
def _person_of_token(areas: int) -> Prepared:
    return _by_token(_person_query(areas).add_columns(*SESSION))


def _make(row: Any, role: str, seats: list[Seat], paths: set[str], origin: str, address: str) -> Actor:
    spec = ROLES.get(role)
    label = row.staff_name or row.username
    if spec is None:
        return Actor(user_id=row.user_id, staff_id=row.staff_id, label=label, origin=origin, address=address)
    by_area = spec.scope == "area"
    # a post on the only root covers everything: such an actor needs no criterion at all (recipes)
    on_root = by_area and row.roots == 1 and any(len(p) == SEGMENT for p in paths)
    reach = paths | set((row.closed or "").split())
    units = tuple(s.org_unit_id for s in seats if s.role == role and s.org_unit_id)
    grants, parts = granted(row.grants or "", paths)
    return Actor(
        user_id=row.user_id,
        staff_id=row.staff_id,
        label=label,
        role=role,
        ranges=tuple(range_of(p) for p in outermost(reach)) if by_area else (),
        whole_site=spec.scope == "site" or on_root,
        org_unit_ids=units if spec.scope == "department" else (),
        read_only=spec.read_only,
        permissions=_pairs(row.rights or ""),
        grants=grants,
        grants_in=parts,
        sees_persons=spec.sees_persons,
        origin=origin,
        address=address,
        kept_lists=frozenset((row.lists or "").split()),
    )


def _choose(seats: list[Seat], *wanted: str | None) -> str:
    """The first wanted role that is held, else the first held one; empty without any."""
    roles = [s.role for s in seats]
    return next((role for role in wanted if role in roles), roles[0] if roles else "")


def build_actor(
    user_id: int, day: date, *, role: str | None = None, origin: str = "web", address: str = ""
) -> tuple[Actor, list[Seat]]:
    """The actor of a user in one acting role and all seats of that user.

    ``role`` is the wanted acting role; when the user no longer holds it, the first seat's role is taken. A user
    without a valid post gets an actor without rights, an unknown one an actor with nothing but the id.
    """
    values: dict[str, Any] = {"user_id": user_id, "day": day}
    with unscoped("sign-in: posts decide the scope, so they are read before there is one") as session:
        seats, paths = _fold(_seats_of_user().rows(session.connection(), values))
        acting = _choose(seats, role)
        closed = _heritage(acting, paths.get(acting, set()))
        values |= {"role": acting, **predecessor_values(closed)}
        people = _person_of_user(len(closed)).rows(session.connection(), values)
    if not people:
        return Actor(user_id=user_id, origin=origin, address=address), []
    return _make(people[0], acting, seats, paths.get(acting, set()), origin, address), seats


def request_actor(
    session: Session,
    token_hash: str,
    day: date,
    *,
    address: str = "",
    wanted: Callable[[], str | None] = lambda: None,
) -> tuple[Actor, list[Seat], SessionFacts] | None:
    """The actor, seats and session facts behind a session token, in two selects; None for an unknown token.
    ``wanted`` is asked where somebody holds several roles: the role under which the page was opened that sends this
    request. It counts before the one of the session, which another tab may have switched meanwhile. Whether the session
    is still good (idle, ended, epoch) is for ``accounts.sessions`` to judge.
    """
    values: dict[str, Any] = {"token": token_hash, "day": day}
    rows = _seats_of_token().rows(session.connection(), values)
    seats, paths = _fold([row[:-1] for row in rows])
    several = len({seat.role for seat in seats}) > 1
    acting = _choose(seats, wanted() if several else None, rows[0].acting_role if rows else None)
    closed = _heritage(acting, paths.get(acting, set()))
    values |= {"role": acting, **predecessor_values(closed)}
    people = _person_of_token(len(closed)).rows(session.connection(), values)
    if not people:
        return None
    person = people[0]
    actor = _make(person, acting, seats, paths.get(acting, set()), "web", address)
    names = SessionFacts.__dataclass_fields__
    return actor, seats, SessionFacts(**{name: getattr(person, name) for name in names})
