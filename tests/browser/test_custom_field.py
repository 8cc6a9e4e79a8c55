"""A custom field in Chromium: an administrator adds it, a clerk fills it in on a phone, filters by it, prints it; then it
comes in by a sheet and goes out in a ledger.
"""

from __future__ import annotations

import io
import re

import openpyxl
import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app.core.extra import columns
from app.exchange.models import ExportFile
from app.registry.models import Dwelling
from app.registry.queries import sheets
from tests.factories.registry import make_home
from tests.support import imports
from tests.support.pages import post, token_of

pytestmark = pytest.mark.browser

LABEL = "Smart smoke alarm"


@pytest.fixture
def homes(system, world):
    """Two homes of grid A11."""
    made = [make_home(system, world.areas["grid_a11"], number) for number in ("1", "2")]
    system.commit()
    return made


def send(page):
    with page.expect_navigation():
        page.locator("form.gb-form button[type=submit]").first.click()


def test_a_field_goes_from_the_administrator_to_the_clerk_and_onto_paper(
    open_as, axe, system, world, homes, login_as
):
    admin = open_as("admin_system")
    admin.goto("/custom-fields/add")
    for name, value in (("subject", "dwelling"), ("kind", "yes_no"), ("level", "L3")):
        admin.select_option(f"#{name}", value)
    admin.fill("#label", LABEL)
    admin.check("#in_list")
    assert axe(admin) == []
    send(admin)
    system.rollback()
    name = columns(system, Dwelling)[0].name

    clerk = open_as("clerk_a", "phone")
    with_alarm, without = homes
    for home, answer in ((with_alarm, "1"), (without, "0")):
        clerk.goto(f"/dwelling/edit/{home.uid}")
        clerk.select_option(f"#{name}", answer)
        box = clerk.locator(f"#{name}").bounding_box()
        assert box["height"] >= 43.5
        assert box["x"] + box["width"] <= 390
        send(clerk)
    assert LABEL in clerk.inner_text("main")

    clerk.goto("/dwelling/list/")
    clerk.click("[data-more-filters]")
    clerk.select_option(f"[name=_flt_0_{name}]", "1")
    with clerk.expect_navigation():
        clerk.locator(".gb-filters button[type=submit]").click()
    rows = clerk.locator("tr.gb-record")
    assert rows.count() == 1
    assert f'/dwelling/show/{with_alarm.uid}"' in rows.first.inner_html()
    assert LABEL in rows.first.inner_html()

    on_paper(system, homes)
    by_sheet(login_as("clerk_a"), system, world, name, without)
    assert in_ledger(login_as("town_clerk_a"), system, world, name) == [["Yes"], ["Yes"]]


def by_sheet(client, system, world, name, home):
    """A sheet brings an answer for a home that has another one."""
    system.rollback()
    data = imports.csv_of(
        ["Grid", "Village group", "House number", LABEL], ["430299001001001", "1", home.door_no, "yes"]
    )
    uid = imports.brought(client, "homes", data, rule="update")
    assert imports.step(client, uid, "run").status_code == 303
    system.rollback()
    assert home.extra == {name.removeprefix("x_"): True}


def in_ledger(client, system, world, name):
    """The rows of a ledger with the field as its only column, filtered by it."""
    given = {"subject": "DwellingView", "_version": "0", "name": "Alarms", "title": "Alarms", "size": "A4"}
    given |= {"way": "portrait", "area": world.uids["town_a"], "columns": name, f"_flt_0_{name}": "1"}
    answer = client.post("/ledgers/add", data=MultiDict(given | {"csrf_token": token_of(client)}))
    assert answer.status_code == 303, answer.text
    page = client.get(answer.location).text
    once = re.search(r'name="client_uid" value="([^"]+)"', page)[1]
    assert post(client, answer.location, kind="xlsx", client_uid=once).status_code == 303
    imports.run_jobs()
    system.rollback()
    made = system.scalars(select(ExportFile).order_by(ExportFile.id.desc()).limit(1)).one()
    sheet = openpyxl.load_workbook(io.BytesIO(client.get(f"/exports/{made.uid}").data)).active
    return [list(row) for row in sheet.iter_rows(values_only=True) if row[0] in {"Yes", "No"}]


def on_paper(system, homes):
    """The household sheet prints the answers, and boxes on an empty one."""
    system.rollback()
    place = sheets.Place(1, 2)
    printed = sheets.sheets(system, [home.id for home in homes], worker="", is_blank=False, place=place)
    assert [(f["label"], f["decision"]) for home in printed for f in home["extra"]] == [
        (LABEL, "yes"),
        (LABEL, "no"),
    ]
