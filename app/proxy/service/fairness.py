"""Relations between an applicant and those who handle the case, and trips that are made for it (S0-39, S1-68)."""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import lazy_gettext as _

from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Conflict, Invalid, NotAllowed
from app.proxy.choices import Entry
from app.proxy.models import CaseStep, ProxyCase
from app.proxy.rules.fairness import check_declared, check_verified, declared_note, is_verifiable, kept_flag
from app.proxy.rules.stages import MARKING_STATES
from app.proxy.service.cases import write_entry
from app.proxy.service.deciders import decides, works_on
from app.proxy.service.earlier import had_before
from app.proxy.service.relations import is_near, need_unrelated

CLOSED = frozenset({"archived", "cancelled"})
# by who takes these the case was handled; to approve or to refuse is to decide it
HANDLED = frozenset({"book", "entrust", "collect", "supply", "submit", "receive", "accept", "process"})
COUNTY = "center_operator"


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
    """What the applicant declares; a relation that is on record stays. Raises what `need_writer` and the rules do."""
    need_writer(actor, now, case)
    relation, said = check_declared(has_relation, words)
    case.relation_note = declared_note(case.relation_note, relation, said)
    case.relation_flag = kept_flag(case.relation_flag, relation)
    return write_entry(actor, now, case, Entry.declare, {"declared": relation.value})


def reads_relations(actor: Actor, now: datetime, case: ProxyCase) -> bool:
    """Whether the acting post reads to whom the applicant is related and what the verification found: who works on the case
    and the county's center, but nobody whom the register knows as near to the applicant or whom the words name. All others
    see only that there is a relation.
    """
    if actor.is_system:
        return True
    if actor.read_only or not (actor.role == COUNTY or works_on(actor, case, to_local(now).date())):
        return False
    note = case.relation_note or {}
    named = f"{note.get('name', '')} {note.get('words', '')}"
    return not (actor.label and actor.label in named) and not is_near(case.person_uid, actor.staff_id)


def verifies(actor: Actor, now: datetime, case: ProxyCase) -> bool:
    """Whether the acting post may verify a case with a relation: who decides it or the county's center, but nobody who has
    handled it, at home or at the department (an office of one clerk asks the center), and nobody who had it before.
    """
    if actor.read_only or not (actor.role == COUNTY or decides(actor, case, to_local(now).date())):
        return False
    hands = {s.by_user for s in case.steps if s.action in HANDLED and s.by_user is not None}
    known = {case.staff_id, *(case.relation_note or {}).get("handlers", ()), *had_before(case)} - {None}
    return actor.user_id not in hands and actor.staff_id not in known


def need_verifier(actor: Actor, now: datetime, case: ProxyCase) -> None:
    """Raises Conflict where nothing is to be verified, NotAllowed for who may not, or is related to the applicant."""
    if case.state not in MARKING_STATES or not is_verifiable(case.relation_flag, case.relation_note):
        raise Conflict(_("Verified is a case with a relation, while it is being checked and decided."))
    if not verifies(actor, now, case):
        raise NotAllowed(_("The case is verified by who decides it and has not handled it."))
    need_unrelated(case, actor.staff_id)


def verify(
    actor: Actor, now: datetime, case: ProxyCase, day: date | None, result: str, words: str, unrelated: bool
) -> CaseStep:
    """A visit or a check of the papers by somebody who is not related (MCA 2021 art. 17: every such case). Raises what
    `need_verifier` and the rule do, Invalid for a day that is not over.
    """
    need_verifier(actor, now, case)
    outcome, said = check_verified(result, words, unrelated)
    if day is None or day > to_local(now).date():
        raise Invalid(_("Enter the day on which it was verified."), field="day")
    data = {"result": outcome.value, "day": day.isoformat(), "words": said, "by": actor.label}
    case.relation_note = {**(case.relation_note or {}), "verified": data}
    return write_entry(actor, now, case, Entry.verify, data)


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
