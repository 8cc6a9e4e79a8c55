"""The dry run says what the import does, also where rows rely on rows of earlier chunks, and after it was broken off."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from app.core import jobs, sheets
from app.exchange.models import ImportBatch, ImportRow
from app.exchange.service import brought as brought_by
from app.exchange.service import declared, generic
from app.registers.kindness_accounts import KindnessAccount
from tests.support.imports import brought, csv_of, run_jobs, step, write

CODE = "430299001009"
AREAS = csv_of(
    ("Name", "Area above", "Level", "Code"),
    ("Community A9", "Town A", "community", CODE),
    ("Grid A91", "Town A", "grid", f"{CODE}000"),  # a grid does not lie right below a town
    ("Grid A91", "Community A9", "grid", f"{CODE}001"),
    ("Grid A92", "Town ACommunity A9", "grid", f"{CODE}002"),
    ("Grid A93", CODE, "grid", f"{CODE}003"),
    ("Community A9", "Town A", "community", CODE),
    ("Grid A94", "Community A8", "grid", f"{CODE}004"),
    ("Grid A95", "Community A9", "grid", f"{CODE}005"),
)
FLAT = ("Grid A11", "3", "101", "1")
HOMES = csv_of(
    ("Grid", "Building", "Room", "Staircase (number)"),
    *(
        FLAT,
        ("Grid A11", "3", "102", "1"),
        FLAT,
        ("Grid A11", "3", "103", "1"),
        ("Grid A11", "4", "101", "1"),
        FLAT,
    ),
)
SHOP = ("Shop", "Grid A11", "Road 1", "Li")
VENUES = csv_of(
    ("Name", "Grid", "Address", "Operator"),
    *(SHOP, ("Inn", "Grid A11", "Road 2", "Bai"), SHOP, ("Shop", "Grid A11", "Road 1", "Ma")),
    *(("Shop", "Grid A11", "Road 1", "Ma"), SHOP),
)
POINTS = csv_of(
    ("Area", "Account of kindness", "Done on", "What for", "Points"),
    ("Grid A11", "Qiu", "2026-01-05", "Lessons", "5"),
    ("Grid A11", "Qiu", "2026-01-06", "Rice", "-9"),
    ("Grid A11", "Qiu", "2026-01-07", "Oil", "-3"),
    ("Grid A11", "Qiu", "2026-01-08", "Soap", "-3"),
    ("Grid A11", "Qiu", "2026-01-09", "Shopping for others", "4"),
    ("Grid A11", "Qiu", "2026-01-10", "Salt", "-6"),
)
PATCHES = csv_of(
    ("Person in charge", "Mobile", "Old contract area", "Grid"),
    ("Old Li", "13800000001", "Patch 1", "Grid A11"),
    ("Old Li", "13800000002", "Patch 2", "Grid A11"),
    ("Old Li", "", "Patch 3", "Grid A11"),
    ("Old Li", "13800000001", "Patch 1", "Grid A11"),
)
ROOM = ("5", "2", "502", "H-9")
PERSONS = csv_of(
    (
        "Name",
        "Birth date",
        "Sex",
        "Grid or community",
        "Household number",
        "Relation to head",
        "Building",
        "Staircase",
    )
    + ("Room", "Number of the home"),
    ("Lin An", "1980-02-01", "1", "Grid A11", "N7", "02", *ROOM),
    ("Su San", "1985-02-01", "2", "Grid A11", "", "02", "5", "2", "503", ""),
    ("Lin Chi", "2015-02-01", "1", "Grid A11", "N7", "20", "", "", "", ""),  # a household by its number only
    ("Lin Bo", "1955-02-01", "1", "Grid A11", "N7", "02", "", "", "", ""),  # a second head
    ("Lin Ci", "2016-02-01", "1", "Community A1", "N7", "", "", "", "", ""),  # no relation
    ("Su Er", "2017-02-01", "1", "Grid A11", "", "", "5", "2", "503", ""),
    ("Lin Di", "2018-02-01", "1", "Grid A11", "", "20", "", "", "", "H-9"),  # a home by its number only
    ("Lin Mu", "1957-02-01", "2", "Grid A12", "N7", "10", "", "", "", ""),  # of another grid
)
SHEETS = {
    "areas": (AREAS, "skip", "made bad made made made skipped bad made"),
    "homes": (HOMES, "new", "made made bad made bad bad"),
    "venues": (VENUES, "update", "made made same changed same changed"),
    "kindness_entry": (POINTS, "skip", "made bad made bad made made"),
    "persons": (PERSONS, "skip", "made made made bad bad bad made made"),
    "old_contracts": (PATCHES, "skip", "made made bad skipped"),
}


@pytest.fixture
def chunks(app):
    """Sheets in chunks of two rows."""
    declared.declare_all()
    before = {name: sheets.sheets()[name] for name in SHEETS}
    for sheet in before.values():
        sheets.declare(replace(sheet, chunk=2))
    yield
    for sheet in before.values():
        sheets.declare(sheet)


@pytest.fixture
def begin(login_as, acting, system, world):
    """What the sheets need in the register, and somebody who may bring them."""

    def client(name):
        if name == "homes":
            write(acting("clerk_a"), "buildings", [{"area_id": "Grid A11", "name": "3", "road": "Long Road"}])
        if name == "kindness_entry":
            system.rollback()
            system.add(KindnessAccount(name="Qiu", area_id=world.areas["grid_a11"]))
            system.commit()
        return login_as("operator" if name == "areas" else "clerk_a")

    return client


def rows(system, uid):
    """{row: (outcome, what was found)} of those rows that are not simply made."""
    system.rollback()
    query = select(ImportRow).join(ImportBatch).where(ImportBatch.uid == uid).order_by(ImportRow.row_no)
    found = {r.row_no: (r.outcome, [f[:3] for f in r.findings or ()]) for r in system.scalars(query)}
    return {number: told for number, told in found.items() if told != ("made", [])}


@pytest.mark.parametrize("name", SHEETS)
def test_the_dry_run_of_a_chunk_knows_what_the_chunks_before_it_bring(name, chunks, begin, system):
    data, rule, words = SHEETS[name]
    client = begin(name)
    uid = brought(client, name, data, rule=rule)
    checked = rows(system, uid)
    step(client, uid, "run")
    assert rows(system, uid) == checked
    outcomes = [checked.get(number, ("made", []))[0] for number in range(2, 2 + len(words.split()))]
    assert " ".join(outcomes) == words, checked


@pytest.mark.any_database
def test_a_check_says_where_it_does_not_go_through_all_rows_about_one_record(begin, system, monkeypatch):
    monkeypatch.setattr(brought_by, "BESIDE", 3)
    found = rows(system, brought(begin("kindness_entry"), "kindness_entry", POINTS))
    said = {
        number
        for number, (_outcome, told) in found.items()
        for f in told
        if f[1] == generic.NOT_WHOLE._args[0]
    }
    assert said == {7}


@pytest.mark.any_database
@pytest.mark.parametrize("way", ["look", "take"])
def test_work_that_was_broken_off_knows_the_chunks_before_it(way, chunks, begin, system, monkeypatch):
    """The worker stops before the third chunk; another one goes on there with what the rows before stood for."""
    client, plain, calls = begin("areas"), getattr(generic.FormWriter, way), []

    def once(self, session, rows, rule, **more):
        calls.append(rows[0].number)
        if len(calls) == 3:
            raise jobs.Stopping
        return plain(self, session, rows, rule, **more)

    with monkeypatch.context() as patch:
        patch.setattr(generic.FormWriter, way, once)
        uid = brought(client, "areas", AREAS)
        if way == "take":
            step(client, uid, "run")
    assert calls[:4] == [2, 4, 6, 6]
    found = rows(system, uid)
    step(client, uid, "run" if way == "look" else "undo")
    assert {n: told[0] for n, told in found.items()} == {3: "bad", 7: "skipped", 8: "bad"}
    if way == "look":
        assert rows(system, uid) == found
    run_jobs()
