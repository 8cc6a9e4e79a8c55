"""Progress of a campaign by GROUP BY, and the homes of one building in walking order."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from app.areas.models import Area, Staff
from app.areas.queries.tree import below
from app.areas.rules import SEGMENT
from app.core import clock
from app.core.counters import AreaCounter
from app.core.scope import in_scope, session_actor
from app.registry.choices import CampaignState, TargetAction, TargetState
from app.registry.models import Building, Campaign, CampaignTarget, CampaignTry, Dwelling
from app.registry.queries.walking import PLACE, stop_of, with_places
from app.registry.rules.addresses import natural, walking_key
from app.registry.rules.campaigns import OPEN
from app.registry.service import tally

HOMES = 100  # homes on a page of the walk
WALKED = 5000  # homes that are put in order; nobody walks more
BUILDINGS = 400
LISTED = 100_000  # homes of an area whose workers are listed


@dataclass
class Line:
    """Homes of one area, building or worker by their state; those that are no longer to be visited count nowhere."""

    uid: str
    name: str
    states: Counter[str] = field(default_factory=Counter)
    polygon: Any = None

    @property
    def total(self) -> int:
        return sum(self.states.values()) - self.states[TargetState.gone]

    @property
    def visited(self) -> int:
        return self.states[TargetState.visited]

    @property
    def left(self) -> int:
        return self.total - self.visited

    @property
    def is_done(self) -> bool:
        return not self.left

    @property
    def percent(self) -> int:
        """Visited homes in a hundred, rounded down: 100 only when every home was visited."""
        return self.visited * 100 // self.total if self.total else 0

    def parts(self) -> list[tuple[TargetState, int, float]]:
        """(state, homes, per cent of the bar) for a stacked bar, what is done first."""
        order = (TargetState.visited, *(s for s in OPEN if s is not TargetState.todo), TargetState.todo)
        return [(s, self.states[s], 100 * self.states[s] / self.total) for s in order if self.states[s]]


def by_area(session: Session, campaign: Campaign, area: Area) -> list[Line]:
    """Progress in each area right below ``area`` (its own homes under its own name), out of the counters: a city has two
    million targets.
    """
    kinds = {f"{tally.TARGETS}.{campaign.id}.{state}": str(state) for state in TargetState}
    part = func.substr(Area.path, 1, len(area.path) + SEGMENT)
    query = (
        select(part, AreaCounter.kind, func.sum(AreaCounter.value))
        .join(Area, Area.id == AreaCounter.area_id)
        .where(below(area.path), AreaCounter.kind.in_(list(kinds)), AreaCounter.value > 0)
        # a campaign may reach beyond the reader, and counters have no guard of their own
        .where(in_scope(AreaCounter.area_id, session_actor(session)))
        .group_by(part, AreaCounter.kind)
    )
    found: dict[str, Counter[str]] = {}
    for path, kind, n in session.execute(query):
        found.setdefault(path, Counter())[kinds[kind]] += int(n)
    names = select(Area).where(Area.path.in_(list(found))).order_by(Area.path)
    return [Line(a.uid, a.name, found[a.path], a.polygon) for a in session.scalars(names)]


def by_staff(session: Session, campaign: Campaign, area: Area) -> list[Line]:
    """Progress by the worker whom a home was given to."""
    query = (
        select(Staff.uid, Staff.name, CampaignTarget.state, func.count(CampaignTarget.id))
        .join(Staff, Staff.id == CampaignTarget.staff_id)
        .where(
            CampaignTarget.campaign_id == campaign.id,
            CampaignTarget.area_id.in_(_inside(area)),
            CampaignTarget.state != TargetState.gone,
        )
        .group_by(Staff.id, Staff.uid, Staff.name, CampaignTarget.state)
        .order_by(Staff.name, Staff.id)
    )
    return _lines(session.execute(query))[:BUILDINGS]


def by_building(session: Session, campaign: Campaign, area: Area | None = None) -> list[Line]:
    """Progress by building, in walking order; homes without one stand under an empty key."""
    where = [CampaignTarget.campaign_id == campaign.id, CampaignTarget.state != TargetState.gone]
    if area is not None:
        where.append(CampaignTarget.area_id.in_(_inside(area)))
    query = (
        select(Building.uid, Building.address, CampaignTarget.state, func.count(CampaignTarget.id))
        .outerjoin(Building, Building.id == CampaignTarget.building_id)
        .where(*where)
        .group_by(Building.id, Building.uid, Building.address, CampaignTarget.state)
        .order_by(Building.address, Building.id)
    )
    return sorted(_lines(session.execute(query)), key=lambda line: natural(line.name))[:BUILDINGS]


def _inside(area: Area) -> Any:
    return select(Area.id).where(Area.path.startswith(area.path, autoescape=True))


def _lines(rows: Any) -> list[Line]:
    found: dict[str, Line] = {}
    for uid, name, state, n in rows:
        line = found.setdefault(uid or "", Line(uid or "", name or ""))
        line.states[state] += int(n)
    return list(found.values())


def total(lines: list[Line]) -> Line:
    """All lines together."""
    whole = Line("", "")
    for line in lines:
        whole.states.update(line.states)
    return whole


def running(session: Session) -> list[Campaign]:
    """Campaigns that run in the actor's areas, the next end first."""
    query = select(Campaign).where(Campaign.state == CampaignState.running)
    return list(session.scalars(query.order_by(Campaign.ends_on, Campaign.id)))


def _behind(campaign: Campaign, building: Building | None) -> tuple[Any, ...]:
    """Targets in a building; ``building`` None: homes without one."""
    return (
        CampaignTarget.campaign_id == campaign.id,
        CampaignTarget.building_id == building.id if building else CampaignTarget.building_id.is_(None),
        CampaignTarget.state != TargetState.gone,
    )


def homes(
    session: Session, campaign: Campaign, building: Building | None, state: str, page: int, today: date
) -> tuple[list[CampaignTarget], bool]:
    """A page of targets in walking order and whether there are more. ``open``: those to be visited, the next door first;
    what was tried today already, and what has a later day, comes after the doors that wait, the longest ago first.
    """
    query = (
        with_places(
            select(CampaignTarget.id, CampaignTarget.tried_at, CampaignTarget.revisit_on, *PLACE).join(
                Dwelling, Dwelling.id == CampaignTarget.dwelling_id
            )
        )
        .where(*_behind(campaign, building))
        .limit(WALKED)
    )
    if state == "open":
        query = query.where(CampaignTarget.state.in_(OPEN))
    morning, doors = clock.day_bounds(today)[0], []
    for key, tried_at, revisit_on, *place in session.execute(query):
        waits = (tried_at is None or tried_at < morning) and (revisit_on is None or revisit_on <= today)
        turn = (0, morning) if waits or state != "open" else (1, tried_at or morning)
        doors.append((turn, walking_key(stop_of(tuple(place))), key))
    keys = [key for _turn, _order, key in sorted(doors)][page * HOMES : (page + 1) * HOMES]
    full = (
        select(CampaignTarget)
        .where(CampaignTarget.id.in_(keys))
        .options(joinedload(CampaignTarget.dwelling).joinedload(Dwelling.unit))
    )
    found = {target.id: target for target in session.scalars(full)}
    return [found[key] for key in keys], len(doors) > (page + 1) * HOMES


def of_building(session: Session, campaign: Campaign, building: Building | None) -> Line:
    """How far a building is."""
    query = (
        select(CampaignTarget.state, func.count(CampaignTarget.id))
        .where(*_behind(campaign, building))
        .group_by(CampaignTarget.state)
    )
    return Line("", "", Counter({state: int(n) for state, n in session.execute(query)}))


def taps_of(
    session: Session, campaign: Campaign, building: Building | None, user_id: int, today: date
) -> list[CampaignTarget]:
    """Homes of a building about which the account gave the last word today, the newest first: these can be taken back."""
    later = aliased(CampaignTry)
    query = (
        select(CampaignTarget)
        .join(CampaignTry, CampaignTry.target_id == CampaignTarget.id)
        .join(Dwelling, Dwelling.id == CampaignTarget.dwelling_id)
        .where(
            *_behind(campaign, building),
            CampaignTry.by_user == user_id,
            CampaignTry.action == TargetAction.ring,
            CampaignTry.at >= clock.day_bounds(today)[0],
            ~select(later.id).where(later.target_id == CampaignTarget.id, later.id > CampaignTry.id).exists(),
        )
        .options(joinedload(CampaignTarget.dwelling).joinedload(Dwelling.unit))
        .order_by(CampaignTry.id.desc())
        .limit(HOMES)
    )
    return list(session.scalars(query))


def due_today(session: Session, campaign: Campaign, today: date) -> int:
    """Homes to ring at again by today."""
    query = select(func.count(CampaignTarget.id)).where(
        CampaignTarget.campaign_id == campaign.id,
        CampaignTarget.state == TargetState.revisit,
        or_(CampaignTarget.revisit_on.is_(None), CampaignTarget.revisit_on <= today),
    )
    return session.scalar(query) or 0
