"""Who goes where: every dwelling of the touched areas to its piece, every live row after its dwelling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.service import live
from app.areas.service.live import Live
from app.areas.service.plans.definition import PieceSpec, Shape

CHUNK = 500


@dataclass(frozen=True)
class Assignment:
    """``home`` is the area of each ground now; ``target`` the key of the piece that gets it; ``named`` what each
    piece was given by name (a ground may stand there twice or be foreign: the rules say so).
    """

    home: dict[int, int]
    target: dict[int, str]
    named: dict[str, list[int]] = field(default_factory=dict)


def assign(session: Session, shape: Shape) -> Assignment:
    """Read the ground of the sources and hand it out: named by id before its building, both before the rest."""
    rows = _ground_rows(session, shape.sources)
    home = {ground: area for ground, area, _group in rows}
    groups: dict[int, list[int]] = {}
    for ground, _area, group in rows:
        if group is not None:
            groups.setdefault(group, []).append(ground)
    single = {ground for piece in shape.pieces for ground in piece.grounds}
    named = {piece.key: _named(piece, groups, home, single) for piece in shape.pieces}
    target: dict[int, str] = {}
    stays = {piece.id: piece.key for piece in shape.pieces if piece.id is not None}
    for ground, area in home.items():
        key = shape.rest.key if shape.rest else stays.get(area)
        if key is not None:
            target[ground] = key
    for key, grounds in named.items():
        target.update({ground: key for ground in grounds if ground in home})
    return Assignment(home, target, named)


def _named(
    piece: PieceSpec, groups: dict[int, list[int]], home: dict[int, int], single: set[int]
) -> list[int]:
    by_group = [
        ground
        for group in piece.groups
        for ground in groups.get(group, ())
        if ground not in single and home[ground] != piece.id
    ]
    return [*piece.grounds, *by_group]


def _ground_rows(session: Session, area_ids: Sequence[int]) -> list[tuple[int, int, int | None]]:
    ground = live.ground()
    if ground is None or not area_ids:
        return []
    model = ground.model
    columns = [model.id, model.area_id]
    query = select(*columns, ground.group) if ground.group is not None else select(*columns)
    query = query.where(model.area_id.in_(area_ids))
    if ground.where is not None:
        query = query.where(ground.where)
    return [(row[0], row[1], row[2] if len(row) > 2 else None) for row in session.execute(query)]


def members(shape: Shape, assignment: Assignment) -> dict[str, list[int]]:
    """Grounds of each piece afterwards, as the rules check them: twice named ones stand twice, foreign ones too."""
    found: dict[str, list[int]] = {piece.key: [] for piece in shape.pieces}
    named = {ground for grounds in assignment.named.values() for ground in grounds}
    for ground, key in assignment.target.items():
        if ground not in named:
            found[key].append(ground)
    for key, grounds in assignment.named.items():
        found[key] += grounds
    return found


def row_targets(
    session: Session, one: Live, shape: Shape, assignment: Assignment
) -> Iterator[tuple[int, int, str]]:
    """(row id, area now, key of its piece) of every live row of a kind in the sources."""
    grounds = _grounds_of(session, one, shape.sources)
    stays = {piece.id: piece.key for piece in shape.pieces if piece.id is not None}
    query = one.rows(shape.sources).with_only_columns(one.model.id, one.model.area_id).order_by(one.model.id)
    for row_id, area_id in session.execute(query).all():
        key = next((assignment.target[g] for g in grounds.get(row_id, ()) if g in assignment.target), None)
        if key is None:
            key = shape.rest.key if shape.rest else stays.get(area_id)
        if key is not None:
            yield row_id, area_id, key


def _grounds_of(session: Session, one: Live, area_ids: Sequence[int]) -> dict[int, list[int]]:
    ground = live.ground()
    found: dict[int, list[int]] = {}
    if one.via is None:
        if ground is None or one.model is not ground.model:
            return found
        return {row_id: [row_id] for row_id in session.scalars(one.rows(area_ids))}
    pair = one.via.subquery()
    row_column, ground_column = pair.columns[0], pair.columns[1]
    query = select(row_column, ground_column).where(
        row_column.in_(one.rows(area_ids)), ground_column.is_not(None)
    )
    for row_id, ground_id in session.execute(query.order_by(row_column, ground_column)):
        found.setdefault(row_id, []).append(ground_id)
    return found


def chunks(items: Sequence[Any], size: int = CHUNK) -> Iterator[Sequence[Any]]:
    """Slices of a list, so that no statement carries thousands of parameters."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
