"""Areas in four levels, in the proportions of Yulin: 1 city, 177 towns, 1,872 communities, 8,798 grids for 6.62 M."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.areas.rules import child_path

FULL = 6_620_000
TOWNS, COMMUNITIES, GRIDS = 177, 1_872, 8_798
ROOT_CODE = "430299"
LEVELS = ("town", "community", "grid")


@dataclass(frozen=True)
class Shape:
    """How many areas of each level a city of this size has."""

    persons: int
    towns: int
    communities: int
    grids: int

    @property
    def areas(self) -> int:
        return 1 + self.towns + self.communities + self.grids


def shape_of(persons: int) -> Shape:
    """The full tree scaled to the number of people; two of each level at least, so that there is somebody else."""

    def scaled(full: int, least: int) -> int:
        return max(least, round(full * persons / FULL))

    towns = scaled(TOWNS, 2)
    communities = max(scaled(COMMUNITIES, 4), towns)
    return Shape(persons, towns, communities, max(scaled(GRIDS, 8), communities))


@dataclass
class Place:
    """One area of the tree with its row."""

    level: str
    row: dict[str, Any]
    parent: Place | None = None

    @property
    def id(self) -> int:
        return int(self.row["id"])


def split(total: int, parts: int) -> list[int]:
    """``total`` dealt out over ``parts`` as evenly as it goes."""
    whole, rest = divmod(total, parts)
    return [whole + (n < rest) for n in range(parts)]


def tree(shape: Shape, root: dict[str, Any], ids: Iterator[int], words: list[str]) -> list[Place]:
    """All areas below the root, parents first. ``words`` are names of villages; they repeat with a number."""
    found: list[Place] = []
    above = [Place("county", root)]
    for level, count in zip(LEVELS, (shape.towns, shape.communities, shape.grids), strict=True):
        made = []
        for parent, children in zip(above, split(count, len(above)), strict=True):
            for number in range(1, children + 1):
                name = f"{words[(len(found) + len(made)) % len(words)]}{number}"
                made.append(Place(level, _row(level, parent, number, name, next(ids)), parent))
        found += made
        above = made
    return found


def _row(level: str, parent: Place, number: int, name: str, key: int) -> dict[str, Any]:
    path = child_path(parent.row["path"], number)
    return {
        "id": key,
        "parent_id": parent.id,
        "path": path,
        "depth": parent.row["depth"] + 1,
        "code": f"{parent.row['code']}{number:03d}",
        "name": name,
        "full_name": name if level == "town" else f"{parent.row['full_name']}{name}",
        "settlement": "urban",
        "level": level,
    }
