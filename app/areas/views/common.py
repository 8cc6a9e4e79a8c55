"""What the views of this domain share: services behind forms, areas of the actor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import request
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.core.actor import Actor, current_actor
from app.core.errors import DomainError, NotFound
from app.core.interface import Interface
from app.core.views.fields import RecordForm


@contextmanager
def at_form(form: RecordForm) -> Iterator[None]:
    """Services name a field by what it means (``area``); the form may hold its key column (``area_id``)."""
    try:
        yield
    except DomainError as refusal:
        if refusal.field and refusal.field not in form and f"{refusal.field}_id" in form:
            refusal.field = f"{refusal.field}_id"
        raise


def mine(column: Any, actor: Actor) -> tuple[Any, ...]:
    """Criteria: an area path lies in the actor's areas. Areas have no guard of their own (everybody may name them)."""
    if actor.is_system or actor.whole_site:
        return ()
    if not actor.ranges:
        return (column.is_(None),)
    return (or_(*(column.between(lo, hi) for lo, hi in actor.ranges)),)


class AreaInterface(Interface):
    """Areas by their public key; the page of a foreign area is not found, its name in a list is no secret."""

    def by_key(self, session: Any, key: str, *, deleted: bool = False, options: tuple[Any, ...] = ()) -> Any:
        row = super().by_key(session, key, deleted=deleted, options=options)
        if not current_actor().covers(row.path):
            raise NotFound()
        return row


def area_asked(session: Session) -> Area:
    """The area that the address names, or the actor's first one; NotFound outside the actor's areas."""
    key = request.args.get("area", "")
    if key:
        found: Area = AreaInterface(Area).by_key(session, key)
        return found
    query = select(Area).where(*mine(Area.path, current_actor())).order_by(Area.path).limit(1)
    first = session.scalars(query).first()
    if first is None:
        raise NotFound()
    return first


class PlacedInterface(Interface):
    """Rows with an area that are no business of other towns although the table has no guard (calendars, schemes):
    those of the own areas, of the areas above, and of everywhere.
    """

    def by_key(self, session: Any, key: str, *, deleted: bool = False, options: tuple[Any, ...] = ()) -> Any:
        row = super().by_key(session, key, deleted=deleted, options=options)
        if row.area_id is not None and not concerns(current_actor(), session.get(Area, row.area_id).path):
            raise NotFound()
        return row


def concerns(actor: Actor, path: str) -> bool:
    """Whether what holds for an area holds for the actor's areas: it covers one of them or lies inside."""
    return actor.covers(path) or any(lo.startswith(path) for lo, _hi in actor.ranges)


def may_write(area_path: str) -> bool:
    """Whether buttons that change something in an area are offered."""
    actor = current_actor()
    return not actor.read_only and actor.covers(area_path)
