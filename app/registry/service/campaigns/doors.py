"""At the doors of a campaign: one tap for what came of it, and back again when it was the wrong one."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.core.errors import Conflict
from app.registry.choices import CampaignState, TargetAction, TargetState
from app.registry.models import Campaign, CampaignTarget, CampaignTry, Dwelling
from app.registry.rules.campaigns import OPEN, next_state, stands
from app.registry.service.campaigns.settling import WORKER, settle, steps_of
from app.registry.signals import DoorTakenBack, DoorVisit, door_taken_back, door_visited

TAP = timedelta(minutes=1)  # the same word again within this time is one tap
RECORD_TYPE = "SR1"  # code list service_record_type: information collected
REF_KIND = "campaign_target"
OUTCOMES = {
    TargetState.visited: "met",
    TargetState.absent: "absent",
    TargetState.refused: "refused",
    TargetState.revisit: "absent",
}


def ring(
    session: Session,
    actor: Actor,
    target: CampaignTarget,
    outcome: TargetState,
    *,
    now: datetime,
    revisit_on: date | None = None,
    note: str = "",
) -> CampaignTry:
    """What came of a ring at the door: the last word about the home, a row of its own, a visit. Raises Conflict when the
    campaign does not run. A second tap says nothing new: it is no second visit in the worker's day.
    """
    _must_run(target)
    last = last_try(session, target)
    if last is not None and _says_the_same(target, outcome, now):
        return last
    row = tried(session, target, outcome, now=now, revisit_on=revisit_on, note=note)
    _tell(session, actor, target, outcome, note, now)
    return row


def _must_run(target: CampaignTarget) -> None:
    if target.campaign.state != CampaignState.running:
        raise Conflict(_("This campaign is not running."))


def _says_the_same(target: CampaignTarget, outcome: TargetState, now: datetime) -> bool:
    """Visited is visited, anything else is the same word within a minute."""
    if target.state != outcome or target.tried_at is None:
        return False
    return outcome is TargetState.visited or now - target.tried_at <= TAP


def last_try(session: Session, target: CampaignTarget) -> CampaignTry | None:
    """The newest row about a target."""
    query = select(CampaignTry).where(CampaignTry.target_id == target.id).order_by(CampaignTry.id.desc())
    return session.scalars(query.limit(1)).first()


def tried(
    session: Session,
    target: CampaignTarget,
    outcome: TargetState,
    *,
    now: datetime,
    revisit_on: date | None = None,
    note: str = "",
    action: TargetAction = TargetAction.ring,
) -> CampaignTry:
    """The last word about a home and the row of the try, without a visit at the door."""
    today, before = clock.to_local(now).date(), TargetState.parse(target.state)
    state, again = next_state(before, outcome, today, revisit_on)
    target.state, target.revisit_on = str(state), again
    target.tries, target.tried_at = (target.tries or 0) + 1, now
    row = CampaignTry(
        target_id=target.id,
        at=now,
        action=str(action),
        from_state=str(before),
        to_state=str(state),
        reason=note.strip()[:300] or None,
        revisit_on=again,
    )
    session.add(row)
    session.flush()
    return row


def _tell(
    session: Session, actor: Actor, target: CampaignTarget, outcome: TargetState, note: str, now: datetime
) -> None:
    visit = DoorVisit(
        area_id=target.area_id,
        outcome=OUTCOMES[outcome],
        record_type=RECORD_TYPE,
        ref_kind=REF_KIND,
        ref_uid=target.uid,
        dwelling_id=target.dwelling_id,
        household_id=target.household_id,
        note=note,
        result="done" if outcome is TargetState.visited else "ongoing",
    )
    door_visited(session, visit, actor=actor, now=now)


def can_take_back(target: CampaignTarget, last: CampaignTry | None, actor: Actor, today: date) -> bool:
    """Whoever tapped takes the tap back on the same day, as long as nothing was said about the home since."""
    return (
        last is not None
        and last.action == TargetAction.ring
        and last.to_state == target.state
        and last.by_user == actor.user_id
        and clock.to_local(last.at).date() == today
    )


def take_back(session: Session, actor: Actor, target: CampaignTarget, *, now: datetime) -> CampaignTry:
    """A wrong tap is put right by a row of its own: the home stands as it did before, the worker's day has no line of the
    tap any more. Raises Conflict for somebody else's tap, an earlier day's, and one that was followed by another word.
    """
    _must_run(target)
    rows = steps_of(session, target)
    last = rows[-1] if rows else None
    if last is None or not can_take_back(target, last, actor, clock.to_local(now).date()):
        raise Conflict(_("Only the last word about a home is taken back, on its day, by whoever gave it."))
    before = stands(rows[:-1])[-1]
    target.state, target.revisit_on, target.tried_at = str(before.state), before.revisit_on, before.tried_at
    target.tries = max(target.tries - 1, 0)
    row = CampaignTry(
        target_id=target.id,
        at=now,
        action=str(TargetAction.undo),
        from_state=last.to_state,
        to_state=target.state,
        revisit_on=target.revisit_on,
    )
    session.add(row)
    session.flush()
    said_before = OUTCOMES.get(TargetState.parse(target.state))
    door_taken_back(session, DoorTakenBack(REF_KIND, target.uid, last.at, said_before), actor=actor)
    return row


def written_down(session: Session, actor: Actor, dwelling: Dwelling, *, now: datetime) -> int:
    """The census page of a home was saved: its open targets in running campaigns are visited, those of households that
    the page has just entered too. For a grid worker that is a visit at the door; a clerk types in what somebody else
    brought home. Returns how many targets were met.
    """
    settle(session, [dwelling.id], now=now)
    query = (
        select(CampaignTarget)
        .join(Campaign, Campaign.id == CampaignTarget.campaign_id)
        .where(
            CampaignTarget.dwelling_id == dwelling.id,
            CampaignTarget.state.in_(OPEN),
            Campaign.state == CampaignState.running,
        )
    )
    found = list(session.scalars(query))
    for target in found:
        tried(session, target, TargetState.visited, now=now, action=TargetAction.census)
    if found and actor.role == WORKER:
        _tell(session, actor, found[0], TargetState.visited, "", now)
    return len(found)
