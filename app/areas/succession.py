"""Which closed areas an area took over from: their done records stay readable for whoever works there now (S0-15)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import ScalarSelect, func, or_, select
from sqlalchemy.orm import aliased

from app.areas.models import Area, AreaSuccession
from app.areas.rules import range_of

# a transfer leaves both areas alive: its receiver has no business with the rest of the giver
WHOLE = ("split", "merge")


def predecessor_ids(paths: Iterable[str]) -> Any:
    """Select of the ids of all areas, over any number of divisions, that the areas below these paths came from."""
    inside = or_(*(Area.path.between(*range_of(path)) for path in paths))
    heirs = (
        select(AreaSuccession.old_area_id)
        .join(Area, Area.id == AreaSuccession.new_area_id)
        .where(inside, AreaSuccession.kind.in_(WHOLE))
        .cte("heirs", recursive=True)
    )
    link = aliased(AreaSuccession)
    older = select(link.old_area_id).where(link.new_area_id == heirs.c.old_area_id, link.kind.in_(WHOLE))
    return select(heirs.union(older).c.old_area_id)


def predecessor_paths(paths: Iterable[str], day: date) -> ScalarSelect[Any]:
    """Paths of the predecessors that are closed on the day, joined by newlines (NULL when there are none).

    A predecessor that lives on is not among them: other people work there.
    """
    found = list(paths)
    if not found:
        return select(func.aggregate_strings(Area.path, "\n")).where(Area.id.is_(None)).scalar_subquery()
    old = aliased(Area)
    query = select(func.aggregate_strings(old.path, "\n"))
    return query.where(old.id.in_(predecessor_ids(found)), old.valid_to < day).scalar_subquery()
