"""Pages of the registry: services stand behind the forms, masks over the numbers, the guard before everything."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import delete, func, select

from app.audit.models import AccessLog
from app.core import clock
from app.core.errors import Invalid
from app.registry.models import (
    ConsentTask,
    Dwelling,
    Household,
    HouseholdMember,
    Person,
    PersonArea,
    PersonDocument,
    PersonGroup,
    PersonPhone,
    PersonSource,
    RentalHome,
    Residence,
    Tenancy,
    Venue,
)
from app.registry.service import matching
from tests.factories.registry import ResidentFactory, id_number, make_home, make_household, make_person
from tests.support.pages import fill, form_of, post

pytestmark = pytest.mark.any_database


@pytest.fixture
def place(system, world):
    """A household of two in grid A11 and one of one in T11."""
    a11, t11 = world.areas["grid_a11"], world.areas["grid_t11"]
    home = make_home(system, a11)
    people = [
        ResidentFactory(name="Qiu Bai", phone="13812345678"),
        ResidentFactory(name="Ren Yi", relation="10", male=False),
    ]
    household = make_household(system, home, people)
    foreign = make_household(system, make_home(system, t11), [ResidentFactory(name="Far Away")])
    system.commit()
    return {
        "home": home.uid,
        "household": household.uid,
        "head": household.head.uid,
        "number": people[0].number,
        "foreign_home": foreign.dwellings[0].dwelling.uid,
        "foreign": foreign.head.uid,
        "foreign_number": foreign.head.documents[0].number,
        "area": world.uids["grid_a11"],
    }


@pytest.fixture
def clerk(login_as):
    return login_as("clerk_a")


def one(system, model, **where):
    system.rollback()
    query = select(model)
    for key, value in where.items():
        query = query.where(getattr(model, key) == value)
    return system.scalars(query).one()


class TestPersons:
    def test_a_list_and_a_page_mask_numbers_and_keep_foreign_people_out(self, clerk, place, system):
        listed = clerk.get("/person/list/").text
        assert "Qiu Bai" in listed
        assert "Far Away" not in listed
        shown = clerk.get(f"/person/show/{place['head']}").text
        for page in (listed, shown):
            assert place["number"] not in page
            assert "13812345678" not in page
            assert "138****5678" in page
        read = select(func.count(AccessLog.id)).where(
            AccessLog.action == "READ", AccessLog.table_name == "person"
        )
        system.rollback()
        assert system.scalar(read) == 1

    def test_a_record_that_contradicts_the_number_on_file_says_so(self, clerk, place):
        url = f"/person/edit/{place['head']}"
        assert "the ID number says" not in clerk.get(f"/person/show/{place['head']}").text
        assert fill(clerk, url, sex="2", birth_date="1990-01-01").status_code == 303
        shown = clerk.get(f"/person/show/{place['head']}").text
        assert shown.count("the ID number says") == 2
        assert place["number"] not in shown

    def test_a_new_resident_gets_what_a_resident_needs(self, clerk, place, system):
        number = id_number(date(1985, 2, 21), 321)
        answer = fill(
            clerk,
            f"/person/add?area_id={place['area']}",
            name="Song Ci",
            birth_date="1985.2",
            doc_kind="111",
            number=number,
            phone_text="139 8765 4321",
        )
        assert answer.status_code == 303, answer.text
        person = one(system, Person, name="Song Ci")
        assert (str(person.birth_date), person.birth_precision) == ("1985-02-01", "month")
        assert person.name_initials == "sc"
        assert {a.kind for a in person.areas} == {"managing"}
        assert one(system, PersonDocument, person_id=person.id).number == number
        assert one(system, PersonPhone, person_id=person.id).number == "13987654321"
        assert (
            system.scalar(
                select(func.count()).select_from(PersonSource).where(PersonSource.person_id == person.id)
            )
            == 4
        )

    def test_a_foreign_number_is_logged_though_nothing_is_saved(self, clerk, place, system):
        answer = fill(
            clerk, f"/person/add?area_id={place['area']}", name="Song Ci", number=place["foreign_number"]
        )
        assert answer.status_code == 422
        assert "Far Away" not in answer.text
        system.rollback()
        assert system.scalar(select(func.count(Person.id))) == 3
        lines = system.scalars(select(AccessLog.detail).where(AccessLog.action == "SEARCH")).all()
        assert lines == ["match: elsewhere"]

    def test_an_edit_renews_names_search_and_sources(self, clerk, place, system):
        before = one(
            system, PersonSource, person_id=one(system, Person, uid=place["head"]).id, field_group="identity"
        )
        at = before.confirmed_at
        answer = fill(clerk, f"/person/edit/{place['head']}", name="Qiu Bo Bai", education="20")
        assert answer.status_code == 303, answer.text
        person = one(system, Person, uid=place["head"])
        assert (person.name, person.name_initials, person.education) == ("Qiu Bo Bai", "qbb", "20")
        assert [n.name for n in person.names] == ["Qiu Bo Bai"]
        assert one(system, Household, uid=place["household"]).name.startswith("Qiu Bo Bai")
        after = one(system, PersonSource, person_id=person.id, field_group="identity")
        assert after.confirmed_at > at

    def test_the_second_writer_is_told(self, clerk, place, login_as, system):
        url = f"/person/edit/{place['head']}"
        stale = form_of(clerk.get(url).text)
        assert fill(login_as("worker_a"), url, education="20").status_code == 303
        answer = clerk.post(url, data=stale | {"education": "30"})
        assert answer.status_code == 409
        assert one(system, Person, uid=place["head"]).education == "20"

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("name", "Li 4"),
            ("birth_date", "85-2-1"),
            ("birth_date", "2099-01-01"),
            ("sex", "7"),
        ],
    )
    def test_bad_input_stands_at_its_field(self, clerk, place, system, field, value):
        answer = fill(clerk, f"/person/edit/{place['head']}", **{field: value})
        assert answer.status_code == 422
        assert f'id="{field}-error"' in answer.text
        assert one(system, Person, uid=place["head"]).name == "Qiu Bai"


class TestParts:
    def test_a_document_is_put_right_and_found_by_its_new_number(self, clerk, place, system):
        person = one(system, Person, uid=place["head"])
        document = one(system, PersonDocument, person_id=person.id)
        right = id_number(person.birth_date, 222)
        old_index = document.number_index
        answer = fill(clerk, f"/persondocument/edit/{document.uid}", number=right)
        assert answer.status_code == 303, answer.text
        fresh = one(system, PersonDocument, uid=document.uid)
        assert fresh.number == right
        assert fresh.number_index != old_index

    def test_somebody_elses_number_needs_a_reason(self, clerk, place, system):
        person = one(system, Person, name="Ren Yi")
        url = f"/persondocument/add?person_id={person.uid}"
        values = {
            "kind": "112",
            "number": place["number"],
            "person_id": person.uid,
            "number_reason": "so it is",
        }
        assert fill(clerk, url, **values).status_code == 422
        assert fill(clerk, url, **values, dup_reason_text="both books show it").status_code == 303
        assert one(system, PersonDocument, kind="112").dup_reason == "both books show it"

    def test_a_second_identity_card_is_refused_with_the_way(self, clerk, place, system):
        """Neither typed in, nor opened again, nor out of the bin."""
        person = one(system, Person, uid=place["head"])
        url, other = (
            f"/persondocument/add?person_id={person.uid}",
            id_number(date(2001, 2, 3), 321, male=False),
        )
        values = {"kind": "111", "number": other, "person_id": person.uid}
        refused = fill(clerk, url, **values)
        assert (refused.status_code, "give a reason" in refused.text) == (422, True)
        second = fill(clerk, url, **values, number_reason="the card says so")
        assert (second.status_code, "nobody has two" in second.text) == (422, True)
        ended = fill(clerk, url, **values, number_reason="the card says so", valid_to="2026-01-01")
        assert ended.status_code == 303
        row = one(system, PersonDocument, number_index=matching.number_index("111", other))
        shown = clerk.get(f"/persondocument/show/{row.uid}").text
        assert "another birth date than the record" in shown
        assert "the card says so" in shown
        assert fill(clerk, f"/persondocument/edit/{row.uid}", valid_to="").status_code == 422
        assert post(clerk, f"/persondocument/delete/{row.uid}", reason="a mistake").status_code == 303
        system.rollback()
        gone = select(PersonDocument).where(PersonDocument.uid == row.uid)
        system.scalars(gone.execution_options(with_deleted=True)).one().valid_to = None
        system.commit()
        assert post(clerk, f"/persondocument/restore/{row.uid}").status_code == 409

    def test_a_consent_of_a_guardian_is_asked_for_once_and_for_a_child(self, clerk, place, system, world):
        child = make_person(
            system, world.areas["grid_a11"], birth=date(clock.today().year - 5, 1, 1), number=None
        )
        system.execute(delete(ConsentTask))
        system.commit()
        asked, due = {}, "2030-01-01"
        for uid in (child.uid, child.uid, place["head"]):
            url = f"/consent/add?person_id={uid}"
            answer = fill(clerk, url, person_id=uid, kind="child_under_14", due_on=due)
            asked.setdefault(uid, []).append(answer.status_code)
            assert answer.status_code == 303 or 'id="kind-error"' in answer.text
        assert asked == {child.uid: [303, 422], place["head"]: [422]}
        task = one(system, ConsentTask)
        assert fill(clerk, f"/consent/edit/{task.uid}", done_on=clock.today().isoformat()).status_code == 303
        again = fill(
            clerk,
            f"/consent/add?person_id={child.uid}",
            person_id=child.uid,
            kind="child_under_14",
            due_on=due,
        )
        assert again.status_code == 303
        assert fill(clerk, f"/consent/edit/{task.uid}", done_on="").status_code == 422

    def test_a_closed_group_is_neither_offered_nor_taken(self, clerk, place, system):
        person = one(system, Person, uid=place["head"])
        url = f"/persongroup/add?person_id={person.uid}"
        page = clerk.get(url).text
        assert 'value="G33"' in page
        assert 'value="G01"' not in page
        refused = fill(clerk, url, person_id=person.uid, group_code="G01")
        assert refused.status_code == 422
        assert fill(clerk, url, person_id=person.uid, group_code="G33").status_code == 303
        row = one(system, PersonGroup)
        assert row.level == "L3"
        ended = post(
            clerk, f"/persongroup/end/{row.uid}", last_day=clock.today().isoformat(), reason="moved in"
        )
        assert ended.status_code == 303
        assert one(system, PersonGroup).valid_to == clock.today()

    def test_a_group_of_level_5_is_invisible_without_a_grant(self, clerk, place, system):
        person = one(system, Person, uid=place["head"])
        system.add(PersonGroup(person_id=person.id, group_code="G03", level="L5", valid_from=clock.today()))
        system.commit()
        row = one(system, PersonGroup)
        assert clerk.get(f"/persongroup/show/{row.uid}").status_code == 404
        assert row.uid not in clerk.get("/persongroup/list/").text


class TestHouseholds:
    def test_a_household_stands_where_its_home_is(self, clerk, place, system, world):
        answer = fill(
            clerk, "/household/add", kind="registered", dwelling=place["home"], household_no="000000077"
        )
        assert answer.status_code == 303, answer.text
        made = one(system, Household, household_no="000000077")
        assert made.area_id == world.areas["grid_a11"]
        assert made.dwellings[0].dwelling.uid == place["home"]
        assert fill(clerk, "/household/add", kind="living", dwelling=place["foreign_home"]).status_code == 422

    def test_a_member_joins_leaves_and_a_second_head_is_refused(self, clerk, place, system, world):
        person = make_person(system, world.areas["grid_a11"], name="New One")
        system.commit()
        url = f"/householdmember/add?household_id={place['household']}"
        values = {"household_id": place["household"], "person_id": person.uid}
        assert fill(clerk, url, **values, relation="02").status_code == 422
        assert fill(clerk, url, **values, relation="77").status_code == 303
        member = one(system, HouseholdMember, person_id=person.id)
        assert one(system, Residence, person_id=person.id).valid_to is None
        foreign = fill(clerk, url, household_id=place["household"], person_id=place["foreign"], relation="77")
        assert foreign.status_code == 422
        ended = post(
            clerk, f"/householdmember/end/{member.uid}", last_day=clock.today().isoformat(), reason="moveout"
        )
        assert ended.status_code == 303
        assert one(system, Residence, person_id=person.id).valid_to is not None

    def test_a_mistaken_member_goes_with_the_home_held_through_it(self, clerk, place, system):
        wife = one(system, Person, name="Ren Yi")
        member = one(system, HouseholdMember, person_id=wife.id)
        assert post(clerk, f"/householdmember/delete/{member.uid}", reason="wrong person").status_code == 303
        assert one(system, Residence, person_id=wife.id).valid_to is not None
        ties = select(PersonArea.kind).where(PersonArea.person_id == wife.id, PersonArea.valid_to.is_(None))
        assert list(system.scalars(ties)) == ["managing"]

    def test_a_home_outside_needs_an_address(self, clerk, place, system):
        person = one(system, Person, name="Ren Yi")
        url = f"/residence/add?person_id={person.uid}"
        values = {"person_id": person.uid, "kind": "registered"}
        assert fill(clerk, url, **values).status_code == 422
        assert fill(clerk, url, **values, outside_address="Elsewhere 5").status_code == 303
        assert one(system, Residence, kind="registered").outside_address == "Elsewhere 5"


class TestHomes:
    def test_moving_a_home_to_another_grid_takes_its_people_along(self, clerk, place, system, world):
        answer = fill(clerk, f"/dwelling/edit/{place['home']}", area_id=world.uids["grid_a12"])
        assert answer.status_code == 303, answer.text
        assert one(system, Dwelling, uid=place["home"]).area_id == world.areas["grid_a12"]
        assert one(system, Household, uid=place["household"]).area_id == world.areas["grid_a12"]
        assert one(system, Person, uid=place["head"]).area_id == world.areas["grid_a12"]

    def test_the_same_address_twice_is_refused(self, clerk, place, system):
        answer = fill(clerk, f"/dwelling/add?area_id={place['area']}", village_group="1", door_no="1")
        assert answer.status_code == 422
        assert system.scalar(select(func.count(Dwelling.id))) == 2

    @pytest.mark.parametrize("size", ["-5", "0", "0.001"])
    def test_a_home_of_no_floor_area_is_refused_at_its_field(self, clerk, place, system, size):
        """Heads are counted against it; a venue is measured by the same rule."""
        add = f"/dwelling/add?area_id={place['area']}"
        new = fill(clerk, add, village_group="1", door_no="7", area_m2=size)
        edited = fill(clerk, f"/dwelling/edit/{place['home']}", area_m2=size)
        for answer in (new, edited):
            assert answer.status_code == 422
            assert 'id="area_m2-error"' in answer.text
            assert "more than 0" in answer.text
        assert system.scalar(select(func.count(Dwelling.id))) == 2
        with pytest.raises(Invalid):
            Venue(area_m2=size)

    def test_a_foreign_grid_is_refused(self, clerk, place, system, world):
        answer = fill(
            clerk,
            f"/dwelling/add?area_id={place['area']}",
            area_id=world.uids["grid_t11"],
            village_group="1",
            door_no="5",
        )
        assert answer.status_code in {403, 422}
        assert system.scalar(select(func.count(Dwelling.id))) == 2

    def test_a_home_closes_when_everybody_has_left_and_not_before(self, clerk, place, system, world):
        page = f"/dwelling/close/{place['home']}"
        assert page in clerk.get(f"/dwelling/show/{place['home']}").text
        refused = post(clerk, page, last_day=clock.today().isoformat(), reason="pulled down")
        assert refused.status_code == 422
        assert "Enter that they left first" in refused.text
        assert one(system, Dwelling, uid=place["home"]).valid_to is None
        empty = make_home(system, world.areas["grid_a11"], "77").uid
        system.commit()
        assert clerk.get(f"/dwelling/close/{place['foreign_home']}").status_code == 404
        page = f"/dwelling/close/{empty}"
        answer = post(clerk, page, last_day=clock.today().isoformat(), reason="pulled down")
        assert answer.status_code == 303, answer.text
        assert one(system, Dwelling, uid=empty).valid_to is not None
        assert page not in clerk.get(f"/dwelling/show/{empty}").text
        led = clerk.get(f"/census/dwelling/{empty}")
        assert (led.status_code, led.location) == (302, f"/dwelling/show/{empty}")
        assert clerk.get("/dwelling/lookup").text.count('"id":') == 1

    def test_a_rented_home_with_its_tenant(self, clerk, place, system, world):
        answer = fill(
            clerk,
            f"/rentalhome/add?dwelling_id={place['home']}",
            dwelling_id=place["home"],
            rental_kind="RH1",
        )
        assert answer.status_code == 303, answer.text
        rental = one(system, RentalHome)
        assert rental.area_id == world.areas["grid_a11"]
        url = f"/tenancy/add?rental_home_id={rental.uid}"
        values = {"rental_home_id": rental.uid, "person_id": place["head"]}
        assert fill(clerk, url, **values, head_count="0").status_code == 422
        assert fill(clerk, url, **values, head_count="2").status_code == 303
        tenancy = one(system, Tenancy)
        ended = post(
            clerk, f"/tenancy/end/{tenancy.uid}", last_day=clock.today().isoformat(), reason="moved out"
        )
        assert ended.status_code == 303
        assert one(system, Tenancy).valid_to is not None


@pytest.mark.parametrize(
    "page",
    [
        "/person/list/",
        "/household/list/",
        "/dwelling/list/",
        "/building/list/",
        "/movein/list/",
        "/consent/list/",
    ],
)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_lists_open_in_both_languages(clerk, place, page, language):
    post(clerk, "/account/settings", language=language)
    assert clerk.get(page).status_code == 200
