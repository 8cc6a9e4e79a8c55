"""Who can open a case: posts with an account at or above its area. A case, a call-back or an original goes to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.areas.models import Account, Area, Post, Staff
from app.areas.queries import in_force
from app.areas.rules import parent_path
from app.core.clock import to_local
from app.core.scope import unscoped
from app.proxy.models import ProxyCase


@dataclass(frozen=True)
class Opener:
    """Somebody who can open a case, by the post nearest to it."""

    staff_id: int
    uid: str
    name: str
    role: str
    office: str


def openers(case: ProxyCase, now: datetime, roles: Sequence[str]) -> list[Opener]:
    """Who can open a case in one of these roles: by the order of the roles, the nearest area first, its leader before the
    others; everybody once.
    """
    above = [case.area.path]
    while above[-1]:
        above.append(parent_path(above[-1]))
    query = (
        select(Post.role, Area.path, Post.is_station_leader, Staff.id, Staff.uid, Staff.name, Area.name)
        .join(Area, Area.id == Post.area_id)
        .join(Staff, Staff.id == Post.staff_id)
        .join(Account, Account.staff_id == Post.staff_id)
        .where(Post.role.in_(roles), Post.deleted_at.is_(None), *in_force(Post, to_local(now).date()))
        .where(Area.path.in_(above))
    )
    with unscoped("proxy: who can open a case sits above the scope of the worker") as other:
        rows = list(other.execute(query))
    ranked = sorted(rows, key=lambda r: (roles.index(r[0]), -len(r[1]), not r[2], r[3]))
    found: dict[int, Opener] = {}
    for role, _path, _leader, key, uid, name, office in ranked:
        found.setdefault(key, Opener(key, uid, name, role, office))
    return list(found.values())
