"""Pages of safety checks: the sheet on the phone, hazards by their machine, rules in a form that cannot break."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import func, select

from app.core import clock, jobs
from app.core.files import Attachment
from app.core.models import new_uid
from app.registry.models import BuildingChief, Hazard, RentalHome, RiskRule, SafetyCheck, Venue
from app.registry.service import homes
from app.worklog.models import ServiceRecord
from tests.factories.registry import make_home, make_rental, make_venue
from tests.integration.test_statement_counts import counted
from tests.support.pages import fill, keys_in, post

pytestmark = pytest.mark.any_database
ITEMS = [f"C{n:02d}" for n in range(1, 15)]


@pytest.fixture
def place(system, world):
    a11, t11 = world.areas["grid_a11"], world.areas["grid_t11"]
    home, far = make_home(system, a11, "1"), make_home(system, t11, "2")
    home.area_m2, far.area_m2 = 60, 60
    fine = {"registered": True, "pledge_signed": True, "next_check_on": clock.today() - timedelta(days=1)}
    let, foreign = make_rental(system, home, **fine), make_rental(system, far, **fine)
    let.next_check_on = foreign.next_check_on = clock.today() - timedelta(days=1)
    inn = make_venue(system, a11, name="Small Inn", address="Road 1", venue_key="K05", beds=30)
    inn.licence_until = clock.today() - timedelta(days=3)
    system.commit()
    return {"home": let.uid, "foreign": foreign.uid, "inn": inn.uid}


@pytest.fixture
def worker(login_as):
    return login_as("worker_a")


def one(system, model, **where):
    system.rollback()
    return system.scalars(select(model).filter_by(**where)).one()


def sheet(*bad, **more):
    found = {f"item.{item}": "bad" if item in bad else "good" for item in ITEMS}
    return found | {"inspectors": "Wang", "client_uid": new_uid()} | more


def photo():
    out = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(out, "JPEG")
    out.seek(0)
    return (out, "door.jpg")


class TestTheSheet:
    def test_due_to_sheet_to_colour_and_hazard(self, worker, place, system):
        due = worker.get("/checks/").text
        assert f"/checks/home/{place['home']}" in due
        assert place["foreign"] not in due
        assert "All in order" in worker.get(f"/checks/home/{place['home']}").text
        day = (clock.today() + timedelta(days=3)).isoformat()
        given = sheet("C06", **{"note.C06": "loose wires", "fix.C06": day, "people_found": "2"})
        answer = post(worker, f"/checks/home/{place['home']}", photos=photo(), **given)
        assert answer.status_code == 303, answer.text
        hazard = one(system, Hazard)
        assert (hazard.fix_by.isoformat(), hazard.text.endswith(": loose wires")) == (day, True)
        shown = worker.get(f"/rentalhome/show/{place['home']}").text
        assert "1 hazards not yet gone" in shown
        assert "<svg" in shown
        page = worker.get(f"/safetycheck/show/{one(system, SafetyCheck).uid}").text
        picture = one(system, Attachment)
        assert f"/attachments/{picture.uid}" in page
        assert worker.get(f"/attachments/{picture.uid}").mimetype == "image/jpeg"
        assert f"/checks/home/{place['home']}" not in worker.get("/checks/").text

    def test_the_same_sheet_sent_twice_is_one_check(self, worker, place, system):
        given = sheet()
        for _n in range(2):
            assert post(worker, f"/checks/home/{place['home']}", **given).status_code == 303
        system.rollback()
        assert system.scalar(select(func.count(SafetyCheck.id))) == 1

    def test_what_is_missing_is_said_at_its_item(self, worker, place, system):
        given = sheet()
        del given["item.C09"]
        answer = post(
            worker, f"/checks/home/{place['home']}", headers={"Accept": "application/json"}, **given
        )
        assert (answer.status_code, answer.json["field"]) == (400, "item.C09")
        assert system.scalar(select(func.count(SafetyCheck.id))) == 0

    def test_nobody_there_is_a_visit_and_the_check_stays_due(self, worker, place, system):
        told = new_uid()  # a double tap is one visit
        for _n in range(2):
            answer = post(worker, f"/checks/home/{place['home']}/absent", client_uid=told)
            assert answer.status_code == 303
        assert f"/checks/home/{place['home']}" in worker.get("/checks/").text
        assert system.scalar(select(func.count(SafetyCheck.id))) == 0
        system.rollback()
        assert system.scalar(select(func.count(ServiceRecord.id))) == 1

    def test_a_sheet_keyed_in_later_is_no_walk_of_today_and_not_of_another_age(self, worker, place, system):
        late = (clock.today() - timedelta(days=9)).isoformat()
        assert post(worker, f"/checks/home/{place['home']}", **sheet(), checked_on=late).status_code == 303
        system.rollback()
        assert system.scalar(select(func.count(ServiceRecord.id))) == 0
        answer = post(worker, f"/checks/home/{place['home']}", **sheet(), checked_on="1900-01-05")
        assert answer.status_code == 422

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"checked_on": "1900-01-05"}, "checked_on"),
            ({"checked_on": "2999-01-01"}, "checked_on"),
            ({"checked_on": "x"}, "checked_on"),
            ({"fix.C04": "x"}, "fix.C04"),
            ({"people_found": "many"}, "people_found"),
            ({"item.C09": ""}, "item.C09"),
            ({"photos": (io.BytesIO(b"text"), "door.jpg")}, "photos"),
        ],
    )
    def test_a_refused_sheet_comes_back_as_it_was_typed(self, worker, place, system, wrong, field):
        url = f"/checks/home/{place['home']}"
        given = sheet("C04", **{"note.C04": "no extinguisher", "summary": "gas bottle", "people_found": "3"})
        answer = post(worker, url, **(given | wrong))
        assert answer.status_code == 422
        page = answer.text
        assert re.findall(r'<p class="gb-error" id="([^"]+)-error">', page) == [field]
        assert f'href="#at-{field}"' in page
        typed = {n: str(v) for n, v in (given | wrong).items() if v and n not in ("client_uid", "photos")}
        chosen = dict(re.findall(r'type="radio" name="([^"]+)" value="([^"]+)" checked', page))
        texts = {n: re.search(rf'name="{n}"[^>]* value="([^"]*)"', page)[1] for n in typed if n[:4] != "item"}
        assert chosen | texts == typed
        assert f'value="{given["client_uid"]}"' in page
        system.rollback()
        assert system.scalar(select(func.count(SafetyCheck.id))) == 0
        assert post(worker, url, **given).status_code == 303

    def test_all_that_cannot_be_read_is_said_at_once(self, worker, place):
        answer = post(worker, f"/checks/home/{place['home']}", **sheet(checked_on="x", people_found="y"))
        said = re.findall(r'<p class="gb-error" id="([^"]+)-error">', answer.text)
        assert sorted(said) == ["checked_on", "people_found"]

    def test_what_was_said_to_be_put_right_and_is_bad_again_is_found_again(self, worker, place, system):
        day = (clock.today() + timedelta(days=5)).isoformat()
        bad = sheet() | {"item.C04": "bad", "note.C04": "no extinguisher", "fix.C04": day}
        assert post(worker, f"/checks/home/{place['home']}", **bad).status_code == 303
        hazard = one(system, Hazard)
        post(worker, f"/hazard/step/{hazard.uid}/rectify", note="bought one")
        assert one(system, Hazard).state == "rectified"
        again = bad | sheet() | {"item.C04": "bad", "note.C04": "gone again", "fix.C04": day}
        assert post(worker, f"/checks/home/{place['home']}", **again).status_code == 303
        hazard = one(system, Hazard)
        assert (hazard.state, "gone again" in hazard.text) == ("found", True)

    def test_a_foreign_home_is_not_found(self, worker, place):
        assert worker.get(f"/checks/home/{place['foreign']}").status_code == 404
        assert post(worker, f"/checks/home/{place['foreign']}", **sheet()).status_code == 404
        assert worker.get(f"/rentalhome/plate/{place['foreign']}").status_code == 404

    def test_the_plate_has_the_colour_as_ground_and_names_nobody(self, worker, place, system):
        rental = one(system, RentalHome, uid=place["home"])
        rental.landlord_name = "Landlord Zhao"
        system.commit()
        page = worker.get(f"/rentalhome/plate/{place['home']}").text
        assert "gs-plate-green" in page
        assert "Landlord Zhao" not in page

    def test_what_is_due_costs_a_handful_of_statements(self, app, worker, place):
        for kind in ("homes", "venues", "hazards", "leases", "licences"):
            with counted(app, "CheckDesk.index") as seen:
                assert worker.get(f"/checks/?kind={kind}").status_code == 200
            assert len(seen) <= 6, seen


class TestHazardPages:
    def test_buttons_and_forms_come_from_the_machine(self, worker, place, system):
        post(worker, f"/checks/home/{place['home']}", **sheet("C04"))
        hazard = one(system, Hazard)
        url = f"/hazard/show/{hazard.uid}"
        assert f"/hazard/step/{hazard.uid}/rectify" in worker.get(url).text
        assert f"/hazard/step/{hazard.uid}/passed" not in worker.get(url).text
        assert worker.get(f"/hazard/step/{hazard.uid}/passed").status_code == 409
        assert post(worker, f"/hazard/step/{hazard.uid}/rectify", note=" ").status_code == 422
        assert post(worker, f"/hazard/step/{hazard.uid}/rectify", note="new one").status_code == 303
        assert post(worker, f"/hazard/step/{hazard.uid}/passed", note="seen").status_code == 303
        assert one(system, Hazard).state == "closed"
        assert "new one" in worker.get(url).text

    def test_passed_on_to_a_department(self, worker, place, world, system):
        from app.areas.models import OrgUnit

        post(worker, f"/checks/home/{place['home']}", **sheet("C04"))
        hazard = one(system, Hazard)
        unit = system.get(OrgUnit, world.units["health"]).uid
        center = system.get(OrgUnit, world.units["center"]).uid
        form = worker.get(f"/hazard/step/{hazard.uid}/report").text
        assert unit in form
        assert center not in form  # it has nobody who could have it put right
        refused = post(worker, f"/hazard/step/{hazard.uid}/report", department=center, note="x")
        assert refused.status_code == 422
        answer = post(worker, f"/hazard/step/{hazard.uid}/report", department=unit, note="cannot be mended")
        assert answer.status_code == 303
        assert (one(system, Hazard).state, one(system, Hazard).reported_unit_id) == (
            "reported",
            world.units["health"],
        )


class TestVenuePages:
    def test_class_by_thresholds_is_offered_with_its_reason_and_taken_over(self, login_as, place, system):
        clerk = login_as("clerk_a")
        page = clerk.get(f"/venue/show/{place['inn']}").text
        assert "Beds 30: at most 50" in page
        assert "The licence ended on" in page
        assert post(clerk, f"/venue/classify/{place['inn']}").status_code == 303
        assert one(system, Venue).nine_small == "N5"

    def test_licences_that_end_are_listed(self, worker, place):
        assert "Small Inn" in worker.get("/checks/?kind=licences").text

    def test_a_venue_needs_two_inspectors(self, worker, place, system):
        given = {f"item.VC{n:02d}": "good" for n in range(1, 17)} | {"client_uid": new_uid()}
        url = f"/checks/venue/{place['inn']}"
        assert post(worker, url, inspectors="Wang", **given).status_code == 422
        assert (
            post(worker, url, inspectors="Wang, Li", **given | {"client_uid": new_uid()}).status_code == 303
        )
        assert one(system, SafetyCheck).inspectors == "Wang, Li"


class TestRules:
    @pytest.fixture
    def admin(self, login_as):
        return login_as("admin_system")

    def test_an_administrator_changes_a_rule_and_every_home_follows(self, admin, place, system):
        assert "Square metres a head, below 5" in admin.get("/riskrule/list/").text
        typed = {"seq": "1", "colour": "orange", "name": "Ours", "match": "any", "rental_kind": "RH1"}
        assert fill(admin, "/riskrule/add", **typed).status_code == 303
        rule = one(system, RiskRule, seq=1)
        assert rule.condition == {"match": "any", "rental_kind": ["RH1"]}
        shown = admin.get(f"/riskrule/edit/{rule.uid}").text
        assert re.search(r'<option selected value="RH1"', shown)
        one(system, RentalHome, uid=place["home"]).rental_kind = "RH1"
        system.commit()
        while jobs.run_one("test"):
            pass
        rental = one(system, RentalHome, uid=place["home"])
        assert (rental.risk, rental.risk_reason.split(":")[0]) == ("orange", "Ours")

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({}, "A rule needs at least one condition."),
            ({"failed_count": "99"}, "Items not in order, at least: between 1 and 14."),
            ({"failed": "C99"}, "The code C99 is not in the list."),
            ({"below_m2": "many"}, "Please write a number."),
            ({"failed_count": "2", "check_days": "0"}, "Between 1 and 366 days."),
        ],
    )
    def test_a_bad_condition_is_refused_with_a_sentence(self, admin, system, typed, words):
        before = system.scalar(select(func.count(RiskRule.id)))
        answer = fill(admin, "/riskrule/add", seq="1", colour="red", name="Bad", match="any", **typed)
        assert answer.status_code == 422
        assert words in answer.text
        system.rollback()
        assert system.scalar(select(func.count(RiskRule.id))) == before

    def test_a_worker_reads_the_rules_and_changes_none(self, worker, system):
        rule = system.scalars(select(RiskRule)).first()
        assert worker.get("/riskrule/list/").status_code == 200
        assert worker.get(f"/riskrule/edit/{rule.uid}").status_code in (302, 303, 403)


class TestChiefs:
    def test_a_chief_stands_on_the_buildings_page_with_a_masked_phone(self, login_as, world, system):
        from app.areas.models import Staff

        clerk = login_as("clerk_a")
        building = homes.create_building(system, name="1", area_id=world.areas["grid_a11"])
        staff = system.get(Staff, world.accounts["worker_a"].staff_id)
        staff.phone = "13800001234"
        system.commit()
        answer = fill(clerk, f"/buildingchief/add?building_id={building.uid}", staff_id=staff.uid)
        assert answer.status_code == 303, answer.text
        row = one(system, BuildingChief)
        piece = clerk.get(f"/building/show/{building.uid}/BuildingChiefView").text
        assert "138****1234" in piece
        assert "13800001234" not in piece
        assert keys_in(piece, "/buildingchief") == [row.uid]
        assert (
            fill(clerk, f"/buildingchief/add?building_id={building.uid}", staff_id=staff.uid).status_code
            == 422
        )
        day = clock.today().isoformat()
        assert post(clerk, f"/buildingchief/end/{row.uid}", last_day=day, reason="moved").status_code == 303
        assert one(system, BuildingChief).valid_to == clock.today()
