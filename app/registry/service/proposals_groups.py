"""Special groups of somebody who died: whoever may see one is asked to close it.

Groups of level 5 are proposed to those who hold the grant, unseen by everybody else (guards, section 3). Whoever enters
or revokes a death mostly does not see them and must not learn of them by what the page says, by a refusal or by how
long it takes. So each death and each revoked death asks the program to look, whatever there is. It proposes for the
groups of every level: an auditor would know those of level 5 by the hand, if another wrote the rest.
"""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import clock, jobs
from app.core.actor import Actor
from app.core.scope import session_actor
from app.registry.choices import EventRole, ProposalState
from app.registry.models import LifeEvent, LifeEventPerson, Person, PersonGroup, Proposal
from app.registry.models.events import UID
from app.registry.service import groups, proposals

JOB = "registry.death"


def _propose(
    session: Session, person: Person, group: PersonGroup, event: LifeEvent, actor: Actor, now: datetime
) -> None:
    """That the group of somebody who died be closed. It is proposed again when the first death was revoked."""
    rule = proposals.rule_of(proposals.CLOSE_GROUP)
    query = select(Proposal.anchor, Proposal.state).where(
        Proposal.person_id == person.id,
        Proposal.rule == proposals.CLOSE_GROUP,
        func.substr(Proposal.anchor, 1, UID) == group.uid,
    )
    known = {row.anchor: row.state for row in session.execute(query)}
    if rule is None or any(state != ProposalState.dropped for state in known.values()):
        return
    anchor = next(a for a in (group.uid, *(f"{group.uid}~{n}" for n in range(2, 1000))) if a not in known)
    proposals.propose(session, person, rule, anchor, event=event, actor=actor, now=now)


def ask(session: Session, event: LifeEvent, *, now: datetime) -> None:
    """Let the program see to it after this transaction: a death was entered or revoked."""
    jobs.enqueue(session, JOB, {"event": event.uid}, now=now)


@jobs.handler(JOB, label=_("What follows from a death"), system=True)
def look(work: jobs.Work) -> None:
    """Look at one death as it stands now; it says nothing of what it found."""
    with work.step() as session:
        query = select(LifeEvent).where(LifeEvent.uid == work.arguments["event"])
        event = session.scalars(query).one()
        follow(session, event, actor=session_actor(session), now=work.now)


def follow(session: Session, event: LifeEvent, *, actor: Actor, now: datetime) -> None:
    """Propose what a death ends, or take it back where the death was revoked; the same however often it is asked. The
    session sees every group.
    """
    if event.revoked_at is not None:
        _take_back(session, event, actor, now)
        return
    query = (
        select(PersonGroup, Person)
        .join(Person, Person.id == PersonGroup.person_id)
        .join(LifeEventPerson, LifeEventPerson.person_id == Person.id)
        .where(
            LifeEventPerson.event_id == event.id,
            LifeEventPerson.role == str(EventRole.subject),
            PersonGroup.valid_to.is_(None),
        )
        .order_by(PersonGroup.id)
    )
    for group, person in session.execute(query).all():
        if not groups.is_derived(groups.facts(session, group.group_code)):  # those end by themselves
            _propose(session, person, group, event, actor, now)


def _take_back(session: Session, event: LifeEvent, actor: Actor, now: datetime) -> None:
    """The person lives: what was proposed falls away, and a group that was closed by it is in force again."""
    query = select(Proposal).where(
        Proposal.event_id == event.id, Proposal.state != str(ProposalState.dropped)
    )
    for row in session.scalars(query).all():
        group = proposals.group_of(session, row)
        if group is None:
            continue
        if row.done_ref == group.uid:
            _reopen(session, group, now)
        proposals.drop(session, row, actor=actor, now=now)


def _reopen(session: Session, group: PersonGroup, now: datetime) -> None:
    """In force again, unless it is already or the person was put into the group anew since."""
    same = select(PersonGroup.id).where(
        PersonGroup.person_id == group.person_id,
        PersonGroup.group_code == group.group_code,
        PersonGroup.valid_to.is_(None),
    )
    if session.scalars(same).first() is None:
        group.valid_to = group.end_reason = None
        group.next_visit_on = groups.first_visit(session, group, clock.to_local(now).date())
        session.flush()
