"""One step for many cases at once: each by itself, and what cannot go on says why (issue text: batch decisions)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import DomainError
from app.proxy.choices import Action
from app.proxy.models import ProxyCase
from app.proxy.service.cases import act, open_case

MOST = 100
# steps that many cases take with the same words; the others belong to one case and its papers
BATCHED = (
    Action.submit,
    Action.receive,
    Action.accept,
    Action.process,
    Action.approve,
    Action.refuse,
    Action.fetch,
    Action.archive,
)


@dataclass
class Outcome:
    """What was done: numbers and keys of the cases that went on, and of those that did not, with the reason."""

    done: list[tuple[str, str]] = field(default_factory=list)  # uid, number
    left: list[tuple[str, str, str]] = field(default_factory=list)  # uid, number, sentence


@dataclass(frozen=True)
class Chosen:
    """A case as it was seen, with what is given for it alone."""

    uid: str
    version: str
    own: Mapping[str, Any] = field(default_factory=dict)


def take_together(
    session: Session,
    actor: Actor,
    now: datetime,
    chosen: Sequence[Chosen],
    action: Action,
    given: Mapping[str, Any],
) -> Outcome:
    """Take one step in each case. A case that another hand has moved, that is barred or out of the scope stays where it
    is; the others go on.
    """
    outcome = Outcome()
    numbers = numbers_of(session, [c.uid for c in chosen])
    # in the order of their keys: two clerks with the same cases never wait for each other
    for one in sorted(chosen, key=lambda c: c.uid):
        try:
            with session.begin_nested():  # a refused step may have written half of what it does
                case = open_case(session, one.uid, one.version)
                act(session, actor, now, case, action, {**given, **one.own})
        except DomainError as refused:
            outcome.left.append((one.uid, numbers.get(one.uid, ""), str(refused)))
        else:
            outcome.done.append((one.uid, case.number))
    return outcome


def numbers_of(session: Session, uids: Sequence[str]) -> dict[str, str]:
    """Key → number of the cases inside the scope."""
    rows = session.execute(select(ProxyCase.uid, ProxyCase.number).where(ProxyCase.uid.in_(uids)))
    return {row.uid: row.number for row in rows}
