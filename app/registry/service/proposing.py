"""The nightly look for what people qualify for by age, group or stay, over the whole site (S0-61: 应享未享).

Keyset batches, one transaction each; what was proposed once is never proposed again, so a killed job simply starts
over. People who were already older when the rule came are found as well: an open proposal says that nothing shows
they ever got it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import bulk, clock, jobs
from app.registry.choices import ProposalAction, ProposalState
from app.registry.models import FloatingStay, Person, PersonGroup, Proposal, ProposalStep
from app.registry.rules import age_on
from app.registry.rules.care import SEVERE
from app.registry.rules.proposals import MAYBE, About, Rule, born_until, due_on, found, reached, risen
from app.registry.service.consents import birth_of
from app.registry.service.derived import GRADE, SOURCE
from app.registry.service.proposals import rules, served

JOB = "registry.proposals"
BATCH = 1000
LABEL = "program"
# (person id, person uid, rule, anchor, the day it follows from, maybe or None for certain)
Wanted = tuple[int, str, Rule, str, date, str | None]
Batches = Callable[[Session, int], tuple[int, list[Wanted]]]


@jobs.handler(JOB, label=_("Proposals by age, group and stay"), system=True, lease=timedelta(minutes=10))
def look(work: jobs.Work) -> dict[str, int]:
    """Walk every rule, each batch in a step of its own. Returns how many proposals were made."""
    made = 0
    work.total = None
    for batches in walks(clock.to_local(work.now).date()):
        last, more = 0, True
        while more:
            with work.step() as session:
                last, wanted = batches(session, last)
                made += write(session, wanted, now=work.now)
            more = bool(last)
    return {"proposed": made}


jobs.daily(JOB, at="03:40")


def look_at_once(session: Session, *, now: datetime) -> int:
    """The same in one unit of work, for a new site (the demo city). Returns how many proposals were made."""
    made = 0
    for batches in walks(clock.to_local(now).date()):
        last, more = 0, True
        while more:
            last, wanted = batches(session, last)
            made += write(session, wanted, now=now)
            more = bool(last)
    return made


def walks(today: date) -> Iterator[Batches]:
    """(session, last key) -> (key to go on after, or 0; who is proposed what), for each rule that looks at records."""
    for rule in rules():
        if rule.on == "age":
            yield _by_age(rule, today)
        elif rule.on == "stay":
            yield _by_stay(rule)
    yield _by_group([r for r in rules() if r.on == "group"], today)


def _by_age(rule: Rule, today: date) -> Batches:
    """People born early enough and never proposed to by this rule."""
    latest = born_until(today + timedelta(days=rule.ahead_days), rule.age or 0)
    earliest = _earliest(rule, today)

    def batch(session: Session, after: int) -> tuple[int, list[Wanted]]:
        known = select(Proposal.id).where(Proposal.person_id == Person.id, Proposal.rule == rule.code)
        query = (
            select(Person.id, Person.uid, Person.birth_date, Person.birth_precision)
            .where(
                Person.id > after,
                Person.birth_date <= latest,
                Person.birth_date > earliest,
                Person.died_on.is_(None),
                Person.status == "effective",
                ~known.exists(),
            )
            .order_by(Person.id)
            .limit(BATCH)
        )
        rows = session.execute(query).all()
        found = [
            (row.id, row.uid, rule, str(rule.age), day, MAYBE if rule.asks else None)
            for row in rows
            if (day := reached(rule, birth_of(row), today)) is not None
        ]
        return (rows[-1].id if len(rows) == BATCH else 0), found

    return batch


def _earliest(rule: Rule, today: date) -> date:
    """Born until this day: too old for the rule. Who is entitled to the next step of an allowance is not asked to apply for
    the one below, and what everybody gets at an age is proposed around the birthday only.
    """
    found = [date.min]
    _below, above = risen(rule, rules())
    if above is not None:
        found.append(born_until(today + timedelta(days=rule.ahead_days), above))
    if rule.within_days is not None:
        found.append(born_until(today - timedelta(days=rule.within_days), rule.age or 0))
    return max(found)


def _by_stay(rule: Rule) -> Batches:
    """Stays in force without a permit."""

    def batch(session: Session, after: int) -> tuple[int, list[Wanted]]:
        query = (
            select(FloatingStay.id, FloatingStay.uid, FloatingStay.registered_on, FloatingStay.valid_from)
            .add_columns(Person.id.label("person_id"), Person.uid.label("person_uid"))
            .join(Person, Person.id == FloatingStay.person_id)
            .where(
                FloatingStay.id > after,
                FloatingStay.valid_to.is_(None),
                FloatingStay.permit_no_index.is_(None),
                Person.died_on.is_(None),
            )
            .order_by(FloatingStay.id)
            .limit(BATCH)
        )
        rows = session.execute(query).all()
        today = clock.today()
        found = [
            (r.person_id, r.person_uid, rule, r.uid, r.registered_on or r.valid_from or today, None)
            for r in rows
        ]
        return (rows[-1].id if len(rows) == BATCH else 0), found

    return batch


def _by_group(group_rules: list[Rule], today: date) -> Batches:
    """Members of the groups that some rule names, person by person."""
    codes = sorted(set().union(*(r.groups for r in group_rules)))

    def batch(session: Session, after: int) -> tuple[int, list[Wanted]]:
        members = (
            select(PersonGroup.person_id)
            .where(
                PersonGroup.person_id > after,
                PersonGroup.valid_to.is_(None),
                PersonGroup.group_code.in_(codes),
            )
            .distinct()
            .order_by(PersonGroup.person_id)
            .limit(BATCH)
        )
        ids = list(session.scalars(members))
        people = session.execute(
            select(Person.id, Person.uid, Person.birth_date, Person.birth_precision).where(
                Person.id.in_(ids), Person.died_on.is_(None), Person.status == "effective"
            )
        ).all()
        known = groups_of(session, ids)
        wanted: list[Wanted] = []
        for row in people:
            groups, unsure = known.get(row.id, (frozenset(), frozenset()))
            about = About(age_on(birth_of(row), today), groups, unsure)
            sures = [(r, sure) for r in group_rules if (sure := found(r, about)) is not None]
            wanted += [(row.id, row.uid, r, r.code, today, sure.certainty) for r, sure in sures]
        return (ids[-1] if len(ids) == BATCH else 0), wanted

    return batch


def groups_of(session: Session, ids: Collection[int]) -> dict[int, tuple[frozenset[str], frozenset[str]]]:
    """Person id → (groups in force, groups that nobody can tell). A grade is read only of a disability that is not
    known to be severe.
    """
    query = select(PersonGroup.person_id, PersonGroup.group_code).where(
        PersonGroup.person_id.in_(ids), PersonGroup.valid_to.is_(None)
    )
    codes: dict[int, set[str]] = {}
    for person_id, code in session.execute(query):
        codes.setdefault(person_id, set()).add(code)
    open_ = [key for key, have in codes.items() if SOURCE in have and SEVERE not in have]
    unsure = _without_grade(session, open_)
    severe = frozenset({SEVERE})
    return {k: (frozenset(have), severe if k in unsure else frozenset()) for k, have in codes.items()}


def _without_grade(session: Session, ids: list[int]) -> set[int]:
    """People with a disability whose grade was never entered."""
    query = select(PersonGroup.person_id, PersonGroup.details).where(
        PersonGroup.person_id.in_(ids), PersonGroup.group_code == SOURCE, PersonGroup.valid_to.is_(None)
    )
    return (
        {row.person_id for row in session.execute(query) if not (row.details or {}).get(GRADE)}
        if ids
        else set()
    )


def write(session: Session, wanted: list[Wanted], *, now: datetime) -> int:
    """Insert those that are not there yet and for which no case is done or under way; returns how many."""
    fresh = list(_fresh(session, wanted))
    today = clock.to_local(now).date()
    rows = [
        {
            "person_id": person_id,
            "rule": rule.code,
            "anchor": anchor,
            "topic": str(rule.topic),
            "item_code": rule.item,
            "due_on": due_on(rule, day, today),
            "certainty": certainty,
        }
        for person_id, _uid, rule, anchor, day, certainty in fresh
    ]
    return insert(session, rows, now=now)


def insert(session: Session, rows: list[dict[str, Any]], *, now: datetime) -> int:
    """Open proposals with their first step; returns how many."""
    state = str(ProposalState.open)
    ids = bulk.insert(session, Proposal, [row | {"state": state} for row in rows])
    steps = [
        {
            "proposal_id": key,
            "at": now,
            "by_label": "",
            "by_role": LABEL,
            "action": str(ProposalAction.propose),
            "to_state": str(ProposalState.open),
        }
        for key in ids
    ]
    bulk.insert(session, ProposalStep, steps)
    return len(ids)


def _fresh(session: Session, wanted: list[Wanted]) -> Iterator[Wanted]:
    known = set()
    for start in range(0, len(wanted), 500):
        ids = {w[0] for w in wanted[start : start + 500]}
        query = select(Proposal.person_id, Proposal.rule, Proposal.anchor).where(Proposal.person_id.in_(ids))
        known |= {(r.person_id, r.rule, r.anchor) for r in session.execute(query)}
    items = {w[2].item for w in wanted if w[2].item}
    have = served(session, items, {w[1] for w in wanted})
    for one in wanted:
        person_id, uid, rule, anchor, _day, _certainty = one
        # a step up is applied for though the step below was granted
        got = (uid, rule.item or "") in have and risen(rule, rules())[0] is None
        if (person_id, rule.code, anchor) not in known and not got:
            known.add((person_id, rule.code, anchor))
            yield one
