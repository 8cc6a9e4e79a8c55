"""Outline of an area as GeoJSON (RFC 7946): a Polygon or MultiPolygon in WGS 84 / CGCS2000 degrees, S0-19, S0-21.

Checked: closed rings of at least four points, at most 2,000 points, inside the bounds of China. Longitude stands
first; swapped pairs fall outside the bounds and are refused. Whether a ring crosses itself is not checked.
"""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid

MAX_POINTS = 2000
LONGITUDE = (73.0, 136.0)
LATITUDE = (3.0, 54.0)
DIGITS = 8  # about a millimetre, as many as the columns of buildings keep


def check_polygon(data: Any, *, field: str = "polygon") -> dict[str, Any] | None:
    """The geometry alone, with numbers of at most 8 decimals; None for nothing.

    Takes a geometry, a Feature, or a FeatureCollection with one Feature, as object or as JSON text. Raises Invalid.
    """
    geometry = _geometry(_parsed(data, field), field)
    if geometry is None:
        return None
    kind = geometry.get("type")
    if kind not in ("Polygon", "MultiPolygon"):
        raise Invalid(_("The outline must be a Polygon or a MultiPolygon."), field=field)
    polygons = [geometry.get("coordinates")] if kind == "Polygon" else geometry.get("coordinates")
    clean = [[_ring(ring, field) for ring in _list(polygon, field)] for polygon in _list(polygons, field)]
    if sum(len(ring) for polygon in clean for ring in polygon) > MAX_POINTS:
        raise Invalid(_("The outline has more than %(count)s points.", count=MAX_POINTS), field=field)
    return {"type": kind, "coordinates": clean[0] if kind == "Polygon" else clean}


def bounds(geometry: Mapping[str, Any]) -> tuple[float, float, float, float]:
    """(west, south, east, north) of a checked geometry."""
    points = list(_points(geometry["coordinates"]))
    xs, ys = [x for x, _y in points], [y for _x, y in points]
    return min(xs), min(ys), max(xs), max(ys)


def _points(coordinates: Any) -> Iterator[tuple[float, float]]:
    if coordinates and isinstance(coordinates[0], (int, float)):
        yield coordinates[0], coordinates[1]
        return
    for part in coordinates:
        yield from _points(part)


def _parsed(data: Any, field: str) -> Any:
    if not isinstance(data, str):
        return data
    if not data.strip():
        return None
    try:
        return json.loads(data)
    except ValueError:
        raise Invalid(_("The outline is not GeoJSON."), field=field) from None


def _geometry(data: Any, field: str) -> Mapping[str, Any] | None:
    if data is None:
        return None
    if isinstance(data, Mapping) and data.get("type") == "FeatureCollection":
        features = _list(data.get("features"), field)
        if len(features) != 1:
            raise Invalid(_("Give the outline of one area only."), field=field)
        data = features[0]
    if isinstance(data, Mapping) and data.get("type") == "Feature":
        data = data.get("geometry")
    if not isinstance(data, Mapping):
        raise Invalid(_("The outline is not GeoJSON."), field=field)
    return data


def _list(value: Any, field: str) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise Invalid(_("The outline is not GeoJSON."), field=field)
    return value


def _ring(ring: Any, field: str) -> list[list[float]]:
    if len(_list(ring, field)) > MAX_POINTS:
        raise Invalid(_("The outline has more than %(count)s points.", count=MAX_POINTS), field=field)
    points = [_point(point, field) for point in ring]
    if len(points) < 4 or points[0] != points[-1]:
        raise Invalid(
            _("Each ring of the outline must end where it begins and have four points or more."), field=field
        )
    return points


def _point(point: Any, field: str) -> list[float]:
    pair = point[:2] if isinstance(point, list) else ()
    numbers = [
        float(n) for n in pair if isinstance(n, (int, float)) and not isinstance(n, bool) and math.isfinite(n)
    ]
    if len(numbers) != 2:
        raise Invalid(_("The outline is not GeoJSON."), field=field)
    x, y = numbers
    if not (LONGITUDE[0] <= x <= LONGITUDE[1] and LATITUDE[0] <= y <= LATITUDE[1]):
        text = _("A point lies outside China: longitude stands first (73 to 136), then latitude (3 to 54).")
        raise Invalid(text, field=field)
    return [round(x, DIGITS), round(y, DIGITS)]
