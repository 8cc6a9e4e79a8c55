"""Everything that is wrong or doubtful about a plan: the pure rules, and what only the database knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.areas import queries
from app.areas.choices import WORKER_POSITIONS, PlanKind, PlanState
from app.areas.models import Area, AreaPlan, Post
from app.areas.rules import AreaFact, Piece, Plan, check_code, child_path, parent_path, plan_findings
from app.areas.rules.size import BAND
from app.areas.service.plans.assign import Assignment, members
from app.areas.service.plans.definition import PieceSpec, Shape
from app.core.errors import DomainError, Finding, error

WORKER_ROLE = "grid_worker"


@dataclass(frozen=True)
class Draft:
    """A plan with what has been read for it."""

    plan_id: int | None
    day: date
    shape: Shape
    sources: dict[int, Area]
    assignment: Assignment

    @property
    def first(self) -> Area | None:
        return next((self.sources[i] for i in self.shape.sources if i in self.sources), None)


def findings(
    session: Session, draft: Draft, households: Mapping[str, int | None], today: date
) -> list[Finding]:
    """All errors and warnings. ``households`` gives the measured number by piece key, None where unknown."""
    found = [*_shape_findings(draft), *_code_findings(session, draft)]
    if draft.shape.parent is not None:
        found += _parent_findings(session, draft)
    facts = _facts(session, draft, households)
    taken = queries.codes_in_force(session, {piece.code for piece in facts.pieces}, draft.day)
    ruled = plan_findings(facts, today, taken)
    if draft.shape.kind == PlanKind.transfer:
        # a vacancy or size that was there before is not the plan's doing
        ruled = [one for one in ruled if one.code != "vacant"]
    if any(one.code == "overlap" for one in ruled):
        return found + ruled
    doubled = any(_has_doubles(draft.shape, name) for name in ("grounds", "groups", "children"))
    twice = [error("overlap", "pieces", _("A dwelling, a building or an area below was given twice."))]
    return found + ruled + (twice if doubled else [])


def waiting_sources(session: Session, except_plan: int | None = None) -> set[int]:
    """Areas that another scheduled plan is going to change."""
    query = select(AreaPlan).where(AreaPlan.state == PlanState.scheduled.value)
    if except_plan is not None:
        query = query.where(AreaPlan.id != except_plan)
    return {area for other in session.scalars(query) for area in (other.definition or {}).get("sources", ())}


def _facts(session: Session, draft: Draft, households: Mapping[str, int | None]) -> Plan:
    shape = draft.shape
    busy = waiting_sources(session, except_plan=draft.plan_id)
    sources = tuple(
        AreaFact(
            area.id,
            area.code,
            area.level.key,
            area.path,
            frozenset(g for g, home in draft.assignment.home.items() if home == area.id),
            area.valid_from,
            area.valid_to,
            area.id in busy,
        )
        for area in (draft.sources[i] for i in shape.sources if i in draft.sources)
    )
    after = members(shape, draft.assignment)
    pieces = tuple(
        _piece(session, draft, piece, after[piece.key], households.get(piece.key)) for piece in shape.pieces
    )
    band = queries.band_of(draft.first) if draft.first else BAND
    return Plan(shape.kind.value, draft.day, sources, pieces, band)


def _piece(
    session: Session, draft: Draft, piece: PieceSpec, grounds: list[int], households: int | None
) -> Piece:
    source = draft.sources.get(piece.id or 0)
    model = source or draft.first
    parent = session.get(Area, draft.shape.parent) if draft.shape.parent else None
    above = parent.path if parent else (parent_path(model.path) if model else "")
    is_grid = model is not None and model.level.kind == "grid"
    return Piece(
        code=piece.code or (source.code if source else ""),
        level=model.level.key if model else "",
        parent_path=above,
        members=frozenset(grounds),
        id=piece.id,
        households=households if is_grid else None,
        has_worker=not is_grid or _has_worker(session, piece),
    )


def _has_worker(session: Session, piece: PieceSpec) -> bool:
    worker = or_(Post.position.in_(WORKER_POSITIONS), Post.role == WORKER_ROLE)
    return session.scalar(select(Post.id).where(worker, Post.id.in_(piece.posts)).limit(1)) is not None


def _has_doubles(shape: Shape, name: str) -> bool:
    values = [value for piece in shape.pieces for value in getattr(piece, name)]
    return len(values) != len(set(values))


def _shape_findings(draft: Draft) -> Iterator[Finding]:
    shape = draft.shape
    if not shape.sources or len(draft.sources) != len(set(shape.sources)):
        yield error("sources", "sources", _("Choose the areas of the plan."))
    for piece in shape.pieces:
        if piece.id is None and not (piece.code and piece.name):
            yield error("incomplete", "pieces", _("Each new area needs a code and a name."), ref=piece.code)
        if piece.id is not None and shape.kind != PlanKind.transfer:
            yield error("new_areas", "pieces", _("A split and a merger make new areas."), ref=piece.code)


def _code_findings(session: Session, draft: Draft) -> Iterator[Finding]:
    """The form of the level and the code of the area above; kept codes of a transfer of dwellings are not judged."""
    shape, first = draft.shape, draft.first
    if first is None or (shape.kind == PlanKind.transfer and not shape.moves_area):
        return
    parent = session.get(Area, shape.parent) if shape.parent else None
    place = child_path(parent.path, 1) if parent else first.path
    above = queries.nearest_digit_code(session, place)
    for piece in shape.pieces:
        code = piece.code or (first.code if piece.id else "")
        try:
            if code:
                check_code(code, first.level.code_pattern, parent_code=above)
        except DomainError as refusal:
            yield error("code", "pieces", refusal.message, ref=code)


def _parent_findings(session: Session, draft: Draft) -> list[Finding]:
    parent = session.get(Area, draft.shape.parent)
    if parent is None or not parent.is_valid_on(draft.day):
        return [error("parent", "parent", _("Choose the new area above."))]
    levels = {area.level.key: area.level for area in draft.sources.values()}.values()
    return [
        error(
            "level",
            "parent",
            _("A %(level)s does not stand below a %(above)s.", level=level.name, above=parent.level.name),
        )
        for level in levels
        if parent.level.key not in level.parent_keys.split(",")
    ]
