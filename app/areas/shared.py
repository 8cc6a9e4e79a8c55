"""Records that apply to everything below their area (a plan of the county, S4-09): read below, written where they stand."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, event, or_, select
from sqlalchemy.orm import ORMExecuteState

from app.areas.models import Area
from app.areas.rules import SEGMENT
from app.core import scope
from app.core.actor import Actor
from app.core.models import SharedBelow
from app.core.session import PlainGuardedSession


def areas_above(actor: Actor) -> Select[tuple[int]]:
    """Ids of the areas that hold an area of the actor; empty for somebody without a post."""
    paths = {low[:end] for low, _high in actor.ranges for end in range(SEGMENT, len(low), SEGMENT)}
    return select(Area.id).where(Area.path.in_(sorted(paths)))


def _seen(actor: Actor) -> Any:
    inside, above = scope.visible_areas(actor), areas_above(actor)
    return lambda cls: or_(cls.area_id.in_(inside), cls.area_id.in_(above))


scope.guard(SharedBelow, _seen)


@event.listens_for(PlainGuardedSession, "do_orm_execute")
def _written_inside(state: ORMExecuteState) -> None:
    """What is read from above is not changed by a statement over many rows either."""
    if not (state.is_update or state.is_delete):
        return
    model: Any = state.bind_mapper.class_ if state.bind_mapper else None
    actor = scope.session_actor(state.session)
    if model is None or not issubclass(model, SharedBelow) or actor.is_system or actor.whole_site:
        return
    statement: Any = state.statement
    state.statement = statement.where(scope.in_scope(model.area_id, actor))
