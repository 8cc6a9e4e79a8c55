"""A small invented county for tests: two towns that must not see each other, one account for each role.

county
  town_a ─ com_a1 ─ grid_a11, grid_a12
         └ com_a2 ─ grid_a21
  town_t ─ com_t1 ─ grid_t11
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

PASSWORD = "Lantern-harbour-7391"


@dataclass
class AccountFact:
    """An account of the world."""

    username: str
    user_id: int
    staff_id: int
    role: str
    totp_secret: str | None = None


@dataclass
class World:
    """Ids by name."""

    areas: dict[str, int] = field(default_factory=dict)
    uids: dict[str, str] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)
    accounts: dict[str, AccountFact] = field(default_factory=dict)


TREE = (
    ("county", None, "county", "430299", "County"),
    ("town_a", "county", "town", "430299001", "Town A"),
    ("town_t", "county", "town", "430299002", "Town T"),
    ("com_a1", "town_a", "community", "430299001001", "Community A1"),
    ("com_a2", "town_a", "community", "430299001002", "Community A2"),
    ("com_t1", "town_t", "community", "430299002001", "Community T1"),
    ("grid_a11", "com_a1", "grid", "430299001001001", "Grid A11"),
    ("grid_a12", "com_a1", "grid", "430299001001002", "Grid A12"),
    ("grid_a21", "com_a2", "grid", "430299001002001", "Grid A21"),
    ("grid_t11", "com_t1", "grid", "430299002001001", "Grid T11"),
)
UNITS = (("center", "county", "center", None), ("health", "county", "department", "WJ"))
# username, ((role, position, area, unit), …)
ACCOUNTS: tuple[tuple[str, tuple[tuple[str, str, str, str | None], ...]], ...] = (
    ("admin_system", (("system_admin", "dispatcher", "county", None),)),
    ("admin_security", (("security_admin", "dispatcher", "county", None),)),
    ("admin_audit", (("auditor", "assessor", "county", None),)),
    ("operator", (("center_operator", "dispatcher", "county", None),)),
    ("dispatcher", (("dispatcher", "dispatcher", "county", None),)),
    ("supervisor", (("supervisor", "grid_supervisor", "county", None),)),
    ("town_clerk_a", (("town_staff", "grid_informant", "town_a", None),)),
    ("town_clerk_t", (("town_staff", "grid_informant", "town_t", None),)),
    ("clerk_a", (("workstation", "grid_informant", "com_a1", None),)),
    ("clerk_t", (("workstation", "grid_informant", "com_t1", None),)),
    (
        "clerk_a_reads_t",
        (("workstation", "grid_informant", "com_a1", None), ("leader", "first_responsible", "town_t", None)),
    ),
    ("office_a", (("office_clerk", "grid_informant", "com_a1", None),)),
    ("worker_a", (("grid_worker", "grid_worker", "grid_a11", None),)),
    ("worker_a2", (("grid_worker", "grid_worker", "grid_a12", None),)),
    ("worker_t", (("grid_worker", "grid_worker", "grid_t11", None),)),
    ("health", (("department", "grid_informant", "county", "health"),)),
    ("hotline", (("hotline", "hotline_operator", "county", None),)),
    ("leader", (("leader", "first_responsible", "county", None),)),
    ("nobody", ()),
)


def build_world(app: Any) -> World:
    """Migrate, initialise and fill the database; returns the facts."""
    from app import site
    from app.core.scope import unscoped

    site.first_start(app)
    world = World()
    with unscoped("test world") as session:
        _areas(session, world)
        _units(session, world)
        for username, posts in ACCOUNTS:
            _account(app, session, world, username, posts)
        session.commit()
    return world


def _areas(session: Any, world: World) -> None:
    from sqlalchemy import select

    from app.areas.models import Area, AreaLevel
    from app.areas.rules import child_path, depth_of

    levels = {level.key: level for level in session.scalars(select(AreaLevel))}
    root = session.scalars(select(Area).where(Area.parent_id.is_(None))).one()
    root.code, root.name, root.full_name, root.valid_from = "430299", "County", "County", date(2026, 1, 1)
    made: dict[str, Any] = {"county": root}
    world.areas["county"], world.uids["county"] = root.id, root.uid
    for key, parent_key, level, code, name in TREE[1:]:
        parent = made.get(parent_key)
        number = parent.next_child if parent else 1
        path = child_path(parent.path if parent else "", number)
        if parent:
            parent.next_child += 1
        made[key] = Area(
            parent_id=parent.id if parent else None,
            level_id=levels[level].id,
            path=path,
            depth=depth_of(path) - 1,
            code=code,
            name=name,
            full_name=name,
            valid_from=date(2026, 1, 1),
            settlement="urban",
        )
        session.add(made[key])
        session.flush()
        world.areas[key], world.uids[key] = made[key].id, made[key].uid


def _units(session: Any, world: World) -> None:
    from app.areas.models import OrgUnit
    from app.areas.rules import child_path

    for n, (key, area, kind, department) in enumerate(UNITS, 1):
        unit = OrgUnit(
            path=child_path("", n),
            kind=kind,
            code=key,
            name=key.title(),
            area_id=world.areas[area],
            department_code=department,
        )
        session.add(unit)
        session.flush()
        world.units[key] = unit.id


def _account(app: Any, session: Any, world: World, username: str, posts: Any) -> None:
    import pyotp
    from flask_appbuilder.security.sqla.models import User
    from werkzeug.security import generate_password_hash

    from app.areas.models import Account, Post, Staff
    from app.areas.roles import ROLES
    from app.core import clock

    area = world.areas[posts[0][2] if posts else "county"]
    staff = Staff(name=username.replace("_", " ").title(), kind="employee", area_id=area)
    user = User(
        username=username,
        first_name=username,
        last_name="",
        email=f"{username}@example.invalid",
        active=True,
        password=generate_password_hash(PASSWORD, method="pbkdf2:sha256:1"),
    )
    session.add_all([staff, user])
    session.flush()
    strong = any(ROLES[role].second_factor for role, *_ in posts)
    secret = pyotp.random_base32() if strong else None
    session.add(
        Account(
            user_id=user.id,
            staff_id=staff.id,
            home_area_id=area,
            must_change_password=False,
            password_changed_at=clock.now(),
            totp_secret=secret,
            totp_confirmed_at=clock.now() if strong else None,
        )
    )
    for role, position, area_key, unit in posts:
        session.add(
            Post(
                staff_id=staff.id,
                role=role,
                position=position,
                area_id=world.areas[area_key],
                org_unit_id=world.units[unit] if unit else None,
                employment="full_time",
                valid_from=date(2026, 1, 1),
            )
        )
    session.flush()
    role = posts[0][0] if posts else ""
    world.accounts[username] = AccountFact(username, user.id, staff.id, role, secret)


def sign_in(app: Any, world: World, username: str, **more: Any) -> Any:
    """A test client whose session the service began: the login form has tests of its own, and costs two requests.

    A second factor counts as given where the account has one; ``more`` goes to ``open_sign_in``.
    """
    from app.areas.accounts import sessions
    from app.core import clock
    from app.core.scope import unscoped

    fact = world.accounts[username]
    given = {"second_factor": fact.totp_secret is not None} | more
    with unscoped("tests sign in") as session:
        token = sessions.open_sign_in(session, fact.user_id, clock.now(), **given)
        session.commit()
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
    return client


def sign_in_by_form(app: Any, world: World, username: str) -> Any:
    """A test client that went through the login form."""
    import pyotp

    client = app.test_client()
    page = client.get("/login/")
    data = {"username": username, "password": PASSWORD, "csrf_token": csrf_of(page)}
    secret = world.accounts[username].totp_secret
    if secret:
        data["otp"] = pyotp.TOTP(secret).now()
    answer = client.post("/login/", data=data)
    assert answer.status_code in {302, 303}, (username, answer.status_code)
    return client


def csrf_of(page: Any) -> str:
    """The CSRF token of a page with a form (or of its meta tag)."""
    import re

    found = re.search(r'name="csrf_token"[^>]*(?:value|content)="([^"]+)"', page.get_data(as_text=True))
    return found.group(1) if found else ""
