"""Where the named grants of somebody hold (guards, section 3: L5 by named grant)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from app.areas.rules.paths import SEGMENT, range_of


def granted(text: str, paths: Collection[str]) -> tuple[frozenset[str], tuple[tuple[str, str, str], ...]]:
    """Groups opened wherever one acts, and (group, lo, hi) of those opened in a part of it.

    ``text`` has a line "group path" for each grant, ``paths`` are the areas of the acting role. A group is open everywhere
    when each of these lies in the area of one of its grants; for a role without areas only a grant on the root is that.
    """
    areas = defaultdict(set)
    for line in text.splitlines():
        group, _blank, path = line.partition(" ")
        areas[group].add(path)
    wide = {group for group, given in areas.items() if _holds_all(given, paths)}
    parts = ((g, *range_of(path)) for g, given in areas.items() if g not in wide for path in given)
    return frozenset(wide), tuple(sorted(parts))


def _holds_all(given: set[str], paths: Collection[str]) -> bool:
    if any(len(path) <= SEGMENT for path in given):
        return True
    return bool(paths) and all(any(path.startswith(area) for area in given) for path in paths)
