"""Which rows a sheet holds and in which order: the filters of the list, read in one guarded statement, chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask import current_app
from flask_babel import gettext
from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.areas.models import Area
from app.core import extra
from app.core.actor import Actor
from app.core.errors import Invalid, NotAllowed
from app.core.paging import capped_count
from app.core.views import ModelView, arguments
from app.core.views.arguments import ListArgs
from app.exchange.service.export_plan import Chunk, Plan

CHUNK = 2000


def view_named(name: str) -> Any:
    """The mounted list of that name, made ready for the fields of today; Invalid when there is none (any more)."""
    view = current_app.extensions.get("geban_pages", {}).get(name)
    if not isinstance(view, ModelView):
        raise Invalid(gettext("There is no such list any more: choose another subject."), field="subject")
    return view


def may_export(view: Any, actor: Actor) -> bool:
    """Whether the acting role may list and export what a view shows."""
    key = view.permission_key
    offered = {"can_list", "can_export"} <= set(view.base_permissions)
    return offered and actor.may("can_list", key) and actor.may("can_export", key)


def need_export(view: Any, actor: Actor) -> None:
    """NotAllowed for a role without the export of this list, or whose post has ended since."""
    if not may_export(view, actor):
        raise NotAllowed(gettext("Your post may not export this list."))


def read_asked(view: Any, pairs: Sequence[Sequence[str]]) -> ListArgs:
    """Filters and order as the list reads them; what it refuses (a masked column, a bad value) is refused here too."""
    extra.all_columns(view.session, view.datamodel.obj)
    return arguments.read(view, MultiDict([(name, value) for name, value in pairs]))


def where_of(view: Any, asked: ListArgs) -> tuple[ColumnElement[bool], ...]:
    """The criteria of the list on top of the guard."""
    return (*view.base_where(), *(f.where for f in asked.filters))


def count(session: Session, view: Any, asked: ListArgs) -> Any:
    """How many rows there are, capped as lists are."""
    return capped_count(session, view.datamodel.pk_column, *where_of(view, asked))


def orders_of(view: Any, asked: ListArgs) -> list[Any]:
    """The order of the list as it was asked."""
    return list(view.keyset(asked.order, asked.descending).order())


def chunks(
    session: Session, plan: Plan, where: Sequence[Any], order: Sequence[Any], *, limit: int | None = None
) -> Iterator[Chunk]:
    """All rows by one statement, read as they are written: memory does not grow with their number."""
    query = select(*plan.expressions).where(*where).order_by(*order).limit(limit)
    rows = session.execute(query, execution_options={"yield_per": CHUNK})
    for part in rows.partitions(CHUNK):
        yield Chunk(plan, session, part)


def values(
    session: Session, plan: Plan, where: Sequence[Any], order: Sequence[Any], *, limit: int | None = None
) -> Iterator[tuple[Any, ...]]:
    """The same as rows of values."""
    for chunk in chunks(session, plan, where, order, limit=limit):
        yield from plan.rows(chunk)


def top_areas(session: Session, actor: Actor, most: int) -> list[Area]:
    """The uppermost areas somebody acts in."""
    query = select(Area).where(Area.valid_to.is_(None)).order_by(Area.depth, Area.path)
    if not actor.whole_site:
        query = query.where(or_(false(), *(Area.path == lo for lo, _hi in actor.ranges)))
    return list(session.scalars(query.limit(1 if actor.whole_site else most)))
