"""Rows of sheets through the forms of the registers: known again, four rules, what the domain refuses (issue 4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from app.areas.actors import build_actor
from app.areas.models import Area, Post, PostDuty, Staff
from app.audit.models import AccessLog, ChangeLog
from app.core import clock, codes, sheets
from app.core.actor import as_actor
from app.core.extra import ExtraField
from app.core.interface import facts_of
from app.core.models import new_uid
from app.core.scope import acting_as, session_actor
from app.core.session import unit_of_work
from app.core.sheets import Row
from app.core.views.at_work import forms_at_work
from app.exchange.service import declared
from app.exchange.service.declared import open_sheets
from app.exchange.service.standing import classes
from app.registry.models import BuildingUnit, Dwelling, RentalHome, ResidentUnit, Venue
from app.registry.service import matching
from tests.factories.registry import ResidentFactory, id_number, make_home, make_household
from tests.support.imports import words_of, write

pytestmark = pytest.mark.any_database
SHOP = {
    "name": "Shop",
    "area_id": "Grid A11",
    "address": "Road 1",
    "operator_name": None,
    "staff_count": None,
}


def keys_of(world, username, sheet):
    actor, _seats = build_actor(world.accounts[username].user_id, clock.today())
    with acting_as(actor) as session, forms_at_work(session, "en"):
        return [f.key for f in open_sheets(actor)[sheet].fields(session)]


def venue(system):
    system.rollback()
    return system.scalars(select(Venue)).one()


@pytest.mark.parametrize(
    ("rule", "word", "operator", "staff"),
    [
        ("skip", "skipped", "Old", None),
        ("fill", "changed", "Old", 4),
        ("update", "changed", "New", 4),
    ],
)
def test_what_is_done_with_a_known_record(acting, system, world, rule, word, operator, staff):
    clerk = acting("clerk_a")
    write(clerk, "venues", [SHOP | {"operator_name": "Old"}])
    [outcome] = write(clerk, "venues", [SHOP | {"operator_name": "New", "staff_count": 4}], rule)
    assert outcome.outcome == word
    found = venue(system)
    assert (found.operator_name, found.staff_count) == (operator, staff)
    [again] = write(clerk, "venues", [SHOP | {"operator_name": operator, "staff_count": staff}], rule)
    assert again.outcome == ("skipped" if rule == "skip" else "same")
    assert again.made == again.before == []


def test_a_known_record_can_be_entered_once_more_and_the_sheet_says_where_it_names_one_twice(acting, system):
    clerk = acting("clerk_a")
    first, second = write(clerk, "venues", [SHOP, SHOP])
    assert (first.outcome, second.outcome) == ("made", "skipped")
    assert words_of(second) == ["The same record as in row 2 of this sheet."]
    assert [o.outcome for o in write(clerk, "venues", [SHOP], "new")] == ["made"]
    assert system.scalar(select(func.count(Venue.id))) == 2


def test_each_row_stands_alone_and_says_where_it_is_wrong(acting, system):
    """An area elsewhere, a wrong number, a value too long: that row stays out, the others go in (guards, section 1)."""
    rows = [
        SHOP | {"area_id": "Grid T11", "name": "A"},
        SHOP | {"area_id": "430299001001001", "name": "B"},
        SHOP | {"credit_code": "1", "name": "C" * 101},
        SHOP | {"area_id": "Community A1Grid A12", "name": "D"},
    ]
    outcomes = write(acting("clerk_a"), "venues", rows)
    assert [o.outcome for o in outcomes] == ["bad", "made", "bad", "made"]
    assert words_of(outcomes[0]) == ["There is no area called “Grid T11” among yours."]
    assert [f.column for f in (*outcomes[0].findings, *outcomes[2].findings)] == [2, 1]
    assert words_of(outcomes[2]) == ["At most 100 characters."]
    assert set(system.scalars(select(Venue.name))) == {"B", "D"}


def test_homes_know_their_building_staircase_and_twins(acting, system):
    clerk = acting("clerk_a")
    write(clerk, "buildings", [{"area_id": "Grid A11", "name": "3", "road": "Long Road", "door_no": "9"}])
    flat = {"area_id": "Grid A11", "building_id": "3", "room_no": "101", "unit_no": 1, "owner_phone": None}
    outcomes = write(clerk, "homes", [flat, flat | {"unit_no": 2}, flat, flat | {"building_id": "4"}])
    assert [o.outcome for o in outcomes] == ["made", "made", "skipped", "bad"]
    assert system.scalar(select(func.count(BuildingUnit.id))) == 2
    [refused] = write(clerk, "homes", [flat], "new")
    assert words_of(refused) == ["This home is already in the register."]
    system.rollback()
    home = system.scalars(select(Dwelling).order_by(Dwelling.id)).first()
    let = {"dwelling_id": home.address, "landlord_name": "Qiu", "landlord_phone": "13812345678"}
    assert [o.outcome for o in write(clerk, "rented_homes", [let, let])] == ["made", "skipped"]
    system.rollback()
    assert system.scalars(select(RentalHome)).one().landlord_phone == "13812345678"


def test_a_sheet_brings_no_more_than_the_form(acting, world, system):
    """A center operator reads the registry and writes staff: other sheets are not offered; a clerk's form has the fields of
    every kind of organisation, and a row only those of its own.
    """
    operator, _seats = build_actor(world.accounts["operator"].user_id, clock.today())
    clerk, _seats = build_actor(world.accounts["clerk_a"].user_id, clock.today())
    assert {"staff", "areas", "old_contracts"} <= set(open_sheets(operator))
    assert not {"venues", "homes", "persons"} & set(open_sheets(operator))
    assert "areas" not in open_sheets(clerk)
    assert {"legal_name", "has_party"} <= set(keys_of(world, "clerk_a", "units"))
    unit = {
        "name": "Firm",
        "kind": "company",
        "area_id": "Grid A11",
        "address": "Road 1",
        "legal_name": "Bai",
    }
    write(acting("clerk_a"), "units", [unit | {"social_kind": "1"}])
    found = system.scalars(select(ResidentUnit)).one()
    assert (found.legal_name, found.social_kind) == ("Bai", None)


UNIT = {
    "name": "Old People Association",
    "kind": "company",
    "area_id": "Grid A11",
    "address": "Road 1",
    "legal_name": "Bai",
}


def test_a_name_alone_finds_nobody_and_moves_no_unit(acting, world, system):
    """Two units of one name in two grids are two; a person is named by number, or by name and birth date (S0-69)."""
    other = UNIT | {"area_id": "Grid A21", "legal_name": "Zhu", "address": "Lane 9"}
    assert [o.outcome for o in write(acting("town_clerk_a"), "units", [UNIT, other], "update")] == [
        "made"
    ] * 2
    person = ResidentFactory(name="Qiu Bai", birth=date(1985, 2, 21))
    make_household(system, make_home(system, world.areas["grid_a11"]), [person])
    system.commit()
    row = {"area_id": "Grid A11", "name": "Qiu", "person_id": "Qiu Bai"}
    texts = ("Qiu Bai", "Qiu Bai 1985-02-22", "Qiu Bai (1985-02-21)", "Qiu Bai 1985-2-21", person.number)
    rows = [row | {"name": f"Qiu {at}", "person_id": text} for at, text in enumerate(texts)]
    outcomes = write(acting("clerk_a"), "kindness_account", rows)
    assert [o.outcome for o in outcomes] == ["bad", "bad", "made", "skipped", "skipped"]
    assert "by a name alone nobody is found" in words_of(outcomes[0])[0]
    assert "Qiu Bai 1985-02-21" in words_of(outcomes[0])[0]


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [("date", date(2020, 5, 5), date(2021, 1, 1)), ("yes_no", False, True), ("text", "Rex", "Max")],
)
def test_what_stands_sealed_is_not_empty(acting, system, kind, old, new):
    """A custom field of level 5 is not sent to a form: filling in what is empty leaves it, and an equal value is none."""
    with unit_of_work(system):
        common = {"key": kind, "label": "Past", "kind": kind, "level": "L5", "seq": 1}
        system.add(ExtraField(subject="venue", valid_from=date(2020, 1, 1), **common))
    clerk = acting("clerk_a")
    clerk.info["actor"] = replace(session_actor(clerk), grants=frozenset({f"venue:{kind}"}))
    row, other = SHOP | {f"x_{kind}": old}, SHOP | {f"x_{kind}": new}
    with as_actor(clerk.info["actor"]):
        assert [o.outcome for o in write(clerk, "venues", [row])] == ["made"]
        stored = venue(system).extra_closed
        assert stored[kind] is not None
        words = [
            write(clerk, "venues", [again], rule)[0].outcome
            for again, rule in ((other, "fill"), (row, "update"))
        ]
        assert words == ["same", "same"]
        assert venue(system).extra_closed == stored
        assert [o.outcome for o in write(clerk, "venues", [other], "update")] == ["changed"]
    assert venue(system).extra_closed != stored


@pytest.mark.parametrize("rule", ["skip", "update", "fill"])
def test_a_right_row_goes_in_below_a_wrong_one_about_the_same(acting, system, rule):
    """The mark of a record is nobody's while no row of it has gone in."""
    rows = [SHOP | {"operator_name": "x" * 200}, SHOP | {"operator_name": "Good"}]
    outcomes = write(acting("clerk_a"), "venues", rows, rule)
    assert [(o.outcome, len(o.findings)) for o in outcomes] == [("bad", 1), ("made", 0)]
    assert venue(system).operator_name == "Good"


def test_an_area_that_is_closed_while_a_sheet_runs_takes_no_row_any_more(acting, world, system):
    clerk = acting("clerk_a")
    declared.declare_all()
    writer = sheets.sheets()["venues"].writer(clerk, session_actor(clerk), {"language": "en", "columns": {}})
    with unit_of_work(clerk):
        [made] = writer.take(clerk, [Row(2, dict(SHOP))], "skip", batch=new_uid())
    system.get(Area, world.areas["grid_a11"]).valid_to = clock.today() - timedelta(days=1)
    system.commit()
    with unit_of_work(clerk):
        [refused] = writer.take(clerk, [Row(3, SHOP | {"name": "Late"})], "skip", batch=new_uid())
    assert (made.outcome, refused.outcome) == ("made", "bad")
    assert words_of(refused) == ["There is no area called “Grid A11” among yours."]


def test_numbers_cannot_be_tried_out_in_a_sheet(acting, world, system, monkeypatch):
    """A check that asks for staff by phone, or for people by number, counts with the look-ups of the keyboard."""
    monkeypatch.setattr(matching, "LOOKUPS_AN_HOUR", 8)
    clerk = acting("clerk_a")
    staff = {"name": "Wang An", "area_id": "Grid A11", "kind": "backbone", "phone": "13812345678"}
    write(clerk, "staff", [staff])
    declared.declare_all()

    def looked(sheet, rows):
        writer = sheets.sheets()[sheet].writer(clerk, session_actor(clerk), {"language": "en", "columns": {}})
        with unit_of_work(clerk):
            return writer.look(clerk, [Row(n, dict(row)) for n, row in enumerate(rows, 2)], "skip")

    tried = [staff | {"phone": f"1381234{5670 + n}"} for n in range(5)]
    assert "bad" not in {o.outcome for o in looked("staff", tried)}
    person = {"area_id": "Grid A11", "name": "Qiu"}
    rows = [person | {"person_id": id_number(date(1985, 2, 21), n)} for n in range(1, 12, 2)]
    said = [words_of(o)[0].partition(".")[0] for o in looked("kindness_account", rows)]
    assert said[0].startswith("Nobody with this document number")
    assert said[-1] == "You have looked up very many people"
    system.rollback()
    logged = list(system.scalars(select(AccessLog.detail).where(AccessLog.action == "SEARCH")))
    assert sum(detail.startswith("match: sheet, 5 asked, 0 inside") for detail in logged) == 1
    assert 6 <= logged.count("match: none") <= 8


@pytest.mark.demand("S4-20")
def test_an_old_area_contract_becomes_a_post_in_a_grid(acting, world, system):
    """Who answered for two patches is one person with one post; the patches are its tasks. Doing it again adds nothing."""
    row = {"name": "Old Li", "phone": "13800000001", "patch": "Patch 1", "area_id": "Grid A11"}
    rows = [row, row | {"patch": "Patch 2"}, row | {"name": "Ma", "phone": None, "area_id": "Grid A12"}]
    assert [o.outcome for o in write(acting("clerk_a"), "old_contracts", rows)] == ["made"] * 3
    assert [o.outcome for o in write(acting("clerk_a"), "old_contracts", rows)] == ["skipped"] * 3
    li = system.scalars(select(Staff).where(Staff.name == "Old Li")).one()
    post = system.scalars(select(Post).where(Post.staff_id == li.id)).one()
    assert (post.area_id, post.position, post.role) == (world.areas["grid_a11"], "grid_worker", None)
    tasks = system.scalars(select(PostDuty.task).where(PostDuty.post_id == post.id).order_by(PostDuty.id))
    assert list(tasks) == ["Patch 1", "Patch 2"]


def test_areas_keep_their_codes_and_stand_below_each_other(acting, world, system):
    row = {"name": "Grid A13", "parent_id": "Community A1", "level_id": "grid", "code": "430299001001003"}
    outcomes = write(acting("operator"), "areas", [row, row | {"code": "7", "name": "Grid A14"}, row])
    assert [o.outcome for o in outcomes] == ["made", "bad", "skipped"]
    assert (
        system.scalars(select(Area).where(Area.code == row["code"])).one().parent_id == world.areas["com_a1"]
    )


def test_a_sheet_of_areas_brings_a_community_and_the_grids_below_it(acting, system):
    above = {"name": "Community A9", "parent_id": "Town A", "level_id": "community", "code": "430299001009"}
    grid = {"name": "Grid A91", "parent_id": "Community A9", "level_id": "grid", "code": "430299001009001"}
    outcomes = write(acting("operator"), "areas", [above, grid])
    assert [words_of(o) for o in outcomes] == [[], []]
    made = system.scalars(select(Area).where(Area.code == grid["code"])).one()
    assert made.parent.name == "Community A9"


def test_a_light_register_takes_a_sheet_by_itself_and_every_row_is_logged_with_its_batch(
    acting, world, system
):
    keys = keys_of(world, "clerk_a", "facility")
    assert {"area_id", "name", "kind"} <= set(keys)
    row = {"area_id": "Grid A11", "name": "Square", "kind": "1"}
    kinds = kinds_of(system, "facility")
    outcomes = write(acting("clerk_a"), "facility", [row | {"kind": kinds[0]}, row | {"kind": kinds[0]}])
    assert [o.outcome for o in outcomes] == ["made", "skipped"]
    logged = system.scalars(select(ChangeLog).where(ChangeLog.table_name == "facility")).one()
    assert logged.action == "insert"
    assert logged.batch


def kinds_of(system, table):
    return list(codes.codes(system, facts_of(classes()[table])["kind"].code_list))


@pytest.mark.parametrize("sheet", ["rented_homes", "persons"])
def test_a_masked_phone_cannot_be_tried_out_by_same_and_changed(sheet, acting, world, system):
    """The real number is compared and nothing of it shown; after five wrong ones the check says "changed" of any."""
    clerk, right = acting("clerk_a"), "13812345678"
    if sheet == "persons":
        row, phone = (
            {"name": "Qiu", "birth": "1985-02-21", "sex": "1", "area": "Grid A11", "relation": "02"},
            "phone",
        )
        row |= {"road": "Lane", "door_no": "7"}
    else:
        home = make_home(system, world.areas["grid_a11"])
        system.commit()
        row, phone = {"dwelling_id": home.address, "landlord_name": "Qiu"}, "landlord_phone"
    assert write(clerk, sheet, [row | {phone: right}])[0].outcome == "made"

    def looked(number):
        options = {"language": "en", "columns": {}}
        writer = sheets.sheets()[sheet].writer(clerk, session_actor(clerk), options)
        with unit_of_work(clerk):
            (outcome,) = writer.look(clerk, [Row(2, row | {phone: number})], "update")
        return outcome.outcome

    assert looked(right) == "same"
    assert [looked(f"1381234{5670 + n}") for n in range(5)] == ["changed"] * 5
    assert looked(right) == "changed"
    system.rollback()
    logged = list(system.scalars(select(AccessLog).where(AccessLog.detail == "match: compared")))
    assert len(logged) == 5
    assert len({(line.table_name, line.row_id) for line in logged}) == 1
