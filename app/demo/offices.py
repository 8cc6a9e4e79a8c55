"""Offices of the demo city: center, departments, a sub-center for each town, a workstation for each community."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sqlalchemy.orm import Session

from app.areas.models import OrgUnit
from app.areas.rules import child_path
from app.core import bulk
from app.demo.ground import Ground
from app.demo.keys import Days, Keys, Row

CENTER = "C"


def build_offices(
    session: Session, spec: dict[str, Any], ground: Ground, days: Days, keys: Keys, batch: str
) -> dict[str, int]:
    """Write all offices; returns their ids by code (area code, department code, or ``C``)."""
    rows = _Offices(spec["words"], days, keys)
    county = ground.of("county")[0]
    rows.add(None, "center", CENTER, rows.words["center"].format(name=county["name"]), county)
    for code, name in spec["departments"].items():
        title = rows.words["department"].format(city=county["name"], name=name)
        rows.add(None, "department", code, title, county, department_code=code)
    communities: dict[int, list[Row]] = {}
    for community in ground.of("community"):
        communities.setdefault(community["parent_id"], []).append(community)
    for n, town in enumerate(ground.of("town")):
        title = rows.words["sub_center"].format(name=town["name"])
        # the towns went live in three batches
        rows.add(CENTER, "sub_center", town["code"], title, town, pilot_batch=rows.words["batches"][n % 3])
        for community in communities.get(town["id"], ()):
            title = rows.words["station"].format(name=town["name"] + community["name"])
            rows.add(town["code"], "workstation", community["code"], title, community, serves_public=True)
    for given in spec["powers"]:
        title = rows.words["department"].format(city=county["name"], name=given["name"])
        rows.add(None, given["kind"], given["code"], title, county, serves_public=False)
    for code, row in rows.by_code.items():
        row["next_child"] = rows.children[code] + 1
    bulk.insert(session, OrgUnit, list(rows.by_code.values()), batch=batch)
    return {code: row["id"] for code, row in rows.by_code.items()}


class _Offices:
    """The tree of offices while it grows."""

    def __init__(self, words: dict[str, Any], days: Days, keys: Keys) -> None:
        self.words, self.days, self.keys = words, days, keys
        self.by_code: dict[str, Row] = {}
        self.children: Counter[str | None] = Counter()

    def add(self, parent: str | None, kind: str, code: str, name: str, area: Row, **more: Any) -> None:
        self.children[parent] += 1
        above = self.by_code[parent] if parent else None
        order = len(self.by_code) + 1
        self.by_code[code] = {
            "id": self.keys.next(OrgUnit),
            "parent_id": above["id"] if above else None,
            "path": child_path(above["path"] if above else "", self.children[parent]),
            "kind": kind,
            "code": code,
            "name": name,
            "area_id": area["id"],
            "host_office": self.words["host"] if kind in {"center", "sub_center"} else None,
            "phone": self.words["office_phone"].format(n=order),
            "address": self.words["office_address"].format(name=area["full_name"]),
            "valid_from": self.days.founded,
            "go_live_on": self.days.go_live,
            "document_code": area["code"],
            "pilot_batch": None,
            "department_code": None,
            "serves_public": kind == "department",
            **more,
        }
