"""Who holds what where: people in charge, seats of role schemes, vacancies, “people, duties, tasks” (S0-08, S4-21).

All of it is set-based: one page or one total is one statement, for a county of 8,798 grids as for one community.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, case, func, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from app.areas.choices import WORKER_POSITIONS, Settlement
from app.areas.models import (
    Area,
    AreaLevel,
    GridGroupArea,
    Post,
    PostDuty,
    Staff,
)
from app.areas.queries.tree import base_grids, below, in_force, prefixes

WORKER_ROLE = "grid_worker"


@dataclass(frozen=True)
class GridState:
    """A grid with what is settled in it; ``missing`` lists what is not, in the order people, duties, tasks."""

    id: int
    uid: str
    path: str
    code: str
    name: str
    parent_name: str
    people: bool
    duties: bool
    tasks: bool

    @property
    def missing(self) -> list[Settlement]:
        pairs = (
            (Settlement.people, self.people),
            (Settlement.duties, self.duties),
            (Settlement.tasks, self.tasks),
        )
        return [one for one, done in pairs if not done]


@dataclass(frozen=True)
class Totals:
    """Numbers over all base grids of a subtree."""

    grids: int
    people: int
    duties: int
    tasks: int
    complete: int


@dataclass(frozen=True)
class Holder:
    """A post as the page of an area shows it. ``via_group`` is the name of the grid group it comes through."""

    area_id: int
    post_uid: str
    staff_uid: str
    staff_name: str
    position: str
    role: str | None
    employment: str
    worker_no: int | None
    is_station_leader: bool
    is_first_responsible: bool
    via_group: bool = False


def _covered(day: date, *where: ColumnElement[bool]) -> Select[Any] | CompoundSelect[Any]:
    """Ids of the areas in which a post in force on the day stands, itself or through its grid group; ``where`` chooses
    among posts and duties.

    Two plain selects, made once for all areas: asked area by area, or with an OR between the two ways, every grid of a
    county would look through every post of it.
    """
    wanted = (*in_force(Post, day), *where)
    own = select(Post.area_id).where(Post.grid_group_id.is_(None), *wanted)
    shared = (
        select(GridGroupArea.area_id)
        .join(Post, Post.grid_group_id == GridGroupArea.group_id)
        .where(*in_force(GridGroupArea, day), *wanted)
    )
    return union_all(own, shared)


def has_worker(day: date) -> ColumnElement[bool]:
    """Criterion on Area: a worker holds a post there on the day."""
    worker = or_(Post.position.in_(WORKER_POSITIONS), Post.role == WORKER_ROLE)
    return Area.id.in_(_covered(day, worker))


def has_duties(day: date, *, with_task: bool = False) -> ColumnElement[bool]:
    """Criterion on Area: some post there has a duty tagged with a work domain (and a task) on the day."""
    duties = select(PostDuty.post_id).where(*in_force(PostDuty, day))
    if with_task:
        duties = duties.where(PostDuty.task.is_not(None), PostDuty.task != "")
    return Area.id.in_(_covered(day, Post.id.in_(duties)))


def _settled(day: date) -> dict[Settlement, ColumnElement[bool]]:
    return {
        Settlement.people: has_worker(day),
        Settlement.duties: has_duties(day),
        Settlement.tasks: has_duties(day, with_task=True),
    }


def _criterion(day: date, missing: Settlement | None) -> ColumnElement[bool] | None:
    done = _settled(day)
    if missing is None:
        return None
    return and_(*done.values()) if missing == Settlement.complete else ~done[missing]


def grid_states(
    session: Session,
    path: str,
    day: date,
    *,
    missing: Settlement | None = None,
    after: str = "",
    limit: int = 50,
) -> list[GridState]:
    """One page of base grids in the order of the tree, beginning behind the path ``after``; with a filter."""
    parent = aliased(Area)
    done = _settled(day)
    query = (
        select(Area.id, Area.uid, Area.path, Area.code, Area.name, parent.name, *done.values())
        .outerjoin(parent, parent.id == Area.parent_id)
        .where(base_grids(path, day), Area.path > after)
        .order_by(Area.path)
        .limit(limit)
    )
    criterion = _criterion(day, missing)
    if criterion is not None:
        query = query.where(criterion)
    return [
        GridState(*row[:5], row[5] or "", bool(row[6]), bool(row[7]), bool(row[8]))
        for row in session.execute(query)
    ]


def grid_totals(session: Session, path: str, day: date) -> Totals:
    """How many base grids a subtree has, and in how many people, duties, tasks and all three are settled."""
    flags = select(*_settled(day).values()).where(base_grids(path, day)).subquery()
    done = list(flags.c)

    def number(*criteria: ColumnElement[bool]) -> Any:
        return func.coalesce(func.sum(case((and_(*criteria), 1), else_=0)), 0)

    query = select(func.count(), *(number(one) for one in done), number(*done)).select_from(flags)
    return Totals(*(int(value) for value in session.execute(query).one()))


def holders(session: Session, area_ids: Sequence[int], day: date) -> dict[int, list[Holder]]:
    """People in charge by area: first responsible, station leader, then by worker number."""
    member = (
        select(GridGroupArea.area_id, GridGroupArea.group_id)
        .where(GridGroupArea.area_id.in_(area_ids), *in_force(GridGroupArea, day))
        .subquery()
    )
    own = _holder_query(Post.area_id, day).where(Post.area_id.in_(area_ids), Post.grid_group_id.is_(None))
    shared = _holder_query(member.c.area_id, day).join(member, member.c.group_id == Post.grid_group_id)
    found: dict[int, list[Holder]] = {}
    for query, via_group in ((own, False), (shared, True)):
        for row in session.execute(query):
            found.setdefault(row[0], []).append(Holder(*row, via_group=via_group))
    for row_list in found.values():
        row_list.sort(
            key=lambda h: (not h.is_first_responsible, not h.is_station_leader, h.worker_no or 10**6)
        )
    return found


def _holder_query(area_column: Any, day: date) -> Select[Any]:
    return (
        select(
            area_column,
            Post.uid,
            Staff.uid,
            Staff.name,
            Post.position,
            Post.role,
            Post.employment,
            Post.worker_no,
            Post.is_station_leader,
            Post.is_first_responsible,
        )
        .join(Staff, Staff.id == Post.staff_id)
        .where(*in_force(Post, day))
        .order_by(Post.id)
    )


def community_of(session: Session, path: str) -> Area | None:
    """The division or park that numbers the workers of an area: the nearest one, itself included (S2-23)."""
    query = (
        select(Area)
        .join(AreaLevel, AreaLevel.id == Area.level_id)
        .where(Area.path.in_(prefixes(path, own=True)), AreaLevel.kind.in_(("division", "park")))
        .order_by(Area.path.desc())
    )
    return session.scalars(query.limit(1)).first()


def vacant_among(session: Session, path: str, ids: Sequence[int], day: date) -> set[int]:
    """Which of these areas below a path are base grids without a worker."""
    query = select(Area.id).where(Area.id.in_(ids), base_grids(path, day), ~has_worker(day))
    return set(session.scalars(query)) if ids else set()


def next_worker_no(session: Session, path: str, day: date) -> int:
    """The lowest number that no open post of the community has."""
    community = community_of(session, path)
    query = select(Post.worker_no).join(Area, Area.id == Post.area_id)
    query = query.where(below(community.path if community else path), Post.worker_no.is_not(None))
    taken = set(session.scalars(query.where(or_(Post.valid_to.is_(None), Post.valid_to >= day))))
    return next(number for number in range(1, len(taken) + 2) if number not in taken)
