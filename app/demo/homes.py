"""Filling a grid: buildings or village houses, households, persons, groups, rentals, venues."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from app.core import bulk
from app.core.pinyin import spell
from app.demo.city import Keys
from app.demo.people import Inventor, Someone
from app.registry.models import (
    Building,
    BuildingUnit,
    ConsentTask,
    Dwelling,
    Household,
    HouseholdDwelling,
    HouseholdMember,
    Person,
    PersonArea,
    PersonDocument,
    PersonGroup,
    PersonPhone,
    PersonSource,
    RentalHome,
    Residence,
    Tenancy,
    Venue,
)

UNITS, FLOORS, FLATS = 3, 6, 4
EMPTY, LET = 0.08, 0.07  # shares of dwellings standing empty and let
# parents before children: the loader writes the tables in this order
ORDER = (
    Building,
    BuildingUnit,
    Dwelling,
    Person,
    PersonArea,
    PersonDocument,
    PersonPhone,
    PersonGroup,
    PersonSource,
    ConsentTask,
    Household,
    HouseholdMember,
    HouseholdDwelling,
    Residence,
    RentalHome,
    Tenancy,
    Venue,
)
# chance of a special group by age band for everybody in it
CHANCES = (
    ("G11", 16, 99, 0.02),
    ("G21", 5, 99, 0.025),
    ("G51", 25, 58, 0.02),
    ("G62", 25, 80, 0.025),
    ("G81", 22, 90, 0.06),
)
RARE_GROUPS = (
    ("G02", 20, 55, 0.0015),
    ("G03", 20, 70, 0.002),
    ("G12", 60, 95, 0.006),
    ("G61", 60, 90, 0.004),
)


class Filler:
    """Collects the rows of a grid and writes them table by table in one bulk insert each."""

    def __init__(
        self,
        session: Session,
        spec: dict[str, Any],
        inventor: Inventor,
        keys: Keys,
        levels: dict[str, str],
        today: date,
    ) -> None:
        self.session, self.spec, self.words, self.inventor = session, spec, spec["words"], inventor
        self.keys, self.levels, self.today = keys, levels, today
        self.random = Random(spec["code"] + "homes")
        self.rows: dict[type, list[dict[str, Any]]] = defaultdict(list)
        self.persons = 0

    def fill(self, grid: dict[str, Any], community: dict[str, Any], households: int) -> None:
        """Invent and collect ``households`` living households of a grid."""
        urban = grid["settlement"] == "urban"
        homes = (
            self._flats(grid, community, households) if urban else self._houses(grid, community, households)
        )
        for home in homes:
            if self.random.random() < LET and urban:
                self._rental(grid, home)
            else:
                self._household(grid, home, urban)
        self._venues(grid, community, 22 if urban else 6)

    def write(self, batch: str) -> None:
        """Write everything collected so far."""
        for model in ORDER:
            bulk.insert(self.session, model, self.rows.pop(model, []), batch=batch)

    # --- homes ------------------------------------------------------------------------------------------------

    def _add(self, model: type, **values: Any) -> int:
        values["id"] = self.keys.next(model)
        self.rows[model].append(values)
        return values["id"]

    def _flats(self, grid: dict[str, Any], community: dict[str, Any], wanted: int) -> list[int]:
        words, homes = self.words, []
        estate, road = self.random.choice(self.spec["estates"]), self.random.choice(self.spec["roads"])
        number, order = 0, 0
        while len(homes) < wanted:
            number += 1
            street = words["street_address"].format(road=road, n=grid["code"][-2:].lstrip("0") + "0")
            name = words["building"].format(n=number)
            base = f"{community['name']}{street}{estate}{name}"
            building = self._add(
                Building,
                area_id=grid["id"],
                estate=estate,
                name=name,
                road=road,
                address=base,
                building_type="B1",
                floors=FLOORS,
                built_year=self.random.randint(1992, 2019),
            )
            for unit_no in range(1, UNITS + 1):
                unit_name = words["unit"].format(n=unit_no)
                unit = self._add(
                    BuildingUnit,
                    building_id=building,
                    seq=unit_no,
                    name=unit_name,
                    floors=FLOORS,
                    flats_per_floor=FLATS,
                )
                for floor in range(1, FLOORS + 1):
                    for flat in range(1, FLATS + 1):
                        order += 1
                        room = words["room"].format(floor=floor, flat=flat)
                        address = f"{base}{unit_name}{room}{words['room_suffix']}"
                        home = self._dwelling(
                            grid,
                            address,
                            order,
                            building_id=building,
                            unit_id=unit,
                            floor=floor,
                            room_no=room,
                            road=road,
                            area_m2=self.random.choice((62, 78, 89, 96, 112, 128)),
                        )
                        if len(homes) < wanted and home is not None:
                            homes.append(home)
        return homes

    def _houses(self, grid: dict[str, Any], community: dict[str, Any], wanted: int) -> list[int]:
        words, homes, order = self.words, [], 0
        while len(homes) < wanted:
            order += 1
            group = words["group"].format(n=order // 34 + 1)
            house = words["house"].format(n=order % 34 + 1)
            home = self._dwelling(
                grid,
                f"{community['name']}{group}{house}",
                order,
                village_group=group,
                door_no=house,
                area_m2=self.random.choice((120, 150, 180, 220)),
            )
            if home is not None:
                homes.append(home)
        return homes

    def _dwelling(self, grid: dict[str, Any], address: str, order: int, **more: Any) -> int | None:
        empty = self.random.random() < EMPTY
        home = self._add(
            Dwelling,
            area_id=grid["id"],
            address=address,
            address_pinyin=spell(address)[1][:120],
            walk_order=order,
            housing_use="H4" if empty else "H1",
            valid_from=date(2026, 1, 1),
            **more,
        )
        return None if empty else home

    # --- people -----------------------------------------------------------------------------------------------

    def _household(self, grid: dict[str, Any], home: int, urban: bool) -> None:
        people = self.inventor.household(urban=urban)
        since = self.today - timedelta(days=self.random.randint(200, 6000))
        household = self.keys.next(Household)
        heads = [self._person(grid, one, home, household, since, "registered") for one in people]
        self.rows[Household].append(
            {
                "id": household,
                "kind": "living",
                "area_id": grid["id"],
                "head_person_id": heads[0],
                "household_no": f"{grid['code'][6:]}{household % 100000:05d}"[:24],
                "name": self.words["household"].format(name=people[0].name),
                "valid_from": since,
            }
        )
        self._add(HouseholdDwelling, household_id=household, dwelling_id=home, valid_from=since)

    def _person(
        self, grid: dict[str, Any], one: Someone, home: int, household: int | None, since: date, kind: str
    ) -> int:
        self.persons += 1
        pinyin, initials = spell(one.name)
        age = (self.today - one.born).days // 365
        floating = kind == "floating"
        person = self._add(
            Person,
            name=one.name,
            name_pinyin=pinyin[:200],
            name_initials=initials[:50],
            sex=one.sex,
            birth_date=one.born,
            ethnic="01" if self.random.random() < 0.97 else "15",
            area_id=grid["id"],
            population_kind=kind,
            consistency="02" if floating else "01",
            marital=_marital(one, age, self.random),
            political_status="01" if "G81" in one.groups else "13",
            education=_education(age, self.random),
            workplace=self.random.choice(self.spec["workplaces"]) if 22 <= age <= 60 else None,
            register_division=self.random.choice(self.spec["register_elsewhere"])
            if floating
            else self.spec["city"],
        )
        for tie in ("managing", "residence", *(("tenant",) if floating else ())):
            self._add(PersonArea, person_id=person, area_id=grid["id"], kind=tie, valid_from=since)
        self._add(PersonDocument, person_id=person, kind="111", number=one.number, valid_from=since)
        if one.phone:
            self._add(PersonPhone, person_id=person, number=one.phone, valid_from=since)
        self._groups(person, one, age)
        self._add(
            PersonSource,
            person_id=person,
            field_group="identity",
            source="grid",
            confirmed_at=self.inventor.now - timedelta(days=self.random.randint(1, 200)),
        )
        if age < 14:
            self._add(
                ConsentTask, person_id=person, due_on=self.today + timedelta(days=self.random.randint(5, 60))
            )
        if household is not None:
            self._add(
                HouseholdMember,
                household_id=household,
                person_id=person,
                relation=one.relation,
                valid_from=since,
            )
        self._add(
            Residence,
            person_id=person,
            dwelling_id=home,
            household_id=household,
            kind="living",
            valid_from=since,
            dwelling_type="02" if floating else "01",
            inflow_reason="01" if floating else None,
        )
        return person

    def _groups(self, person: int, one: Someone, age: int) -> None:
        for code, low, high, chance in (*CHANCES, *RARE_GROUPS):
            if low <= age <= high and self.random.random() < chance:
                one.groups.append(code)
        for code in dict.fromkeys(one.groups):
            due = self.today + timedelta(days=self.random.randint(-12, 60))
            self._add(
                PersonGroup,
                person_id=person,
                group_code=code,
                level=self.levels[code],
                valid_from=date(2026, 3, 1),
                next_visit_on=due,
            )

    def _rental(self, grid: dict[str, Any], home: int) -> None:
        landlord = self.inventor.person("1", 40, 70)
        since = self.today - timedelta(days=self.random.randint(20, 900))
        risk = self.random.choices(("green", "yellow", "orange", "red"), (70, 20, 8, 2))[0]
        rental = self._add(
            RentalHome,
            area_id=grid["id"],
            dwelling_id=home,
            rental_kind=self.random.choice(("RH1", "RH2")),
            rental_use="02",
            risk=risk,
            landlord_name=landlord.name,
            landlord_phone=landlord.phone,
            registered=self.random.random() < 0.7,
            lease_until=self.today + timedelta(days=self.random.randint(-30, 400)),
            next_check_on=self.today + timedelta(days=self.random.randint(-5, 20)),
        )
        household = self.keys.next(Household)
        people = [
            self.inventor.person(self.random.choice("12"), 19, 48) for _ in range(self.random.randint(1, 3))
        ]
        for n, one in enumerate(people):
            one.relation = "02" if n == 0 else "99"
            person = self._person(grid, one, home, household, since, "floating")
            if n == 0:
                head = person
            self._add(Tenancy, rental_home_id=rental, person_id=person, head_count=1, valid_from=since)
        self.rows[Household].append(
            {
                "id": household,
                "kind": "living",
                "area_id": grid["id"],
                "head_person_id": head,
                "name": self.words["household"].format(name=people[0].name),
                "valid_from": since,
            }
        )
        self._add(HouseholdDwelling, household_id=household, dwelling_id=home, valid_from=since)

    def _venues(self, grid: dict[str, Any], community: dict[str, Any], count: int) -> None:
        short = community["name"][:-2] if len(community["name"]) > 3 else community["name"][:-1]
        for _n in range(count):
            kind = self.random.choice(self.spec["venues"])
            surname = self.inventor.surname()
            name = kind["name"].format(s=surname, e=short + self.random.choice(self.spec["community_first"]))
            owner = self.inventor.person("2", 25, 60)
            road = self.words["street_address"].format(
                road=self.random.choice(self.spec["roads"]), n=self.random.randint(1, 199)
            )
            self._add(
                Venue,
                area_id=grid["id"],
                name=name,
                name_initials=spell(name)[1][:60],
                nine_small=kind.get("nine_small"),
                venue_key=kind["venue_key"],
                address=f"{community['name']}{road}",
                operator_name=owner.name,
                operator_phone=owner.phone,
                area_m2=self.random.randint(*kind["area"]),
                staff_count=self.random.randint(1, 12),
                licence_no=f"JY{self.random.randint(10**12, 10**13 - 1)}",
                licence_until=self.today + timedelta(days=self.random.randint(-40, 1200)),
            )


def _marital(one: Someone, age: int, random: Random) -> str:
    """Codes of GB/T 2261.2: 10 single, 20 married, 30 widowed, 40 divorced."""
    if age < 22:
        return "10"
    if "G34" in one.groups:
        return "30"
    return random.choices(("20", "10", "40"), (85, 8 if age > 35 else 40, 7))[0]


def _education(age: int, random: Random) -> str | None:
    """Codes of GB/T 4658 (main classes)."""
    if age < 6:
        return None
    if age < 16:
        return "80" if age < 13 else "70"
    return random.choices(
        ("80", "70", "60", "30", "20"), (30, 35, 20, 10, 5) if age > 45 else (5, 30, 30, 20, 15)
    )[0]
