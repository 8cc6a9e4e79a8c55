"""What the page of an area shows beside its columns: the way up, numbers, people, seats, areas below, boundary."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas import queries
from app.areas.forms.staff import role_words
from app.areas.models import Area
from app.areas.rules import band_finding, range_of
from app.areas.rules.polygon import bounds
from app.areas.service import live
from app.core import codes, counters
from app.core.actor import current_actor
from app.core.errors import Finding, Invalid
from app.core.interface import checked_key

BELOW = 60


@dataclass(frozen=True)
class Figure:
    """A number with its label; ``declared`` stands in where nothing is registered yet."""

    label: Any
    value: int
    declared: bool = False
    always: bool = False


def area_context(session: Session, area: Area, day: date, after: str) -> dict[str, Any]:
    """Everything for ``areas/area.html``; ``after`` is the uid behind which the areas below go on."""
    rows, more = _below(session, area, day, after)
    ids = [row.id for row in rows]
    people = queries.holders(session, [area.id, *ids], day)
    living = living_households(session, area, day)
    return {
        "crumbs": queries.ancestors(session, area.path),
        "covers": current_actor().covers,
        "figures": _figures(session, area, day),
        "levels_below": queries.level_counts(session, area.path, day),
        "band": _band(area, living),
        "holders": people.get(area.id, []),
        "seats": queries.seats_of(session, area, day),
        "children": rows,
        "more_below": rows[-1].uid if more else "",
        "child_numbers": _child_numbers(session, area, rows),
        "child_people": people,
        "vacant": queries.vacant_among(session, area.path, ids, day),
        "successors": queries.by_ids(
            session, [new for old, new in queries.successors(session, [area.id]) if old == area.id]
        ),
        "predecessors": queries.by_ids(session, queries.predecessors(session, area.id)),
        "outline": outline(area.polygon),
        "count_labels": [(kind, label) for kind, label in _shown_counts().items() if kind in live.DECLARED],
        "has_ground": area.level.kind in ("grid", "cell") or bool(area.polygon) or any(_sides(area)),
        "declared_of": lambda row, kind: getattr(row, live.DECLARED.get(kind, ""), None) or 0,
        "code": lambda name, value: codes.label(session, name, value),
        "role_words": role_words,
    }


def living_households(session: Session, area: Area, day: date) -> int | None:
    """Registered living households of an area with everything below; where there are none, the declared number."""
    measure = live.measure()
    counted = counters.total(session, measure.key, (range_of(area.path),)) if measure else 0
    return counted or queries.declared(session, area.path, day)[0] or None


def _figures(session: Session, area: Area, day: date) -> list[Figure]:
    found = queries.subtree_counts(session, area.path)
    standing_in = dict(zip(live.DECLARED, queries.declared(session, area.path, day), strict=True))
    figures = []
    for kind, label in _shown_counts().items():
        value = found.get(kind, 0)
        declared = 0 if value else standing_in.get(kind, 0)
        always = kind in live.DECLARED
        figures.append(Figure(label, value or declared, declared=bool(declared), always=always))
    return figures


def _shown_counts() -> dict[str, Any]:
    """Counters by label; those that an area may declare come first."""
    known = live.counts()
    return {kind: known[kind] for kind in (*live.DECLARED, *known) if kind in known}


def _band(area: Area, living: int | None) -> dict[str, Any]:
    low, high = queries.band_of(area)
    finding: Finding | None = band_finding(living, (low, high))
    return {"low": low, "high": high, "living": living, "finding": finding}


def _below(session: Session, area: Area, day: date, after: str) -> tuple[list[Area], bool]:
    path = None
    if after:
        path = session.scalar(
            select(Area.path).where(Area.uid == checked_key(after, uid=True), Area.parent_id == area.id)
        )
        if path is None:
            raise Invalid()
    rows = queries.children_after(session, area, day, path, BELOW + 1)
    return rows[:BELOW], len(rows) > BELOW


def _child_numbers(session: Session, area: Area, rows: list[Area]) -> dict[int, dict[str, int]]:
    return queries.child_counters(session, area, list(live.DECLARED)) if rows else {}


def _sides(area: Area) -> tuple[str | None, ...]:
    return area.boundary_east, area.boundary_south, area.boundary_west, area.boundary_north


def outline(geometry: Any, size: int = 200) -> dict[str, Any] | None:
    """An outline as SVG paths in a square: north is up, longitudes are shortened as at this latitude."""
    if not geometry:
        return None
    west, south, east, north = bounds(geometry)
    squeeze = max(0.2, 1 - ((north + south) / 2 / 90) ** 2)  # close enough to the cosine for a drawing
    span = max((east - west) * squeeze, north - south) or 1e-9
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]

    def point(x: float, y: float) -> str:
        left = ((x - west) * squeeze + (span - (east - west) * squeeze) / 2) / span
        top = ((north - y) + (span - (north - south)) / 2) / span
        return f"{10 + left * (size - 20):.1f},{10 + top * (size - 20):.1f}"

    paths = ["M" + " L".join(point(*pair) for pair in ring) + "Z" for rings in polygons for ring in rings]
    return {"size": size, "path": " ".join(paths)}
