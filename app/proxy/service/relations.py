"""Whether an applicant is related to those who handle the case or to a cadre, as the registry has it (MCA 2021 art. 17).

Looked at when a case is booked or given to somebody, and when somebody of the department begins to work on it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import BigInteger, ColumnElement, Date, String, cast, null, select, union_all
from sqlalchemy.orm import Session, aliased

from app.areas.models import Post, Staff
from app.areas.queries import in_force
from app.core.clock import to_local
from app.core.errors import NotAllowed
from app.core.scope import unscoped
from app.inbox.service import notify_staff
from app.proxy.models import ProxyCase
from app.proxy.rules.fairness import found_relation, looked_at
from app.proxy.rules.kin import Stay, near_relatives
from app.proxy.service.notices import N_, link_of
from app.registry.choices import HouseholdKind
from app.registry.models import ConsentTask, Household, HouseholdMember, Person

CADRES = ("workstation", "office_clerk", "town_staff", "leader")
RELATED = N_(
    "Case %(number)s: by the register you are related to the applicant. Tell your station, so that somebody else may "
    "take it; before it can be granted it is verified."
)
WHY = "proxy: relatives of the applicant and cadres above the worker may stand outside of the scope"


def look(session: Session, case: ProxyCase, now: datetime, *, handler: int | None = None) -> bool:
    """Flag a case whose applicant is near to its worker, to who handles it at the department, or to a cadre. ``handler`` is
    the staff member who has just begun to work on it; returns whether that one is near. What was declared stays on record.
    """
    note = dict(case.relation_note or {})
    if handler is not None and handler != case.staff_id:
        note["handlers"] = sorted({*note.get("handlers", ()), handler})
    handler = case.staff_id if handler is None else handler
    hands = {n for n in (case.staff_id, *note.get("handlers", ())) if n is not None}
    with unscoped(WHY) as other:
        close = near_to(other, case.person_uid)
        rows = other.execute(_staff_among(close, now)).all()
    handlers = {uid: name for uid, name, staff_id, _role in rows if staff_id in hands}
    cadres = {uid: name for uid, name, _staff_id, role in rows if role in CADRES}
    flag, kept = looked_at(note, found_relation(close, handlers, cadres))
    if (flag, kept) != (case.relation_flag, case.relation_note):
        case.relation_flag, case.relation_note = flag, kept
    return any(staff_id == handler for _uid, _name, staff_id, _role in rows)


def is_near(person_uid: str, staff_id: int | None) -> bool:
    """Whether a staff member is the person or near to them; False where the register does not know who the member is."""
    if staff_id is None:
        return False
    with unscoped(WHY) as other:
        mine = other.scalar(select(Staff.person_uid).where(Staff.id == staff_id))
        return mine is not None and mine in near_to(other, person_uid)


def need_unrelated(case: ProxyCase, staff_id: int | None) -> None:
    """Raises NotAllowed for a member of staff who is near to the applicant: somebody else decides or verifies."""
    if is_near(case.person_uid, staff_id):
        raise NotAllowed(_("By the register you are related to the applicant: somebody else has to do this."))


def tell_handler(session: Session, now: datetime, case: ProxyCase, staff_id: int | None) -> None:
    """A line for who has got the case and is related to the applicant; nothing stands in it of anybody."""
    if staff_id is not None:
        params, link = {"number": case.number}, link_of(case)
        notify_staff(session, now, staff_id, "proxy", RELATED, params, link=link, level="warn")


def _staff_among(close: Collection[str], now: datetime) -> Any:
    return (
        select(Staff.person_uid, Staff.name, Staff.id, Post.role)
        .join(Post, Post.staff_id == Staff.id)
        .where(Staff.person_uid.in_(close), Post.deleted_at.is_(None), *in_force(Post, to_local(now).date()))
    )


def near_to(session: Session, person_uid: str) -> set[str]:
    """The uids of a person and of near relatives, who lives together today, and guardians. One statement."""
    rows = session.execute(union_all(_stays(person_uid), _guardians(person_uid))).all()
    stays = [Stay(*row) for row in rows if row[0] is not None]
    guardians = [row[1] for row in rows if row[0] is None]
    return {person_uid, *near_relatives(person_uid, stays, guardians)}


def _home() -> ColumnElement[bool]:
    """A household of a family: who shares a dormitory is no relative."""
    return Household.kind != HouseholdKind.collective.value


def _stays(person_uid: str) -> Any:
    """All stays, past ones too, in the households of the person and in those of everybody who was in one of them."""
    mine, theirs, far, last = (aliased(HouseholdMember) for _n in range(4))
    me = aliased(Person)
    homes = (
        select(far.household_id)
        .join(theirs, theirs.person_id == far.person_id)
        .join(mine, mine.household_id == theirs.household_id)
        .join(me, me.id == mine.person_id)
        .join(Household, Household.id == mine.household_id)
        .where(me.uid == person_uid, _home())
        .where(mine.deleted_at.is_(None), theirs.deleted_at.is_(None), far.deleted_at.is_(None))
    )
    return (
        select(last.household_id, Person.uid, last.relation, last.valid_from, last.valid_to)
        .join(Person, Person.id == last.person_id)
        .join(Household, Household.id == last.household_id)
        .where(last.household_id.in_(homes), last.deleted_at.is_(None), _home())
    )


def _guardians(person_uid: str) -> Any:
    """Who gave the consent for a child (F29)."""
    whose = select(Person.id).where(Person.uid == person_uid)
    return select(
        cast(null(), BigInteger),
        ConsentTask.guardian_uid,
        cast(null(), String),
        cast(null(), Date),
        cast(null(), Date),
    ).where(ConsentTask.person_id.in_(whose), ConsentTask.guardian_uid.is_not(None))
