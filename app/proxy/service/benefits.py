"""Proposals worked off together: a round booked for several people, each with the service proposed (S0-61, S3-65)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import Conflict, Invalid
from app.proxy.service.booking import book
from app.proxy.service.records import PROXY_RECORD
from app.proxy.service.rounds import CASE, common_area, walking_order
from app.registry.choices import ProposalAction, ProposalState
from app.registry.models import Proposal
from app.registry.service import proposals
from app.worklog import service as worklog
from app.worklog.models import Visit

SETTLING = (ProposalAction.decline, ProposalAction.unfit)


def need_open(rows: Sequence[Proposal]) -> None:
    """Raises Invalid for nothing ticked, Conflict with the name where somebody else has seen to one meanwhile."""
    if not rows:
        raise Invalid(_("Choose at least one person."), field="pick")
    for row in rows:
        if row.state != ProposalState.open:
            name = row.person.name
            raise Conflict(_("Somebody has seen to the proposal for %(name)s meanwhile.", name=name))


def book_several(
    session: Session,
    actor: Actor,
    now: datetime,
    rows: Sequence[Proposal],
    *,
    planned_on: date | None,
    slot: str | None,
) -> Visit:
    """One visit for everybody who was ticked, a door a person, and a case for each proposal; all or nothing.

    Raises Invalid without a day or where a proposal names no service, Conflict where a case of the service is open.
    """
    need_open(rows)
    if planned_on is None:
        raise Invalid(_("Choose the day of the round."), field="planned_on")
    for row in rows:
        if row.item_code is None:
            raise Invalid(
                _("What is proposed for %(name)s is no service of the catalogue.", name=row.person.name)
            )
    places = walking_order(session, list(dict.fromkeys(row.person for row in rows)))
    visit = worklog.plan_visit(
        session,
        actor,
        now,
        area_id=common_area(session, actor, [person for person, _door in places]).id,
        planned_on=planned_on,
        doors=[door for _person, door in places],
        workers=[actor.staff_id] if actor.staff_id else [],
        slot=slot,
    )
    stops = {person.id: stop for (person, _door), stop in zip(places, visit.stops, strict=True)}
    for row in rows:
        wanted = {"person": row.person, "item_code": row.item_code, "appointment": planned_on, "slot": slot}
        case = book(session, actor, now, staff_id=actor.staff_id, visit_id=visit.id, **wanted)
        worklog.add_purpose(session, visit, PROXY_RECORD, CASE, case.uid, stops[row.person_id])
    session.flush()
    return visit


def settle_several(
    session: Session,
    actor: Actor,
    now: datetime,
    rows: Sequence[Proposal],
    action: ProposalAction,
    reason: str,
) -> int:
    """Asked and not wanted, or not entitled, with one reason for all; all or nothing. Returns how many."""
    need_open(rows)
    if action not in SETTLING:
        raise Invalid(_("This choice does not exist."), field="do")
    if not reason:
        raise Invalid(_("Please say why in a few words."), field="reason")
    for row in rows:
        proposals.act(session, row, action, actor=actor, now=now, reason=reason)
    return len(rows)
