"""Staff and posts of the demo city: 820 workers in post, stations, towns, center, departments, and whoever helps.

Six grids stand vacant after somebody left and six others have a second worker, so that 820 are in post all the same.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from random import Random
from typing import Any

from app.areas.models import GridGroup, GridGroupArea, Post, PostDuty, SensitiveGrant, Staff
from app.demo.ground import Ground
from app.demo.keys import Days, Keys, Pile, Row, name_spelling
from app.demo.people import Inventor

ORDER = (Staff, GridGroup, GridGroupArea, Post, PostDuty, SensitiveGrant)
VACANT = 6
PART_TIME = 0.12
REPLACED = 12  # grids whose first worker has been followed by another
WITHOUT_TASKS, WITHOUT_DUTIES = 0.06, 0.03
CENTER_POSTS = (
    ("center_operator", "center_staff"),
    ("dispatcher", "dispatcher"),
    ("supervisor", "grid_supervisor"),
    ("hotline", "hotline_operator"),
    ("leader", "first_responsible"),
)
# who helps without an account (S4-38): kind of staff, position
HELPERS = (
    ("volunteer", "volunteer"),
    ("building_chief", "building_chief"),
    ("retired_cadre", "grid_mediator"),
    ("party_member", "assoc_volunteer"),
)
GROUP_TITLES = ("grid_police", "grid_mediator", "grid_patrol")


class StaffBuilder:
    """Collects staff and posts; ``posts`` has those of each role, in the order they were made."""

    def __init__(
        self,
        spec: dict[str, Any],
        ground: Ground,
        units: dict[str, int],
        inventor: Inventor,
        keys: Keys,
        days: Days,
    ) -> None:
        self.spec, self.words, self.ground, self.units = spec, spec["words"], ground, units
        self.inventor, self.days = inventor, days
        self.random = Random(f"{spec['code']} staff")
        self.pile = Pile(keys, ORDER)
        self.posts: dict[str, list[Row]] = {}
        self._numbers: Counter[int] = Counter()

    def build(self, filled: set[int]) -> None:
        """Everybody whose post does not depend on who lives in the grids. ``filled`` grids are never vacant, nor those
        of the first community, where the demo accounts work.
        """
        grids = self.ground.of("grid")
        self._workers(filled | {g["id"] for g in grids if g["parent_id"] == grids[0]["parent_id"]})
        self._leaders()
        self._offices()
        self._groups()

    # --- workers ------------------------------------------------------------------------------------------------

    def _workers(self, filled: set[int]) -> None:
        free = [g for g in self.ground.of("grid") if g["id"] not in filled]
        picked = self.random.sample(range(len(free)), VACANT * 2 + REPLACED)
        vacant = {free[n]["id"] for n in picked[:VACANT]}
        double = {free[n]["id"] for n in picked[VACANT : 2 * VACANT]}
        replaced = {free[n]["id"] for n in picked[2 * VACANT :]}
        for grid in self.ground.of("grid"):
            if grid["id"] in vacant:
                self._left(grid, self.days.ago(self.random.randint(5, 60)))
                continue
            since = self.days.go_live
            if grid["id"] in replaced:
                last = self.days.ago(self.random.randint(40, 150))
                self._left(grid, last)
                since = last + timedelta(days=self.random.randint(1, 9))
            self._worker(grid, since)
            if grid["id"] in double:
                self._worker(grid, self.days.go_live, part_time=True)

    def _worker(self, grid: Row, since: date, part_time: bool = False) -> None:
        self._numbers[grid["parent_id"]] += 1
        part = part_time or self.random.random() < PART_TIME
        post = self.post(
            "grid_worker_part" if part else "grid_worker",
            grid,
            role="grid_worker",
            worker_no=self._numbers[grid["parent_id"]],
            employment="part_time" if part else "full_time",
            since=since,
        )
        self._duties(post, grid, since)

    def _left(self, grid: Row, last: date) -> None:
        """Somebody who held the post and is gone."""
        self._numbers[grid["parent_id"]] += 1
        self.post(
            "grid_worker",
            grid,
            worker_no=self._numbers[grid["parent_id"]],
            valid_to=last,
            end_reason=self.random.choice(self.words["end_reasons"]),
        )

    def _duties(self, post: Row, grid: Row, since: date) -> None:
        drawn = self.random.random()
        if drawn < WITHOUT_DUTIES:
            return
        for domain in self.random.sample(list(self.words["tasks"]), 3):
            with_task = drawn >= WITHOUT_DUTIES + WITHOUT_TASKS
            self.pile.add(
                PostDuty,
                post_id=post["id"],
                area_id=grid["id"],
                domain=domain,
                task=self.words["tasks"][domain] if with_task else None,
                valid_from=since,
            )

    # --- offices ------------------------------------------------------------------------------------------------

    def _leaders(self) -> None:
        """The first responsible person of each town and community (S1-45, S3-15); no account needed."""
        for level in ("town", "community"):
            for area in self.ground.of(level):
                self.post("first_responsible", area, kind="leader", is_first_responsible=True)

    def _offices(self) -> None:
        county, communities = self.ground.of("county")[0], self.ground.of("community")
        for community in communities:
            unit = self.units[community["code"]]
            self.post("workstation_staff", community, role="workstation", unit=unit, is_station_leader=True)
        # a second clerk of the first station reads another town besides: two posts, one at a time
        first = communities[0]
        self.post("workstation_staff", first, role="workstation", unit=self.units[first["code"]])
        other = self.ground.of("town")[1]
        self.post("leader", other, role="leader", staff_id=self.posts["workstation"][-1]["staff_id"])
        for town in self.ground.of("town"):
            self.post("town_staff", town, role="town_staff", unit=self.units[town["code"]])
        for role, position in CENTER_POSTS:
            leads = position == "first_responsible"
            self.post(position, county, role=role, unit=self.units["C"], is_first_responsible=leads)
        for code in self.spec["departments"]:
            self.post("department_handler", county, role="department", unit=self.units[code])
        self.post("office_clerk", first, role="office_clerk", unit=self.units[first["code"]])

    def _groups(self) -> None:
        """One town works in grid groups (S1-19): each community's grids share an officer, a mediator and a patrol."""
        town = self.ground.of("town")[self.spec["group_town"]]
        for community in [c for c in self.ground.of("community") if c["parent_id"] == town["id"]][:3]:
            grids = [g for g in self.ground.of("grid") if g["parent_id"] == community["id"]]
            name = self.words["grid_group"].format(name=community["name"])
            group = self.pile.add(GridGroup, name=name, area_id=community["id"])
            for grid in grids:
                self.pile.add(GridGroupArea, group_id=group, area_id=grid["id"], valid_from=self.days.go_live)
            for position in GROUP_TITLES:
                kind = "police" if position == "grid_police" else "employee"
                self.post(position, community, kind=kind, grid_group_id=group)

    # --- filled grids -------------------------------------------------------------------------------------------

    def chiefs(self, grid: Row, heads: list[Row], order: int) -> None:
        """The three chiefs of a filled grid (S3-12); in every fifth one the third seat has fallen vacant."""
        self.post("grid_chief", grid, kind="cadre", employment="part_time", is_first_responsible=True)
        for kind, position in (("party_member", "party_group_leader"), ("backbone", "joint_group_leader")):
            gone = position == "joint_group_leader" and order % 5 == 3
            self.resident_post(kind, position, grid, heads, gone=gone)

    def helpers(self, grid: Row, heads: list[Row]) -> None:
        """Volunteers, backbone residents and people on dibao who help: on the staff list, without an account."""
        for kind, position in HELPERS:
            self.resident_post(kind, position, grid, heads)

    def resident_post(
        self, kind: str, position: str, area: Row, heads: list[Row], *, gone: bool = False
    ) -> None:
        """An unpaid post of a resident; the staff row points at the person and says nothing else of them."""
        able = [h for h in heads if 28 <= self.days.today.year - h["birth_date"].year <= 72] or heads
        person = self.random.choice(able)
        more: Row = {}
        if gone:
            more = {
                "valid_to": self.days.ago(self.random.randint(10, 50)),
                "end_reason": self.words["end_reasons"][0],
            }
        self.post(position, area, kind=kind, person=person, employment="unpaid", **more)

    # --- rows ---------------------------------------------------------------------------------------------------

    def post(
        self,
        position: str,
        area: Row,
        *,
        role: str | None = None,
        kind: str = "employee",
        unit: int | None = None,
        staff_id: int | None = None,
        person: Row | None = None,
        since: date | None = None,
        **more: Any,
    ) -> Row:
        """A post with whoever holds it: a known staff member, a resident, or somebody new."""
        row: Row = {
            "staff_id": staff_id or self._somebody(kind, area, unit, person),
            "role": role,
            "position": position,
            "area_id": area["id"],
            "org_unit_id": unit,
            "employment": "full_time",
            "valid_from": since or self.days.go_live,
            **more,
        }
        row = self.pile.row(Post, **row)
        if role is not None:
            self.posts.setdefault(role, []).append(row)
        return row

    def _somebody(self, kind: str, area: Row, unit: int | None, person: Row | None) -> int:
        if person is None:
            one = self.inventor.person(self.inventor.sex(), 24, 57)
            name, sex, phone = one.name, one.sex, one.phone
        else:
            name, sex, phone = person["name"], person["sex"], None
        pinyin, initials = name_spelling(name)
        return self.pile.add(
            Staff,
            name=name,
            name_pinyin=pinyin[:120],
            name_initials=initials[:40],
            kind=kind,
            sex=sex,
            phone=phone,
            person_uid=person["uid"] if person else None,
            area_id=area["id"],
            org_unit_id=unit,
        )

    def grant(self, post: Row, *codes: str) -> None:
        """Named grants for groups of level 5 in the area of a post."""
        for code in codes:
            self.pile.add(
                SensitiveGrant,
                staff_id=post["staff_id"],
                group_code=code,
                area_id=post["area_id"],
                reason=self.words["grant_reason"],
                valid_from=self.days.go_live,
            )
