"""Who handles the cases of the city: four departments, a desk in each town, a station in each community, a worker a grid."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Any

from sqlalchemy import select

from bench.cases.facts import Hand, Kept, Place, Service, service_of

DEPARTMENTS = {"MZ": "Civil affairs", "CL": "Disabled persons", "WJ": "Health", "RS": "Social insurance"}
SINCE = date(2020, 1, 1)
MARK = "year_"  # user names of the year's accounts; those of the city begin with bench_


class Offices:
    """Makes the posts once, and knows them afterwards."""

    def __init__(self, session: Any) -> None:
        from app.areas.models import Area

        self.session = session
        areas = session.scalars(select(Area).order_by(Area.path))
        self.areas = {area.id: area for area in areas}
        self.users = 0

    def of(self, kind: str) -> list[Any]:
        return [area for area in self.areas.values() if area.level.key == kind]

    def make(self) -> None:
        """Departments of the county, a desk of each town, a station of each community, a worker of each grid."""
        root = self.of("county")[0]
        for n, (code, name) in enumerate(DEPARTMENTS.items(), 1):
            self._post(
                f"{code.lower()}_department", name, "department", root, unit=self._unit(n, code, name, root)
            )
        for kind, role in (("town", "town_staff"), ("community", "workstation"), ("grid", "grid_worker")):
            for n, area in enumerate(self.of(kind), 1):
                self._post(f"{kind}_{n}", f"{role} {n}", role, area)
        self.session.flush()

    def _unit(self, n: int, code: str, name: str, area: Any) -> Any:
        from app.areas.models import OrgUnit
        from app.areas.rules import child_path

        path = child_path("", 900 + n)
        unit = OrgUnit(path=path, kind="department", code=f"year-{code}", name=name, area_id=area.id)
        unit.department_code, unit.valid_from = code, SINCE
        self.session.add(unit)
        self.session.flush()
        return unit

    def _post(self, username: str, name: str, role: str, area: Any, unit: Any = None) -> None:
        from flask_appbuilder.security.sqla.models import User

        from app.areas.models import Account, Post, Staff
        from app.core import clock

        staff = Staff(name=name, kind="employee", area_id=area.id)
        user = User(username=MARK + username, first_name=name, last_name="", active=True)
        user.email, user.password = (
            f"{username}@year.invalid",
            secrets.token_hex(16),
        )  # no hash: nobody signs in with it
        self.session.add_all([staff, user])
        self.session.flush()
        account = Account(
            user_id=user.id, staff_id=staff.id, home_area_id=area.id, must_change_password=False
        )
        account.password_changed_at = clock.now()
        account.totp_secret, account.totp_confirmed_at = "A" * 32, clock.now()
        post = Post(
            staff_id=staff.id, role=role, position="grid_informant", area_id=area.id, valid_from=SINCE
        )
        post.employment = "full_time"
        if role == "grid_worker":
            post.position = role
        if unit is not None:
            post.org_unit_id = unit.id
        self.session.add_all([account, post])
        self.session.flush()

    # --- reading --------------------------------------------------------------------------------------------------

    def hands(self) -> dict[tuple[str, int], Hand]:
        """(role, area or office id) → who sits there."""
        from flask_appbuilder.security.sqla.models import User

        from app.areas.models import Account, Post, Staff

        query = (
            select(User.id, User.username, Staff.id, Staff.name, Post.role, Post.area_id, Post.org_unit_id)
            .join(Account, Account.user_id == User.id)
            .join(Staff, Staff.id == Account.staff_id)
            .join(Post, Post.staff_id == Staff.id)
            .where(User.username.startswith(MARK))
            .order_by(User.id)
        )
        found = {}
        for user, _username, staff, name, role, area, unit in self.session.execute(query):
            found[role, unit or area] = Hand(user, staff, name, role)
        return found

    def places(self) -> dict[int, Place]:
        """Grid → its place; everybody goes by the one calendar of the site."""
        from app.areas.service.calendars import calendar_for

        hands, found = self.hands(), {}
        calendar = Kept(calendar_for(self.session, self.of("county")[0].id))
        for grid in self.of("grid"):
            community = self.areas[grid.parent_id]
            clerk = hands["workstation", community.id]
            worker = hands["grid_worker", grid.id]
            found[grid.id] = Place(grid.id, community.code, worker, clerk, clerk.staff_id, calendar)
        return found

    def services(self) -> list[Service]:
        """All that are offered, each with the department that decides."""
        from app.areas.models import OrgUnit
        from app.core import clock
        from app.proxy.queries.planning import items_on
        from app.proxy.service.limits import site_limits

        hands, site = self.hands(), site_limits(self.session)
        units = self.session.scalars(select(OrgUnit).where(OrgUnit.code.startswith("year-")))
        by_code = {unit.department_code: unit for unit in units}
        found = []
        for version in items_on(self.session, clock.today()):
            unit = by_code[version.department_code]
            found.append(service_of(version, site, unit, hands["department", unit.id]))
        return found
