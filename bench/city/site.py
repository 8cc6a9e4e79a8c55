"""The program on the bench's database, and the accounts that open its pages."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import NullPool, create_engine, make_url, text

# role of the program, level of the area the account works in
WANTED = {
    "worker": ("grid_worker", "grid"),
    "clerk": ("workstation", "community"),
    "town": ("town_staff", "town"),
    "center": ("center_operator", "county"),
}
POSITIONS = {"grid_worker": "grid_worker", "center_operator": "dispatcher"}


@dataclass(frozen=True)
class Account:
    """Somebody who works in one area."""

    name: str
    role: str
    user_id: int
    area_id: int
    path: str


def make_app(url: str, home: Path) -> Flask:
    """The app as it runs in production, in a home of its own (keys belong to the database)."""
    os.environ |= {
        "GEBAN_HOME": str(home),
        "GEBAN_DATABASE_URL": url,
        "GEBAN_ENV": "test",
        "GEBAN_SECRET_KEY": "bench-only-" + "0123456789abcdef" * 2,
    }
    from app import create_app
    from config import Config

    return create_app(Config())


def make_database(url: str) -> None:
    """Create the PostgreSQL database of the URL when it is not there."""
    wanted = make_url(url)
    if wanted.get_backend_name() != "postgresql":
        Path(str(wanted.database)).parent.mkdir(parents=True, exist_ok=True)
        return
    admin = create_engine(wanted.set(database="postgres"), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        known = text("SELECT 1 FROM pg_database WHERE datname = :name")
        if connection.execute(known, {"name": wanted.database}).first() is None:
            connection.execute(text(f'CREATE DATABASE "{wanted.database}"'))


def make_accounts(session: Any, areas: dict[str, tuple[int, str]]) -> None:
    """One account for each wanted role; ``areas`` is level → (id, path) of where they work."""
    from flask_appbuilder.security.sqla.models import User

    from app.areas.models import Account as AccountRow
    from app.areas.models import Post, Staff
    from app.core import clock

    for name, (role, level) in WANTED.items():
        area_id, _path = areas[level]
        staff = Staff(name=f"Bench {name}", kind="employee", area_id=area_id)
        user = User(
            username=f"bench_{name}",
            first_name=name,
            last_name="",
            email=f"{name}@bench.invalid",
            active=True,
            password=secrets.token_hex(16),  # no hash: nobody can sign in with it
        )
        session.add_all([staff, user])
        session.flush()
        session.add(
            AccountRow(
                user_id=user.id,
                staff_id=staff.id,
                home_area_id=area_id,
                must_change_password=False,
                password_changed_at=clock.now(),
                # roles that need a second factor have one
                totp_secret="A" * 32,
                totp_confirmed_at=clock.now(),
            )
        )
        session.add(
            Post(
                staff_id=staff.id,
                role=role,
                position=POSITIONS.get(role, "grid_informant"),
                area_id=area_id,
                employment="full_time",
                valid_from=date(2026, 1, 1),
            )
        )
        session.flush()


def accounts(session: Any) -> dict[str, Account]:
    """The bench's accounts by name."""
    from flask_appbuilder.security.sqla.models import User
    from sqlalchemy import select

    from app.areas.models import Account as AccountRow
    from app.areas.models import Area, Post

    query = (
        select(User.username, Post.role, User.id, Area.id, Area.path)
        .join(AccountRow, AccountRow.user_id == User.id)
        .join(Post, Post.staff_id == AccountRow.staff_id)
        .join(Area, Area.id == Post.area_id)
        .where(User.username.startswith("bench_"))
    )
    found = {}
    for username, role, user_id, area_id, path in session.execute(query):
        name = username.removeprefix("bench_")
        found[name] = Account(name, role, user_id, area_id, path)
    return found


def open_session(app: Flask, account: Account) -> str:
    """Sign in; returns the cookie of the session as the browser would send it."""
    from app.areas.accounts import sessions
    from app.core import clock
    from app.core.scope import unscoped

    with app.app_context(), unscoped("the bench signs in") as session:
        token = sessions.open_sign_in(session, account.user_id, clock.now(), second_factor=True)
        session.commit()
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
        cookie["csrf_token"] = secrets.token_hex(20)
    name = app.config["SESSION_COOKIE_NAME"]
    kept = client.get_cookie(name)
    assert kept is not None
    return f"{name}={kept.value}"


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without the progress of the migrations."""
    import logging

    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
