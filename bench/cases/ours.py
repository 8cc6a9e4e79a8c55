"""The pages of the proxy service that are measured, as each role opens them, and who opens them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import func, select

from bench.pages.wsgi import Ask

COUNT = 40


@dataclass(frozen=True)
class Desk:
    """Somebody who opens pages: the account, and what stands on them."""

    name: str
    role: str
    user_id: int
    area_id: int
    path: str
    unit_id: int
    cases: list[str]
    people: list[str]
    rounds: list[str]

    def nth(self, kind: str, n: int) -> str:
        found: list[str] = getattr(self, kind)
        return found[n % len(found)]


def desks(session: Any) -> dict[str, Desk]:
    """Whoever has the most open cases of each level: a worker, her station and town, a department, the county center."""
    from app.proxy.models import ProxyCase
    from bench.cases.offices import Offices
    from bench.city import site

    offices = Offices(session)
    hands = offices.hands()
    busiest = (
        select(ProxyCase.area_id)
        .where(ProxyCase.closed_at.is_(None))
        .group_by(ProxyCase.area_id)
        .order_by(func.count().desc(), ProxyCase.area_id)
    )
    grid = offices.areas[session.scalars(busiest.limit(1)).one()]
    office = session.scalars(
        select(ProxyCase.department_id)
        .where(ProxyCase.closed_at.is_(None), ProxyCase.submitted_to_department)
        .group_by(ProxyCase.department_id)
        .order_by(func.count().desc())
        .limit(1)
    ).one()
    community = offices.areas[grid.parent_id]
    town, root = offices.areas[community.parent_id], offices.of("county")[0]
    found = {}
    for name, role, key, area in (
        ("worker", "grid_worker", grid.id, grid),
        ("clerk", "workstation", community.id, community),
        ("town", "town_staff", town.id, town),
        ("department", "department", office, root),
    ):
        unit = office if name == "department" else 0
        found[name] = _desk(session, name, role, hands[role, key].user_id or 0, area, unit)
    center = site.accounts(session)["center"]
    found["center"] = _desk(session, "center", center.role, center.user_id, root, 0)
    return found


def _desk(session: Any, name: str, role: str, user: int, area: Any, unit: int) -> Desk:
    from app.areas.models import Area
    from app.areas.rules import range_of
    from app.proxy.models import ProxyCase
    from app.registry.models import Person
    from app.worklog.models import Visit

    below = select(Area.id).where(Area.path.between(*range_of(area.path)))
    cases = (
        select(ProxyCase.uid).where(ProxyCase.area_id.in_(below)).order_by(ProxyCase.id.desc()).limit(COUNT)
    )
    if unit:
        cases = cases.where(ProxyCase.department_id == unit, ProxyCase.submitted_to_department)
    people = select(Person.uid).where(Person.area_id.in_(below)).order_by(Person.id).limit(COUNT)
    rounds = select(Visit.uid).where(Visit.area_id.in_(below), Visit.visit_type == "V3")
    rounds = rounds.order_by(Visit.planned_on.desc(), Visit.id).limit(COUNT)
    lists = [list(session.scalars(query)) for query in (cases, people, rounds)]
    return Desk(name, role, user, area.id, area.path, unit, *lists)


def asks(desk: Desk) -> dict[str, Callable[[int], Ask]]:
    """Name of the page → the request of a repetition."""
    from app.core import clock

    today = clock.today()
    month, year = today - timedelta(days=30), today - timedelta(days=364)

    def figures(by: str, first: Any) -> Ask:
        return Ask(
            f"/proxy-figures/?{urlencode({'by': by, 'first': first.isoformat(), 'last': today.isoformat()})}"
        )

    found: dict[str, Callable[[int], Ask]] = {
        "start page": lambda _n: Ask("/"),
        "work list": lambda _n: Ask("/proxy/"),
        "work list, all open": lambda _n: Ask("/proxy/?tab=all"),
        "work list, page 3, late": lambda _n: Ask("/proxy/?tab=all&late=1&page=3"),
        "work list, with others": lambda _n: Ask("/proxy/?tab=waiting"),
        "work list, opinion asked": lambda _n: Ask("/proxy/?tab=asked"),
        "cases": lambda _n: Ask("/cases/list/"),
        "case": lambda n: Ask(f"/cases/show/{desk.nth('cases', n)}"),
        "today": lambda _n: Ask("/field/"),
        "rounds": lambda _n: Ask("/field/rounds"),
        "round": lambda n: Ask(f"/field/round/{desk.nth('rounds', n)}"),
        "calendar": lambda _n: Ask("/appointments/"),
        "reminders": lambda _n: Ask("/reminders/"),
        "reminders, all": lambda _n: Ask("/reminders/?tab=all"),
        "originals": lambda _n: Ask("/originals/list/"),
        "call-backs": lambda _n: Ask("/callbacks/list/"),
        "proposals": lambda _n: Ask("/benefits/"),
        "proposals, reviews": lambda _n: Ask("/benefits/?kind=renewal"),
        "booking": lambda n: Ask(
            f"/proxy/book?{urlencode({'person': desk.nth('people', n), 'item': 'WJ-02'})}"
        ),
        "figures, service, month": lambda _n: figures("service", month),
    }
    if desk.name != "worker":
        found |= {
            f"figures, {by}, {name}": (lambda _n, by=by, first=first: figures(by, first))  # type: ignore[misc]
            for by in ("worker", "service", "area", "department")
            for name, first in (("month", month), ("year", year))
            if not (by == "worker" and desk.unit_id)
        }
    return found
