"""What the registry proposes and the cases that answer it: booked, decided, come to nothing (S0-61, S4-54).

The registry lies below and knows no cases: it asks through ``use_served`` and is told from here.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.core import jobs
from app.core.actor import Actor
from app.core.scope import session_actor
from app.proxy.choices import State
from app.proxy.models import ProxyCase, ServiceItem, ServiceItemVersion
from app.registry.service import proposals, proposals_served

APPROVED, JOB = "approved", "proxy.answered"


def served(session: Session, items: Collection[str], uids: Collection[str]) -> set[tuple[str, str]]:
    """(person uid, item code) of cases that are under way or were approved."""
    found: set[tuple[str, str]] = set()
    people = sorted(uids)
    for start in range(0, len(people), 500):
        query = (
            select(ProxyCase.person_uid, ServiceItem.code)
            .join(ServiceItemVersion, ServiceItemVersion.id == ProxyCase.item_version_id)
            .join(ServiceItem, ServiceItem.id == ServiceItemVersion.item_id)
            .where(
                ProxyCase.person_uid.in_(people[start : start + 500]),
                ServiceItem.code.in_(sorted(items)),
                or_(ProxyCase.closed_at.is_(None), ProxyCase.outcome == APPROVED),
            )
        )
        found |= {(row.person_uid, row.code) for row in session.execute(query)}
    return found


def tell_booked(session: Session, actor: Actor, now: datetime, case: ProxyCase) -> None:
    """A case was booked: the proposal is taken up."""
    proposals_served.booked(session, case.person_uid, _item(case), case.uid, actor=actor, now=now)


def tell_moved(session: Session, actor: Actor, now: datetime, case: ProxyCase) -> None:
    """A case was approved: the proposal is done. Withdrawn, lapsed or refused: it stands open again. A department sees no
    residents, so the program does it for one, right after this transaction.
    """
    if actor.sees_persons:
        settle(session, actor, now, case)
    elif case.outcome == APPROVED or case.closed_at is not None or case.state == State.cancelled:
        jobs.enqueue(session, JOB, {"case": case.uid}, now=now)


@jobs.handler(JOB, label=_("Proposals that a case has answered"), system=True)
def answered(work: jobs.Work) -> None:
    """What a department's decision means for what was proposed, as the case stands now."""
    with work.step() as session:
        case = session.scalars(select(ProxyCase).where(ProxyCase.uid == work.arguments["case"])).one()
        settle(session, session_actor(session), work.now, case)


def settle(session: Session, actor: Actor, now: datetime, case: ProxyCase) -> None:
    """Done, or open again, as the case ended; the same however often it is asked."""
    if case.outcome == APPROVED:
        proposals_served.finished(session, case.person_uid, _item(case), case.uid, actor=actor, now=now)
    elif case.closed_at is not None or case.state == State.cancelled:
        proposals_served.lapsed(session, case.person_uid, _item(case), case.uid, actor=actor, now=now)


def _item(case: ProxyCase) -> str:
    return str(case.item_version.item.code)


proposals.use_served(served)
