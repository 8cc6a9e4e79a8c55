"""Delegated user administration by posts: create, reset, deactivate, give and end roles, end sessions.

Each verb checks the rank rule (``standing``), writes, and ends the sessions of the other; the change log holds what
was done. Verbs flush; the edge commits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask_appbuilder.security.sqla.models import User
from flask_babel import lazy_gettext as _
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.areas.accounts import lockout, passwords, sessions, standing, totp
from app.areas.models import Account, Post, SignIn, Staff
from app.areas.roles import ROLES
from app.audit.service import reason
from app.core import clock, removal
from app.core.actor import Actor
from app.core.errors import Conflict, Invalid, NotFound

USERNAME = re.compile(r"[a-z][a-z0-9._-]{2,39}")


@dataclass(frozen=True, slots=True)
class RoleWish:
    """A role to be given: where, from when to when (local days, both included), as which position."""

    role: str
    area_id: int
    position: str
    valid_from: date | None = None
    valid_to: date | None = None
    org_unit_id: int | None = None


def grantable(actor: Actor) -> list[str]:
    """Keys of the roles below the actor's rank, highest first."""
    rank = standing.admin_rank(actor)
    below = [r for r in ROLES.values() if r.rank < rank]
    return [r.key for r in sorted(below, key=lambda r: -r.rank)]


def create_account(
    session: Session, actor: Actor, staff: Staff, username: str, now: datetime
) -> tuple[User, str]:
    """Give a staff member an account; returns it and the initial password, which is shown once and stored nowhere."""
    standing.must_administer(actor, staff.id, clock.to_local(now).date())
    name = username.strip().lower()
    if not USERNAME.fullmatch(name):
        raise Invalid(
            _("3 to 40 small letters, digits, dots, dashes or underscores, beginning with a letter."),
            field="username",
        )
    if session.scalar(select(func.count(User.id)).where(User.username == name)):
        raise Invalid(_("This user name is taken."), field="username")
    if session.scalar(select(func.count(Account.user_id)).where(Account.staff_id == staff.id)):
        raise Invalid(_("This staff member already has an account."), field="staff")
    user = User(
        username=name, first_name=staff.name, last_name="", email=f"{name}@account.invalid", active=True
    )
    session.add(user)
    try:
        session.flush()
    except IntegrityError:  # somebody else took the name between the question and the answer
        raise Invalid(_("This user name is taken."), field="username") from None
    session.add(Account(user_id=user.id, staff_id=staff.id, home_area_id=staff.area_id))
    session.flush()
    secret = passwords.random_password()
    passwords.set_password(session, user, secret, now, initial=True)
    return user, secret


def target(session: Session, actor: Actor, user_id: int, now: datetime) -> tuple[User, Account]:
    """The account to be changed: NotFound outside the scope, NotAllowed where the rank rule forbids the change."""
    found = find(session, user_id)
    if found is None:
        raise NotFound()
    user, account, staff = found
    standing.must_administer(actor, staff.id, clock.to_local(now).date())
    return user, account


def find(session: Session, user_id: int) -> tuple[User, Account, Staff] | None:
    """An account whose staff member lies in the scope of the session, or None."""
    query = (
        select(User, Account, Staff)
        .join(Account, Account.user_id == User.id)
        .join(Staff, Staff.id == Account.staff_id)
        .where(User.id == user_id)
    )
    row = session.execute(query).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


def reset_password(session: Session, actor: Actor, user_id: int, now: datetime) -> str:
    """A new initial password, shown once; the old one, the lock and all sessions are gone."""
    user, _account = target(session, actor, user_id, now)
    secret = passwords.random_password()
    with reason(tag="reset_password"):
        passwords.set_password(session, user, secret, now, initial=True)
        sessions.end_all(session, user.id, now, sessions.CHANGED)
    lockout.release(session, user.username)
    return secret


def reset_second_factor(session: Session, actor: Actor, user_id: int, now: datetime) -> None:
    """Take the one-time codes away (lost phone); a role that needs them asks to set them up at the next sign-in."""
    user, account = target(session, actor, user_id, now)
    with reason(tag="reset_second_factor"):
        totp.remove(session, account)
        sessions.end_all(session, user.id, now, sessions.FACTOR)


def set_active(session: Session, actor: Actor, user_id: int, active: bool, why: str, now: datetime) -> None:
    """Deactivate (with a reason) or activate an account. Accounts are never deleted: the logs point at them."""
    if not active and not why.strip():
        raise Invalid(_("Please give the reason."), field="reason")
    user, _account = target(session, actor, user_id, now)
    with reason(why.strip() or None, tag="activate" if active else "deactivate"):
        user.active = active
        session.flush()
        if not active:
            sessions.end_all(session, user.id, now, sessions.DEACTIVATED)


def grant_role(session: Session, actor: Actor, staff: Staff, wish: RoleWish, now: datetime) -> Post:
    """Give a role by a new post. The listener of ``security.grants`` applies the rank rule to it as to any other post."""
    if wish.role not in ROLES:
        raise Invalid(_("This choice does not exist."), field="role")
    if ROLES[wish.role].scope == "department" and wish.org_unit_id is None:
        raise Invalid(_("A department handler needs the department."), field="org_unit")
    if wish.valid_from and wish.valid_to and wish.valid_to < wish.valid_from:
        raise Invalid(_("The last day lies before the first."), field="valid_to")
    post = Post(
        staff_id=staff.id,
        role=wish.role,
        area_id=wish.area_id,
        position=wish.position,
        org_unit_id=wish.org_unit_id,
        valid_from=wish.valid_from or clock.to_local(now).date(),
        valid_to=wish.valid_to,
    )
    with reason(tag="grant_role"):
        session.add(post)
        session.flush()
    return post


def end_role(session: Session, actor: Actor, post: Post, why: str, now: datetime) -> None:
    """End a role at once: yesterday was its last day; one that began today is taken back."""
    if not why.strip():
        raise Invalid(_("Please give the reason."), field="reason")
    today = clock.to_local(now).date()
    if post.valid_to is not None and post.valid_to < today:
        raise Conflict(_("This post has already ended."))
    with reason(why.strip(), tag="end_role"):
        if post.valid_from is None or post.valid_from < today:
            post.valid_to, post.end_reason = today - timedelta(days=1), why.strip()[:120]
        else:
            removal.put_away(post, why, by=actor.user_id, now=now)
        session.flush()


def force_out(session: Session, actor: Actor, sign_in_id: int, now: datetime) -> None:
    """End one session of somebody else."""
    row = session.get(SignIn, sign_in_id)
    if row is None:
        raise NotFound()
    target(session, actor, row.user_id, now)
    if not sessions.end_sign_in(session, row.id, now, sessions.FORCED):
        raise Conflict(_("This session has already ended."))
