"""What a plan hands out: the ground of areas, by building, with the households on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.service import live


@dataclass(frozen=True)
class GroundRow:
    """A home: what a clerk reads, and how many living households it holds."""

    id: int
    uid: str
    title: str
    households: int = 0


@dataclass
class GroundGroup:
    """Homes that share a building; ``id`` is None for those that stand by themselves."""

    id: int | None
    uid: str
    title: str
    rows: list[GroundRow] = field(default_factory=list)

    @property
    def households(self) -> int:
        return sum(row.households for row in self.rows)


def ground_of(session: Session, area_ids: Sequence[int]) -> list[GroundGroup]:
    """The live ground of areas in the order of its titles, buildings first. Empty where nobody registered ground."""
    ground = live.ground()
    if ground is None or not area_ids:
        return []
    model = ground.model
    columns = [model.id, model.uid, ground.title]
    grouped = ground.group is not None
    query = select(*columns, ground.group) if grouped else select(*columns)
    query = query.where(model.area_id.in_(area_ids)).order_by(ground.title, model.id)
    if ground.where is not None:
        query = query.where(ground.where)
    rows = session.execute(query).all()
    households = _households(session, area_ids)
    titles = _group_titles(session, {row[3] for row in rows if grouped and row[3] is not None})
    groups: dict[int | None, GroundGroup] = {}
    for row in rows:
        key = row[3] if grouped and row[3] in titles else None
        uid, title = titles.get(key, ("", "")) if key is not None else ("", "")
        group = groups.setdefault(key, GroundGroup(key, uid, title))
        group.rows.append(GroundRow(row[0], row[1], str(row[2] or ""), households.get(row[0], 0)))
    return sorted(groups.values(), key=lambda group: (group.id is None, group.title, group.id or 0))


def _households(session: Session, area_ids: Sequence[int]) -> dict[int, int]:
    """Measured rows by ground: each counts on its first ground only, so that sums are right."""
    measure = live.measure()
    if measure is None or measure.via is None:
        return {}
    pair = measure.via.subquery()
    query = select(pair.columns[0], pair.columns[1]).where(pair.columns[0].in_(measure.rows(area_ids)))
    first: dict[int, int] = {}
    for row_id, ground_id in session.execute(query.order_by(pair.columns[0], pair.columns[1])):
        first.setdefault(row_id, ground_id)
    found: dict[int, int] = {}
    for ground_id in first.values():
        found[ground_id] = found.get(ground_id, 0) + 1
    return found


def _group_titles(session: Session, ids: set[int]) -> dict[int, tuple[str, str]]:
    ground = live.ground()
    if ground is None or ground.group_model is None or not ids:
        return {}
    model = ground.group_model
    title = ground.group_title if ground.group_title is not None else model.id
    query = select(model.id, model.uid, title).where(model.id.in_(ids))
    return {row[0]: (row[1], str(row[2] or "")) for row in session.execute(query)}
