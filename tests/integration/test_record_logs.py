"""What is told of a record: its history with what hangs on it, who looked at it, and the bin it can be brought back from."""

from __future__ import annotations

import html
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import clock, removal
from app.core.scope import session_actor
from app.registry.models import FloatingStay, HelpRecord, Person, PersonGroup, PersonName, PersonPhone
from app.registry.service import duplicates, life, merging, persons
from tests.factories.registry import ResidentFactory, make_home, make_household, make_person
from tests.support.pages import fill, post
from tests.support.world import csrf_of


@pytest.fixture
def place(system, world):
    """A household in A11 and one in T11, with a phone, a group and help on both."""
    made = {}
    for grid, name in (("grid_a11", "Qiu Bai"), ("grid_t11", "Far Away")):
        household = make_household(
            system,
            make_home(system, world.areas[grid]),
            [ResidentFactory(name=name, phone="13812345678")],
        )
        system.add(HelpRecord(household_id=household.id, given_on=clock.today(), what=f"Rice for {grid}"))
        system.flush()
        made[grid] = household
    system.commit()
    own, foreign = made["grid_a11"], made["grid_t11"]
    return {
        "head": own.head.uid,
        "head_id": own.head.id,
        "foreign": foreign.head.uid,
        "help": system.scalars(select(HelpRecord).where(HelpRecord.household_id == own.id)).one().uid,
        "foreign_help": system.scalars(select(HelpRecord).where(HelpRecord.household_id == foreign.id))
        .one()
        .uid,
    }


def person_of(system, place):
    system.rollback()
    return system.scalars(select(Person).where(Person.uid == place["head"])).one()


class TestHistory:
    def test_the_history_of_a_person_tells_of_what_hangs_on_it(self, login_as, place, system):
        clerk = login_as("clerk_a")
        person = person_of(system, place)
        actor, now = session_actor(system), clock.now()
        persons.set_phone(system, person, "13987654321", actor=actor, now=now)
        system.add(FloatingStay(person_id=person.id, valid_from=clock.today(), inflow_reason="01"))
        system.add(PersonGroup(person_id=person.id, group_code="G01", level="L5", evidence="Zeppelin"))
        system.commit()
        assert fill(clerk, f"/person/edit/{place['head']}", native_place="Lotus Hill").status_code == 303
        page = clerk.get(f"/person/history/{place['head']}").text
        assert "Lotus Hill" in page
        assert "Phone: Added" in page
        assert "139****4321" in page
        assert "13987654321" not in page
        assert "Stay of a floating resident: Added" in page
        assert "Zeppelin" not in page  # a group without the grant leaves no line
        assert page.count("Special group") <= 1  # the menu

    def test_a_deleted_part_stays_in_the_history(self, login_as, place, system):
        clerk = login_as("clerk_a")
        phone = system.scalars(select(PersonPhone).where(PersonPhone.person_id == place["head_id"])).one().uid
        assert post(clerk, f"/personphone/delete/{phone}", reason="wrong person").status_code == 303
        page = clerk.get(f"/person/history/{place['head']}").text
        assert "Phone: Deleted" in page
        assert "wrong person" in page


class TestViewers:
    def test_who_looked_at_a_person_and_at_its_parts(self, login_as, place, system):
        clerk, worker = login_as("clerk_a"), login_as("worker_a")
        worker.get(f"/person/show/{place['head']}")
        phone = system.scalars(select(PersonPhone).where(PersonPhone.person_id == place["head_id"])).one().uid
        assert post(worker, f"/personphone/reveal/{phone}/number", reason="to call her").status_code == 200
        page = clerk.get(f"/person/viewers/{place['head']}")
        assert page.status_code == 200
        assert "Worker A" in page.text
        assert "to call her" in page.text
        assert "Revealed" in page.text
        assert f"/person/viewers/{place['head']}" in clerk.get(f"/person/show/{place['head']}").text

    @pytest.mark.any_database
    @pytest.mark.parametrize(("who", "status"), [("worker_a", 403), ("office_a", 403), ("clerk_t", 404)])
    def test_the_page_is_for_those_who_answer_for_the_grid(self, who, status, login_as, place):
        visitor = login_as(who)
        assert visitor.get(f"/person/viewers/{place['head']}").status_code == status

    def test_looks_at_a_protected_group_are_told_with_the_grant_only(self, login_as, place, system):
        person = person_of(system, place)
        row = PersonGroup(person_id=person.id, group_code="G01", level="L5")
        system.add(row)
        system.commit()
        clerk = login_as("clerk_a")
        assert clerk.get(f"/persongroup/viewers/{row.uid}").status_code == 404

    @pytest.mark.any_database
    def test_views_without_such_a_page_have_no_such_address(self, login_as, place):
        assert login_as("clerk_a").get(f"/helprecord/viewers/{place['help']}").status_code == 404


class TestBin:
    def test_what_was_deleted_is_listed_with_reason_and_brought_back(self, login_as, place, system):
        clerk, foreign = login_as("clerk_a"), login_as("clerk_t")
        assert post(clerk, f"/helprecord/delete/{place['help']}", reason="entered twice").status_code == 303
        assert (
            post(foreign, f"/helprecord/delete/{place['foreign_help']}", reason="elsewhere").status_code
            == 303
        )
        page = clerk.get("/bin/")
        assert "entered twice" in page.text
        assert "Clerk A" in page.text
        assert "Rice for grid_t11" not in page.text
        assert "elsewhere" not in page.text
        assert "?kind=HelpRecordView" in page.text
        token = csrf_of(page)
        back = clerk.post(f"/helprecord/restore/{place['help']}", data={"csrf_token": token})
        assert back.status_code == 303
        system.rollback()
        assert system.scalars(select(HelpRecord).where(HelpRecord.uid == place["help"])).one()
        assert "entered twice" not in clerk.get("/bin/").text

    @pytest.mark.any_database
    def test_kinds_follow_the_role(self, login_as, place):
        assert login_as("worker_a").get("/bin/").status_code == 403
        operator = login_as("operator")
        assert operator.get("/bin/").status_code == 200
        assert operator.get("/bin/?kind=HelpRecordView").status_code == 404
        assert login_as("clerk_a").get("/bin/?kind=nothing").status_code == 404

    def test_a_protected_group_leaves_no_trace_in_the_bin(self, login_as, place, system):
        person = person_of(system, place)
        row = PersonGroup(person_id=person.id, group_code="G01", level="L5")
        system.add(row)
        system.commit()
        row.deleted_at, row.delete_reason = clock.now() - timedelta(hours=1), "Zeppelin"
        system.commit()
        page = login_as("clerk_a").get("/bin/?kind=PersonGroupView").text
        assert "Zeppelin" not in page
        assert row.uid not in page

    @pytest.mark.any_database
    def test_what_a_step_took_away_is_neither_offered_nor_brought_back(self, login_as, place, system):
        head = select(PersonPhone).where(PersonPhone.person_id == place["head_id"])
        query, clerk = head.execution_options(with_deleted=True), login_as("clerk_a")
        for step in sorted(removal.steps(), key=lambda s: s.sentence):
            system.rollback()
            phone = system.scalars(query).one()
            removal.take_away(phone, step, now=clock.now())
            system.commit()
            for url in ("/bin/?kind=PersonPhoneView", "/personphone/deleted/"):
                page = clerk.get(url).text
                assert phone.uid not in page
                assert step.sentence not in page
            answer = post(clerk, f"/personphone/restore/{phone.uid}")
            assert answer.status_code == 409
            assert html.escape(str(step.way)) in answer.text
            system.rollback()
            assert system.scalars(query).one().deleted_at is not None

    @pytest.mark.any_database
    def test_words_that_somebody_typed_are_never_taken_for_a_step(self, login_as, place, system):
        head = select(PersonPhone).where(PersonPhone.person_id == place["head_id"])
        query, clerk = head.execution_options(with_deleted=True), login_as("clerk_a")
        for reason in ("duplicate", *sorted(step.sentence for step in removal.steps())):
            system.rollback()
            phone = system.scalars(query).one()
            answer = post(clerk, f"/personphone/delete/{phone.uid}", reason=reason)
            assert answer.status_code == 303
            assert phone.uid in clerk.get("/bin/?kind=PersonPhoneView").text
            assert post(clerk, f"/personphone/restore/{phone.uid}").status_code == 303
            system.rollback()
            assert system.scalars(query).one().deleted_at is None

    def test_a_merge_and_a_revoked_event_leave_nothing_in_the_bin(
        self, login_as, place, system, acting, world
    ):
        session = acting("clerk_a")
        hands = {"actor": session_actor(session), "now": clock.now()}
        one = session.scalars(select(Person).where(Person.name == "Qiu Bai")).one()
        two = make_person(session, world.areas["grid_a11"], name="Qiu Bei", phone="13812345678", number=None)
        persons.rename(session, one, "Qiu Bay")
        session.commit()
        event = life.new_name(session, two, life.Told(clock.today()), name="Qiu Bao", **hands)
        session.commit()
        life.revoke(session, event, "Another person", **hands)
        pair = duplicates.by_hand(session, one, two, reason="the same", **hands).uid
        session.commit()
        with merging.whole_register() as wide:
            merging.merge(wide, pair, stays=1, choices={}, reason="the same", **hands)
        system.rollback()
        gone = [PersonName, PersonPhone, Person]
        found = [
            row
            for model in gone
            for row in system.scalars(
                select(model).where(model.deleted_at.is_not(None)).execution_options(with_deleted=True)
            )
        ]
        assert {type(row) for row in found} == set(gone)
        clerk = login_as("clerk_a")
        pages = [clerk.get(f"/bin/?kind={model.__name__}View").text for model in gone]
        for row in found:
            assert not any(row.uid in page for page in pages)
            url = f"/{type(row).__tablename__.replace('_', '')}/restore/{row.uid}"
            assert post(clerk, url).status_code in (404, 409)


def test_a_piece_does_not_come_back_without_its_record(login_as, place, system):
    person = system.scalars(select(Person).where(Person.name == "Qiu Bai")).one()
    phone = person.phones[0]
    for row in (phone, person):
        row.deleted_at, row.delete_reason = clock.now(), "A mistake"
    system.commit()
    clerk = login_as("clerk_a")
    assert post(clerk, f"/personphone/restore/{phone.uid}").status_code in (404, 409)
    system.rollback()
    query = select(PersonPhone).where(PersonPhone.id == phone.id).execution_options(with_deleted=True)
    assert system.scalars(query).one().deleted_at is not None
