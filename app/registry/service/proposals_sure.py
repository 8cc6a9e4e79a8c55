"""Proposals that were a maybe and are certain by now: somebody entered the birth date or the grade (S0-61)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.registry.choices import ProposalState
from app.registry.models import Person, Proposal
from app.registry.rules import age_on
from app.registry.rules.proposals import MAYBE, About, found
from app.registry.service.consents import birth_of
from app.registry.service.proposals import drop, rule_of
from app.registry.service.proposing import groups_of


def settle(session: Session, after: int, size: int, *, actor: Actor, now: datetime) -> tuple[int, int]:
    """Look again at open maybes, some at a time: certain, or dropped where it turned out not to hold. Returns the key to
    go on after (0: that was all) and how many changed. What a rule asks by word of mouth stays a maybe.
    """
    query = (
        select(Proposal, Person)
        .join(Person, Person.id == Proposal.person_id)
        .where(Proposal.id > after, Proposal.certainty == MAYBE, Proposal.state == str(ProposalState.open))
        .order_by(Proposal.id)
        .limit(size)
    )
    rows = session.execute(query).all()
    known = groups_of(session, sorted({row.person_id for row, _person in rows}))
    today, changed = clock.to_local(now).date(), 0
    for row, person in rows:
        rule = rule_of(row.rule)
        if rule is None or rule.on != "group":
            continue
        groups, unsure = known.get(person.id, (frozenset(), frozenset()))
        sure = found(rule, About(age_on(birth_of(person), today), groups, unsure))
        if sure is None:
            drop(session, row, actor=actor, now=now)
        elif sure.certainty is None:
            row.certainty = None
        else:
            continue
        changed += 1
    session.flush()
    return (rows[-1][0].id if len(rows) == size else 0), changed
