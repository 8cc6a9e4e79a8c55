"""Areas as shapes on a plain ground: an SVG from their own borders, without anything from outside."""

from __future__ import annotations

from collections.abc import Iterable
from math import cos, radians
from typing import Any

WIDTH, HEIGHT = 800.0, 520.0
MARGIN = 6.0


def shapes_of(given: Iterable[tuple[Any, Any]]) -> dict[str, Any] | None:
    """What a template draws: view box and (points, line) of each area with a border; None where no area has any.

    Polygons are GeoJSON ([longitude, latitude]); only outer rings are drawn. Degrees are scaled alike in both directions
    at the middle latitude.
    """
    rings = [(ring, line) for polygon, line in given for ring in outer_rings(polygon)]
    points = [point for ring, _line in rings for point in ring]
    if not points:
        return None
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    squeeze = cos(radians((south + north) / 2))
    across, up = max((east - west) * squeeze, 1e-9), max(north - south, 1e-9)
    scale = min((WIDTH - 2 * MARGIN) / across, (HEIGHT - 2 * MARGIN) / up)

    def place(point: Any) -> str:
        x = MARGIN + (point[0] - west) * squeeze * scale
        y = MARGIN + (north - point[1]) * scale
        return f"{x:.1f},{y:.1f}"

    box = f"0 0 {across * scale + 2 * MARGIN:.0f} {up * scale + 2 * MARGIN:.0f}"
    return {"box": box, "shapes": [(" ".join(place(p) for p in ring), line) for ring, line in rings]}


def outer_rings(polygon: Any) -> list[list[Any]]:
    """The outer rings of a GeoJSON Polygon or MultiPolygon; none for anything else."""
    if not isinstance(polygon, dict):
        return []
    found = polygon.get("coordinates") or []
    if polygon.get("type") == "Polygon":
        found = [found]
    elif polygon.get("type") != "MultiPolygon":
        return []
    return [part[0] for part in found if part]
