"""One account for each role of the demo city, with its own random password, in a file that only its owner reads."""

from __future__ import annotations

import json
import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyotp
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from app.areas.models import Account, Area, Post
from app.areas.roles import ROLES
from app.demo.keys import Row

FILE = "demo-accounts.json"
MAIL = "demo.invalid"  # by this the demo's own accounts are known
# username: (role, which post of that role); more at the end are further ones of the same place
WANTED = {
    "worker": ("grid_worker", 0),
    "worker2": ("grid_worker", 1),
    "clerk": ("workstation", 0),
    "clerk2": ("workstation", -1),
    "office": ("office_clerk", 0),
    "town": ("town_staff", 0),
    "operator": ("center_operator", 0),
    "dispatcher": ("dispatcher", 0),
    "supervisor": ("supervisor", 0),
    "hotline": ("hotline", 0),
    "leader": ("leader", -1),
    "civil": ("department", 0),
    "disability": ("department", 1),
    "health": ("department", 2),
    "labour": ("department", 3),
    "outsider": ("workstation", -2),
}
ADMINISTRATORS = ("system_admin", "security_admin", "auditor")


@dataclass(frozen=True)
class DemoAccount:
    """A line of demo-accounts.json. ``posts`` has every post with a role as (role, area), the acting one first."""

    username: str
    password: str
    role: str
    area: str
    totp_secret: str | None
    posts: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Secret:
    """A fresh password with its hash, and the secret of the one-time code where the role needs one."""

    password: str
    hash: str
    totp: str | None


def fresh_secrets(names: dict[str, str], method: str) -> dict[str, Secret]:
    """Random secrets by username (username → role). Hashing takes most of a second in all, so two threads share it."""

    def make(entry: tuple[str, str]) -> tuple[str, Secret]:
        username, role = entry
        password = f"demo-{secrets.token_urlsafe(9)}"
        totp = pyotp.random_base32() if role in ROLES and ROLES[role].second_factor else None
        return username, Secret(password, generate_password_hash(password, method=method), totp)

    with ThreadPoolExecutor(max_workers=2) as pool:
        return dict(pool.map(make, names.items()))


def make(
    session: Session, posts: dict[str, list[Row]], names: dict[int, str], method: str, now: datetime
) -> list[DemoAccount]:
    """Accounts for posts of the city; the three administrators of the first start get passwords one can read."""
    made = fresh_secrets({username: role for username, (role, _n) in WANTED.items()}, method)
    for username, (role, index) in WANTED.items():
        post = posts[role][index]
        user = User(
            username=username,
            first_name=username,
            last_name="",
            email=f"{username}@{MAIL}",
            active=True,
            password=made[username].hash,
        )
        session.add(user)
        session.flush()
        account = Account(user_id=user.id, staff_id=post["staff_id"], home_area_id=post["area_id"])
        _open(account, made[username], now)
        session.add(account)
    session.flush()
    return _lines(session, made) + renew(session, _administrators(session), method, now)


def renew(session: Session, usernames: list[str], method: str, now: datetime) -> list[DemoAccount]:
    """New passwords and codes for these accounts."""
    rows = {user.username: user for user in session.scalars(select(User).where(User.username.in_(usernames)))}
    roles = {username: _posts(session, user)[0][0] for username, user in rows.items()}
    made = fresh_secrets(roles, method)
    for username, user in rows.items():
        user.password = made[username].hash
        account = session.get_one(Account, user.id)
        account.epoch += 1  # whoever is signed in is signed out
        _open(account, made[username], now)
    session.flush()
    return _lines(session, made)


def known(session: Session) -> list[str]:
    """Usernames of the demo's accounts and of the three administrators, in the order they were made."""
    query = select(User.username).where(User.email.like(f"%@{MAIL}")).order_by(User.id)
    return [*session.scalars(query), *_administrators(session)]


def user_ids(session: Session) -> dict[str, int]:
    """User ids of the demo's own accounts by username."""
    rows = session.execute(select(User.username, User.id).where(User.email.like(f"%@{MAIL}")))
    return {username: key for username, key in rows}  # noqa: C416


def _administrators(session: Session) -> list[str]:
    query = (
        select(User.username)
        .join(Account, Account.user_id == User.id)
        .join(Post, Post.staff_id == Account.staff_id)
        .where(Post.role.in_(ADMINISTRATORS))
        .order_by(User.id)
    )
    return list(session.scalars(query))


def _posts(session: Session, user: User) -> list[tuple[str, str]]:
    query = (
        select(Post.role, Area.name)
        .join(Account, Account.staff_id == Post.staff_id)
        .join(Area, Area.id == Post.area_id)
        .where(Account.user_id == user.id, Post.role.is_not(None), Post.valid_to.is_(None))
        .order_by(Post.id)
    )
    return [(role, area) for role, area in session.execute(query)]


def _lines(session: Session, made: dict[str, Secret]) -> list[DemoAccount]:
    lines = []
    query = select(User).where(User.username.in_(made)).order_by(User.email.not_like(f"%@{MAIL}"), User.id)
    for user in session.scalars(query):  # the administrators last
        posts = [{"role": role, "area": area} for role, area in _posts(session, user)]
        secret = made[user.username]
        lines.append(
            DemoAccount(
                user.username, secret.password, posts[0]["role"], posts[0]["area"], secret.totp, posts
            )
        )
    return lines


def _open(account: Account, secret: Secret, now: datetime) -> None:
    account.must_change_password, account.password_changed_at = False, now
    account.totp_secret, account.totp_confirmed_at = secret.totp, now if secret.totp else None
    account.totp_last_step = None


def write_file(home: Path, accounts: list[DemoAccount]) -> Path:
    """``demo-accounts.json``, mode 0600, put in place whole."""
    path = home / FILE
    part = path.with_name(f"{FILE}.{secrets.token_hex(4)}")
    fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as f:
        json.dump([_plain(a) for a in accounts], f, ensure_ascii=False, indent=1)
        f.write("\n")
    part.replace(path)
    return path


def _plain(account: DemoAccount) -> dict[str, Any]:
    return {name: getattr(account, name) for name in account.__dataclass_fields__}
