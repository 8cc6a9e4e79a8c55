"""Which closed areas an area took over from: their done records stay readable for whoever works there now (S0-15)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ScalarSelect, bindparam, func, or_, select
from sqlalchemy.orm import aliased

from app.areas.models import Area, AreaSuccession
from app.areas.rules import range_of

# a transfer leaves both areas alive: its receiver has no business with the rest of the giver
WHOLE = ("split", "merge")


def predecessor_paths(count: int, day: Any) -> ScalarSelect[Any]:
    """Paths of the areas that the areas below `count` paths came from over any number of divisions, and that are
    closed on the day; joined by newlines, NULL when there are none. ``predecessor_values`` fills in the paths, so
    that one statement serves every request.

    A predecessor that lives on is not among them: other people work there.
    """
    if not count:
        return select(func.aggregate_strings(Area.path, "\n")).where(Area.id.is_(None)).scalar_subquery()
    inside = or_(*(Area.path.between(bindparam(f"low_{i}"), bindparam(f"high_{i}")) for i in range(count)))
    heirs = (
        select(AreaSuccession.old_area_id)
        .join(Area, Area.id == AreaSuccession.new_area_id)
        .where(inside, AreaSuccession.kind.in_(WHOLE))
        .cte("heirs", recursive=True)
    )
    link, old = aliased(AreaSuccession), aliased(Area)
    older = select(link.old_area_id).where(link.new_area_id == heirs.c.old_area_id, link.kind.in_(WHOLE))
    closed = old.id.in_(select(heirs.union(older).c.old_area_id)), old.valid_to < day
    return select(func.aggregate_strings(old.path, "\n")).where(*closed).scalar_subquery()


def predecessor_values(paths: Iterable[str]) -> dict[str, str]:
    """The bound values of ``predecessor_paths(len(paths), …)``."""
    values = {}
    for i, (low, high) in enumerate(map(range_of, paths)):
        values |= {f"low_{i}": low, f"high_{i}": high}
    return values
