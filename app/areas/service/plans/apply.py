"""A plan takes effect: new areas are made, live rows and posts go over, the old areas are closed (S0-15).

All in one transaction on the day or after it. Applying twice does nothing the second time. Rows of the past stay in
the area of their day; whoever works in a successor reads them there (app/areas/succession.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.choices import PlanKind, PlanState
from app.areas.models import Area, AreaPlan, AreaSuccession
from app.areas.rules import child_path, depth_of
from app.areas.service.plans import steps
from app.areas.service.plans.assign import assign
from app.areas.service.plans.definition import PieceSpec, Shape
from app.areas.service.plans.hands import hand_over
from app.areas.service.plans.move import move_rows
from app.areas.service.plans.preview import Preview, preview
from app.areas.service.tree import respell, take_number
from app.core import clock, hooks
from app.core.actor import Actor
from app.core.errors import NotAllowed
from app.core.scope import session_actor, unscoped
from app.core.session import unit_of_work


def due(session: Session, now: datetime) -> list[str]:
    """Uids of the scheduled plans whose day has come, oldest day first."""
    today = clock.to_local(now).date()
    query = select(AreaPlan.uid).where(
        AreaPlan.state == PlanState.scheduled.value, AreaPlan.effective_on <= today
    )
    return list(session.scalars(query.order_by(AreaPlan.effective_on, AreaPlan.id)))


def apply_one(uid: str, now: datetime) -> bool:
    """Put one plan into force in a transaction of its own; False when that had been done already."""
    with unscoped("a plan takes effect: every live row of its areas moves") as session, unit_of_work(session):
        plan = session.scalars(select(AreaPlan).where(AreaPlan.uid == uid)).one()
        return apply_plan(session, plan, session_actor(session), now)


def apply_plan(session: Session, plan: AreaPlan, actor: Actor, now: datetime) -> bool:
    """Do what the plan says; False when it had been done. Needs a session without row scope (rows of all kinds move).

    Raises Conflict before its day, when it is not scheduled, or while there are errors.
    """
    if not session_actor(session).is_system:
        raise NotAllowed()
    session.refresh(plan, with_for_update=True)
    if plan.state == PlanState.applied.value:
        return False
    found = preview(session, plan, plan.effective_on)
    today = clock.to_local(now).date()
    bars = {"errors": found.errors, "too_early": plan.effective_on > today}
    steps.check_apply(plan, actor, now, **bars)
    hooks.give_reason(session, plan.title)
    _carry_out(session, plan, found)
    steps.mark_applied(session, plan, found.numbers(), actor, now, **bars)
    session.info.pop("area_paths", None)  # the guard's memory of paths is outdated
    return True


def _carry_out(session: Session, plan: AreaPlan, found: Preview) -> None:
    shape = found.shape
    if shape is None:
        raise NotAllowed()
    sources = [area for i in shape.sources if (area := session.get(Area, i)) is not None]
    if shape.moves_area:
        _move_area(session, plan, shape, sources[0])
    else:
        assignment = assign(session, shape)
        areas = {piece.key: _piece_area(session, plan, piece, sources[0]) for piece in shape.pieces}
        move_rows(session, shape, assignment, areas, plan.effective_on)
        if shape.kind != PlanKind.transfer:
            _replace(session, plan, shape, sources, areas)
        _succeed(session, plan, shape, assignment.home, assignment.target, areas)
    for area_id, _name, _old, code in found.recodes:
        session.get_one(Area, area_id).code = code
    session.flush()


def _piece_area(session: Session, plan: AreaPlan, piece: PieceSpec, model: Area) -> Area:
    if piece.id is not None:
        return session.get_one(Area, piece.id)
    parent = session.get(Area, model.parent_id) if model.parent_id else None
    path = child_path(parent.path if parent else "", take_number(session, parent))
    area = Area(
        parent_id=model.parent_id,
        level_id=model.level_id,
        path=path,
        depth=depth_of(path) - 1,
        code=piece.code,
        name=piece.name,
        valid_from=plan.effective_on,
        grid_kind=model.grid_kind,
        settlement=model.settlement,
        band_min=model.band_min,
        band_max=model.band_max,
        pilot_batch=model.pilot_batch,
        go_live_on=model.go_live_on,
        **{f"boundary_{side}": text for side, text in piece.boundary.items()},
    )
    session.add(area)
    session.flush()
    respell(session, area)
    return area


def _replace(
    session: Session, plan: AreaPlan, shape: Shape, sources: list[Area], areas: dict[str, Area]
) -> None:
    """Children and posts go over, declared totals of a merger add up, the sources end on the day before."""
    last_day = plan.effective_on - timedelta(days=1)
    for piece in shape.pieces:
        for child_id in piece.children:
            reparent(session, session.get_one(Area, child_id), areas[piece.key])
    hand_over(session, plan, shape, areas)
    if shape.kind == PlanKind.merge:
        target = areas[shape.pieces[0].key]
        for name in ("declared_households", "declared_persons"):
            known = [value for area in sources if (value := getattr(area, name)) is not None]
            setattr(target, name, sum(known) if known else None)
    for source in sources:
        source.valid_to = last_day
    session.flush()


def _move_area(session: Session, plan: AreaPlan, shape: Shape, area: Area) -> None:
    """One area with everything below it, its history included, goes under another parent."""
    piece = shape.pieces[0] if shape.pieces else None
    if piece is not None and piece.code:
        area.code = piece.code
    if piece is not None and piece.name:
        area.name = piece.name
    reparent(session, area, session.get_one(Area, shape.parent))
    _link(session, plan, area.id, area.id)


def reparent(session: Session, area: Area, parent: Area) -> None:
    """Hang an area under another parent: paths, depths and full names of its subtree change, ids never."""
    old = area.path
    new = child_path(parent.path, take_number(session, parent))
    rows = list(
        session.scalars(select(Area).where(Area.path.startswith(old, autoescape=True)).order_by(Area.path))
    )
    for row in rows:
        row.path = new + row.path[len(old) :]
        row.depth = depth_of(row.path) - 1
    area.parent_id = parent.id
    session.flush()
    session.expire(area, ["parent"])
    respell(session, area)


def _succeed(
    session: Session,
    plan: AreaPlan,
    shape: Shape,
    home: dict[int, int],
    target: dict[int, str],
    areas: dict[str, Area],
) -> None:
    """One succession row for each pair of old and new area between which something went over."""
    if shape.kind == PlanKind.transfer:
        pairs = {(home[ground], areas[key].id) for ground, key in target.items()}
        pairs = {(old, new) for old, new in pairs if old != new}
    else:
        pairs = {(source, area.id) for source in shape.sources for area in areas.values()}
    for old, new in sorted(pairs):
        _link(session, plan, old, new)


def _link(session: Session, plan: AreaPlan, old: int, new: int) -> None:
    session.add(
        AreaSuccession(
            old_area_id=old, new_area_id=new, effective_on=plan.effective_on, kind=plan.kind, plan_id=plan.id
        )
    )
