"""The demo's residents: households and the people in them, with everything dated that hangs on a person."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from app.core.clock import to_local
from app.core.models import new_uid
from app.demo.care import Care
from app.demo.fields import answered
from app.demo.keys import Days, Pile, Row, name_spelling
from app.demo.people import DAUGHTER, HEAD, MALE, SON, UNRELATED, Inventor, Someone
from app.registry.models import (
    ConsentTask,
    Household,
    HouseholdDwelling,
    HouseholdMember,
    Person,
    PersonArea,
    PersonDocument,
    PersonName,
    PersonPhone,
    PersonSource,
    Residence,
)
from app.registry.service.consents import CHILD_UNDER
from app.registry.service.wording import household_name

IDENTITY_CARD = "111"
GROWN_UP = 18
HERE, SEPARATED = "01", "02"  # household_consistency
ALSO_REGISTERED, AWAY = 0.2, 0.35  # households of the register; those with a child who lives elsewhere
CONSENT_IN = 0.5
OLDEST_CONFIRMED = 400  # days: what is older than a year stands in the list of records to confirm
NOTICE_VERSION = "1"
# chance of a special group by age for everybody of that age: common ones, then rare and protected ones
CHANCES = (
    ("G11", 16, 99, 0.02),
    ("G21", 5, 99, 0.025),
    ("G36", 75, 99, 0.05),
    ("G51", 25, 58, 0.02),
    ("G62", 25, 80, 0.025),
    ("G71", 45, 99, 0.04),
    ("G81", 22, 90, 0.06),
    ("G82", 20, 68, 0.02),
    ("G02", 20, 55, 0.0015),
    ("G03", 20, 70, 0.002),
    ("G12", 60, 95, 0.006),
    ("G61", 60, 90, 0.004),
)


class Residents:
    """Collects the people of a home: who they are, where they are registered, which groups they belong to."""

    def __init__(
        self, pile: Pile, spec: dict[str, Any], inventor: Inventor, days: Days, groups: dict[str, dict]
    ) -> None:
        self.pile, self.spec, self.inventor, self.days, self.groups = pile, spec, inventor, days, groups
        self.random = Random(f"{spec['code']} residents")
        self.care = Care(pile, spec, days, groups)
        self.count = 0
        self._numbers: dict[int, int] = {}

    def household(self, grid: Row, home: Row) -> list[Row]:
        """A living household of those who are registered here; the persons, head first."""
        people = self.inventor.household(urban=grid["settlement"] == "urban")
        since = self.days.ago(self.random.randint(200, 6000))
        drawn = self.random.random()
        persons = self._move_in(grid, home, people, since, "registered")
        if drawn < ALSO_REGISTERED:
            self._register(grid, home, people, persons, since, with_absent=drawn < ALSO_REGISTERED * AWAY)
        return persons

    def tenants(self, grid: Row, home: Row, since: date) -> list[Row]:
        """Up to three people from elsewhere who share a rented home."""
        size = self.random.randint(1, 3)
        people = [self.inventor.person(self.inventor.sex(), 19, 48) for _ in range(size)]
        for one in people[1:]:
            one.relation = UNRELATED
        return self._move_in(grid, home, people, since, "floating")

    def _move_in(
        self, grid: Row, home: Row, people: list[Someone], since: date, population: str
    ) -> list[Row]:
        household = self._household("living", grid, home, people[0], since)
        persons = []
        for one in people:
            # nobody lives anywhere before the day of birth
            day = max(since, one.born)
            person = self.person(grid, one, population, day)
            self._belong(household, person, one.relation, day)
            self._reside(grid, home, person, household, "living", day, population)
            self.care.help(household, one)
            persons.append(person)
        household["head_person_id"] = persons[0]["id"]
        return persons

    def _register(
        self,
        grid: Row,
        home: Row,
        people: list[Someone],
        persons: list[Row],
        since: date,
        with_absent: bool,
    ) -> None:
        """The household of the register (hukou) beside the one that lives here; sometimes with a child who left."""
        household = self._household("registered", grid, home, people[0], since)
        household["head_person_id"] = persons[0]["id"]
        for one, person in zip(people, persons, strict=True):
            day = max(since, one.born)
            self._belong(household, person, one.relation, day)
            self._reside(grid, home, person, household, "registered", day, "registered")
        if with_absent and people[0].age_on(self.days.today) >= 44:
            self._absent_child(grid, home, household, people[0], since)

    def _absent_child(self, grid: Row, home: Row, household: Row, head: Someone, since: date) -> None:
        age = head.age_on(self.days.today)
        sex = self.inventor.sex()
        relation = SON if sex == MALE else DAUGHTER
        one = self.inventor.person(sex, 19, min(50, age - 22), relation, head.name[0])
        person = self.person(grid, one, "registered", max(since, one.born))
        person["consistency"] = SEPARATED
        self._belong(household, person, relation, max(since, one.born))
        self._reside(grid, home, person, household, "registered", max(since, one.born), "registered")
        self.pile.add(
            Residence,
            person_id=person["id"],
            kind="living",
            outside_division=self.random.choice(self.spec["register_elsewhere"]),
            valid_from=self.days.ago(self.random.randint(100, 900)),
        )

    def _household(self, kind: str, grid: Row, home: Row, head: Someone, since: date) -> Row:
        number = self._numbers[grid["id"]] = self._numbers.get(grid["id"], 0) + 1
        row = self.pile.row(
            Household,
            kind=kind,
            area_id=grid["id"],
            household_no=f"{grid['code']}{number:04d}",
            name=household_name(head.name),
            valid_from=since,
        )
        self.pile.add(HouseholdDwelling, household_id=row["id"], dwelling_id=home["id"], valid_from=since)
        return row

    def _belong(self, household: Row, person: Row, relation: str, day: date) -> None:
        self.pile.add(
            HouseholdMember,
            household_id=household["id"],
            person_id=person["id"],
            relation=relation or HEAD,
            valid_from=day,
        )

    def _reside(
        self, grid: Row, home: Row, person: Row, household: Row, kind: str, day: date, population: str
    ) -> None:
        floating = population == "floating"
        self.pile.add(
            Residence,
            person_id=person["id"],
            dwelling_id=home["id"],
            household_id=household["id"],
            kind=kind,
            valid_from=day,
            dwelling_type="02" if floating else "01",
            inflow_reason="01" if floating else None,
        )
        tie = "residence" if kind == "living" else "registered"
        self.tie(person, grid, tie, day)

    def tie(self, person: Row, grid: Row, kind: str, day: date) -> None:
        """Let the grid see the person for one more reason."""
        self.pile.add(PersonArea, person_id=person["id"], area_id=grid["id"], kind=kind, valid_from=day)

    # --- one person ---------------------------------------------------------------------------------------------

    def person(self, grid: Row, one: Someone, population: str, day: date) -> Row:
        """The row of a person with names, document, phone, groups, sources and, for a child, the consent task."""
        self.count += 1
        pinyin, initials = name_spelling(one.name)
        age = one.age_on(self.days.today)
        floating = population == "floating"
        row = self.pile.row(
            Person,
            uid=new_uid(),
            name=one.name,
            name_pinyin=pinyin[:200],
            name_initials=initials[:50],
            sex=one.sex,
            birth_date=one.born,
            ethnic=one.ethnic,
            area_id=grid["id"],
            population_kind=population,
            consistency=SEPARATED if floating else HERE,
            marital=one.marital if age >= 20 else "10",
            political_status="13",
            education=self._education(age),
            employment=self._employment(age),
            workplace=self.random.choice(self.spec["workplaces"]) if 22 <= age <= 57 else None,
            register_division=self.random.choice(self.spec["register_elsewhere"])
            if floating
            else self.spec["city"],
        )
        key, row["extra"] = row["id"], answered(row["id"]) if age >= GROWN_UP else None
        self.tie(row, grid, "managing", day)
        self.pile.add(PersonName, person_id=key, kind="current", name=one.name, valid_from=day)
        self.pile.add(
            PersonDocument, person_id=key, kind=IDENTITY_CARD, number=one.number, valid_from=one.born
        )
        if one.phone:
            self.pile.add(PersonPhone, person_id=key, number=one.phone, valid_from=day)
        self._join_groups(row, one, age)
        if floating:
            self.care.float(row, day)
        self._confirm(row)
        if age < CHILD_UNDER:
            self._consent(key)
        return row

    def _join_groups(self, person: Row, one: Someone, age: int) -> None:
        for code, low, high, chance in CHANCES:
            if low <= age <= high and self.random.random() < chance:
                one.groups.append(code)
        if "G81" in one.groups:
            person["political_status"] = "01"
        for code in dict.fromkeys(one.groups):
            self.care.join(person, one, code)

    def _confirm(self, person: Row) -> None:
        """When the record was found right last: with some it is more than a year ago."""
        at = self.inventor.now - timedelta(
            days=self.random.randint(1, OLDEST_CONFIRMED), minutes=self.random.randint(0, 600)
        )
        person["confirmed_on"] = to_local(at).date()
        for group in ("identity", "residence"):
            self.pile.add(
                PersonSource, person_id=person["id"], field_group=group, source="grid", confirmed_at=at
            )

    def _consent(self, person_id: int) -> None:
        due = self.days.today + timedelta(days=self.random.randint(-6, 30))
        done = self.random.random() < CONSENT_IN
        self.pile.add(
            ConsentTask,
            person_id=person_id,
            due_on=due,
            done_on=self.days.ago(self.random.randint(7, 120)) if done else None,
            notice_version=NOTICE_VERSION if done else None,
        )

    def _education(self, age: int) -> str | None:
        """Main classes of GB/T 4658."""
        if age < 6:
            return None
        if age < 16:
            return "80" if age < 13 else "70"
        weights = (30, 35, 20, 10, 5) if age > 45 else (5, 30, 30, 20, 15)
        return self.random.choices(("80", "70", "60", "30", "20"), weights)[0]

    def _employment(self, age: int) -> str:
        """Code list employment_status."""
        if age < 6:
            return "E12"
        if age < 18:
            return "E9"
        if age >= 60:
            return self.random.choices(("E8", "E4"), (60, 40))[0]
        return self.random.choices(("E1", "E2", "E3", "E4", "E5", "E7"), (40, 20, 12, 10, 14, 4))[0]
