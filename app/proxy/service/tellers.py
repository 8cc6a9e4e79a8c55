"""Who sits where: the accounts that a reminder reaches, by the posts of the day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Account, Area, Post
from app.areas.queries import in_force
from app.areas.rules import parent_path
from app.proxy.rules.escalation import UPWARDS, Told, at_department
from app.proxy.service.deciders import BY_TOWN
from app.proxy.service.watching import Due
from app.worklog.queries import substitutes

# which roles a level is; a site without one of them hands the line up
ROLES: dict[Told, tuple[str, ...]] = {
    Told.station: ("workstation",),
    Told.town: ("town_staff",),
    Told.county: ("center_operator", "supervisor"),
}


class Tellers:
    """The desks of the levels, read once a run: some thousand posts in a city, those of grid workers left out."""

    def __init__(self, session: Session, day: date) -> None:
        self.session, self.day = session, day

    @cached_property
    def desks(self) -> dict[tuple[Told, str], tuple[set[int], set[int]]]:
        """(everybody, leaders) by level and area path."""
        level_of = {role: level for level, roles in ROLES.items() for role in roles}
        query = (
            select(Post.role, Area.path, Post.is_station_leader, Account.user_id)
            .join(Area, Area.id == Post.area_id)
            .join(Account, Account.staff_id == Post.staff_id)
            .where(Post.role.in_(level_of), *in_force(Post, self.day))
        )
        found: dict[tuple[Told, str], tuple[set[int], set[int]]] = defaultdict(lambda: (set(), set()))
        for role, path, leads, user in self.session.execute(query):
            everybody, leaders = found[level_of[role], path]
            everybody.add(user)
            if leads:
                leaders.add(user)
        return dict(found)

    def hands(self, dues: Collection[Due]) -> dict[tuple[str, int], set[int]]:
        """The accounts of those who have the cases of a chunk in hand: ("staff" | "unit", id) → users; three statements.
        Where a worker is away, who stands in hears it as well.
        """
        keys = {self.hand(one) for one in dues}
        found: dict[tuple[str, int], set[int]] = defaultdict(set)
        staff = {number for kind, number in keys if kind == "staff"}
        helpers = substitutes(self.session, staff, self.day) if staff else {}
        users: dict[int, set[int]] = defaultdict(set)
        for staff_id, user in self.session.execute(
            select(Account.staff_id, Account.user_id).where(
                Account.staff_id.in_(staff.union(helpers.values()))
            )
        ):
            users[staff_id].add(user)
        for staff_id in staff:
            found["staff", staff_id] = users[staff_id] | users[helpers.get(staff_id, 0)]
        # a rule may tell the department of what somebody else has in hand
        units = sorted({n for kind, n in keys if kind == "unit"} | {d.department_id or 0 for d in dues} - {0})
        query = (
            select(Post.org_unit_id, Account.user_id)
            .join(Account, Account.staff_id == Post.staff_id)
            .where(Post.org_unit_id.in_(units), *in_force(Post, self.day))
        )
        for unit_id, user in self.session.execute(query) if units else ():
            found["unit", unit_id].add(user)
        return found

    @staticmethod
    def hand(one: Due) -> tuple[str, int]:
        """Who has it in hand: the holder, else the department while the case lies there (the desk of the town where it
        decides: nobody of an office, so that the line goes there), else the worker.
        """
        if one.holder_unit or (one.holder_staff is None and at_department(one.state, one.department_id)):
            by_town = one.holder_unit is None and one.checked_by == BY_TOWN
            return "unit", 0 if by_town else one.holder_unit or one.department_id or 0
        return "staff", one.holder_staff or one.staff_id or 0

    def reach(self, one: Due, told: Told, hands: dict[tuple[str, int], set[int]]) -> set[int]:
        """The accounts a line goes to. Where nobody sits, the next level up hears it."""
        level: Told | None = told
        if told is Told.department:
            decides = 0 if one.checked_by == BY_TOWN else one.department_id or 0
            mine = hands.get(("unit", decides), set())
        elif told is Told.owner:
            key = self.hand(one)
            mine, level = hands.get(key, set()), Told.department if key[0] == "unit" else told
        else:
            mine = self._desk(told, one.path)
        while not mine and level in UPWARDS:
            level = UPWARDS[level]
            mine = self._desk(level, one.path)
        return mine

    def _desk(self, level: Told, path: str) -> set[int]:
        """The nearest desk of a level above an area: its leader where it has one, else everybody."""
        while path:
            everybody, leaders = self.desks.get((level, path), (set(), set()))
            if everybody:
                return leaders or everybody
            path = parent_path(path)
        return set()
