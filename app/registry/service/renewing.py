"""Proposals that a granted service is due for its review: made once for a case and a day, dropped when the person is gone.

The proxy domain, which knows the cases, says who is due for what (``app/proxy/service/renewals.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.registry.choices import ProposalState, ProposalTopic
from app.registry.models import Person, Proposal
from app.registry.service.proposals import drop
from app.registry.service.proposing import insert

OPEN, SENSITIVE = "renewal", "renewal_closed"  # rules of the data file; the second shows no words in lists
RULES = (OPEN, SENSITIVE)
STEM = 32  # characters of an anchor that name the case
AGAIN = "~2", "~3", "~4", "~5"
ALIVE = (Person.died_on.is_(None), Person.status == "effective")


@dataclass(frozen=True, slots=True)
class Due:
    """Somebody whose service is due again: the service to book, by when, and the anchor it comes once by."""

    person_id: int
    item: str
    anchor: str
    due_on: date
    is_sensitive: bool


def present(session: Session, uids: Sequence[str]) -> list[Person]:
    """People who live and belong here, of some uids."""
    return list(session.scalars(select(Person).where(Person.uid.in_(uids), *ALIVE)))


def propose(session: Session, due: Sequence[Due], *, actor: Actor, now: datetime) -> int:
    """Make what was not made before; returns how many. Another day of the same case takes the place of the open one. What
    was dropped because somebody was thought dead or gone is made anew.
    """
    people = sorted({one.person_id for one in due})
    query = select(Proposal).where(Proposal.person_id.in_(people), Proposal.rule.in_(RULES))
    known: dict[tuple[int, str], list[Proposal]] = {}
    for row in session.scalars(query):
        known.setdefault((row.person_id, row.anchor[:STEM]), []).append(row)
    rows = []
    for one in due:
        before = known.get((one.person_id, one.anchor[:STEM]), [])
        same = {r.anchor: r for r in before if r.anchor.startswith(one.anchor)}
        for row in before:
            if row.anchor not in same and row.state == ProposalState.open:
                drop(session, row, actor=actor, now=now)
        if any(r.state != ProposalState.dropped for r in same.values()):
            continue
        free = (one.anchor, *(f"{one.anchor}{mark}" for mark in AGAIN))
        anchor = next((a for a in free if a not in same), None)
        if anchor is not None:
            rows.append(_row(one, anchor))
    return insert(session, rows, now=now) if rows else 0


def _row(due: Due, anchor: str) -> dict[str, object]:
    return {
        "person_id": due.person_id,
        "rule": SENSITIVE if due.is_sensitive else OPEN,
        "anchor": anchor,
        "topic": str(ProposalTopic.renewal),
        "item_code": due.item,
        "due_on": due.due_on,
        "certainty": None,
    }


def drop_gone(session: Session, after: int, size: int, *, actor: Actor, now: datetime) -> tuple[int, int]:
    """Drop open renewals of people who died or left, some at a time: (key to go on after or 0, how many fell away)."""
    query = (
        select(Proposal)
        .join(Person, Person.id == Proposal.person_id)
        .where(
            Proposal.id > after,
            Proposal.topic == str(ProposalTopic.renewal),
            Proposal.state.in_([str(ProposalState.open), str(ProposalState.taken)]),
            or_(Person.died_on.is_not(None), Person.status != "effective"),
        )
        .order_by(Proposal.id)
        .limit(size)
    )
    rows = session.scalars(query).all()
    for row in rows:
        drop(session, row, actor=actor, now=now)
    return (rows[-1].id if len(rows) == size else 0), len(rows)
