"""Passwords: hashing with equal time for known and unknown names, rules, history of five, first-login change."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from flask import current_app
from flask_appbuilder.security.sqla.models import User
from flask_babel import lazy_gettext as _
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash, generate_password_hash

from app.areas.models import Account, PasswordHistory, Staff
from app.areas.rules.passwords import password_findings
from app.core.errors import Invalid, refuse_errors

WEAK_LIST = Path(__file__).resolve().parents[2] / "seeds" / "weak_passwords.txt"
# no letters or digits that look alike on paper or over the phone
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@lru_cache(maxsize=1)
def weak_list() -> frozenset[str]:
    """The list of app/seeds/weak_passwords.txt."""
    lines = WEAK_LIST.read_text("utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def random_password() -> str:
    """Four groups of four out of 31 signs: 79 bits, easy to copy from a screen by hand."""
    return "-".join("".join(secrets.choice(ALPHABET) for _i in range(4)) for _j in range(4))


def hash_of(password: str) -> str:
    """Salted hash for ``ab_user.password`` (scrypt; the method is a setting so that tests are quick)."""
    return generate_password_hash(password, method=current_app.config["PASSWORD_METHOD"])


@lru_cache(maxsize=4)
def _decoy(method: str) -> str:
    return generate_password_hash(secrets.token_urlsafe(16), method=method)


def matches(stored: str | None, password: str) -> bool:
    """Whether a password is right. Without a stored hash the same work is done and the answer is no."""
    decoy = _decoy(current_app.config["PASSWORD_METHOD"])
    right = check_password_hash(stored or decoy, password)
    return right and bool(stored)


def is_due(account_changed_at: datetime | None, now: datetime, days: int) -> bool:
    """Whether a password is older than the site allows (0: no expiry)."""
    return bool(days) and (account_changed_at is None or now - account_changed_at > timedelta(days=days))


def set_password(
    session: Session, user: User, password: str, now: datetime, *, initial: bool = False
) -> None:
    """Store a password and remember it in the history. ``initial``: given by somebody else, to be changed at once.

    Does not look at the rules and does not end sessions: ``change_own`` and ``administration`` do.
    """
    user.password = hash_of(password)
    account = session.get(Account, user.id)
    if account is None:
        raise Invalid(_("This user has no account."))
    account.must_change_password, account.password_changed_at = initial, now
    session.add(PasswordHistory(user_id=user.id, at=now, password_hash=user.password))
    session.flush()
    _trim(session, user.id)


def _trim(session: Session, user_id: int) -> None:
    keep = current_app.config["PASSWORD_HISTORY"]
    newest = select(PasswordHistory.id).where(PasswordHistory.user_id == user_id)
    old = list(session.scalars(newest.order_by(PasswordHistory.id.desc()).offset(keep)))
    if old:
        session.execute(delete(PasswordHistory).where(PasswordHistory.id.in_(old)))


def own_words(session: Session, user: User) -> list[str]:
    """Words that must not stand in the user's password."""
    account = session.get(Account, user.id)
    staff = session.get(Staff, account.staff_id) if account and account.staff_id else None
    words = [user.username, *(user.username or "").replace(".", "_").split("_")]
    if staff is not None:
        words += [staff.name, *(staff.name_pinyin or "").split(), (staff.name_pinyin or "").replace(" ", "")]
    return [w for w in words if w and len(w) >= 3]


def check_new(session: Session, user: User, password: str) -> None:
    """Invalid when the rules or the history refuse a new password."""
    refuse_errors(
        password_findings(
            password,
            shortest=current_app.config["PASSWORD_MIN"],
            words=own_words(session, user),
            weak=weak_list(),
        )
    )
    query = select(PasswordHistory.password_hash).where(PasswordHistory.user_id == user.id)
    used = list(
        session.scalars(
            query.order_by(PasswordHistory.id.desc()).limit(current_app.config["PASSWORD_HISTORY"])
        )
    )
    if any(check_password_hash(h, password) for h in {*used, user.password} if h):
        raise Invalid(_("You used this password before. Choose a new one."), field="password")
