"""The demo city's ground: areas, offices, staff and posts (5 zones, 24 towns, 270 communities, 820 grids: S3-06)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Area, AreaLevel, OrgUnit, Post, PostDuty, Staff
from app.areas.rules import child_path, depth_of
from app.core import bulk
from app.core.pinyin import spell
from app.demo.people import FEMALE, MALE, Inventor

GO_LIVE = date(2026, 3, 1)
DUTIES = ("party", "sanitation", "service", "security")


@dataclass
class Ground:
    """Rows of the tree as dicts, by level."""

    levels: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def of(self, level: str) -> list[dict[str, Any]]:
        return self.levels.setdefault(level, [])


class Keys:
    """Fresh keys of any table, taken in blocks."""

    def __init__(self, session: Session, block: int = 500) -> None:
        self.session, self.block = session, block
        self._ready: dict[type, Iterator[int]] = {}

    def next(self, model: type) -> int:
        """The next key of a table."""
        key = next(self._ready.get(model, iter(())), None)
        if key is None:
            self._ready[model] = iter(bulk.take_ids(self.session, model, self.block))
            key = next(self._ready[model])
        return key


class CityBuilder:
    """Builds areas, org units, staff and posts of the city in bulk."""

    def __init__(self, session: Session, spec: dict[str, Any], inventor: Inventor, batch: str) -> None:
        self.session, self.spec, self.words = session, spec, spec["words"]
        self.inventor, self.random, self.batch = inventor, Random(spec["code"]), batch
        self.ground = Ground()
        self.keys = Keys(session)
        self.level_ids = {level.key: level.id for level in session.scalars(select(AreaLevel))}

    # --- areas ------------------------------------------------------------------------------------------------

    def areas(self) -> Ground:
        """Make the tree below the site's root area, which becomes the county."""
        root = self.session.scalars(select(Area).where(Area.parent_id.is_(None))).one()
        root.code, root.name, root.full_name = self.spec["code"], self.spec["city"], self.spec["city"]
        root.name_pinyin, root.name_initials = spell(root.name)
        root.go_live_on, root.valid_from = GO_LIVE, date(2026, 1, 1)
        county = {"id": root.id, "path": root.path, "code": root.code, "name": root.name, "full_name": ""}
        self.ground.of("county").append(county)
        town_no = 0
        for zone_spec in self.spec["zones"]:
            zone = self._area(county, "zone", zone_spec["code"], zone_spec["name"], "urban")
            for name in zone_spec["towns"]:
                town_no += 1
                self._town(zone, name, f"{self.spec['code']}{town_no:03d}")
        root.next_child = len(self.spec["zones"]) + 1
        self.session.flush()
        for level in ("zone", "town", "community", "grid"):
            bulk.insert(self.session, Area, self.ground.of(level), batch=self.batch)
        return self.ground

    def _town(self, zone: dict[str, Any], name: str, code: str) -> None:
        plan = {**self.spec["other"], **self.spec["towns"].get(name, {})}
        street = name.endswith(self.words["street_suffix"])
        town = self._area(
            zone, plan.get("level", "town"), code, name, "urban" if street else "rural", group="town"
        )
        used: set[str] = set()
        number = 0
        for ground, grids in (("urban", "urban_grids"), ("villages", "rural_grids")):
            shares = _share(plan[grids], plan[ground])
            for share in shares:
                number += 1
                kind = "urban" if ground == "urban" else "rural"
                self._community(town, kind, f"{code}{number:03d}", self._fresh(kind, used), share)

    def _community(self, town: dict[str, Any], kind: str, code: str, name: str, grids: int) -> None:
        community = self._area(town, "community", code, name, kind)
        roads = self.spec["roads"]
        for n in range(1, grids + 1):
            title = self.words["grid"].format(community=name, n=n)
            grid = self._area(community, "grid", f"{code}{n:03d}", title, kind)
            for side, pattern in zip(("east", "south", "west", "north"), self.words["boundary"], strict=True):
                road = self.random.choice(roads)
                grid[f"boundary_{side}"] = pattern.format(a=road, b=road, c=road, d=road)
            grid["grid_kind"] = "base"
            # declared by the community, not counted: only about two dozen grids of the demo are filled
            grid["declared_households"] = self.random.randint(330, 470)
            grid["declared_persons"] = int(grid["declared_households"] * (2.3 + self.random.random() * 0.5))

    def _area(
        self,
        parent: dict[str, Any],
        level: str,
        code: str,
        name: str,
        settlement: str,
        group: str | None = None,
    ) -> dict[str, Any]:
        number = parent.get("next_child", 1)
        parent["next_child"] = number + 1
        path = child_path(parent["path"], number)
        pinyin, initials = spell(name)
        row = {
            "id": self.keys.next(Area),
            "parent_id": parent["id"],
            "level_id": self.level_ids[level],
            "path": path,
            "depth": depth_of(path) - 1,
            "code": code,
            "name": name,
            "full_name": parent["full_name"] + name if level != "zone" else "",
            "name_pinyin": pinyin[:160],
            "name_initials": initials[:80],
            "settlement": settlement,
            "valid_from": date(2026, 1, 1),
            "go_live_on": GO_LIVE,
            "next_child": 1,
        }
        self.ground.of(group or level).append(row)
        return row

    def _fresh(self, kind: str, used: set[str]) -> str:
        while True:
            if kind == "urban":
                name = self.words["community"].format(name=self.random.choice(self.spec["community_first"]))
            else:
                first, second = (
                    self.random.choice(self.spec["village_first"]),
                    self.random.choice(self.spec["village_second"]),
                )
                name = self.words["village"].format(name=first + second)
            if name not in used:
                used.add(name)
                return name

    # --- offices and staff --------------------------------------------------------------------------------------

    def offices(self) -> dict[str, int]:
        """Center, departments, a sub-center for each town and a workstation for each community; ids by code."""
        county = self.ground.of("county")[0]
        rows = [self._unit("", 1, "center", "C", self.words["center"].format(name=county["name"]), county)]
        center = rows[0]
        for n, (code, name) in enumerate(self.spec["departments"].items(), 1):
            title = self.words["department"].format(city=county["name"], name=name)
            rows.append(self._unit("", n + 1, "department", code, title, county, department_code=code))
        for n, town in enumerate(self.ground.of("town"), 1):
            title = self.words["sub_center"].format(name=town["name"])
            sub = self._unit(center["path"], n, "sub_center", town["code"], title, town)
            sub["parent_code"] = "C"
            rows.append(sub)
            below = [c for c in self.ground.of("community") if c["parent_id"] == town["id"]]
            for m, community in enumerate(below, 1):
                title = self.words["station"].format(name=community["name"])
                station = self._unit(sub["path"], m, "workstation", community["code"], title, community)
                station["parent_code"] = town["code"]
                rows.append(station)
        ids = {row["code"]: self.keys.next(OrgUnit) for row in rows}
        for row in rows:
            row["id"], row["parent_id"] = ids[row["code"]], ids.get(row.pop("parent_code", ""))
        bulk.insert(self.session, OrgUnit, rows, batch=self.batch)
        return ids

    def _unit(
        self,
        parent_path: str,
        number: int,
        kind: str,
        code: str,
        name: str,
        area: dict[str, Any],
        **more: Any,
    ) -> dict[str, Any]:
        return {
            "path": child_path(parent_path, number),
            "kind": kind,
            "code": code,
            "name": name,
            "area_id": area["id"],
            "host_office": self.words["host"] if kind in {"center", "sub_center"} else None,
            "go_live_on": GO_LIVE,
            "document_code": area["code"],
            **more,
        }

    def staff(self, units: dict[str, int]) -> dict[str, list[dict[str, Any]]]:
        """One worker for each grid (820), one clerk for each station, one for each town, some at the center.

        Returns posts by role; each carries its staff id and area.
        """
        people: list[dict[str, Any]] = []
        posts: list[dict[str, Any]] = []
        per_community: dict[int, int] = {}
        for grid in self.ground.of("grid"):
            number = per_community[grid["parent_id"]] = per_community.get(grid["parent_id"], 0) + 1
            self._post(people, posts, "grid_worker", "grid_worker", grid, worker_no=number)
        for community in self.ground.of("community"):
            unit = units[community["code"]]
            self._post(
                people,
                posts,
                "workstation",
                "grid_informant",
                community,
                org_unit_id=unit,
                is_station_leader=True,
            )
        for town in self.ground.of("town"):
            self._post(people, posts, "town_staff", "grid_supervisor", town, org_unit_id=units[town["code"]])
        county = self.ground.of("county")[0]
        for role, position in (
            ("center_operator", "dispatcher"),
            ("dispatcher", "dispatcher"),
            ("supervisor", "assessor"),
            ("hotline", "hotline_operator"),
            ("leader", "first_responsible"),
        ):
            self._post(
                people,
                posts,
                role,
                position,
                county,
                org_unit_id=units["C"],
                is_first_responsible=role == "leader",
            )
        for code in self.spec["departments"]:
            self._post(people, posts, "department", "assessor", county, org_unit_id=units[code])
        first = self.ground.of("community")[0]
        self._post(people, posts, "office_clerk", "grid_informant", first, org_unit_id=units[first["code"]])
        bulk.insert(self.session, Staff, people, batch=self.batch)
        bulk.insert(self.session, Post, posts, batch=self.batch)
        self._duties(posts)
        by_role: dict[str, list[dict[str, Any]]] = {}
        for post in posts:
            by_role.setdefault(post["role"], []).append(post)
        return by_role

    def _post(
        self,
        people: list[dict[str, Any]],
        posts: list[dict[str, Any]],
        role: str,
        position: str,
        area: dict[str, Any],
        **more: Any,
    ) -> None:
        one = self.inventor.person(self.random.choice((MALE, FEMALE)), 24, 57)
        pinyin, initials = spell(one.name)
        staff_id = self.keys.next(Staff)
        people.append(
            {
                "id": staff_id,
                "name": one.name,
                "name_pinyin": pinyin[:120],
                "name_initials": initials[:40],
                "kind": "employee",
                "sex": one.sex,
                "phone": one.phone,
                "area_id": area["id"],
                "org_unit_id": more.get("org_unit_id"),
            }
        )
        posts.append(
            {
                "id": self.keys.next(Post),
                "staff_id": staff_id,
                "role": role,
                "position": position,
                "area_id": area["id"],
                "employment": "full_time",
                "valid_from": GO_LIVE,
                "worker_no": None,
                "org_unit_id": None,
                "is_station_leader": False,
                "is_first_responsible": False,
                **more,
            }
        )

    def _duties(self, posts: list[dict[str, Any]]) -> None:
        workers = [p for p in posts if p["role"] == "grid_worker"]
        domains = self.session.scalars(_domains()).all()
        rows = [
            {"post_id": p["id"], "area_id": p["area_id"], "domain": d, "valid_from": GO_LIVE}
            for p in workers
            for d in self.random.sample(domains, 3)
        ]
        bulk.insert(self.session, PostDuty, rows, batch=self.batch)


def _domains() -> Any:
    from app.core.codes import CodeItem, CodeList

    return select(CodeItem.code).join(CodeList).where(CodeList.name == "work_domain").order_by(CodeItem.seq)


def _share(total: int, parts: int) -> list[int]:
    """``total`` things over ``parts`` as evenly as whole numbers go."""
    return [total // parts + (1 if n < total % parts else 0) for n in range(parts)] if parts else []
