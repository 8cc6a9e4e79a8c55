"""What is there already for a case: papers of earlier cases of the person, what the registry knows, open conditions.

Everything is read through the guard of whoever asks: another person's papers, closed groups and what lies outside the
scope do not appear. Asked for by a request of its own, so that the page of the case does not wait for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app import seeds
from app.core import codes, policy
from app.core.actor import Actor
from app.core.clock import to_local
from app.core.files import Attachment
from app.proxy.choices import PaperMark, PaperSource, PaperState
from app.proxy.models import CaseMaterial, ProxyCase, ServiceItemVersion
from app.proxy.rules.photos import SERVES_AGAIN
from app.proxy.rules.sources import (
    Facts,
    SourceRule,
    Sources,
    answer_for,
    rule_for,
    same_paper,
    serves_until,
    sources_of,
)
from app.proxy.service.photos import OWNER, PAGE
from app.registry.choices import CLOSED_LEVEL, HouseholdKind
from app.registry.models import Household, HouseholdMember, Person, PersonDocument, PersonGroup
from app.registry.rules import Birth, Precision, age_on

GIVEN_UP = ("withdrawn", "lapsed")
MOST = 80  # papers of earlier cases that are looked at, the newest first
GROUPS, DOCUMENTS = "special_group", "id_document"


@dataclass(frozen=True)
class Offer:
    """A paper that is there already: in words with source and date; ``usable`` where one click takes it over."""

    seq: int
    source: PaperSource
    uid: str
    words: str
    note: str
    until: date | None
    usable: bool


@dataclass(frozen=True)
class Proposed:
    """What the registry says of the condition of a paper, with its source; somebody decides."""

    seq: int
    applies: bool
    words: str


def sources() -> Sources:
    """The site's data of papers and conditions."""
    return sources_of(seeds.read("paper_sources"))


def is_open(material: CaseMaterial) -> bool:
    """Whether a paper is still to be brought, in a form that serves again."""
    return (
        material.state == PaperState.asked
        and material.applies is not False
        and material.form in SERVES_AGAIN
        and not material.is_authorization
    )


def offers(session: Session, actor: Actor, case: ProxyCase, today: date) -> list[Offer]:
    """What could be taken over into a case, newest first for each paper; nothing for roles that see no residents."""
    wanted = [m for m in case.materials if is_open(m)]
    if not wanted or not actor.sees_persons:
        return []
    known, person = sources(), _person(session, case)
    found = list(_of_cases(session, actor, case, wanted, known, today))
    if person is not None:
        found += _of_registry(session, actor, person, wanted, known, today)
    return found


def _person(session: Session, case: ProxyCase) -> Person | None:
    return session.scalars(select(Person).where(Person.uid == case.person_uid)).one_or_none()


# --- earlier cases ----------------------------------------------------------------------------------------------------


def _of_cases(
    session: Session,
    actor: Actor,
    case: ProxyCase,
    wanted: Sequence[CaseMaterial],
    known: Sources,
    today: date,
) -> Iterator[Offer]:
    rows = _earlier(session, case)
    kept = _photographed(session, actor, [m.uid for m, _number in rows])
    for material in wanted:
        for other, number in rows:
            day = to_local(other.collected_at).date() if other.collected_at else today
            until = serves_until(other.name, day, other.valid_until, known)
            if other.uid in kept and until >= today and same_paper(material.name, other.name, known):
                words = gettext("from case %(number)s, %(day)s", number=number, day=day.isoformat())
                note = f"{number}, {day.isoformat()}"
                yield Offer(material.seq, PaperSource.case, other.uid, words, note, until, True)
                break


def _earlier(session: Session, case: ProxyCase) -> list[tuple[CaseMaterial, str]]:
    """Collected papers of the person's other cases that the actor sees; a paper that was itself reused is found in the
    case it was collected for, and cases of closed services tell nothing.
    """
    query = (
        select(CaseMaterial, ProxyCase.number)
        .join(ProxyCase, ProxyCase.id == CaseMaterial.case_id)
        .join(ServiceItemVersion, ServiceItemVersion.id == ProxyCase.item_version_id)
        .where(ProxyCase.person_uid == case.person_uid, ProxyCase.id != case.id)
        .where(ServiceItemVersion.sensitivity != CLOSED_LEVEL)
        .where(or_(ProxyCase.outcome.is_(None), ProxyCase.outcome.not_in(GIVEN_UP)))
        .where(CaseMaterial.state == PaperState.collected.value, CaseMaterial.form.in_(SERVES_AGAIN))
        .where(CaseMaterial.source.is_(None), CaseMaterial.collected_at.is_not(None))
        .where(or_(CaseMaterial.mark.is_(None), CaseMaterial.mark != PaperMark.bad.value))
        .order_by(CaseMaterial.collected_at.desc(), CaseMaterial.id.desc())
        .limit(MOST)
    )
    return [(material, number) for material, number in session.execute(query)]


def _photographed(session: Session, actor: Actor, uids: Sequence[str]) -> set[str]:
    query = select(Attachment.owner_uid, Attachment.level).where(
        Attachment.owner_kind == OWNER, Attachment.owner_uid.in_(uids), Attachment.purpose == PAGE
    )
    return {uid for uid, level in session.execute(query) if policy.may_open(actor, level)}


# --- the registry -----------------------------------------------------------------------------------------------------


def _of_registry(
    session: Session,
    actor: Actor,
    person: Person,
    wanted: Sequence[CaseMaterial],
    known: Sources,
    today: date,
) -> Iterator[Offer]:
    rules = [(m, rule) for m in wanted if (rule := rule_for(m.name, known)) is not None]
    for material, rule in rules:
        for uid, words, note, until in _rows(session, actor, person, rule, today):
            usable = material.share_exempt
            yield Offer(material.seq, PaperSource.registry, uid, words, note, until, usable)
            break


def _rows(
    session: Session, actor: Actor, person: Person, rule: SourceRule, today: date
) -> Iterator[tuple[str, str, str, date | None]]:
    """(uid, words, note, valid until) of what of the registry stands behind a thing."""
    if rule.document:
        yield from _documents(session, person, rule, today)
    if rule.household:
        yield from _households(session, person, today)
    if rule.groups and policy.may(actor, "see", PersonGroup, "group_code"):
        for row in _groups(session, [person.id], rule.groups, today):
            day = (row.valid_from or to_local(row.created_at).date()).isoformat()
            label = codes.label(session, GROUPS, row.group_code)
            words = gettext("registry: %(what)s since %(day)s", what=label, day=day)
            yield row.uid, words, day, row.valid_to


def _documents(
    session: Session, person: Person, rule: SourceRule, today: date
) -> Iterator[tuple[str, str, str, date | None]]:
    query = select(PersonDocument).where(
        PersonDocument.person_id == person.id, PersonDocument.kind.in_(rule.document)
    )
    for row in session.scalars(query.order_by(PersonDocument.id.desc())):
        if row.is_valid_on(today):
            day = to_local(row.updated_at).date().isoformat()
            label = codes.label(session, DOCUMENTS, row.kind)
            words = gettext("registry: %(what)s, as of %(day)s", what=label, day=day)
            yield row.uid, words, day, row.valid_to


def _households(session: Session, person: Person, today: date) -> Iterator[tuple[str, str, str, date | None]]:
    query = (
        select(HouseholdMember)
        .join(Household, Household.id == HouseholdMember.household_id)
        .where(HouseholdMember.person_id == person.id, Household.kind == HouseholdKind.registered.value)
    )
    for row in session.scalars(query):
        if row.is_valid_on(today):
            day = to_local(row.updated_at).date().isoformat()
            yield row.uid, gettext("registry: registered household, as of %(day)s", day=day), day, None


def _groups(session: Session, people: Sequence[int], wanted: Sequence[str], today: date) -> list[PersonGroup]:
    query = select(PersonGroup).where(
        PersonGroup.person_id.in_(people),
        PersonGroup.group_code.in_(wanted),
        PersonGroup.level != CLOSED_LEVEL,
    )
    return [row for row in session.scalars(query.order_by(PersonGroup.id)) if row.is_valid_on(today)]


# --- conditions -------------------------------------------------------------------------------------------------------


def proposals(session: Session, actor: Actor, case: ProxyCase, today: date) -> list[Proposed]:
    """What the registry says of conditions that nobody has answered yet."""
    asked = [(m.seq, m.condition) for m in case.materials if m.applies is None and m.condition]
    person = _person(session, case) if asked and actor.sees_persons else None
    return [] if person is None else answers_for(session, actor, person, asked, today)


def answers_for(
    session: Session, actor: Actor, person: Person, asked: Sequence[tuple[int, str]], today: date
) -> list[Proposed]:
    """The same of conditions by their number, for a person of whom no case is booked yet."""
    if not asked or not actor.sees_persons:
        return []
    known = sources()
    facts = _facts(session, actor, person, known, today)
    found = []
    for seq, condition in asked:
        answer = answer_for(condition, facts, known)
        if answer is not None:
            found.append(Proposed(seq, answer.applies, _said(session, answer.why, answer.code, facts)))
    return found


def _facts(session: Session, actor: Actor, person: Person, known: Sources, today: date) -> Facts:
    birth = person.birth_date
    age = age_on(Birth(birth, Precision(person.birth_precision or "day")), today) if birth else None
    wanted = sorted({code for rule in known.conditions for code in rule.groups})
    own: dict[str, date | None] = {}
    others: set[str] = set()
    if policy.may(actor, "see", PersonGroup, "group_code"):
        own = {g.group_code: g.valid_from for g in _groups(session, [person.id], wanted, today)}
        others = {g.group_code for g in _groups(session, _housemates(session, person, today), wanted, today)}
    return Facts(age, person.marital, own, frozenset(others))


def _housemates(session: Session, person: Person, today: date) -> list[int]:
    mine = select(HouseholdMember.household_id).where(
        HouseholdMember.person_id == person.id, HouseholdMember.valid_to.is_(None)
    )
    query = select(HouseholdMember).where(
        HouseholdMember.household_id.in_(mine), HouseholdMember.person_id != person.id
    )
    return [row.person_id for row in session.scalars(query) if row.is_valid_on(today)]


def _said(session: Session, why: str, code: str, facts: Facts) -> str:
    if why == "age":
        return gettext("registry: %(age)s years old", age=facts.age)
    if why == "marital":
        return gettext("registry: %(what)s", what=codes.label(session, "marital", facts.marital or ""))
    if why == "household":
        return gettext("registry: somebody of the household is in such a group")
    since: Any = (facts.groups or {}).get(code)
    label = codes.label(session, GROUPS, code)
    if since is None:
        return gettext("registry: %(what)s", what=label)
    return gettext("registry: %(what)s since %(day)s", what=label, day=since.isoformat())
