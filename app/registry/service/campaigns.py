"""Census campaigns (S4-90): planned, started (every home becomes a target), rung at, closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from app.areas.models import Area, Post
from app.core import bulk, clock
from app.core.actor import Actor
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.workflow import Offer
from app.registry.choices import CampaignAction, CampaignState, HouseholdKind, TargetState
from app.registry.models import (
    Campaign,
    CampaignStep,
    CampaignTarget,
    CampaignTry,
    Dwelling,
    Household,
    HouseholdDwelling,
)
from app.registry.rules.campaigns import MACHINE, next_state
from app.registry.signals import DoorVisit, door_visited

LONGEST = 366  # days of a campaign
TAP = timedelta(minutes=1)  # the same word again within this time is one tap
AREAS = 25  # areas of one step of the job
WORKER = "grid_worker"  # position and role
RECORD_TYPE = "SR1"  # code list service_record_type: information collected
OUTCOMES = {
    TargetState.visited: "met",
    TargetState.absent: "absent",
    TargetState.refused: "refused",
    TargetState.revisit: "absent",
}


def plan(session: Session, actor: Actor, campaign: Campaign, *, now: datetime) -> Campaign:
    """Write a new campaign down. Raises Invalid for days that do not fit."""
    check_days(campaign)
    step = MACHINE.apply(None, CampaignAction.plan, [actor.role])
    campaign.state = str(step.target)
    session.add(campaign)
    session.flush()
    _step(session, campaign, step, now)
    return campaign


def check_days(campaign: Campaign) -> None:
    """A campaign ends after it begins, within a year."""
    days = (campaign.ends_on - campaign.starts_on).days
    if not 0 <= days <= LONGEST:
        text = _("The end lies after the beginning, at most %(days)s days.", days=LONGEST)
        raise Invalid(text, field="ends_on")


def leads(campaign: Campaign, actor: Actor) -> bool:
    """Whether the actor covers the area of the campaign; who only has homes to visit in it does not lead it."""
    return actor.covers(campaign.area.path)


def offers(campaign: Campaign, actor: Actor) -> list[Offer]:
    """What the actor may do with a campaign now: only who covers its area leads it."""
    if not leads(campaign, actor):
        return []
    return MACHINE.actions(CampaignState.parse(campaign.state), [actor.role])


def act(
    session: Session, actor: Actor, campaign: Campaign, action: CampaignAction, *, now: datetime
) -> CampaignStep:
    """Start or close. The homes of a started campaign are gathered by a job (app/registry/jobs.py). NotAllowed for who
    does not lead it.
    """
    if not leads(campaign, actor):
        raise NotAllowed()
    step = MACHINE.apply(CampaignState.parse(campaign.state), action, [actor.role])
    campaign.state = str(step.target)
    return _step(session, campaign, step, now)


def _step(session: Session, campaign: Campaign, step: object, now: datetime) -> CampaignStep:
    row = CampaignStep(
        campaign_id=campaign.id,
        at=now,
        action=str(step.action),  # type: ignore[attr-defined]
        from_state=str(step.source) if step.source else None,  # type: ignore[attr-defined]
        to_state=str(step.target),  # type: ignore[attr-defined]
    )
    session.add(row)
    session.flush()
    return row


# --- targets ----------------------------------------------------------------------------------------------------


def areas_of(session: Session, campaign: Campaign) -> list[int]:
    """Keys of the area of a campaign and of those below it, in key order: new ones come last."""
    inside = Area.path.startswith(campaign.area.path, autoescape=True)
    return list(session.scalars(select(Area.id).where(inside).order_by(Area.id)))


def gather(session: Session, campaign: Campaign, area_ids: Sequence[int], day: date) -> int:
    """A target for each home of these areas that has none yet (a home with two living households has two); the worker is
    the grid's. Returns how many were added; a second run adds nothing.
    """
    known = select(CampaignTarget.dwelling_id).where(CampaignTarget.campaign_id == campaign.id)
    homes = (
        select(Dwelling.id, Dwelling.area_id, Dwelling.building_id, Household.id.label("household_id"))
        .outerjoin(
            HouseholdDwelling,
            and_(HouseholdDwelling.dwelling_id == Dwelling.id, HouseholdDwelling.valid_to.is_(None)),
        )
        .outerjoin(
            Household,
            and_(
                Household.id == HouseholdDwelling.household_id,
                Household.kind == HouseholdKind.living,
                Household.valid_to.is_(None),
            ),
        )
        .where(Dwelling.area_id.in_(area_ids), Dwelling.valid_to.is_(None), Dwelling.id.not_in(known))
        .order_by(Dwelling.id, Household.id)
    )
    workers = workers_of(session, area_ids, day)
    rows: dict[tuple[int, int | None], dict[str, object]] = {}
    for home in session.execute(homes):
        rows[home.id, home.household_id] = {
            "campaign_id": campaign.id,
            "area_id": home.area_id,
            "dwelling_id": home.id,
            "building_id": home.building_id,
            "household_id": home.household_id,
            "staff_id": workers.get(home.area_id),
        }
    # a home whose only link is to a registered household has a line without one beside those of its living ones
    lived_in = {home for home, household in rows if household is not None}
    wanted = [row for (home, household), row in rows.items() if household is not None or home not in lived_in]
    bulk.insert(session, CampaignTarget, wanted)
    return len(wanted)


def workers_of(session: Session, area_ids: Sequence[int], day: date) -> dict[int, int]:
    """The grid worker of each area on a day: who has held the post longest."""
    query = (
        select(Post.area_id, func.min(Post.id))
        .where(
            Post.area_id.in_(area_ids),
            or_(Post.position == WORKER, Post.role == WORKER),
            or_(Post.valid_from.is_(None), Post.valid_from <= day),
            or_(Post.valid_to.is_(None), Post.valid_to >= day),
        )
        .group_by(Post.area_id)
    )
    posts = {post: area for area, post in session.execute(query)}
    staff = session.execute(select(Post.id, Post.staff_id).where(Post.id.in_(list(posts))))
    return {posts[post]: who for post, who in staff}


# --- at the door ------------------------------------------------------------------------------------------------


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
    if target.campaign.state != CampaignState.running:
        raise Conflict(_("This campaign is not running."))
    last = _said_already(session, target, outcome, now)
    if last is not None:
        return last
    row = tried(session, target, outcome, now=now, revisit_on=revisit_on, note=note)
    _tell(session, actor, target, outcome, note, now)
    return row


def _said_already(
    session: Session, target: CampaignTarget, outcome: TargetState, now: datetime
) -> CampaignTry | None:
    """The last try, when it said the same: visited is visited, anything else within a minute."""
    if target.state != outcome or target.tried_at is None:
        return None
    if outcome is not TargetState.visited and now - target.tried_at > TAP:
        return None
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
) -> CampaignTry:
    """The last word about a home and the row of the try, without a visit at the door."""
    today, before = clock.to_local(now).date(), TargetState.parse(target.state)
    state, again = next_state(before, outcome, today, revisit_on)
    target.state, target.revisit_on = str(state), again
    target.tries, target.tried_at = (target.tries or 0) + 1, now
    row = CampaignTry(
        target_id=target.id,
        at=now,
        action="ring",
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
        ref_kind="campaign_target",
        ref_uid=target.uid,
        dwelling_id=target.dwelling_id,
        household_id=target.household_id,
        note=note,
        result="done" if outcome is TargetState.visited else "ongoing",
    )
    door_visited(session, visit, actor=actor, now=now)


def written_down(session: Session, actor: Actor, dwelling: Dwelling, *, now: datetime) -> int:
    """The census page of a home was saved: its open targets in running campaigns are visited. For a grid worker that is
    a visit at the door; a clerk types in what somebody else brought home. Returns how many targets were met.
    """
    query = (
        select(CampaignTarget)
        .join(Campaign, Campaign.id == CampaignTarget.campaign_id)
        .where(
            CampaignTarget.dwelling_id == dwelling.id,
            CampaignTarget.state != TargetState.visited,
            Campaign.state == CampaignState.running,
        )
    )
    found = list(session.scalars(query))
    for target in found:
        tried(session, target, TargetState.visited, now=now)
    if found and actor.role == WORKER:
        _tell(session, actor, found[0], TargetState.visited, "", now)
    return len(found)
