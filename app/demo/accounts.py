"""One account for each role of the demo city, with its own random password, written to a file only its owner reads."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyotp
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from app.areas.models import Account
from app.areas.roles import ROLES
from app.core import clock

# username: (role, which post of that role)
WANTED = {
    "worker": ("grid_worker", 0),
    "worker2": ("grid_worker", 1),
    "clerk": ("workstation", 0),
    "office": ("office_clerk", 0),
    "town": ("town_staff", 0),
    "operator": ("center_operator", 0),
    "dispatcher": ("dispatcher", 0),
    "supervisor": ("supervisor", 0),
    "hotline": ("hotline", 0),
    "leader": ("leader", 0),
    "civil": ("department", 0),
    "disability": ("department", 1),
    "health": ("department", 2),
    "labour": ("department", 3),
    "outsider": ("workstation", -1),
}


@dataclass(frozen=True)
class DemoAccount:
    """A line of demo-accounts.json."""

    username: str
    password: str
    role: str
    area: str
    totp_secret: str | None
    user_id: int


def make(
    session: Session, posts: dict[str, list[dict[str, Any]]], area_names: dict[int, str]
) -> list[DemoAccount]:
    """Accounts for posts of the city and new passwords for the three administrators of the first start."""
    made = []
    for username, (role, index) in WANTED.items():
        post = posts[role][index]
        made.append(_account(session, username, role, post["staff_id"], post["area_id"], area_names))
    return made


def administrators(session: Session, city: str) -> list[DemoAccount]:
    """Known passwords and second factors for the administrators that ``init`` made (demo only)."""
    from sqlalchemy import select

    from app.areas.models import Post

    query = (
        select(Account, Post.role)
        .join(Post, Post.staff_id == Account.staff_id)
        .where(Post.role.in_(("system_admin", "security_admin", "auditor")))
    )
    made = []
    for account, role in session.execute(query):
        user = session.get_one(User, account.user_id)
        password, secret = _secrets(role)
        user.password = generate_password_hash(password)
        _open(account, secret)
        made.append(DemoAccount(user.username, password, role, city, secret, user.id))
    return made


def _account(
    session: Session, username: str, role: str, staff_id: int, area_id: int, area_names: dict[int, str]
) -> DemoAccount:
    password, secret = _secrets(role)
    user = User(
        username=username,
        first_name=username,
        last_name="",
        email=f"{username}@demo.invalid",
        active=True,
        password=generate_password_hash(password),
    )
    session.add(user)
    session.flush()
    account = Account(user_id=user.id, staff_id=staff_id, home_area_id=area_id)
    _open(account, secret)
    session.add(account)
    return DemoAccount(username, password, role, area_names[area_id], secret, user.id)


def _secrets(role: str) -> tuple[str, str | None]:
    return f"demo-{secrets.token_urlsafe(9)}", pyotp.random_base32() if ROLES[role].second_factor else None


def _open(account: Account, secret: str | None) -> None:
    account.must_change_password, account.password_changed_at = False, clock.now()
    account.totp_secret, account.totp_confirmed_at = secret, clock.now() if secret else None


def write_file(home: Path, accounts: list[DemoAccount]) -> Path:
    """``demo-accounts.json`` with mode 0600."""
    path = home / "demo-accounts.json"
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as f:
        rows = [{k: v for k, v in asdict(a).items() if k != "user_id"} for a in accounts]
        json.dump(rows, f, ensure_ascii=False, indent=1)
    return path
