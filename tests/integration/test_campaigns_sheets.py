"""Packs of household sheets (F06): walking order, masked, drawn by a job, fetched by whoever asked."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from app.areas.models import Area
from app.audit.models import AccessLog
from app.core import clock, jobs
from app.core.extra import ExtraField
from app.core.models import new_uid
from app.documents.context import shape_faults
from app.documents.drawing import Press
from app.documents.registry import form
from app.documents.render import render_pdf
from app.registry.models import Dwelling, Person, SheetPack
from app.registry.queries import sheets
from app.registry.queries.walking import homes_in_walking_order
from app.registry.service import sheet_packs
from app.registry.service.homes import create_building, create_dwelling
from config import ROOT
from tests.factories.registry import ResidentFactory, make_home, make_household
from tests.integration.test_documents_render import WORDS, page_texts
from tests.support.pages import post

pytestmark = pytest.mark.any_database
SEEN: list[dict] = []


@pytest.fixture
def homes(system, world):
    """Two homes in walking order, the second with a household of two."""
    a11 = world.areas["grid_a11"]
    last, first = make_home(system, a11, "7"), make_home(system, a11, "3")
    last.walk_order, first.walk_order = 2, 1
    last.owner_name = first.owner_name = "Owner"
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


def ask(client, **values):
    """Open the page, ask, send: the page's own id goes along."""
    uid = re.search(r'name="client_uid" value="([^"]+)"', client.get("/sheets/").text)[1]
    return post(client, "/sheets/", client_uid=uid, **values)


def packs(system):
    system.rollback()
    return list(system.scalars(select(SheetPack).order_by(SheetPack.id)))


def test_a_pack_is_asked_for_drawn_and_fetched_by_its_owner_alone(homes, press, login_as, world, system):
    worker, clerk = login_as("worker_a"), login_as("clerk_a")
    assert ask(worker, area=world.uids["grid_a11"]).status_code == 303
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


def test_custom_fields_stand_on_the_sheets_with_boxes_to_tick(homes, press, login_as, world, system):
    for subject, label, kind, level in (
        ("dwelling", "Smoke alarm", "yes_no", "L3"),
        ("person", "Leaflet signed", "yes_no", "L3"),
        ("person", "Oxygen at home", "yes_no", "L4"),
    ):
        key = f"f{1 + (level == 'L4')}"
        system.add(ExtraField(subject=subject, key=key, label=label, kind=kind, level=level))
    system.get(Dwelling, homes["last"]).extra = {"f1": True}
    system.scalars(select(Person).where(Person.name == "Ren Yi")).one().extra = {"f1": False}
    system.commit()
    worker = login_as("worker_a")
    assert ask(worker, area=world.uids["grid_a11"]).status_code == 303
    run_jobs()
    first, last = SEEN[0]["homes"]
    assert [(f["label"], f["decision"]) for f in first["extra"] + last["extra"]] == [
        ("Smoke alarm", ""),
        ("Smoke alarm", "yes"),
    ]
    assert [[f["decision"] for f in m["extra"]] for m in last["members"]] == [[""], ["no"]]
    assert "Oxygen" not in str(SEEN)
    assert ask(worker, area=world.uids["grid_a11"], is_blank="y").status_code == 303
    run_jobs()
    assert [f["label"] for f in SEEN[1]["homes"][1]["people"]] == ["Leaflet signed"]
    assert "yes" not in {f["decision"] for f in SEEN[1]["homes"][1]["extra"]}


def test_an_empty_pack_holds_addresses_and_nobody(homes, press, login_as, world):
    worker = login_as("worker_a")
    assert ask(worker, area=world.uids["grid_a11"], is_blank="y").status_code == 303
    run_jobs()
    assert "Qiu Bai" not in str(SEEN)
    assert "Owner" not in str(SEEN)
    assert len(SEEN[0]["homes"]) == 2


def test_sheets_are_counted_through_the_pack_however_it_is_drawn(
    homes, press, login_as, world, system, monkeypatch
):
    """Each sheet says which home of the pack it is; two households of one home are told apart, a second page says so."""
    monkeypatch.setattr(sheet_packs, "PART", 1)
    last = system.get_one(Dwelling, homes["last"])
    many = [ResidentFactory(), *(ResidentFactory(relation="20") for _n in range(12))]
    make_household(system, last, many)
    system.commit()
    worker = login_as("worker_a")
    ask(worker, area=world.uids["grid_a11"])
    run_jobs()
    whole = worker.get(f"/sheets/{packs(system)[0].uid}").data
    counted = [re.search(WORDS["place_of_pattern"], text)[0] for text in page_texts(whole)]
    assert counted == WORDS["places_of_a_pack"]


def test_a_page_that_is_sent_twice_asks_once(homes, login_as, world, system):
    """A double click and a retry have the page's id; another tab means the pack that is being drawn; later is another."""
    worker = login_as("worker_a")
    sent = {"area": world.uids["grid_a11"], "client_uid": new_uid()}
    assert [post(worker, "/sheets/", **sent).status_code for _click in range(2)] == [303, 303]
    assert ask(worker, area=world.uids["grid_a11"]).status_code == 303
    assert len(packs(system)) == 1
    assert ask(worker, area=world.uids["grid_a11"], is_blank="y").status_code == 303
    first = packs(system)[0]
    first.done = first.parts
    system.commit()
    assert ask(worker, area=world.uids["grid_a11"]).status_code == 303
    assert post(worker, "/sheets/", **sent).status_code == 303
    assert [p.is_blank for p in packs(system)] == [False, True, False]
    assert post(worker, "/sheets/", area=world.uids["grid_a11"]).status_code == 422


def test_sheets_come_in_the_order_of_the_walk(world, system):
    """House 2 before house 10, buildings and flats too: as the census desk goes from home to home."""
    a11, wanted = world.areas["grid_a11"], []
    for number in ("10", "2"):
        block = create_building(system, name=number, area_id=a11)
        flats = [
            create_dwelling(system, area_id=a11, building=block, fields={"room_no": room}, now=clock.now()).id
            for room in ("1001", "201")
        ]
        wanted = [flats[1], flats[0], *wanted]
    houses = [make_home(system, a11, number).id for number in ("10", "2")]
    area = system.get_one(Area, a11)
    assert homes_in_walking_order(system, area, None, 99) == [*wanted, houses[1], houses[0]]
    assert homes_in_walking_order(system, area, block, 99) == wanted[:2]


def test_sheets_stay_inside_the_area_and_empty_ones_are_refused(homes, login_as, world, system):
    worker = login_as("worker_a")
    assert worker.get(f"/sheets/?area={world.uids['grid_t11']}").status_code == 404
    assert ask(worker, area=world.uids["grid_t11"]).status_code in (404, 422)
    assert system.scalars(select(SheetPack)).first() is None
    other = login_as("worker_a2")
    refused = ask(other, area=world.uids["grid_a12"])
    assert refused.status_code == 422
    assert "There are no homes here." in refused.text
    assert sheets.sheets(system, [], worker="", is_blank=False, place=sheets.Place(1, 0)) == []
