"""May the acting person write here? Areas and org units are read by all, so the session guard does not ask for them."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.areas.models import Area
from app.core.actor import Actor
from app.core.errors import NotAllowed, NotFound


def need_area(actor: Actor, path: str) -> None:
    """Raise NotAllowed unless the actor may write in the area of this path (``""``: the whole site)."""
    if actor.is_system:
        return
    if actor.read_only or not actor.covers(path):
        raise NotAllowed()


def area_of(session: Session, area_id: int | None) -> Area:
    """The area of an id; NotFound when there is none."""
    area = session.get(Area, area_id) if area_id else None
    if area is None:
        raise NotFound()
    return area
