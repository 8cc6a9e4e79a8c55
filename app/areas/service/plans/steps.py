"""The life of a plan: drafted, revised, set for its day, dropped. Each step leaves a row."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.choices import PlanAction, PlanState
from app.areas.models import Area, AreaPlan, AreaPlanStep
from app.areas.rules import PLAN_MACHINE
from app.areas.rules.plan_states import SYSTEM
from app.areas.service.plans.definition import Shape, read_shape, store
from app.areas.service.plans.preview import Preview, preview
from app.areas.service.rights import area_of, need_area
from app.core import clock
from app.core.actor import Actor
from app.core.errors import Invalid, NotFound


def draft_plan(
    session: Session,
    *,
    kind: str,
    title: str,
    effective_on: date,
    definition: Any,
    actor: Actor,
    now: datetime,
) -> AreaPlan:
    """Begin a plan. It belongs to the area that holds everything it touches; the actor must cover all of it."""
    plan = AreaPlan(kind=kind, state=PlanState.draft.value)
    step = _step(plan, PlanAction.draft, actor, now, first=True)
    _fill(session, plan, title, effective_on, definition, actor)
    session.add(plan)
    session.flush()
    _keep(session, plan, step)
    return plan


def revise_plan(
    session: Session,
    plan: AreaPlan,
    *,
    title: str,
    effective_on: date,
    definition: Any,
    actor: Actor,
    now: datetime,
) -> AreaPlan:
    """Change a draft."""
    may_touch(session, plan, actor)
    step = _step(plan, PlanAction.revise, actor, now)
    _fill(session, plan, title, effective_on, definition, actor)
    _keep(session, plan, step)
    return plan


def schedule(session: Session, plan: AreaPlan, actor: Actor, now: datetime) -> Preview:
    """Set a plan for its day; refused while the preview shows errors. The numbers of today are kept with it."""
    may_touch(session, plan, actor)
    found = preview(session, plan, clock.to_local(now).date())
    step = _step(plan, PlanAction.schedule, actor, now, errors=found.errors)
    plan.preview = found.numbers()
    _keep(session, plan, step)
    return found


def unschedule(session: Session, plan: AreaPlan, actor: Actor, now: datetime) -> AreaPlan:
    """Take a plan back to draft, to change it."""
    may_touch(session, plan, actor)
    _keep(session, plan, _step(plan, PlanAction.unschedule, actor, now))
    return plan


def cancel(session: Session, plan: AreaPlan, reason: str, actor: Actor, now: datetime) -> AreaPlan:
    """Drop a plan with a reason; it stays on record."""
    may_touch(session, plan, actor)
    reason = (reason or "").strip()
    _keep(session, plan, _step(plan, PlanAction.cancel, actor, now, reason=reason))
    return plan


def steps_of(session: Session, plan: AreaPlan) -> list[AreaPlanStep]:
    """Who did what to the plan, oldest first."""
    return list(
        session.scalars(select(AreaPlanStep).where(AreaPlanStep.plan_id == plan.id).order_by(AreaPlanStep.id))
    )


def may_touch(session: Session, plan: AreaPlan, actor: Actor) -> None:
    """Raise NotAllowed unless the actor may write in every area that the plan touches."""
    need_area(actor, area_of(session, plan.area_id).path)


def mark_applied(
    session: Session, plan: AreaPlan, numbers: Any, actor: Actor, now: datetime, **bars: Any
) -> None:
    """The last step; `apply` has done the work."""
    step = _step(plan, PlanAction.apply, actor, now, **bars)
    plan.preview = numbers
    plan.applied_at = now
    _keep(session, plan, step)


def check_apply(plan: AreaPlan, actor: Actor, now: datetime, **bars: Any) -> None:
    """Raise what the state table says against putting the plan into force now."""
    _step(plan, PlanAction.apply, actor, now, **bars)


def _fill(
    session: Session, plan: AreaPlan, title: str, effective_on: date, definition: Any, actor: Actor
) -> None:
    shape = read_shape(plan.kind, definition)
    plan.title = (title or "").strip()
    if not plan.title:
        raise Invalid(_("Please give the plan a name."), field="title")
    if effective_on is None:
        raise Invalid(_("Please give the day on which the plan takes effect."), field="effective_on")
    plan.effective_on = effective_on
    plan.definition = store(shape)
    plan.preview = None
    plan.area_id = _common_area(session, shape, actor).id


def _common_area(session: Session, shape: Shape, actor: Actor) -> Area:
    ids = {*shape.sources, *([shape.parent] if shape.parent else [])}
    paths = list(session.scalars(select(Area.path).where(Area.id.in_(ids))))
    if not paths or len(paths) != len(ids):
        raise Invalid(_("Choose the areas of the plan."), field="sources")
    for path in paths:
        need_area(actor, path)
    # one source alone hangs on its parent: the new areas stand beside it
    shared = paths[0][:-4] if len(paths) == 1 else _common(paths)
    area = session.scalar(select(Area).where(Area.path == (shared or paths[0])))
    if area is None:
        raise NotFound()
    return area


def _common(paths: list[str]) -> str:
    shortest = min(paths, key=len)
    end = len(shortest)
    while end and not all(path.startswith(shortest[:end]) for path in paths):
        end -= 4
    return shortest[:end]


def _step(
    plan: AreaPlan, action: PlanAction, actor: Actor, now: datetime, *, first: bool = False, **given: Any
) -> AreaPlanStep:
    roles = (SYSTEM, actor.role) if actor.is_system else (actor.role,)
    source = None if first else PlanState(plan.state)
    step = PLAN_MACHINE.apply(source, action, roles, given)
    return AreaPlanStep.of(action, source, step.target, actor=actor, now=now, reason=given.get("reason"))


def _keep(session: Session, plan: AreaPlan, step: AreaPlanStep) -> None:
    plan.state = step.to_state
    step.plan_id = plan.id
    session.add(step)
    session.flush()
