"""The search box looks into custom fields by an index of its own, inside the scope and the levels."""

from __future__ import annotations

import html
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text

from app.core import clock, codes, extra, fieldwords
from app.core.extra import Extra, ExtraField, ExtraFieldArea
from app.core.views.cells import name_of
from app.home import search_fields
from app.registry.models import Dwelling, Household, Person
from tests.factories.registry import ResidentFactory, make_home, make_household, make_rental, make_venue
from tests.support.pages import post

OLD_WELL = "\u8001\u4e95\u65c1\u8fb9"  # beside the old well
FREE = {"subject": "dwelling", "kind": "text", "level": "L3", "valid_from": date(2026, 1, 1)}
KINDS = {
    "text": f"{OLD_WELL} No K12-9.",
    "number": 12.5,
    "date": "2026-01-02",
    "choice": "10",
    "yes_no": True,
}


def add(session, label, **values):
    """A field; its key is its number."""
    key = f"f{len(list(session.scalars(select(ExtraField)))) + 1}"
    areas = [ExtraFieldArea(area_id=area) for area in values.pop("areas", ())]
    session.add(ExtraField(key=key, label=label, areas=areas, **FREE | values))
    session.flush()
    return key


def hits(client, query):
    """Addresses of the hits of a search, and the page; a single hit opens at once."""
    answer = post(client, "/search/", q=query)
    if answer.status_code == 303:
        return answer.location
    assert answer.status_code == 200
    return html.unescape(answer.text)


@pytest.fixture
def house(system, world):
    """A home in grid A11 with a value of each kind, and another one without any."""
    for kind in KINDS:
        add(system, f"Field {kind}", kind=kind, code_list="marital" if kind == "choice" else None)
    found = make_home(system, world.areas["grid_a11"])
    make_home(system, world.areas["grid_a11"], "2")
    found.extra = {f"f{n}": value for n, value in enumerate(KINDS.values(), 1)}
    system.commit()
    return found


@pytest.mark.parametrize("common", [1, search_fields.COMMON])
def test_each_kind_is_found_by_what_it_says(house, login_as, system, monkeypatch, common):
    """By either way: by the index, or in the areas where many records of the site bear the word."""
    monkeypatch.setattr(search_fields, "COMMON", common)
    clerk, label = login_as("clerk_a"), codes.label(system, "marital", "10")
    system.rollback()
    for query in (OLD_WELL[1:3], "K12", "k12-9", "12.5", "12.50", "2026-01-02", "20260102", label):
        assert f"/dwelling/show/{house.uid}" in hits(clerk, query), query
    for query in (
        OLD_WELL[::-1],
        "2-9",
        "K12 x",
        "13.5",
        "2026-01-03",
        "true",
        "f1",
        "%%",
        "__",
        '"*',
        "'f1':*",
    ):
        assert house.uid not in hits(clerk, query), query


def test_what_changes_is_found_anew_and_what_was_there_no_more(house, login_as, system):
    clerk = login_as("clerk_a")
    house.extra = {"f1": "Iron Gate"}
    system.commit()
    assert house.uid in hits(clerk, "iron")
    assert house.uid not in hits(clerk, OLD_WELL)
    system.rollback()
    house.extra = None
    system.commit()
    assert house.uid not in hits(clerk, "iron")


def test_only_inside_the_scope_the_level_the_days_and_the_areas(house, login_as, system, world):
    assert house.uid not in hits(login_as("clerk_t"), OLD_WELL)
    system.rollback()
    closed = add(system, "Secret", level="L4")
    ended = add(system, "Ended", valid_to=clock.today() - timedelta(days=1))
    later = add(system, "To come", valid_from=clock.today() + timedelta(days=1))
    elsewhere = add(system, "Elsewhere", areas=[world.areas["town_t"]])
    house.extra = {closed: "Quartz", ended: "Quartz", later: "Quartz", elsewhere: "Quartz"}
    house.extra_closed = {closed: "Quartz"}
    system.commit()
    clerk = login_as("clerk_a")
    assert house.uid not in hits(clerk, "quartz")
    system.rollback()
    here = add(system, "Here", areas=[world.areas["com_a1"]])
    house.extra = {here: "Quartz"}
    system.commit()
    assert house.uid in hits(clerk, "quartz")


def test_every_kind_of_record_says_by_which_field_it_was_found(house, login_as, system, world):
    household = make_household(system, house, [ResidentFactory(name="Qiu Bai")])
    records = {
        "household": household,
        "person": household.members[0].person,
        "rentalhome": make_rental(system, house, landlord_name="Owner"),
        "venue": make_venue(system, house.area_id, house, name="Corner shop"),
    }
    for row in (house, *records.values()):
        row.extra = {add(system, "Meter no.", subject=row.__tablename__): "88991234"}
    system.commit()
    page = hits(login_as("clerk_a"), "8899")
    for base, row in records.items():
        assert f"/{base}/show/{row.uid}" in page, base
    assert page.count("Meter no.: 88991234") == 5
    assert name_of(records["venue"]) in page


def test_an_index_answers(house, system):
    """No search reads a table from end to end."""
    column = extra.columns(system, Dwelling)[0]
    query = select(Dwelling.id).where(fieldwords.holding(Dwelling, [fieldwords.begun(column.key, "k12")]))
    sql = str(query.compile(system.get_bind(), compile_kwargs={"literal_binds": True}))
    connection = system.connection()
    if system.get_bind().dialect.name == "sqlite":
        plan = " ".join(str(r) for r in connection.execute(text("EXPLAIN QUERY PLAN " + sql)))
        assert "VIRTUAL TABLE INDEX" in plan
        assert "SCAN dwelling " not in plan
    else:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = " ".join(str(r) for r in connection.execute(text("EXPLAIN " + sql.replace("%", "%%"))))
        assert "ix_dwelling_extra_words" in plan


def test_the_index_is_made_anew_and_broken_stores_stop_nobody(house, system):
    connection = system.connection()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("DROP TRIGGER dwelling_extra_fts_u")
    house.extra = {"f1": "Iron gate", "f2": {"a": 1}, "f3": None}
    system.flush()
    fieldwords.ensure(system.connection())
    fits = fieldwords.holding(Dwelling, [fieldwords.begun("f1", "iron")])
    assert system.scalars(select(Dwelling.id).where(fits)).all() == [house.id]
    house.extra = ["no object"]
    system.flush()
    assert system.scalars(select(Dwelling.id).where(fits)).all() == []


@pytest.mark.any_database
def test_every_record_with_custom_fields_has_the_index():
    tables = {m.class_.__tablename__ for m in Dwelling.registry.mappers if issubclass(m.class_, Extra)}
    assert tables == set(fieldwords.TABLES) == {m.__tablename__ for m in search_fields.ICONS}
    assert {Person, Household} <= set(search_fields.ICONS)
