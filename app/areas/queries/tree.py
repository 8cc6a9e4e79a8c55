"""Reads of the two trees: ancestors, subtrees, periods, successions. Areas are a dictionary: everybody may read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.areas.models import Area, AreaLevel, AreaSuccession
from app.areas.rules import SEGMENT, range_of
from app.areas.service import live
from app.core.actor import Actor
from app.core.counters import AreaCounter


def in_force(row: Any, day: date) -> tuple[ColumnElement[bool], ...]:
    """Criteria: the period of a row (class or alias) holds the day."""
    return (
        or_(row.valid_from.is_(None), row.valid_from <= day),
        or_(row.valid_to.is_(None), row.valid_to >= day),
    )


def state(session: Session) -> tuple[Any, ...]:
    """What tells whether an area was made, moved or closed since the last time: whoever keeps areas asks it."""
    return tuple(session.execute(select(func.max(Area.updated_at), func.count(Area.id))).one())


def overlapping(row: Any, first: date | None, last: date | None) -> tuple[ColumnElement[bool], ...]:
    """Criteria: the period of a row shares at least one day with another period; None is open."""
    found: list[ColumnElement[bool]] = []
    if last is not None:
        found.append(or_(row.valid_from.is_(None), row.valid_from <= last))
    if first is not None:
        found.append(or_(row.valid_to.is_(None), row.valid_to >= first))
    return tuple(found)


def prefixes(path: str, *, own: bool = False) -> list[str]:
    """Paths of the areas above a path, from the top down."""
    ends = range(SEGMENT, len(path) + (1 if own else 0), SEGMENT)
    return [path[:end] for end in ends]


def ancestors(session: Session, path: str) -> list[Area]:
    """The areas above a path, from the top down."""
    query = select(Area).where(Area.path.in_(prefixes(path))).order_by(Area.path)
    return list(session.scalars(query))


def ancestor_names(session: Session, path: str) -> list[str]:
    """Names of the areas above a path that a full name is made of.

    The single root is left out: everybody on the site knows in which county they are.
    """
    query = select(Area.name).where(Area.path.in_(prefixes(path)[1:])).order_by(Area.path)
    return list(session.scalars(query))


def nearest_digit_code(session: Session, path: str) -> str | None:
    """Code of the nearest area above that has a code of digits (zones between county and town have their own)."""
    query = select(Area.code).where(Area.path.in_(prefixes(path))).order_by(Area.path.desc())
    return next((code for code in session.scalars(query) if code.isdigit()), None)


def below(path: str, *, own: bool = True) -> ColumnElement[bool]:
    """Criterion: an area lies in the subtree of a path."""
    inside = Area.path.between(*range_of(path))
    return inside if own else and_(inside, Area.path != path)


def children(session: Session, area_id: int, day: date | None = None) -> list[Area]:
    """Areas directly below one, in the order of the tree; with a day, those in force."""
    query = select(Area).where(Area.parent_id == area_id).order_by(Area.path)
    return list(session.scalars(query.where(*in_force(Area, day)) if day else query))


def children_after(session: Session, parent: Area, day: date, after: str | None, count: int) -> list[Area]:
    """The areas directly below that stand after a path, in the order of the paths; `count` at most."""
    query = select(Area).where(Area.parent_id == parent.id, *in_force(Area, day)).order_by(Area.path)
    if after is not None:
        query = query.where(Area.path > after)
    return list(session.scalars(query.limit(count)))


def siblings(session: Session, area: Area, day: date) -> list[Area]:
    """The areas of the same level under the same parent, the area itself left out."""
    query = select(Area).where(
        Area.parent_id == area.parent_id,
        Area.level_id == area.level_id,
        Area.id != area.id,
        *in_force(Area, day),
    )
    return list(session.scalars(query.order_by(Area.path)))


def by_ids(session: Session, ids: Iterable[int]) -> list[Area]:
    """Areas by their ids, in the order of the paths."""
    wanted = list(ids)
    return (
        list(session.scalars(select(Area).where(Area.id.in_(wanted)).order_by(Area.path))) if wanted else []
    )


def tops(session: Session, actor: Actor, day: date) -> list[Area]:
    """Where an actor's part of the tree begins: the roots for the whole site, else the areas of the posts."""
    begins = (
        Area.parent_id.is_(None) if actor.whole_site else Area.path.in_([low for low, _high in actor.ranges])
    )
    return list(session.scalars(select(Area).where(begins, *in_force(Area, day)).order_by(Area.path)))


def made_by(session: Session, plan_id: int) -> list[Area]:
    """The areas that a plan brought into being or gave ground to."""
    return by_ids(
        session,
        session.scalars(
            select(AreaSuccession.new_area_id).where(AreaSuccession.plan_id == plan_id).distinct()
        ),
    )


def child_levels(session: Session, level_key: str | None) -> list[AreaLevel]:
    """Levels that may stand directly below a level, by rank; for None those that may stand at the top."""
    rows = session.scalars(select(AreaLevel).order_by(AreaLevel.rank, AreaLevel.id))
    if level_key is None:
        return [row for row in rows if row.kind == "division"]
    return [row for row in rows if level_key in row.parent_keys.split(",")]


def codes_in_force(session: Session, codes: Iterable[str], day: date) -> set[str]:
    """Which of the codes are held by an area on a day."""
    return set(session.scalars(select(Area.code).where(Area.code.in_(list(codes)), *in_force(Area, day))))


def child_codes(session: Session, parent_id: int, day: date) -> set[str]:
    """Codes in force directly below an area on a day or later."""
    query = select(Area.code).where(Area.parent_id == parent_id, *overlapping(Area, day, None))
    return set(session.scalars(query))


def successors(session: Session, area_ids: Sequence[int]) -> list[tuple[int, int]]:
    """(old, new) pairs of areas that took over from these, at once or later."""
    query = select(AreaSuccession.old_area_id, AreaSuccession.new_area_id)
    found: list[tuple[int, int]] = []
    wanted = set(area_ids)
    while wanted:
        rows = [tuple(row) for row in session.execute(query.where(AreaSuccession.old_area_id.in_(wanted)))]
        rows = [row for row in rows if row[0] != row[1] and row not in found]
        found += rows
        wanted = {new for _old, new in rows}
    return found


def predecessors(session: Session, area_id: int) -> list[int]:
    """Areas that this one took over from directly."""
    query = select(AreaSuccession.old_area_id).where(AreaSuccession.new_area_id == area_id)
    return [old for old in session.scalars(query) if old != area_id]


def base_grids(path: str, day: date) -> ColumnElement[bool]:
    """Criterion: a grid of the subtree, in force on the day, with no grid below it (the base of S0-04, S0-10).

    Community grids that are divided into unit grids do not need a worker of their own.
    """
    child, child_level, level = aliased(Area), aliased(AreaLevel), aliased(AreaLevel)
    inner = (
        select(child.id)
        .join(child_level, child_level.id == child.level_id)
        .where(child.parent_id == Area.id, child_level.kind == "grid", *in_force(child, day))
        .correlate(Area)
    )
    of_kind = select(level.id).where(level.kind == "grid")
    return and_(below(path), Area.level_id.in_(of_kind), ~exists(inner), *in_force(Area, day))


def child_counters(session: Session, parent: Area, kinds: Sequence[str]) -> dict[int, dict[str, int]]:
    """Totals of the subtrees directly below an area, by child id and counter kind: one statement for all."""
    child, inner = aliased(Area), aliased(Area)
    query = (
        select(child.id, AreaCounter.kind, func.sum(AreaCounter.value))
        .join(inner, inner.path.between(child.path, child.path + "~"))
        .join(AreaCounter, and_(AreaCounter.area_id == inner.id, AreaCounter.kind.in_(list(kinds))))
        .where(child.parent_id == parent.id)
        .group_by(child.id, AreaCounter.kind)
    )
    found: dict[int, dict[str, int]] = {}
    for area_id, kind, total in session.execute(query):
        found.setdefault(area_id, {})[kind] = int(total)
    return found


def subtree_counts(session: Session, path: str) -> dict[str, int]:
    """Totals of all shown counters in a subtree."""
    query = (
        select(AreaCounter.kind, func.sum(AreaCounter.value))
        .join(Area, Area.id == AreaCounter.area_id)
        .where(below(path), AreaCounter.kind.in_(list(live.counts())))
        .group_by(AreaCounter.kind)
    )
    return {kind: int(total) for kind, total in session.execute(query)}


def declared(session: Session, path: str, day: date) -> tuple[int, int]:
    """(households, persons) that the base grids of a subtree declared; shown where they are not registered yet."""
    query = select(
        func.coalesce(func.sum(Area.declared_households), 0),
        func.coalesce(func.sum(Area.declared_persons), 0),
    ).where(base_grids(path, day))
    row = session.execute(query).one()
    return int(row[0]), int(row[1])


def level_counts(session: Session, path: str, day: date) -> list[tuple[str, int]]:
    """How many areas of each level a subtree holds, itself left out: (level name, count) by rank (S0-01, S1-06)."""
    query = (
        select(AreaLevel.name, func.count(Area.id))
        .join(Area, Area.level_id == AreaLevel.id)
        .where(below(path, own=False), *in_force(Area, day))
        .group_by(AreaLevel.id, AreaLevel.name, AreaLevel.rank)
        .order_by(AreaLevel.rank, AreaLevel.id)
    )
    return [(name, int(count)) for name, count in session.execute(query)]


def band_of(area: Area) -> tuple[int | None, int | None]:
    """The band of living households of an area: its own, else its level's; (None, None) where no rule holds."""
    low = area.band_min if area.band_min is not None else area.level.band_min
    high = area.band_max if area.band_max is not None else area.level.band_max
    return low, high


def measured(session: Session, parent_path: str, day: date) -> dict[int, int]:
    """Living households by base grid of a subtree: what the size rule counts (S0-17). Empty when nobody measures."""
    one = live.measure()
    if one is None:
        return {}
    query = select(AreaCounter.area_id, AreaCounter.value).where(
        AreaCounter.kind == one.key,
        AreaCounter.area_id.in_(select(Area.id).where(base_grids(parent_path, day))),
    )
    return {area_id: int(value) for area_id, value in session.execute(query) if value}
