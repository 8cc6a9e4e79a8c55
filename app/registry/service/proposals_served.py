"""What the proxy domain tells about the services that were proposed: booked, brought to an end, come to nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.registry.choices import ProposalAction, ProposalState
from app.registry.models import Person, Proposal
from app.registry.service.proposals import write_step


def booked(session: Session, uid: str, item: str, case_uid: str, *, actor: Actor, now: datetime) -> int:
    """A case of a service was booked: the open proposals of it are taken up. Returns how many."""
    return _move(session, uid, item, (ProposalState.open,), ProposalState.taken, case_uid, actor, now)


def finished(session: Session, uid: str, item: str, case_uid: str, *, actor: Actor, now: datetime) -> int:
    """A case came to its end with a decision: the proposals are done."""
    open_states = (ProposalState.open, ProposalState.taken)
    return _move(session, uid, item, open_states, ProposalState.done, case_uid, actor, now)


def lapsed(session: Session, uid: str, item: str, case_uid: str, *, actor: Actor, now: datetime) -> int:
    """A case was withdrawn or lapsed: what it had taken up is open again."""
    return _move(session, uid, item, (ProposalState.taken,), ProposalState.open, case_uid, actor, now)


STEP_OF = {
    ProposalState.taken: ProposalAction.take,
    ProposalState.done: ProposalAction.finish,
    ProposalState.open: ProposalAction.reopen,
}


def _move(
    session: Session,
    uid: str,
    item: str,
    sources: tuple[ProposalState, ...],
    target: ProposalState,
    case_uid: str,
    actor: Actor,
    now: datetime,
) -> int:
    query = (
        select(Proposal)
        .join(Person, Person.id == Proposal.person_id)
        .where(Person.uid == uid, Proposal.item_code == item, Proposal.state.in_([str(s) for s in sources]))
    )
    rows = session.scalars(query).all()
    for row in rows:
        before = ProposalState(row.state)
        row.state = str(target)
        row.done_ref = case_uid if target is not ProposalState.open else None
        session.flush()
        write_step(session, row, STEP_OF[target], before, actor, now)
    return len(rows)
