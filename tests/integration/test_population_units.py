"""Kinds of residents, resident organisations, schools, conveniences and help: pages, masks, roles."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.registry.models import FloatingStay, HelpRecord, LeftBehind, Person, ResidentUnit, School, Venue
from app.registry.rules.credit_code import check_of
from tests.factories.registry import ResidentFactory, make_home, make_household
from tests.support.pages import fill, form_of, post

CODE = "91430281MA4L1XY3Q" + check_of("91430281MA4L1XY3Q")


@pytest.fixture
def place(system, world):
    """A household of two in grid A11 and somebody in T11."""
    household = make_household(
        system,
        make_home(system, world.areas["grid_a11"]),
        [ResidentFactory(name="Qiu Bai"), ResidentFactory(name="Ren Yi", relation="10")],
    )
    foreign = make_household(
        system, make_home(system, world.areas["grid_t11"]), [ResidentFactory(name="Far Away")]
    )
    system.commit()
    return {
        "person": household.head.uid,
        "household": household.uid,
        "foreign": foreign.head.uid,
        "area": world.uids["grid_a11"],
    }


@pytest.fixture
def clerk(login_as):
    return login_as("clerk_a")


def only(system, model, **where):
    system.rollback()
    return system.scalars(select(model).filter_by(**where)).one()


@pytest.mark.demand("S4-55")
class TestStays:
    def test_a_floating_stay_with_its_permit(self, clerk, place, system, login_as, world):
        url = f"/floatingstay/add?person_id={place['person']}"
        ends = (clock.today() + timedelta(days=10)).isoformat()
        typed = {
            "inflow_reason": "01",
            "permit_kind": "01",
            "permit_no": "430281A0012345678",
            "permit_ends_on": ends,
        }
        assert fill(clerk, url, **typed).status_code == 303
        row = only(system, FloatingStay)
        assert row.permit_no == "430281A0012345678"
        assert only(system, Person, uid=place["person"]).population_kind == "floating"
        for page in ("/floatingstay/list/", f"/floatingstay/show/{row.uid}", f"/floatingstay/edit/{row.uid}"):
            text = clerk.get(page).text
            assert "430281A0012345678" not in text, page
        assert "in 10 days" in clerk.get("/floatingstay/expiring/list/").text
        assert row.uid not in login_as("clerk_t").get("/floatingstay/list/").text
        again = fill(clerk, url, **typed)
        assert again.status_code == 422  # nobody has two open stays of a kind
        end = post(
            clerk, f"/floatingstay/end/{row.uid}", last_day=clock.today().isoformat(), reason="moved on"
        )
        assert end.status_code == 303
        assert only(system, Person, uid=place["person"]).population_kind is None

    @pytest.mark.any_database
    @pytest.mark.parametrize(
        ("url", "wrong", "field"),
        [
            (
                "/floatingstay/add",
                {"registered_on": "2026-05-02", "permit_ends_on": "2026-05-01"},
                "permit_ends_on",
            ),
            ("/floatingstay/add", {"valid_from": "2999-01-01"}, "valid_from"),
            ("/overseasstay/add", {"arrived_on": "2026-05-02", "leaves_on": "2026-05-01"}, "leaves_on"),
            ("/overseasstay/add", {"arrived_on": "2999-05-02"}, "arrived_on"),
            ("/leftbehind/add", {"kind": "01", "d_member_phone": "12"}, "d_member_phone"),
        ],
    )
    def test_what_cannot_be_is_refused_at_its_field(self, clerk, place, url, wrong, field):
        answer = fill(clerk, f"{url}?person_id={place['person']}", **wrong)
        assert answer.status_code == 422
        assert f'id="{field}-error"' in answer.text

    def test_somebody_left_behind_keeps_an_encrypted_own_form(self, clerk, place, system, login_as):
        url = f"/leftbehind/add?person_id={place['person']}"
        typed = {"kind": "02", "d_member_phone": "13698765432", "d_own_income": "3600", "d_needs": "Zeppelin"}
        assert fill(clerk, url, **typed).status_code == 303
        row = only(system, LeftBehind)
        assert row.details == {"member_phone": "13698765432", "own_income": "3600.00", "needs": "Zeppelin"}
        page = clerk.get(f"/leftbehind/show/{row.uid}").text
        assert "Zeppelin" in page
        assert "13698765432" not in page
        assert "Zeppelin" not in clerk.get("/leftbehind/list/").text
        assert "Zeppelin" not in clerk.get(f"/leftbehind/history/{row.uid}").text
        assert "Zeppelin" not in login_as("operator").get(f"/leftbehind/show/{row.uid}").text
        revealed = post(clerk, f"/leftbehind/reveal/{row.uid}/details.member_phone", reason="to call")
        assert revealed.json == {"value": "13698765432"}

    @pytest.mark.any_database
    def test_the_person_form_has_the_class_of_occupation_and_the_separation(self, clerk, place, system):
        answer = fill(
            clerk,
            f"/person/edit/{place['person']}",
            occupation_class="50000",
            separation="both",
            population_kind="overseas",
        )
        assert answer.status_code == 303
        person = only(system, Person, uid=place["person"])
        assert (person.occupation_class, person.separation) == ("50000", "both")
        assert clerk.get("/overseasstay/list/").text.count('class="gb-record"') == 1


@pytest.mark.demand("S4-57")
class TestUnits:
    @pytest.mark.any_database
    def test_the_form_follows_the_kind_and_numbers_stay_masked(self, clerk, place, system):
        url = f"/residentunit/add?area_id={place['area']}"
        first = form_of(clerk.get(url).text)
        assert "has_union" not in first
        company = clerk.post(url, data=first | {"kind": "company", "name": "Kiln Works", "_fields": "1"})
        asked = form_of(company.text)
        assert asked["name"] == "Kiln Works"
        assert {"union_members", "legal_phone"} <= asked.keys()
        assert "is_foreign" not in asked
        typed = {
            "address": "Road 1",
            "credit_code": CODE.lower(),
            "legal_name": "Wu",
            "legal_phone": "136 9876 5432",
            "legal_document": "430299198001010017",
            "staff_count": "12",
        }
        saved = clerk.post(url, data=asked | typed | {"kind": "company"})
        assert saved.status_code == 303, saved.text
        unit = only(system, ResidentUnit)
        assert (unit.credit_code, unit.legal_phone, unit.kind) == (CODE, "13698765432", "company")
        for page in ("list/", f"show/{unit.uid}", f"edit/{unit.uid}", f"history/{unit.uid}"):
            text = clerk.get(f"/residentunit/{page}").text
            assert "13698765432" not in text
            assert "430299198001010017" not in text
        shown = clerk.get(f"/residentunit/show/{unit.uid}").text
        assert "Trade union" in shown
        assert "Has ties abroad" not in shown

    @pytest.mark.any_database
    def test_a_wrong_credit_code_stands_at_its_field(self, clerk, place):
        url = f"/residentunit/add?area_id={place['area']}&kind=public"
        answer = fill(clerk, url, name="School office", address="Road 1", credit_code=CODE[:-1] + "A")
        assert answer.status_code == 422
        assert 'id="credit_code-error"' in answer.text

    def test_a_school_hangs_on_a_venue_that_is_one(self, clerk, place, system, world):
        for key in ("K01", "K05"):
            system.add(Venue(area_id=world.areas["grid_a11"], name=key, address="Road 1", venue_key=key))
        system.commit()
        school, hotel = only(system, Venue, venue_key="K01").uid, only(system, Venue, venue_key="K05").uid
        assert fill(clerk, f"/school/add?venue_id={hotel}").status_code == 422
        assert fill(clerk, f"/school/add?venue_id={school}", students="812").status_code == 303
        assert only(system, School).students == 812
        assert fill(clerk, f"/school/add?venue_id={school}").status_code == 422
        assert "812" in clerk.get(f"/venue/show/{school}/SchoolView").text

    @pytest.mark.demand("S4-58")
    def test_conveniences_are_found_by_kind_and_grid(self, clerk, place):
        url = f"/serviceresource/add?area_id={place['area']}"
        assert fill(clerk, url, kind="CR1", name="Noon canteen", hours="11-13").status_code == 303
        assert "Noon canteen" in clerk.get("/serviceresource/list/?_flt_0_kind=CR1").text
        assert "Noon canteen" not in clerk.get("/serviceresource/list/?_flt_0_kind=CR2").text

    @pytest.mark.demand("S1-38", "S1-75")
    def test_help_given_stands_on_the_page_of_the_household(self, clerk, place, system):
        url = f"/helprecord/add?household_id={place['household']}"
        day = clock.today().isoformat()
        typed = {
            "given_on": day,
            "source": "01",
            "what": "Rice and oil",
            "given_by": "Red Cross",
            "amount": "200",
        }
        assert fill(clerk, url, **typed, person_id=place["person"]).status_code == 303
        assert only(system, HelpRecord).amount == 200
        assert "Rice and oil" in clerk.get(f"/household/show/{place['household']}/HelpRecordView").text
        assert fill(clerk, url, **(typed | {"given_on": "2999-01-01"})).status_code == 422
        assert fill(clerk, url, **(typed | {"amount": "-1"})).status_code == 422
        assert fill(clerk, url, **typed, person_id=place["foreign"]).status_code == 422
