"""A photo of a page made straight: where its corners are, and the page as a scanner would give it.

Corners are fractions of width and height, clockwise from the upper left of the page: ((x, y), …) between 0 and 1. The
proposal is made on a shrunk copy and only where it is sure; whoever took the photo sees it, drags the corners or keeps
the picture as it is, so a wrong guess never spoils a paper.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from PIL import Image, ImageFilter, ImageOps

from app.core.errors import Invalid
from app.core.uploads import JPEG_QUALITY, LONGEST_SIDE, Clean

Point = tuple[float, float]
Corners = tuple[Point, Point, Point, Point]
WHOLE: Corners = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))

SHRUNK = 280  # longest side of the copy that is looked at: a tenth of a second on one core
LEAST, MOST = 0.12, 0.95  # share of the picture that a page may fill; a page that fills it needs no cutting
CONTRAST = 38  # grey levels between page and ground, after the light was evened out
RECTANGULAR = 0.93  # share of the outline that the four corners must hold
LIGHT = 0.35  # share of the outline that is as bright as paper: the rest is print and pictures
SOLID = 0.93  # share of the outline that lies between the ends of the patch, row by row: a page has no dents
AT_THE_EDGE = 0.12  # share of the picture's edge that a page may touch: more, and a corner lies outside
MARGIN = 0.006  # the corners move outwards by this much, so that no line of print is cut
SMALLEST = 0.02  # of the picture: less cannot be meant


def propose(picture: bytes) -> Corners | None:
    """Where the page lies in a cleaned photo; None where nothing stands out enough to be sure."""
    with Image.open(io.BytesIO(picture), formats=("JPEG", "PNG")) as found:
        found.draft("L", (SHRUNK * 2, SHRUNK * 2))
        grey = found.convert("L")
    grey.thumbnail((SHRUNK, SHRUNK))
    grey = ImageOps.autocontrast(grey.filter(ImageFilter.MedianFilter(3)), cutoff=1)
    grey = grey.filter(ImageFilter.GaussianBlur(1.2))
    width, height = grey.size
    if min(width, height) < 24:
        return None
    shades = grey.tobytes()
    level, gap = _threshold(grey.histogram())
    if gap < CONTRAST:
        return None
    blob = _largest(bytes(shade > level for shade in shades), width, height)
    return _page(blob, width, height)


def _threshold(histogram: Sequence[int]) -> tuple[int, float]:
    """(the level that parts light from dark best, the distance of the two means) after Otsu."""
    total, whole = sum(histogram), sum(n * count for n, count in enumerate(histogram))
    best, found, gap = -1.0, 0, 0.0
    dark = weight = 0
    for level, count in enumerate(histogram):
        dark, weight = dark + count, weight + level * count
        if 0 < dark < total:
            low, high = weight / dark, (whole - weight) / (total - dark)
            spread = dark * (total - dark) * (high - low) ** 2
            if spread > best:
                best, found, gap = spread, level, high - low
    return found, gap


def _largest(light: bytes, width: int, height: int) -> list[int]:
    """Places (y * width + x) of the largest connected light patch."""
    left = bytearray(light)
    best: list[int] = []
    for start in range(width * height):
        if not left[start]:
            continue
        patch, ahead = [], [start]
        left[start] = 0
        while ahead:
            at = ahead.pop()
            patch.append(at)
            x = at % width
            for near, is_there in (
                (at - 1, x > 0),
                (at + 1, x < width - 1),
                (at - width, at >= width),
                (at + width, at < width * (height - 1)),
            ):
                if is_there and left[near]:
                    left[near] = 0
                    ahead.append(near)
        if len(patch) > len(best):
            best = patch
    return best


def _page(blob: list[int], width: int, height: int) -> Corners | None:
    """The four corners of a patch, where it looks like a page."""
    places = [(at % width, at // width) for at in blob]
    edge = sum(x in (0, width - 1) or y in (0, height - 1) for x, y in places)
    outline = _hull(places)
    size = _area(outline)
    if edge > AT_THE_EDGE * 2 * (width + height) or len(outline) < 4:
        return None
    if (
        not LEAST <= size / (width * height) <= MOST
        or len(blob) < LIGHT * size
        or _spans(places) < SOLID * size
    ):
        return None
    four = _widest(outline)
    if _area(four) < RECTANGULAR * size or not _is_page(four):
        return None
    middle = (sum(x for x, _y in four) / 4, sum(y for _x, y in four) / 4)
    wider = [tuple(c + (c - m) * MARGIN for c, m in zip(point, middle, strict=True)) for point in four]
    return _in_order([(_share(x, width - 1), _share(y, height - 1)) for x, y in wider])


def _share(value: float, most: int) -> float:
    return round(min(1.0, max(0.0, value / most)), 4)


def _ends(places: list[tuple[int, int]]) -> dict[int, list[int]]:
    """Row -> first and last place of the patch in it."""
    ends: dict[int, list[int]] = {}
    for x, y in places:
        span = ends.setdefault(y, [x, x])
        span[0], span[1] = min(span[0], x), max(span[1], x)
    return ends


def _spans(places: list[tuple[int, int]]) -> int:
    return sum(last - first + 1 for first, last in _ends(places).values())


def _hull(places: list[tuple[int, int]]) -> list[Point]:
    """The convex outline of the patch, clockwise on the screen; only the ends of each line count."""
    points = sorted({(x, y) for y, span in _ends(places).items() for x in span})

    def half(line: list[tuple[int, int]]) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        for point in line:
            while len(found) > 1 and _turn(found[-2], found[-1], point) <= 0:
                found.pop()
            found.append(point)
        return found[:-1]

    return [(float(x), float(y)) for x, y in half(points) + half(points[::-1])]


def _turn(a: Any, b: Any, c: Any) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def _area(points: Sequence[Point]) -> float:
    pairs = zip(points, (*points[1:], *points[:1]), strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)) / 2


def _widest(outline: list[Point]) -> list[Point]:
    """The largest four-cornered figure inside a convex outline: the farthest point on either side of each diagonal."""
    best, found = -1.0, outline[:4]
    count = len(outline)
    for i in range(count):
        for k in range(i + 2, count):
            a, c = outline[i], outline[k]
            one = max(outline[i + 1 : k], key=lambda p: abs(_turn(a, c, p)))
            rest = outline[k + 1 :] + outline[:i]
            if not rest:
                continue
            other = max(rest, key=lambda p: abs(_turn(a, c, p)))
            size = abs(_turn(a, c, one)) + abs(_turn(a, c, other))
            if size > best:
                best, found = size, [a, one, c, other]
    return found


def _is_page(four: Sequence[Point]) -> bool:
    """Corners between 50 and 130 degrees, opposite sides of comparable length: a page seen from not too far aside."""
    sides = [math.dist(four[n], four[(n + 1) % 4]) for n in range(4)]
    if min(sides) < 8 or not all(0.5 < sides[n] / sides[n + 2] < 2 for n in (0, 1)):
        return False
    for n in range(4):
        before, here, after = four[n - 1], four[n], four[(n + 1) % 4]
        angle = math.degrees(
            math.atan2(after[1] - here[1], after[0] - here[0])
            - math.atan2(before[1] - here[1], before[0] - here[0])
        )
        if not 50 < abs((angle + 180) % 360 - 180) < 130:
            return False
    return True


def _in_order(points: Sequence[Point]) -> Corners:
    """Clockwise from the upper left."""
    middle = (sum(x for x, _y in points) / 4, sum(y for _x, y in points) / 4)
    turned = sorted(points, key=lambda p: math.atan2(p[1] - middle[1], p[0] - middle[0]))
    first = min(range(4), key=lambda n: sum(turned[n]))
    a, b, c, d = turned[first:] + turned[:first]
    return (a, b, c, d)


# --- straightening --------------------------------------------------------------------------------------------------


def check_corners(raw: Any) -> Corners:
    """Four corners as a page sends them ([[x, y], …], clockwise). Raises Invalid where they hold no page between them."""
    no = Invalid(
        _("The four corners do not hold a page between them. Drag each to a corner of the paper."),
        field="corners",
    )
    try:
        a, b, c, d = ((float(x), float(y)) for x, y in raw)
    except (TypeError, ValueError):
        raise no from None
    four = (a, b, c, d)
    if not all(math.isfinite(v) and -0.01 <= v <= 1.01 for point in four for v in point):
        raise no
    held = [(min(1.0, max(0.0, x)), min(1.0, max(0.0, y))) for x, y in four]
    # every turn to the same side: no crossed lines, no dent
    if _area(held) < SMALLEST or not all(_turn(held[n - 2], held[n - 1], held[n]) > 0 for n in range(4)):
        raise no
    return (held[0], held[1], held[2], held[3])


def straighten(picture: bytes, corners: Corners) -> Clean:
    """The page between the corners as an upright rectangle. The first corner becomes the upper left, so corners given
    from another one on turn the page.
    """
    with Image.open(io.BytesIO(picture), formats=("JPEG", "PNG")) as found:
        ground = found.convert("RGB")
    four = [(x * ground.width, y * ground.height) for x, y in corners]
    across = max(math.dist(four[0], four[1]), math.dist(four[3], four[2]))
    down = max(math.dist(four[1], four[2]), math.dist(four[0], four[3]))
    scale = min(1.0, LONGEST_SIDE / max(across, down))
    size = (max(1, round(across * scale)), max(1, round(down * scale)))
    page = ground.transform(size, Image.Transform.PERSPECTIVE, _mapping(four, size), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    page.save(out, "JPEG", quality=JPEG_QUALITY)
    return Clean(out.getvalue(), "image/jpeg", 1, page.width, page.height)


def _mapping(four: Sequence[Point], size: tuple[int, int]) -> tuple[float, ...]:
    """Coefficients from the new picture to the old one: the unit square to a quadrilateral (Heckbert 1989, p. 19)."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = four
    dx1, dx2, sx = x1 - x2, x3 - x2, x0 - x1 + x2 - x3
    dy1, dy2, sy = y1 - y2, y3 - y2, y0 - y1 + y2 - y3
    det = dx1 * dy2 - dx2 * dy1
    g, h = (sx * dy2 - dx2 * sy) / det, (dx1 * sy - sx * dy1) / det
    w, t = size
    return (
        (x1 - x0 + g * x1) / w, (x3 - x0 + h * x3) / t, x0,
        (y1 - y0 + g * y1) / w, (y3 - y0 + h * y3) / t, y0,
        g / w, h / t,
    )  # fmt: skip
