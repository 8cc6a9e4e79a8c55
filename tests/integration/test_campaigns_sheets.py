"""Packs of household sheets (F06): walking order, masked, drawn by a job, fetched by whoever asked."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.audit.models import AccessLog
from app.core import jobs
from app.documents.context import shape_faults
from app.documents.drawing import Press
from app.documents.registry import form
from app.documents.render import render_pdf
from app.registry.models import Dwelling, SheetPack
from app.registry.queries import sheets
from config import ROOT
from tests.factories.registry import ResidentFactory, make_home, make_household
from tests.support.pages import post

pytestmark = pytest.mark.any_database
SEEN: list[dict] = []


@pytest.fixture
def homes(system, world):
    """Two homes in walking order, the second with a household of two."""
    a11 = world.areas["grid_a11"]
    last, first = make_home(system, a11, "7"), make_home(system, a11, "3")
    last.walk_order, first.walk_order = 2, 1
    people = [
        ResidentFactory(name="Qiu Bai", phone="13812345678"),
        ResidentFactory(name="Ren Yi", relation="10"),
    ]
    make_household(system, last, people)
    system.commit()
    return {"first": first.id, "last": last.id, "number": people[0].number}


@pytest.fixture
def press(app):
    def render(code, context, variant, mark):
        SEEN.append(context)
        return render_pdf(code, context, fonts_root=ROOT / "var" / "fonts", variant=variant, watermark=mark)

    SEEN.clear()
    app.extensions["geban_press"] = Press(render, "https://geban.test")
    yield
    del app.extensions["geban_press"]


def run_jobs():
    while jobs.run_one("test"):
        pass


def test_a_pack_is_asked_for_drawn_and_fetched_by_its_owner_alone(homes, press, login_as, world, system):
    worker, clerk = login_as("worker_a"), login_as("clerk_a")
    assert post(worker, "/sheets/", area=world.uids["grid_a11"]).status_code == 303
    system.rollback()
    pack = system.scalars(select(SheetPack)).one()
    assert worker.get(f"/sheets/{pack.uid}").status_code == 404  # not drawn yet
    run_jobs()
    got = worker.get(f"/sheets/{pack.uid}")
    assert (got.status_code, got.mimetype) == (200, "application/pdf")
    assert got.data.startswith(b"%PDF")
    assert clerk.get(f"/sheets/{pack.uid}").status_code == 404
    system.rollback()
    log = select(AccessLog).where(AccessLog.action == "PRINT", AccessLog.table_name == "sheet_pack")
    assert len(list(system.scalars(log))) == 1
    context = SEEN[0]
    assert shape_faults(form("F06").sample, context) == []
    assert [h["address"] for h in context["homes"]] == [
        system.get(Dwelling, homes[key]).address for key in ("first", "last")
    ]
    filled = context["homes"][1]["members"]
    assert [row["name"] for row in filled] == ["Qiu Bai", "Ren Yi"]
    assert filled[0]["phone"] == "138****5678"
    assert homes["number"] not in str(context)
    assert filled[0]["number"].count("*") > 10


def test_an_empty_pack_holds_addresses_and_nobody(homes, press, login_as, world):
    worker = login_as("worker_a")
    assert post(worker, "/sheets/", area=world.uids["grid_a11"], is_blank="y").status_code == 303
    run_jobs()
    assert "Qiu Bai" not in str(SEEN)
    assert len(SEEN[0]["homes"]) == 2


def test_sheets_stay_inside_the_area_and_empty_ones_are_refused(homes, login_as, world, system):
    worker = login_as("worker_a")
    assert worker.get(f"/sheets/?area={world.uids['grid_t11']}").status_code == 404
    assert post(worker, "/sheets/", area=world.uids["grid_t11"]).status_code in (404, 422)
    assert system.scalars(select(SheetPack)).first() is None
    other = login_as("worker_a2")
    refused = post(other, "/sheets/", area=world.uids["grid_a12"])
    assert refused.status_code == 422
    assert "There are no homes here." in refused.text
    assert sheets.sheets(system, [], worker="", is_blank=False) == []
