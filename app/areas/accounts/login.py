"""Signing in, and giving the password again: the same answer and the same work for known and unknown names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from flask_appbuilder.security.sqla.models import User
from flask_babel import lazy_gettext as _
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.areas.accounts import lockout, passwords, sessions, totp
from app.areas.actors import build_actor
from app.areas.models import Account
from app.audit.service import log_access
from app.core import clock
from app.core.actor import Actor
from app.core.crypto import blind
from app.core.errors import Invalid
from app.core.scope import unscoped
from app.core.session import unit_of_work


class WrongLogin(Invalid):
    """Wrong name, password or code, or an account that is not active: the answer never says which."""

    status = 401
    code = "wrong_login"
    default = _("The user name, the password or the code is wrong.")


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where a try comes from."""

    address: str
    agent: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that was opened. ``code_due``: a one-time code is still to be given."""

    token: str
    user_id: int
    code_due: bool


def limits() -> tuple[lockout.Limit, lockout.Limit]:
    """The limits of an account name and of an address."""
    config = current_app.config
    span = timedelta(minutes=config["LOCK_MINUTES"])
    return lockout.Limit(config["LOCK_TRIES"], span), lockout.Limit(config["LOCK_ADDRESS_TRIES"], span)


def sign_in(username: str, password: str, code: str, now: datetime, visitor: Visitor) -> SignedIn:
    """Open a session, or raise WrongLogin (401) or Throttled (429). Either is in the access log."""
    name = username.strip().lower()
    attempt = lockout.begin(name, visitor.address, now, *limits())
    with unscoped("sign-in: nobody is known yet") as session:
        user, account = _find(session, name)
        known = user is not None and account is not None and user.active
        right = passwords.matches(user.password if user and known else None, password)
        session.rollback()  # the hash took its time: no snapshot is kept over it
        if right and user is not None and account is not None:
            done = _open(session, attempt, user.id, code, now, visitor)
            if done is not None:
                return done
    _failed(user.id if user else None, name, visitor)
    raise WrongLogin()


def _find(session: Session, name: str) -> tuple[User | None, Account | None]:
    query = select(User, Account).outerjoin(Account, Account.user_id == User.id).where(User.username == name)
    row = session.execute(query).one_or_none()
    if row is None:
        return None, None
    session.expunge_all()
    return row[0], row[1]


def _open(
    session: Session, attempt: lockout.Attempt, user_id: int, code: str, now: datetime, visitor: Visitor
) -> SignedIn | None:
    last_role = session.scalar(select(Account.acting_role).where(Account.user_id == user_id))
    actor, _seats = build_actor(user_id, clock.to_local(now).date(), role=last_role, address=visitor.address)
    with unit_of_work(session):
        account = session.get_one(Account, user_id)
        enrolled = account.totp_confirmed_at is not None
        if enrolled and code and not totp.check(session, account, code, now):
            return None
        passed = enrolled and bool(code)
        attempt.succeeded(session, whole=passed or not enrolled)
        token = sessions.open_sign_in(
            session,
            user_id,
            now,
            role=actor.role or None,
            address=visitor.address,
            agent=visitor.agent,
            second_factor=passed,
        )
        counted = (
            update(User)
            .where(User.id == user_id)
            .values(last_login=now.replace(tzinfo=None), login_count=func.coalesce(User.login_count, 0) + 1)
        )
        session.execute(counted, execution_options={"audited": True})
        detail = "code due" if enrolled and not passed else None
        log_access("LOGIN", "ab_user", user_id, detail=detail, actor=actor)
    return SignedIn(token, user_id, enrolled and not passed)


def _failed(user_id: int | None, name: str, visitor: Visitor) -> None:
    # an unknown name may be a password typed into the wrong field: only its keyed digest is kept
    detail = None if user_id else f"unknown {blind('login_attempt', name or '-')}"
    actor = Actor(user_id=user_id, address=visitor.address, origin="web")
    log_access("LOGIN_FAILED", "ab_user", user_id, detail=detail, actor=actor)


def check_again(
    user_id: int,
    username: str,
    password: str | None,
    now: datetime,
    visitor: Visitor,
    *,
    code: str | None = None,
) -> None:
    """Check password, one-time code or both of somebody who is signed in, in one try that is counted like a sign-in.

    Raises WrongLogin or Throttled. A code is taken only behind a right password, and once. The gate lets nobody come here
    with a password while a code is still due.
    """
    if password is None and code is None:
        raise ValueError("nothing to check")
    attempt = lockout.begin(username, visitor.address, now, *limits())
    with unscoped("sign-in: the own password is checked again") as session:
        good = password is None
        if password is not None:
            stored = session.scalar(select(User.password).where(User.id == user_id, User.active.is_(True)))
            session.rollback()  # no snapshot is kept over the hash
            good = passwords.matches(stored, password)
        if good:
            with unit_of_work(session):
                good = code is None or _takes(session, user_id, code, now)
                if good:
                    attempt.succeeded(session)
    if not good:
        _failed(user_id, username, visitor)
        raise WrongLogin()


def _takes(session: Session, user_id: int, code: str, now: datetime) -> bool:
    """Whether an account takes a one-time code: it is right, and was not used."""
    account = session.get_one(Account, user_id)
    return account.totp_confirmed_at is not None and totp.check(session, account, code, now)
