"""What a year of cases is made of: services, people, and who takes which step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any


class Kept:
    """A calendar that remembers each day: a year of cases asks some ten million times."""

    def __init__(self, calendar: Any) -> None:
        self.version = calendar.version
        self.is_workday = cache(calendar.is_workday)
        self.has_data = cache(calendar.has_data)
        self.office_hours = cache(calendar.office_hours)


@dataclass(frozen=True)
class Hand:
    """Somebody who takes steps: what a step row and a work record say about them."""

    user_id: int | None
    staff_id: int | None
    label: str
    role: str


@dataclass(frozen=True)
class Place:
    """A grid with those who handle its cases; ``office`` is the code that numbers are counted under."""

    area_id: int
    office: str
    worker: Hand
    clerk: Hand
    caller: int | None  # staff id of who calls back after a bad rating
    calendar: Any


@dataclass(frozen=True)
class Applicant:
    """Somebody whom cases are for; ``party`` is the snapshot that a case keeps."""

    id: int
    uid: str
    name: str
    born: date
    place: Place
    household_id: int | None
    dwelling_id: int | None
    party: Mapping[str, Any]


@dataclass(frozen=True)
class Service:
    """One version of a service as a case reads it; ``needs`` are its papers, ``office`` who decides."""

    version_id: int
    code: str
    name: str
    promised: int | None
    statutory: int | None
    publicity: int | None
    result_name: str | None
    delivered: bool
    ages: Mapping[str, int]
    limits: Mapping[str, tuple[float, str]]
    needs: tuple[Any, ...]
    department_id: int | None
    department_name: str
    office: Hand

    def suits(self, age: int) -> bool:
        return self.ages.get("from", 0) <= age <= self.ages.get("to", 150)


def service_of(version: Any, site: Mapping[str, tuple[float, str]], unit: Any, office: Hand) -> Service:
    """Of a loaded version (`ServiceItemVersion`) and the site's step limits (`service.limits.site_limits`)."""
    from app.proxy.rules import clock_limits, limits_of_item

    own = limits_of_item(version.limits)
    return Service(
        version_id=version.id,
        code=version.item.code,
        name=version.name,
        promised=version.promised_days,
        statutory=version.statutory_days,
        publicity=version.publicity_days,
        result_name=version.result_name,
        delivered=version.delivery_needed,
        ages=(version.more or {}).get("age") or {},
        limits=clock_limits(version.statutory_days, version.promised_days, site, own),
        needs=tuple(version.materials),
        department_id=unit.id if unit is not None else None,
        department_name=unit.name if unit is not None else "",
        office=office,
    )
