"""The first accounts: three administrators with disjoint powers and random passwords (guards, sections 2 and 4)."""

from __future__ import annotations

import secrets
from datetime import datetime

from flask_appbuilder.security.sqla.models import Role as RoleRow
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from app import seeds
from app.areas.models import Account, Area, Post, Staff
from app.areas.roles import ROLES
from app.core import clock

# no letters or digits that look alike on paper
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def random_password() -> str:
    """Four groups of four out of 31 signs: 79 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))


def first_administrators(session: Session, root: Area, now: datetime) -> dict[str, tuple[str, str]]:
    """Make the three administrators when there is no user at all; returns {username: (role, password)}."""
    if session.scalar(select(func.count(User.id))):
        return {}
    roles = {row.name: row for row in session.scalars(select(RoleRow).where(RoleRow.name.in_(ROLES)))}
    made = {}
    for spec in seeds.read("structure")["administrators"]:
        password = random_password()
        user = User(
            first_name=spec["name"],
            last_name="",
            username=spec["username"],
            email=f"{spec['username']}@localhost",
            password=generate_password_hash(password),
            active=True,
            roles=[roles[spec["role"]]],
        )
        staff = Staff(name=spec["name"], kind="employee", area_id=root.id)
        session.add_all((user, staff))
        session.flush()
        day = clock.to_local(now).date()
        session.add(
            Post(staff_id=staff.id, area_id=root.id, role=spec["role"], position=spec["role"], valid_from=day)
        )
        session.add(
            Account(user_id=user.id, staff_id=staff.id, home_area_id=root.id, must_change_password=True)
        )
        made[spec["username"]] = (spec["role"], password)
    session.flush()
    return made
