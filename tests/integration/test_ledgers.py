"""Ledgers: what is put together comes out of the file; shared by role, each with the own rows and masks."""

from __future__ import annotations

import io
import re
from datetime import date, datetime

import openpyxl
import pypdf
import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app.core import clock, codes
from app.core.jobs import Job, worker
from app.exchange.models import ExportFile, Ledger
from app.registry.models import Person
from tests.factories.registry import Resident, id_number, make_person
from tests.support.drawn import draw_here, numbers_of
from tests.support.pages import post, token_of

NUMBER = id_number(date(1941, 2, 3), 123)
PEOPLE = (
    ("Old Li", True, date(1941, 2, 3), "grid_a11", NUMBER),
    ("Old Wang", False, date(1946, 11, 22), "grid_a12", None),
    ("Young", True, date(1990, 1, 1), "grid_a11", None),
    ("Far Away", True, date(1930, 1, 1), "grid_t11", None),
)


@pytest.fixture(autouse=True)
def people(system, world):
    for name, male, birth, grid, number in PEOPLE:
        make_person(system, world.areas[grid], Resident(name, male, birth, number))
    system.commit()


def typed(world, **more) -> MultiDict:
    """The builder's page for a ledger of everybody over eighty, by grid."""
    given = {
        "subject": ["PersonView"],
        "_version": ["0"],
        "name": ["Elders"],
        "area": [world.uids["town_a"]],
        "columns": ["name", "age", "document", "area.code", "birth_date"],
        "_flt_2_birth_date": ["today-80y"],
        "group1": ["area"],
        "order1": ["birth_date"],
        "way1": ["up"],
        "totals": ["1"],
        "sums": ["age"],
        "numbered": ["1"],
        "title": ["{area} elders {year}/{month}"],
        "dated": ["1"],
        "size": ["A3"],
        "way": ["landscape"],
        "roles": ["grid_worker"],
    }
    return MultiDict(
        given | {name: value if isinstance(value, list) else [value] for name, value in more.items()}
    )


def send(client, url, data):
    data = data.copy()
    data["csrf_token"] = token_of(client)
    return client.post(url, data=data)


def saved(client, world, system, **more) -> str:
    """The uid of a ledger that was put together and saved."""
    answer = send(client, "/ledgers/add", typed(world, **more))
    assert answer.status_code == 303, re.findall(r'gb-error"[^>]*>.*?</p>', answer.text, re.S)
    system.rollback()
    return answer.headers["Location"].rpartition("/")[2]


def run(client, uid, system, kind="xlsx", **more) -> bytes:
    page = client.get(f"/ledgers/show/{uid}").text
    once = re.search(r'name="client_uid" value="([^"]+)"', page)[1]
    assert post(client, f"/ledgers/show/{uid}", kind=kind, client_uid=once, **more).status_code == 303
    while worker.run_one("tester"):
        pass
    system.rollback()
    export = system.scalars(select(ExportFile).order_by(ExportFile.id.desc()).limit(1)).one()
    job = system.scalars(select(Job).where(Job.uid == export.job_uid)).one()
    assert (job.state, job.error) == ("done", None)
    return client.get(f"/exports/{export.uid}").data


def grid(data: bytes) -> list[list]:
    page = openpyxl.load_workbook(io.BytesIO(data)).active
    return [list(row) for row in page.iter_rows(values_only=True)]


def test_a_ledger_has_its_heading_groups_sums_and_order(login_as, world, system):
    with clock.frozen(datetime(2026, 11, 22, 4, 0, tzinfo=clock.now().tzinfo)):
        client = login_as("town_clerk_a")
        found = grid(run(client, saved(client, world, system), system))
    masked = NUMBER[0] + "*" * 16 + NUMBER[-1]
    assert found[0][0] == "Town A elders 2026/11"
    assert "Reporting unit: Town A" in found[1][0]
    assert "2026-11-22" in found[1][0]
    assert found[2] == ["No.", "Full name", "Age", "ID number", "Managed by: Code", "Born"]
    born = [datetime(1941, 2, 3), datetime(1946, 11, 22)]  # noqa: DTZ001
    assert found[3:] == [
        ["Grid A11"] + [None] * 5,
        [1, "Old Li", 85, masked, "430299001001001", born[0]],
        ["Grid A11, subtotal: 1", None, 85, None, None, None],
        ["Grid A12"] + [None] * 5,
        [2, "Old Wang", 80, None, "430299001001002", born[1]],
        ["Grid A12, subtotal: 1", None, 80, None, None, None],
        ["Total: 2", None, 165, None, None, None],
        [found[-1][0]] + [None] * 5,
    ]
    assert "Prepared by" in found[-1][0]


def test_groups_of_a_code_stand_as_its_list_has_them_and_those_without_one_last(login_as, world, system):
    kinds = {"Old Li": "registered", "Old Wang": "floating", "Young": "zz"}  # zz: a code that no list knows
    for person in system.scalars(select(Person).where(Person.name.in_(kinds))):
        person.population_kind = kinds[person.name]
    make_person(system, world.areas["grid_a11"], Resident("Nobody", True, date(1980, 1, 1), None))
    none = system.scalars(select(Person).where(Person.name == "Nobody")).one()
    none.population_kind = None
    system.commit()
    more = {"columns": ["name", "age"], "group1": "population_kind", "_flt_2_birth_date": ""}
    client = login_as("town_clerk_a")

    def lines(**ways) -> list[str]:
        rows = re.findall(
            r"<tr.*?</tr>", send(client, "/ledgers/preview", typed(world, **more, **ways)).text, re.S
        )
        words = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows[1:]]
        return [w for w in words if "subtotal" in w or "Total" in w]

    words = codes.codes(system, "population_kind")
    first, second = words["registered"].label, words["floating"].label
    expected = [first, second, "zz", "(empty)"]
    up = lines()
    assert [next(w for w in expected if w in line) for line in up[:-1]] == expected
    assert all("subtotal: 1 " in line for line in up[:-1]), up
    assert "Total: 4" in up[-1]
    down = lines(order1="population_kind", way1="down")
    assert [next(w for w in expected if w in line) for line in down[:-1]] == [second, first, "zz", "(empty)"]


def test_a_shared_ledger_is_run_over_the_own_areas_and_changed_by_its_maker_only(login_as, world, system):
    maker, reader = login_as("town_clerk_a"), login_as("worker_a")
    uid = saved(maker, world, system)
    assert uid in reader.get("/ledgers/list/").text
    names = [row[1] for row in grid(run(reader, uid, system)) if isinstance(row[0], int)]
    assert names == ["Old Li"]
    assert reader.get(f"/ledgers/edit/{uid}").status_code == 403
    assert post(reader, f"/ledgers/delete/{uid}", reason="not mine").status_code == 403
    for stranger in ("worker_t", "clerk_a", "operator"):
        assert login_as(stranger).get(f"/ledgers/show/{uid}").status_code == 404
    copy = post(reader, f"/ledgers/copy/{uid}").headers["Location"].rpartition("/")[2]
    assert reader.get(f"/ledgers/edit/{copy}").status_code == 200
    assert maker.get(f"/ledgers/show/{copy}").status_code == 404
    assert post(maker, f"/ledgers/delete/{uid}", reason="replaced").status_code == 303
    assert reader.get(f"/ledgers/show/{uid}").status_code == 404
    assert post(maker, f"/ledgers/restore/{uid}").status_code == 303
    assert uid in reader.get("/ledgers/list/").text


@pytest.mark.any_database
def test_what_was_typed_survives_every_refusal_and_an_older_page_is_told(login_as, world, system):
    client = login_as("town_clerk_a")
    refused = send(
        client, "/ledgers/add", typed(world, name="", title="{month} of {moon}", columns=["name", "sex"])
    )
    assert refused.status_code == 422
    assert all(word in refused.text for word in ("{month} of {moon}", "today-80y", 'value="sex" checked'))
    bad = {
        "title": "{moon}",
        "area": world.uids["town_t"],
        "_flt_2_birth_date": "nonsense",
        "columns": ["name", "secret"],
        "order1": "document",
        "roles": "leader",
    }
    for name, value in bad.items():
        assert send(client, "/ledgers/add", typed(world, **{name: value})).status_code == 422, name
    uid = saved(client, world, system)
    assert send(client, f"/ledgers/edit/{uid}", typed(world, name="Second", _version="1")).status_code == 303
    late = send(client, f"/ledgers/edit/{uid}", typed(world, name="Third", _version="1"))
    assert (late.status_code, "Third" in late.text, 'name="_version" value="2"' in late.text) == (
        409,
        True,
        True,
    )
    system.rollback()
    assert system.scalars(select(Ledger.name)).one() == "Second"


def keep(client, page, data):
    """What the page sends every few seconds while somebody types."""
    values = [[name, value] for name, value in data.items(multi=True) if value]
    sent = {"page": page, "title": "New ledger", "values": values}
    answer = client.post("/drafts/save", json=sent, headers={"X-CSRFToken": token_of(client)})
    assert answer.get_json() == {"saved": True}


@pytest.mark.any_database
def test_what_is_typed_into_the_builder_comes_back_and_a_ledger_saved_since_is_told(
    app, login_as, world, system
):
    client = login_as("town_clerk_a")
    new = "LedgerNewPersonView:new"
    half = typed(world, name="Half done", columns=["sex", "name"])
    keep(client, new, half)
    again = login_as("town_clerk_a")  # the browser is gone: another one
    assert "/ledgers/add?subject=PersonView" in again.get("/drafts/").text
    page = again.get("/ledgers/add?subject=PersonView").text
    assert all(
        word in page for word in ('value="Half done"', "was put back", "today-80y", f'data-draft="{new}"')
    )
    assert page.index('name="columns" value="sex" checked') < page.index(
        'name="columns" value="name" checked'
    )
    assert "Half done" not in again.get("/ledgers/add?subject=DwellingView").text
    assert "Half done" not in login_as("town_clerk_t").get("/ledgers/add?subject=PersonView").text
    uid = saved(again, world, system, name="Half done")
    assert "put back" not in again.get("/ledgers/add?subject=PersonView").text  # saving drops the draft

    keep(again, f"LedgerView:{uid}", typed(world, name="Mine", _version="1"))
    page = again.get(f"/ledgers/edit/{uid}").text
    assert "was put back" in page
    assert "saved anew" not in page
    other = typed(world, name="Theirs", _version="1")
    assert send(again, f"/ledgers/edit/{uid}", other).status_code == 303
    keep(again, f"LedgerView:{uid}", typed(world, name="Mine", columns=["sex"], _version="1"))
    page = again.get(f"/ledgers/edit/{uid}").text
    assert all(word in page for word in ('value="Mine"', "saved anew", "They differ in: Saved as, Fields."))
    assert 'name="_version" value="1"' in page
    assert send(again, f"/ledgers/edit/{uid}", typed(world, name="Mine", _version="1")).status_code == 409
    system.rollback()
    assert system.scalars(select(Ledger.name)).one() == "Theirs"


@pytest.mark.any_database
def test_a_field_that_is_gone_is_told_and_can_be_taken_out(login_as, world, system):
    client = login_as("town_clerk_a")
    uid = saved(client, world, system)
    ledger = system.scalars(select(Ledger)).one()
    ledger.columns = ["name", "x_gone"]
    system.commit()
    page = client.get(f"/ledgers/show/{uid}").text
    assert "The field x_gone is not there any more" in page
    assert "x_gone" in client.get(f"/ledgers/edit/{uid}").text
    ledger.subject = "NoView"
    system.commit()
    assert "There is no such list any more" in client.get(f"/ledgers/show/{uid}").text


def test_the_first_rows_stand_in_the_builder(login_as, world):
    client = login_as("town_clerk_a")
    piece = send(client, "/ledgers/preview", typed(world))
    assert piece.status_code == 200
    assert all(word in piece.text for word in ("Old Li", "Old Wang", "Grid A12, subtotal: 1", "Total: 2"))
    assert not any(word in piece.text for word in ("Young", "Far Away", NUMBER))
    assert send(client, "/ledgers/preview", typed(world, columns=[])).status_code == 422
    assert send(login_as("leader"), "/ledgers/preview", typed(world)).status_code == 403


@pytest.mark.any_database
def test_a_ledger_is_printed_with_its_mark(app, login_as, world, system, monkeypatch):
    draw_here(app, monkeypatch)
    client = login_as("town_clerk_a")
    data = run(client, saved(client, world, system), system, "pdf", plain="y", reason="Visit of the elders")
    (page,) = pypdf.PdfReader(io.BytesIO(data)).pages
    assert numbers_of([page]) == [(1, 1)]
    words = page.extract_text()
    assert all(word in words for word in ("elders", "Old Li", NUMBER, "Visit of the elders", "Prepared by"))
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (
        1191,
        842,
    )  # A3, the long side across


def test_what_a_ledger_may_be_about_stands_as_in_the_menu(login_as):
    """Lists of their own under the sections of the menu, lists that belong to other records behind them; none twice."""
    page = login_as("clerk_a").get("/ledgers/add").text
    own, _sign, rest = page.partition("gl-subjects")[2].partition("<summary>Lists that")
    assert own.index("subject=PersonView") < own.index("subject=VenueView")
    assert "subject=PersonPhoneView" in rest
    assert page.count("subject=PersonView") == 1
