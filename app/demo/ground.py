"""The demo city's ground: 5 zones, 24 towns, 270 communities and villages, 820 grids (220 urban, 600 rural; S3-06)."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Area, AreaLevel
from app.areas.rules import child_path, depth_of, full_name
from app.core import bulk
from app.demo.keys import Days, Keys, Row, share, spelling

SIDES = ("east", "south", "west", "north")
LEVELS = ("zone", "town", "community", "grid")


@dataclass
class Ground:
    """Rows of the tree as dicts, by level; parks stand among the towns."""

    levels: dict[str, list[Row]] = field(default_factory=dict)

    def of(self, level: str) -> list[Row]:
        return self.levels.setdefault(level, [])

    def names(self) -> dict[int, str]:
        """Area names by id."""
        return {row["id"]: row["name"] for rows in self.levels.values() for row in rows}


class GroundBuilder:
    """Makes the tree below the site's root area, which becomes the county."""

    def __init__(self, session: Session, spec: dict[str, Any], days: Days, keys: Keys) -> None:
        self.session, self.spec, self.words, self.days, self.keys = session, spec, spec["words"], days, keys
        self.random = Random(f"{spec['code']} ground")
        self.ground = Ground()
        self.level_ids = {level.key: level.id for level in session.scalars(select(AreaLevel))}

    def build(self, batch: str) -> Ground:
        """All areas, written."""
        county = self._county()
        number = 0
        for zone_spec in self.spec["zones"]:
            zone = self._area(county, "zone", zone_spec["code"], zone_spec["name"], "urban")
            for name in zone_spec["towns"]:
                number += 1
                self._town(zone, name, f"{self.spec['code']}{number:03d}")
        for level in LEVELS:
            bulk.insert(self.session, Area, [_column_values(r) for r in self.ground.of(level)], batch=batch)
        return self.ground

    def _county(self) -> Row:
        root = self.session.scalars(select(Area).where(Area.parent_id.is_(None))).one()
        root.code, root.name, root.full_name = self.spec["code"], self.spec["city"], self.spec["city"]
        root.name_pinyin, root.name_initials = spelling(root.name)
        root.go_live_on, root.valid_from = self.days.go_live, self.days.founded
        root.next_child = len(self.spec["zones"]) + 1
        self.session.flush()
        county = {
            "id": root.id,
            "path": root.path,
            "code": root.code,
            "name": root.name,
            "names": [],  # everybody on the site knows in which county they are
            "full_name": root.name,
        }
        self.ground.of("county").append(county)
        return county

    def _town(self, zone: Row, name: str, code: str) -> None:
        plan = {**self.spec["other"], **self.spec["towns"].get(name, {})}
        street = name.endswith(self.words["street_suffix"])
        settlement = "urban" if street else "rural"
        town = self._area(zone, plan.get("level", "town"), code, name, settlement, group="town")
        used: set[str] = set()
        number = 0
        for kind, communities, grids in (
            ("urban", "urban", "urban_grids"),
            ("rural", "villages", "rural_grids"),
        ):
            for count in share(plan[grids], plan[communities]):
                number += 1
                self._community(town, kind, f"{code}{number:03d}", self._fresh(kind, used), count)

    def _community(self, town: Row, kind: str, code: str, name: str, grids: int) -> None:
        community = self._area(town, "community", code, name, kind)
        for n in range(1, grids + 1):
            title = self.words["grid"].format(community=name, n=n)
            grid = self._area(community, "grid", f"{code}{n:03d}", title, kind)
            grid["grid_kind"] = "base"
            for side, pattern in zip(SIDES, self.words["boundary"], strict=True):
                road = self.random.choice(self.spec["roads"])
                grid[f"boundary_{side}"] = pattern.format(a=road, b=road, c=road, d=road)
            self._declare(grid)

    def _declare(self, grid: Row) -> None:
        """Totals that the community has declared: nobody has been to the doors yet, and the note says so."""
        grid["declared_households"] = self.random.randint(330, 470)
        grid["declared_persons"] = int(grid["declared_households"] * (2.3 + self.random.random() * 0.5))
        grid["note"] = self.words["declared"]

    def _area(
        self, parent: Row, level: str, code: str, name: str, settlement: str, group: str | None = None
    ) -> Row:
        number = parent.get("next_child", 1)
        parent["next_child"] = number + 1
        path = child_path(parent["path"], number)
        pinyin, initials = spelling(name)
        names = [*parent["names"], name]
        row = {
            "id": self.keys.next(Area),
            "parent_id": parent["id"],
            "level_id": self.level_ids[level],
            "path": path,
            "depth": depth_of(path) - 1,
            "code": code,
            "name": name,
            "names": names,
            "full_name": full_name(names),
            "name_pinyin": pinyin[:160],
            "name_initials": initials[:80],
            "settlement": settlement,
            "valid_from": self.days.founded,
            "go_live_on": self.days.go_live,
            "next_child": 1,
        }
        self.ground.of(group or level).append(row)
        return row

    def _fresh(self, kind: str, used: set[str]) -> str:
        """A name that no other community of the town has."""
        while True:
            if kind == "urban":
                name = self.words["community"].format(name=self.random.choice(self.spec["community_first"]))
            else:
                first = self.random.choice(self.spec["village_first"])
                name = self.words["village"].format(
                    name=first + self.random.choice(self.spec["village_second"])
                )
            if name not in used:
                used.add(name)
                return name


def _column_values(row: Row) -> Row:
    return {key: value for key, value in row.items() if key != "names"}


def chosen_grids(ground: Ground, count: int) -> list[Row]:
    """The grids to fill: the first community's (the demo clerk's), the very last (the outsider's), then urban and
    rural ones in turn, spread over the city.
    """
    grids = ground.of("grid")
    first = [g for g in grids if g["parent_id"] == grids[0]["parent_id"]]
    rest = [g for g in grids if g not in first and g is not grids[-1]]
    urban = [g for g in rest if g["settlement"] == "urban"]
    rural = [g for g in rest if g["settlement"] == "rural"]
    mixed = [g for pair in zip(_spread(urban), _spread(rural), strict=False) for g in pair]
    known = {g["id"] for g in mixed}
    order = [first[0], grids[-1], *first[1:], *mixed, *(g for g in rest if g["id"] not in known)]
    return order[: max(2, min(count, len(order)))]


def _spread(rows: list[Row]) -> list[Row]:
    """All rows, those far apart first."""
    step = 13
    return [row for offset in range(step) for row in rows[offset::step]]
