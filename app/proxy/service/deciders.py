"""Who decides a case: its department; the window of the town where the item says so, or where the department has nobody
with an account (S3-50, S3-53). A department that only assists decides nothing (S0-51).
"""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from app.areas.models import Account, Area, OrgUnit, Post
from app.areas.queries import in_force
from app.core.actor import Actor
from app.core.scope import unscoped
from app.proxy.models import CaseAssist, ProxyCase
from app.proxy.rules import DECIDERS, DESK

DEPARTMENT, TOWN = DECIDERS
BY_TOWN = "town"
ELSEWHERE = _("Another office decides this case.")


KEPT = "proxy.staffed"


def staffed(session: Session, day: date) -> frozenset[int]:
    """Departments in which somebody with an account holds a post on a local day. Asked once a transaction: a list of a
    hundred cases asks no more than one.
    """
    kept = session.info.get(KEPT)
    if kept is None or kept[:2] != (session.get_transaction(), day):
        kept = session.info[KEPT] = (session.get_transaction(), day, _staffed(day))
    found: frozenset[int] = kept[2]
    return found


def is_staffed(of: ProxyCase | CaseAssist, org_unit_id: int, day: date) -> bool:
    """Whether a department has anybody (see `staffed`)."""
    session = object_session(of)
    return org_unit_id in (_staffed(day) if session is None else staffed(session, day))


def _staffed(day: date) -> frozenset[int]:
    query = (
        select(Post.org_unit_id)
        .join(Account, Account.staff_id == Post.staff_id)
        .where(Post.org_unit_id.is_not(None), Post.role == DEPARTMENT, Post.deleted_at.is_(None))
        .where(*in_force(Post, day))
        .distinct()
    )
    with unscoped("proxy: whether a department has anybody is not in the scope of the town") as other:
        return frozenset(other.scalars(query))


def decides(actor: Actor, case: ProxyCase, day: date) -> bool:
    """Whether the acting post decides this case on a local day."""
    if actor.read_only or actor.role not in DECIDERS:
        return False
    if actor.role == DEPARTMENT:
        return case.department_id in actor.org_unit_ids
    # a case without a department is the town's: somebody must be able to go on with it
    by_town = case.item_version.checked_by == BY_TOWN or case.department_id is None
    return by_town or not is_staffed(case, case.department_id or 0, day)


def may_step(actor: Actor, case: ProxyCase, roles: tuple[str, ...], day: date) -> bool:
    """Whether the acting post may take a step that these roles take, as far as the department goes."""
    if actor.role == DEPARTMENT:
        return case.department_id in actor.org_unit_ids
    return roles != DECIDERS or decides(actor, case, day)


def works_on(actor: Actor, case: ProxyCase, day: date) -> bool:
    """Whether the acting post gathers papers of the case or decides it: a department that only assists does neither."""
    return not actor.read_only and (actor.role in DESK or decides(actor, case, day))


def nearest_unit(session: Session, code: str, area: Area, day: date) -> int | None:
    """The office of a department code for an area: the nearest one at or above it; None where there is none."""
    query = (
        select(OrgUnit.id, Area.path)
        .join(Area, Area.id == OrgUnit.area_id)
        .where(OrgUnit.department_code == code)
        .where(*in_force(OrgUnit, day))
    )
    above = [(len(path), -unit_id) for unit_id, path in session.execute(query) if area.path.startswith(path)]
    return -max(above)[1] if above else None
