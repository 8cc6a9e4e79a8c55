"""The invented people of the demo hold together, and the same seed gives the same city. No database."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from datetime import UTC, date, datetime

import pytest

from app import seeds
from app.core.pinyin import spell
from app.demo.filling import Filler
from app.demo.keys import Days, Keys
from app.demo.people import Inventor
from app.demo.progress import Progress
from app.registry.models import (
    ConsentTask,
    Dwelling,
    Household,
    HouseholdDwelling,
    HouseholdMember,
    Person,
    PersonArea,
    PersonDocument,
    PersonPhone,
    RentalHome,
    Residence,
    Tenancy,
    Venue,
)
from app.registry.rules import Birth, Member, age_on, has_right_check, household_findings, normalise_phone
from app.registry.rules.household import HEAD

NOW = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 3)
TOWN, COMMUNITY = {"name": "T镇"}, {"name": "C村"}
HOMES = 360


def fill(settlement: str, households: int = HOMES):
    """The rows of one filled grid by model."""
    spec = seeds.read("demo_liling")
    items = {i["code"]: i for i in seeds.read("codes")["lists"]["special_group"]["items"]}
    number = itertools.count(1)
    keys = Keys(lambda _model, n: [next(number) for _ in range(n)])
    filler = Filler(spec, Inventor(spec, 7, NOW), keys, Days(TODAY), items)
    grid = {"id": 5, "code": "430281001001003", "settlement": settlement}
    filler.fill(grid, COMMUNITY, TOWN, households)
    return filler.pile.rows


@pytest.fixture(scope="module", params=["urban", "rural"])
def rows(request):
    return fill(request.param)


def test_a_filled_grid_has_the_households_that_were_asked_for(rows):
    living = [h for h in rows[Household] if h["kind"] == "living"]
    assert len(living) == HOMES
    assert all(h["head_person_id"] for h in living)
    homes = {row["dwelling_id"] for row in rows[HouseholdDwelling]}
    used = {d["id"] for d in rows[Dwelling] if d["housing_use"] in {"H1", "H2"}}
    assert used == homes


def test_kinship_and_ages_fit_together(rows):
    people = {p["id"]: p for p in rows[Person]}
    members = defaultdict(list)
    for m in rows[HouseholdMember]:
        person = people[m["person_id"]]
        members[m["household_id"]].append(
            Member(m["relation"], Birth(person["birth_date"]), person["sex"], m["person_id"])
        )
    findings = [f.code for group in members.values() for f in household_findings(group, TODAY)]
    assert findings == []
    assert all(sum(m.relation == HEAD for m in group) == 1 for group in members.values())


def test_id_numbers_belong_to_nobody_and_are_right(rows):
    numbers = [d["number"] for d in rows[PersonDocument]]
    born = {p["id"]: p["birth_date"] for p in rows[Person]}
    assert len(set(numbers)) == len(numbers) == len(rows[Person])
    assert all(n.startswith("430299") and has_right_check(n) for n in numbers)
    assert all(d["number"][6:14] == f"{born[d['person_id']]:%Y%m%d}" for d in rows[PersonDocument])
    assert all(normalise_phone(p["number"]).number == p["number"] for p in rows[PersonPhone])


def test_addresses_are_found_by_their_initials(rows):
    for home in rows[Dwelling]:
        assert home["address"].startswith("T镇C村")
        assert home["address_pinyin"] == spell(home["address"].removeprefix("T镇C村"))[1]
    assert len({d["address"] for d in rows[Dwelling]}) == len(rows[Dwelling])


def test_areas_see_people_for_the_reasons_that_are_there(rows):
    ties = Counter((t["person_id"], t["kind"]) for t in rows[PersonArea])
    assert set(ties.values()) == {1}
    for person in rows[Person]:
        assert (person["id"], "managing") in ties
    here = {(r["person_id"], r["kind"]) for r in rows[Residence] if r.get("dwelling_id")}
    names = {"living": "residence", "registered": "registered"}
    assert {(p, names[k]) for p, k in here} == {(p, k) for p, k in ties if k in names.values()}
    assert {t["person_id"] for t in rows[Tenancy]} == {p for p, k in ties if k == "tenant"}


def test_every_child_under_14_has_a_consent_task_and_nobody_else(rows):
    young = {p["id"] for p in rows[Person] if age_on(p["birth_date"], TODAY) < 14}
    assert {c["person_id"] for c in rows[ConsentTask]} == young
    assert {c["done_on"] is None for c in rows[ConsentTask]} == {True, False}


def test_nothing_begins_before_birth_or_in_the_future(rows):
    born = {p["id"]: p["birth_date"] for p in rows[Person]}
    for model in (Residence, HouseholdMember, PersonArea):
        assert all(born[r["person_id"]] <= r["valid_from"] <= TODAY for r in rows[model])


def test_town_and_country_differ_as_they_do():
    urban, rural = fill("urban"), fill("rural")
    assert len(urban[Venue]) > len(rural[Venue])
    assert len(urban[RentalHome]) > 4 * len(rural[RentalHome])
    assert all(d["building_id"] for d in urban[Dwelling])
    assert all("building_id" not in d for d in rural[Dwelling])


def test_the_same_day_gives_the_same_city():
    def content():
        return {
            model.__name__: [{k: v for k, v in row.items() if k != "uid"} for row in found]
            for model, found in fill("urban", 60).items()
        }

    assert content() == content()


def test_names_that_are_hard_to_print_are_there(rows):
    names = {p["name"] for p in rows[Person]}
    rare = seeds.read("demo_liling")["rare_names"]
    assert names >= {*rare["m"], *rare["f"]}
    dotted = [p for p in rows[Person] if "·" in p["name"]]
    assert {p["ethnic"] for p in dotted} == {"05"}


def test_progress_tells_share_and_time_left():
    said, clock = [], iter([0.0, 10.0, 30.0])
    progress = Progress(said.append, lambda: next(clock))
    progress.add(0.25, "a quarter")
    progress.add(0.75, "the rest")
    assert said == [" 25%  a quarter, about 30 s left", "100%  the rest"]
