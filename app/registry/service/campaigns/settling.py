"""Targets of a campaign follow the homes: a home that stands has one at least, a home that is no more has none to visit.

A living household has a target of its own in its home. Who leaves (moves out, dies out) leaves the target to the home:
it goes to the household that has none yet, or is a visit to the home as such when it is the only one; else it is
settled. A household that was visited in the campaign is not visited again where it moves to, nor is one that splits off
it; a home that was never a target is: somebody has to see it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from app.areas.models import Area, Post
from app.areas.queries.tree import in_force
from app.core import clock
from app.registry.choices import CampaignState, EventKind, HouseholdKind, TargetAction, TargetState
from app.registry.models import (
    Campaign,
    CampaignTarget,
    CampaignTry,
    Dwelling,
    DwellingSuccession,
    Household,
    HouseholdDwelling,
    LifeEvent,
)
from app.registry.rules.campaigns import OPEN, Stand, stands

CHUNK = 500  # homes settled at a time
WORKER = "grid_worker"  # position and role
GONE = Stand(TargetState.gone)


def settle(session: Session, dwelling_ids: Iterable[int], *, now: datetime) -> None:
    """Bring the targets of these homes in all running campaigns to what stands and who lives there now. What was visited
    stays visited; each target that is settled or comes back has a row that says why. Homes out of the session's sight are
    left alone.
    """
    query = select(Campaign.id, Area.path).join(Area, Area.id == Campaign.area_id)
    running = list(session.execute(query.where(Campaign.state == CampaignState.running)))
    if not running:
        return
    homes = sorted(set(dwelling_ids))
    for start in range(0, len(homes), CHUNK):
        keys, added = homes[start : start + CHUNK], []
        for campaign_id, path in running:
            added += _Settling(session, campaign_id, path, keys, now).run()
        session.add_all(added)
        session.flush()


@dataclass
class _Settling:
    """The targets of some homes in one campaign."""

    session: Session
    campaign_id: int
    path: str
    keys: Sequence[int]
    now: datetime
    targets: dict[int, list[CampaignTarget]] = field(default_factory=lambda: defaultdict(list))
    living: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def run(self) -> list[CampaignTarget]:
        """Settle what is there and return the targets to add."""
        query = select(CampaignTarget).where(
            CampaignTarget.campaign_id == self.campaign_id, CampaignTarget.dwelling_id.in_(self.keys)
        )
        for target in self.session.scalars(query.order_by(CampaignTarget.id)):
            self.targets[target.dwelling_id].append(target)
        lived_in = living_in(self.keys).order_by(
            HouseholdDwelling.dwelling_id, HouseholdDwelling.household_id
        )
        for home_id, household_id in self.session.execute(lived_in):
            self.living[home_id].append(household_id)
        seen = self._seen([h for found in self.living.values() for h in found])
        homes = (
            select(Dwelling, Area.path)
            .join(Area, Area.id == Dwelling.area_id)
            .where(Dwelling.id.in_(self.keys))
            .execution_options(with_deleted=True)
        )
        fresh: list[tuple[Dwelling, int | None]] = []
        for home, path in self.session.execute(homes):
            if home.valid_to is not None or home.deleted_at is not None:
                for target in self.targets[home.id]:
                    if target.state in OPEN:
                        self._turn(target, GONE, TargetAction.home_closed)
            elif home.id in self.targets or path.startswith(self.path):
                fresh += [(home, household_id) for household_id in self._agree(home, seen)]
        return list(self._made(fresh))

    def _seen(self, households: list[int]) -> set[int]:
        """Households that were visited in the campaign, wherever they lived then, and those that split off such a one
        afterwards: their people were met.
        """
        visited = (
            CampaignTarget.campaign_id == self.campaign_id,
            CampaignTarget.state == TargetState.visited,
        )
        own = select(CampaignTarget.household_id).where(*visited, CampaignTarget.household_id.in_(households))
        split_off = (
            select(LifeEvent.other_household_id)
            .join(CampaignTarget, CampaignTarget.household_id == LifeEvent.household_id)
            .where(
                *visited,
                LifeEvent.kind == EventKind.split,
                LifeEvent.other_household_id.in_(households),
                LifeEvent.revoked_at.is_(None),
                LifeEvent.created_at >= CampaignTarget.tried_at,
            )
        )
        found = (*self.session.scalars(own), *self.session.scalars(split_off))
        return {key for key in found if key is not None}

    def _agree(self, home: Dwelling, seen: set[int]) -> list[int | None]:
        """Settle the targets of a home that stands; returns the households that need a new one (None: the home)."""
        living, mine = self.living[home.id], self.targets[home.id]
        standing = [t for t in mine if t.state != TargetState.gone]
        wanted: list[int | None] = [
            h for h in living if h not in seen and h not in {t.household_id for t in standing}
        ]
        for target in mine:
            if target.state == TargetState.gone and target.household_id in wanted:
                self._turn(target, self._before(target), TargetAction.back)
                wanted.remove(target.household_id)
                standing.append(target)
        for target in [t for t in standing if t.state in OPEN and t.household_id not in living]:
            if wanted:
                target.household_id = wanted.pop(0)
            elif len(standing) > 1:
                self._turn(target, GONE, TargetAction.household_left)
                standing.remove(target)
            else:
                target.household_id = None
        if standing or wanted:
            return wanted
        if not mine:
            return [living[0] if living else None]
        target = next((t for t in mine if t.household_id is None), mine[0])
        # what a household said at its door is no word about the empty home
        before = self._before(target) if target.household_id is None else Stand()
        target.household_id = None
        self._turn(target, before, TargetAction.back)
        return []

    def _before(self, target: CampaignTarget) -> Stand:
        """How a target stood before it was settled."""
        found = stands(steps_of(self.session, target))
        return next(stand for stand in reversed(found) if stand.state is not TargetState.gone)

    def _turn(self, target: CampaignTarget, to: Stand, action: TargetAction) -> None:
        step = CampaignTry(
            target_id=target.id,
            at=self.now,
            action=str(action),
            from_state=target.state,
            to_state=str(to.state),
            revisit_on=to.revisit_on,
        )
        target.state, target.revisit_on = str(to.state), to.revisit_on
        self.session.add(step)

    def _made(self, fresh: list[tuple[Dwelling, int | None]]) -> Iterator[CampaignTarget]:
        """New targets: for the worker of the home that was divided or joined, of a target beside it, or of the grid."""
        if not fresh:
            return
        heirs = self._heirs([home.id for home, _household in fresh])
        workers = workers_of(
            self.session, {home.area_id for home, _household in fresh}, clock.to_local(self.now).date()
        )
        for home, household_id in fresh:
            beside = [t.staff_id for t in self.targets[home.id] if t.staff_id is not None]
            yield CampaignTarget(
                campaign_id=self.campaign_id,
                area_id=home.area_id,
                dwelling_id=home.id,
                building_id=home.building_id,
                household_id=household_id,
                staff_id=next(iter(beside), None) or heirs.get(home.id) or workers.get(home.area_id),
            )

    def _heirs(self, dwelling_ids: list[int]) -> dict[int, int]:
        query = (
            select(DwellingSuccession.new_dwelling_id, CampaignTarget.staff_id)
            .join(CampaignTarget, CampaignTarget.dwelling_id == DwellingSuccession.old_dwelling_id)
            .where(
                DwellingSuccession.new_dwelling_id.in_(dwelling_ids),
                CampaignTarget.campaign_id == self.campaign_id,
                CampaignTarget.staff_id.is_not(None),
            )
        )
        return {home: who for home, who in self.session.execute(query) if who is not None}


def steps_of(session: Session, target: CampaignTarget) -> list[CampaignTry]:
    """All rows about a target, the oldest first."""
    query = select(CampaignTry).where(CampaignTry.target_id == target.id).order_by(CampaignTry.id)
    return list(session.scalars(query))


def living_in(homes: Any) -> Select[Any]:
    """(home, household) of those who live in some homes, given by their keys or a select of them."""
    return (
        select(HouseholdDwelling.dwelling_id, HouseholdDwelling.household_id)
        .join(Household, Household.id == HouseholdDwelling.household_id)
        .where(
            HouseholdDwelling.dwelling_id.in_(homes),
            HouseholdDwelling.valid_to.is_(None),
            Household.valid_to.is_(None),
            Household.kind == HouseholdKind.living,
        )
        .distinct()
    )


def workers_of(session: Session, area_ids: Collection[int], day: date) -> dict[int, int]:
    """The grid worker of each area on a day: who has held the post longest."""
    query = (
        select(Post.area_id, func.min(Post.id))
        .where(
            Post.area_id.in_(area_ids),
            or_(Post.position == WORKER, Post.role == WORKER),
            *in_force(Post, day),
        )
        .group_by(Post.area_id)
    )
    posts = {post: area for area, post in session.execute(query)}
    staff = session.execute(select(Post.id, Post.staff_id).where(Post.id.in_(list(posts))))
    return {posts[post]: who for post, who in staff}
