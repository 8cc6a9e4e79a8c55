"""Who may administer whom: every role and area of the other must lie below and inside one's own (guards, section 2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy import or_, select

from app.areas.models import Area, GridGroupArea, OrgUnit, Post, Staff
from app.areas.roles import ROLES
from app.areas.rules import may_administer
from app.core.actor import Actor
from app.core.errors import NotAllowed
from app.core.scope import unscoped

# three powers that never meet in one person
DISJOINT = frozenset({"system_admin", "security_admin", "auditor"})


@dataclass(frozen=True, slots=True)
class Holding:
    """A role in an area, as far as the rank rule needs it. No role is rank 0."""

    role: str
    path: str

    @property
    def rank(self) -> int:
        """Rank of the role; an unknown role outranks everybody."""
        if not self.role:
            return 0
        return ROLES[self.role].rank if self.role in ROLES else 1000


def admin_paths(actor: Actor) -> tuple[str, ...]:
    """The areas in which the acting role administers; ``""`` is the whole site."""
    return ("",) if actor.whole_site else tuple(lo for lo, _hi in actor.ranges)


def admin_rank(actor: Actor) -> int:
    """Rank of the acting role; 0 without one."""
    return ROLES[actor.role].rank if actor.role in ROLES else 0


def covers(actor: Actor, holdings: Iterable[Holding]) -> bool:
    """Whether the actor may administer somebody with these holdings (all of them)."""
    if actor.is_system:
        return True
    rank, paths = admin_rank(actor), admin_paths(actor)
    return all(any(may_administer(rank, p, h.rank, h.path) for p in paths) for h in holdings)


def holdings_of(staff_ids: Iterable[int], day: date) -> dict[int, list[Holding]]:
    """By staff id: the staff's own area without a role, and every post with a role that has not ended.

    Read without row scope: a post in another town is exactly what must not be overlooked.
    """
    ids = list(set(staff_ids))
    found: dict[int, list[Holding]] = {}
    with unscoped("delegated administration: all posts of the other count") as session:
        homes = select(Staff.id, Area.path).join(Area, Area.id == Staff.area_id).where(Staff.id.in_(ids))
        for staff_id, path in session.execute(homes):
            found[staff_id] = [Holding("", path)]
        posts = (
            select(Post.staff_id, Post.role, Area.path, Post.grid_group_id)
            .join(Area, Area.id == Post.area_id)
            .where(Post.staff_id.in_(ids), Post.role.is_not(None))
            .where(or_(Post.valid_to.is_(None), Post.valid_to >= day))
        )
        for staff_id, role, path, _group in session.execute(posts):
            found.setdefault(staff_id, []).append(Holding(role, path))
    return found


def must_administer(actor: Actor, staff_id: int, day: date) -> list[Holding]:
    """The holdings of a staff member, or NotAllowed: oneself, equals, higher ranks, other areas."""
    holdings = holdings_of([staff_id], day).get(staff_id, [])
    if actor.is_system:
        return holdings
    if not holdings or staff_id == actor.staff_id or not covers(actor, holdings):
        raise NotAllowed(_("You may administer only accounts below your own rank and inside your own area."))
    return holdings


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that is to be given, changed or taken: where it applies directly and through group or department."""

    staff_id: int | None
    role: str
    area_id: int
    org_unit_id: int | None = None
    grid_group_id: int | None = None


def grant_paths(grants: Iterable[Grant]) -> list[Holding]:
    """What grants open: the post's area, the areas of its grid group, the area of its department."""
    opened: list[Holding] = []
    with unscoped("delegated administration: what a grant would open") as session:
        for grant in grants:
            ids = {grant.area_id}
            if grant.grid_group_id is not None:
                members = select(GridGroupArea.area_id).where(GridGroupArea.group_id == grant.grid_group_id)
                ids |= set(session.scalars(members))
            if (
                grant.org_unit_id is not None
                and grant.role in ROLES
                and ROLES[grant.role].scope == "department"
            ):
                ids |= set(session.scalars(select(OrgUnit.area_id).where(OrgUnit.id == grant.org_unit_id)))
            paths = session.scalars(select(Area.path).where(Area.id.in_(ids)))
            opened += [Holding(grant.role, path) for path in paths]
    return opened


def must_grant(actor: Actor, grants: list[Grant], day: date) -> None:
    """NotAllowed unless the actor may give or take these roles: below one's rank, inside one's areas, never to oneself."""
    if actor.is_system or not grants:
        return
    if not covers(actor, grant_paths(grants)):
        raise NotAllowed(_("You cannot give a role of your own rank or higher, or outside your own area."))
    for staff_id in {g.staff_id for g in grants if g.staff_id is not None}:
        must_administer(actor, staff_id, day)


def must_be_disjoint(roles: Iterable[str]) -> None:
    """System administrator, security administrator and auditor are three persons."""
    if len(DISJOINT & set(roles)) > 1:
        raise NotAllowed(
            _("System administrator, security administrator and auditor must be different persons.")
        )
