"""Relations between an applicant and those who handle the case, and trips that are made for it (S0-39, S1-68)."""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.areas.models import Post, Staff
from app.areas.queries import in_force
from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.scope import unscoped
from app.proxy.choices import Entry
from app.proxy.models import CaseStep, ProxyCase
from app.proxy.rules.fairness import check_declared, found_relation, kept_flag
from app.proxy.service.cases import write_entry
from app.proxy.service.deciders import works_on
from app.registry.models import HouseholdMember, Person

CADRES = ("workstation", "office_clerk", "town_staff", "leader")
CLOSED = frozenset({"archived", "cancelled"})


def look(session: Session, case: ProxyCase, now: datetime) -> None:
    """Flag a case whose applicant shares a household with its worker or with a cadre, as the registry has it today."""
    close = _close_to(session, case.person_uid)
    query = (
        select(Staff.person_uid, Staff.name, Staff.id, Post.role)
        .join(Post, Post.staff_id == Staff.id)
        .where(Staff.person_uid.in_(close), Post.deleted_at.is_(None), *in_force(Post, to_local(now).date()))
    )
    with unscoped("proxy: a cadre who is related to the applicant may sit above the worker") as other:
        rows = other.execute(query).all()
    handler = next((uid for uid, _name, staff_id, _role in rows if staff_id == case.staff_id), None)
    named = {uid: name for uid, name, staff_id, role in rows if role in CADRES or staff_id == case.staff_id}
    found = found_relation(close, handler, named)
    if found is not None:
        case.relation_flag, case.relation_note = found[0].value, {"name": found[1]}


def _close_to(session: Session, person_uid: str) -> set[str]:
    """The uids of a person and of everybody who belongs to one of the same households today."""
    mine, theirs, me = aliased(HouseholdMember), aliased(HouseholdMember), aliased(Person)
    query = (
        select(Person.uid)
        .join(theirs, theirs.person_id == Person.id)
        .join(mine, mine.household_id == theirs.household_id)
        .join(me, me.id == mine.person_id)
        .where(me.uid == person_uid, mine.valid_to.is_(None), theirs.valid_to.is_(None))
        .where(mine.deleted_at.is_(None), theirs.deleted_at.is_(None))
    )
    return {person_uid, *session.scalars(query)}


def may_write(actor: Actor, now: datetime, case: ProxyCase) -> bool:
    """Whether the acting post may write a declaration or a trip down."""
    return case.state not in CLOSED and works_on(actor, case, to_local(now).date())


def need_writer(actor: Actor, now: datetime, case: ProxyCase) -> None:
    """Raises Conflict for a closed case, NotAllowed for who does not work on it."""
    if case.state in CLOSED:
        raise Conflict(_("This case is closed."))
    if not may_write(actor, now, case):
        raise NotAllowed()


def declare(actor: Actor, now: datetime, case: ProxyCase, has_relation: bool, words: str) -> CaseStep:
    """What the applicant declares; what the registry has shown stays. Raises what `need_writer` and the rule do."""
    need_writer(actor, now, case)
    relation, said = check_declared(has_relation, words)
    case.relation_flag = kept_flag(case.relation_flag, relation)
    case.relation_note = {**(case.relation_note or {}), "declared": relation.value, "words": said}
    return write_entry(actor, now, case, Entry.declare, {"declared": relation.value})


def accompany(
    actor: Actor, now: datetime, case: ProxyCase, day: date | None, place: str, what: str
) -> CaseStep:
    """The worker goes along for a step that only the resident may take: the case is accompanied from now on, and a trip of
    each is counted (goal: one). Invalid without day, place or step, or for a day that is not over.
    """
    need_writer(actor, now, case)
    if day is None or day > to_local(now).date():
        raise Invalid(_("Enter the day on which you went."), field="day")
    for name, value in (("place", place), ("what", what)):
        if not value.strip():
            raise Invalid(_("Please fill this in."), field=name)
    case.is_accompanied = True
    case.resident_trips += 1
    case.worker_trips += 1
    data = {"day": day.isoformat(), "place": place.strip()[:160], "what": what.strip()[:160]}
    return write_entry(actor, now, case, Entry.accompany, data)
