"""Accounts and open sessions inside the scope of the session: the staff member behind an account is the guarded row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from app.areas.models import Account, Area, Post, SignIn, Staff

PAGE = 25


@dataclass(frozen=True, slots=True)
class AccountRow:
    """A line of the account list. ``roles`` are (role key, area name) of the posts that have not ended."""

    uid: str
    user_id: int
    username: str
    name: str
    area: str
    active: bool
    enrolled: bool
    initial: bool
    last_login: datetime | None
    roles: tuple[tuple[str, str], ...] = ()


def _accounts() -> Select[Any]:
    return (
        select(
            Staff.uid,
            Staff.id,
            User.id,
            User.username,
            Staff.name,
            Area.name,
            User.active,
            Account.totp_confirmed_at,
            Account.must_change_password,
            User.last_login,
        )
        .join(Account, Account.staff_id == Staff.id)
        .join(User, User.id == Account.user_id)
        .join(Area, Area.id == Staff.area_id)
    )


def accounts(
    session: Session, day: date, *, text: str = "", active: bool | None = None, page: int = 0
) -> tuple[list[AccountRow], bool]:
    """One page of accounts by user name, and whether there is another. ``text`` is looked for in both names."""
    query = _accounts().order_by(User.username).limit(PAGE + 1).offset(page * PAGE)
    if text:
        low = text.lower()
        query = query.where(
            or_(
                User.username.contains(low, autoescape=True),
                Staff.name.contains(text, autoescape=True),
                Staff.name_initials.startswith(low, autoescape=True),
            )
        )
    if active is not None:
        query = query.where(User.active.is_(active))
    found = session.execute(query).all()
    rows = found[:PAGE]
    roles = _roles(session, [r[1] for r in rows], day)
    return [_row(r, roles) for r in rows], len(found) > PAGE


def _row(r: Any, roles: dict[int, list[tuple[str, str]]]) -> AccountRow:
    uid, staff_id, user_id, username, name, area, active, enrolled, initial, last = r
    held = tuple(roles.get(staff_id, ()))
    return AccountRow(
        uid, user_id, username, name, area, bool(active), enrolled is not None, initial, last, held
    )


def _roles(session: Session, staff_ids: list[int], day: date) -> dict[int, list[tuple[str, str]]]:
    found: dict[int, list[tuple[str, str]]] = {}
    query = (
        select(Post.staff_id, Post.role, Area.name)
        .join(Area, Area.id == Post.area_id)
        .where(Post.staff_id.in_(staff_ids), Post.role.is_not(None))
        .where(or_(Post.valid_to.is_(None), Post.valid_to >= day))
        .order_by(Post.id)
    )
    for staff_id, role, area in session.execute(query):
        found.setdefault(staff_id, []).append((role, area))
    return found


def account(session: Session, uid: str, day: date) -> tuple[AccountRow, Staff] | None:
    """The account of a staff member inside the scope, or None."""
    found = session.execute(_accounts().where(Staff.uid == uid)).one_or_none()
    if found is None:
        return None
    staff = session.get_one(Staff, found[1])
    return _row(found, _roles(session, [found[1]], day)), staff


def role_posts(session: Session, staff_id: int) -> list[Post]:
    """Posts with a role inside the scope, newest first, ended ones too."""
    query = select(Post).where(Post.staff_id == staff_id, Post.role.is_not(None))
    return list(session.scalars(query.order_by(Post.id.desc()).limit(50)))


def online(session: Session, since: datetime, *, page: int = 0) -> tuple[list[Any], bool]:
    """Sessions that are open and were used after ``since``: (sign-in, staff, area name) and whether there are more."""
    query = (
        select(SignIn, Staff, Area.name, User.username)
        .join(Account, Account.user_id == SignIn.user_id)
        .join(User, User.id == SignIn.user_id)
        .join(Staff, Staff.id == Account.staff_id)
        .join(Area, Area.id == Staff.area_id)
        .where(SignIn.ended_at.is_(None), SignIn.epoch == Account.epoch, SignIn.seen_at > since)
        .order_by(SignIn.seen_at.desc(), SignIn.id.desc())
        .limit(PAGE + 1)
        .offset(page * PAGE)
    )
    found = list(session.execute(query).all())
    return found[:PAGE], len(found) > PAGE
