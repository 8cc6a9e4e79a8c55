"""Members of special groups with their own forms and visits; stays of floating and left-behind people; organisations."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from app import seeds
from app.demo.keys import Days, Pile, Row, spelling
from app.demo.people import Inventor, Someone
from app.registry.models import (
    FloatingStay,
    GroupVisit,
    HelpRecord,
    LeftBehind,
    PersonGroup,
    ResidentUnit,
    ServiceResource,
)
from app.registry.rules.care import SEVERE, SEVERE_GRADES, next_visit
from app.registry.rules.credit_code import check_of
from app.registry.rules.subforms import SubField
from app.registry.service import subforms

FILLED = 0.6  # of the fields that are not asked for
VISITED, LATE = 0.75, 0.08  # members who were visited; visits that are overdue
OUTCOMES = ("met", "met", "met", "phone", "family", "absent")
PERMIT = 0.8
HELPED = 0.5  # households of members of relief groups that were given something
DISABLED = "G21"
OF_STAY = {"G41": "01", "G35": "02"}  # groups whose members are left behind, and who they are
RELIEF = frozenset({"G11", "G12", "G15"})
ORGANISATION = "91430281"


class Care:
    """Collects what the groups of a grid's residents bring along; one source of chance, the same city each time."""

    def __init__(
        self, pile: Pile, spec: dict[str, Any], days: Days, groups: dict[str, dict[str, Any]]
    ) -> None:
        self.pile, self.spec, self.days, self.groups = pile, spec, days, groups
        self.random = Random(f"{spec['code']} care")
        self.lists = {**seeds.read("codes")["lists"], **seeds.read("codes_local")["lists"]}
        self.words = spec["care"]

    def join(self, person: Row, one: Someone, code: str) -> None:
        """One membership with its own form, its visits and the days that follow."""
        facts = self.groups[code]
        since = max(one.born, self.days.go_live)
        details = self._details(code, one)
        interval = int(facts.get("visit_interval_days") or 0)
        row = self.pile.row(
            PersonGroup,
            person_id=person["id"],
            group_code=code,
            level=facts.get("sensitivity", "L3"),
            valid_from=since,
            details=details or None,
            last_visit_on=None,
            next_visit_on=self.days.today + timedelta(days=self.random.randint(0, interval))
            if interval
            else None,
        )
        if interval and self.random.random() < VISITED:
            self._visit(row, interval, since)
        if code in OF_STAY:
            self.pile.add(LeftBehind, person_id=person["id"], kind=OF_STAY[code], valid_from=since)
        if code == DISABLED and details.get("disability_grade") in SEVERE_GRADES:
            self.join(person, one, SEVERE)

    def _visit(self, group: Row, interval: int, since: date) -> None:
        late = self.random.random() < LATE
        ago = interval + self.random.randint(1, 6) if late else self.random.randint(0, max(interval - 1, 0))
        way = self.random.choice(OUTCOMES)
        if way == "absent":  # tried again within a week
            ago = self.random.randint(0, 6)
        on = max(since, self.days.today - timedelta(days=ago))
        follows = next_visit(on, interval, way)
        self.pile.add(
            GroupVisit,
            group_id=group["id"],
            planned_on=on,
            visited_on=on,
            next_visit_on=follows,
            way=way,
            by_label=self.random.choice(self.words["visitors"]),
            details={"words": {"mood": self.random.choice(self.words["moods"])}} if way == "met" else None,
        )
        group["last_visit_on"], group["next_visit_on"] = on, follows

    def _details(self, code: str, one: Someone) -> dict[str, Any]:
        form = subforms.group_form(code)
        found = {f.name: self._value(f) for f in form or () if f.required or self.random.random() < FILLED}
        kept = {name: value for name, value in found.items() if value is not None}
        if "disability_no" in kept:
            kept["disability_no"] = f"{one.number}{kept['disability_type']}{kept['disability_grade']}"
        for name in [n for n in kept if n.endswith("_to") and n[:-3] + "_from" in kept]:
            start = date.fromisoformat(kept[name[:-3] + "_from"])
            kept[name] = (start + timedelta(days=365 * self.random.randint(1, 3))).isoformat()
        return kept

    def _value(self, field: SubField) -> Any:
        if field.kind in {"code", "codes"}:
            code = str(self.random.choice(self.lists[field.code_list]["items"])["code"])
            return code if field.kind == "code" else [code]
        if field.kind == "date":
            return self.days.ago(self.random.randint(60, 1800)).isoformat()
        if field.kind == "money":
            return f"{self.random.randrange(200, 1200, 20)}.00"
        if field.kind == "int":
            return self.random.randint(1, 4)
        if field.kind == "yesno":
            return self.random.random() < 0.4
        # names, phones and sentences are left to those who make the visits, but for a reason that is asked for
        return self.random.choice(self.words["reasons"]) if field.required and field.kind == "long" else None

    def float(self, person: Row, since: date) -> None:
        """The stay of somebody from elsewhere, most with a permit for a year."""
        permit = self.random.random() < PERMIT
        got = max(since, self.days.ago(self.random.randint(5, 370)))
        self.pile.add(
            FloatingStay,
            person_id=person["id"],
            valid_from=since,
            inflow_reason=self.random.choice(("01", "01", "03", "04", "06")),
            dwelling_type="02",
            permit_kind="01" if permit else None,
            permit_no=f"{self.spec['code']}{person['id']:09d}" if permit else None,
            registered_on=got if permit else None,
            permit_ends_on=got + timedelta(days=365) if permit else None,
            attention="00",
        )

    def help(self, household: Row, one: Someone) -> None:
        """Something given to the household of somebody on relief."""
        if RELIEF & set(one.groups) and self.random.random() < HELPED:
            kind = self.random.choice(self.words["help"])
            self.pile.add(
                HelpRecord,
                household_id=household["id"],
                given_on=self.days.ago(self.random.randint(3, 200)),
                source=kind["source"],
                what=kind["what"],
                given_by=kind["by"],
                amount=kind["amount"],
            )

    def organisations(self, grid: Row, community: str, inventor: Inventor) -> None:
        """What sits in a community beside homes and venues, in one of its grids: organisations and conveniences."""
        road = self.random.choice(self.spec["roads"])
        for n, given in enumerate(self.words["units"]):
            first = f"{ORGANISATION}MA{grid['id']:06d}{n}"
            self.pile.add(
                ResidentUnit,
                area_id=grid["id"],
                kind=given["kind"],
                name=community + given["name"],
                name_initials=spelling(community + given["name"])[1][:60],
                credit_code=first + check_of(first),
                address=f"{road}{self.random.randint(1, 180)}{self.words['number']}",
                staff_count=self.random.randint(3, 60),
                legal_name=inventor.surname() + self.words["given"],
                social_kind=given.get("social_kind"),
                attention="00",
            )
        for given in self.words["conveniences"]:
            self.pile.add(
                ServiceResource,
                area_id=grid["id"],
                kind=given["kind"],
                name=community + given["name"],
                address=f"{road}{self.random.randint(1, 180)}{self.words['number']}",
                hours=given["hours"],
                services=given["services"],
            )
