"""Own forms of the special groups on screen: every group, as roles with and without the grant by name."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from app import seeds
from app.areas.models import SensitiveGrant
from app.audit.models import AccessLog, ChangeLog
from app.core import clock
from app.registry.models import Dwelling, GroupVisit, Household, PersonGroup, Residence
from app.registry.service import subforms
from app.worklog.models import ServiceRecord, VisitStop
from tests.factories.registry import ResidentFactory, make_home, make_household
from tests.support.pages import fill, form_of, post

GROUPS = {item["code"]: item for item in seeds.read("codes")["lists"]["special_group"]["items"]}
TYPED = [code for code, facts in GROUPS.items() if not str(facts.get("note", "")).startswith("derived")]
DERIVED = sorted(set(GROUPS) - set(TYPED))
# one group of each level on both databases: the levels are kept there too, the forms are not
LEVELS = {GROUPS[code]["sensitivity"]: code for code in reversed(TYPED)}
SECRET = "Zeppelin"
PHONE, DOCUMENT = "13698765432", "430299196001010017"


@pytest.fixture
def place(system, world):
    """An elder and a younger person in a home of grid A11; the clerk holds every grant, the worker none."""
    home = make_home(system, world.areas["grid_a11"])
    people = [
        ResidentFactory(name="Qiu Bai", birth=date(1970, 3, 4)),
        ResidentFactory(name="Ren Yi", relation="10"),
    ]
    household = make_household(system, home, people)
    for code in TYPED:
        if GROUPS[code]["sensitivity"] == "L5":
            system.add(
                SensitiveGrant(
                    staff_id=world.accounts["clerk_a"].staff_id,
                    group_code=code,
                    area_id=world.areas["com_a1"],
                    valid_from=clock.today(),
                    valid_to=clock.today() + timedelta(days=30),
                    reason="test",
                )
            )
    system.commit()
    return {"person": household.head.uid, "id": people[0].number, "person_id": household.head.id}


def stripped(page: str) -> str:
    """A page without what is new at every look: nonces, tokens and the moment."""
    page = re.sub(r'(nonce|content|value)="[^"]*"', "", page)
    return re.sub(r"\d{2}:\d{2}(:\d{2})?", "", page)


def typed(form, id_number: str) -> dict[str, str]:
    """Something typed into every field of an own form, and only into those that take one value."""
    by_kind = {
        "text": SECRET,
        "long": f"{SECRET} in words",
        "date": "2026-02-03",
        "int": "3",
        "money": "480.5",
        "yesno": "1",
        "phone": PHONE,
        "document": DOCUMENT,
    }
    lists = {**seeds.read("codes")["lists"], **seeds.read("codes_local")["lists"]}
    found = {}
    for field in form:
        if field.kind in {"code", "codes"}:
            found[f"d_{field.name}"] = lists[field.code_list]["items"][0]["code"]
        else:
            found[f"d_{field.name}"] = by_kind[field.kind]
    if "d_disability_no" in found:
        found["d_disability_no"] = f"{id_number}11"
    return found


def only(system, model, **where):
    system.rollback()
    return system.scalars(select(model).filter_by(**where)).one()


@pytest.mark.demand("S4-59", "S4-60")
@pytest.mark.parametrize(
    "code",
    [
        *LEVELS.values(),
        *(pytest.param(c, marks=pytest.mark.any_database) for c in TYPED if c not in LEVELS.values()),
    ],
)
def test_the_own_form_of_a_group_with_and_without_the_grant(code, login_as, place, system):
    form = subforms.group_form(code)
    clerk, worker = login_as("clerk_a"), login_as("worker_a")
    closed = GROUPS[code]["sensitivity"] == "L5"
    url = f"/persongroup/add?person_id={place['person']}"
    first = form_of(clerk.get(url).text)

    # choosing the group shows its fields; saving keeps them
    chosen = clerk.post(url, data=first | {"group_code": code, "_fields": "1"})
    assert chosen.status_code == 200
    asked = form_of(chosen.text)
    values = typed(form, place["id"])
    assert {n for n, f in ((f"d_{f.name}", f) for f in form) if f.kind != "codes"} <= asked.keys()
    for name, field in form.fields.items():
        assert f">{field.en}" in chosen.text.replace("&#39;", "'"), name
    saved = clerk.post(url, data=asked | values | {"group_code": code})
    assert saved.status_code == 303, saved.text
    row = only(system, PersonGroup, group_code=code)
    assert row.details.keys() == form.fields.keys()

    # reading back, on the page and in the form, with numbers behind their mask
    page = clerk.get(f"/persongroup/show/{row.uid}").text
    edit = clerk.get(f"/persongroup/edit/{row.uid}").text
    for text in (page, edit):
        assert PHONE not in text
        assert DOCUMENT not in text
        assert place["id"] not in text
    kept = form_of(edit)
    for field in form:
        if field.kind not in {"phone", "document", "codes"}:
            assert kept[f"d_{field.name}"], field.name
    again = clerk.post(f"/persongroup/edit/{row.uid}", data=kept | {"evidence": "seen"})
    assert again.status_code == 303, again.text
    after = only(system, PersonGroup, group_code=code)
    assert after.details == row.details  # numbers that were left alone are kept
    history = clerk.get(f"/persongroup/history/{row.uid}").text
    assert SECRET not in history
    assert "Particulars of the group" in history

    # the same record without the grant
    pages = [f"/persongroup/{verb}/{row.uid}" for verb in ("show", "edit", "history")]
    pages.append(f"/care/visit/{row.uid}")
    status = {worker.get(page).status_code for page in pages}
    assert status == ({404} if closed else {200})
    lists = [
        worker.get(page).text
        for page in (
            "/persongroup/list/",
            "/care/due/list/",
            f"/person/show/{place['person']}",
            f"/person/show/{place['person']}/PersonGroupView",
        )
    ]
    assert not any(SECRET in text or PHONE in text for text in lists)
    if closed:
        assert not any(row.uid in text or GROUPS[code]["zh"] in text for text in lists)
        offered = worker.post(url, data=first | {"group_code": code, "_fields": "1"})
        assert f'value="{code}"' not in offered.text
        assert not any(f'name="d_{field.name}"' in offered.text for field in form)
        refused = fill(worker, url, group_code=code)
        assert refused.status_code == 422
        read = select(func.count(AccessLog.id)).where(
            AccessLog.table_name == "person_group", AccessLog.detail == "L4-L5", AccessLog.action == "READ"
        )
        system.rollback()
        assert system.scalar(read) == 1  # the clerk's page
    protected = select(ChangeLog.changes).where(ChangeLog.table_name == "person_group")
    assert not any(SECRET in text for text in system.scalars(protected))


@pytest.mark.any_database
@pytest.mark.parametrize("code", DERIVED)
def test_a_group_that_follows_from_other_data_cannot_be_typed(code, login_as, place):
    clerk = login_as("clerk_a")
    url = f"/persongroup/add?person_id={place['person']}"
    assert f'value="{code}"' not in clerk.get(url).text
    assert fill(clerk, url, group_code=code).status_code == 422


class TestTyping:
    @pytest.mark.any_database
    def test_what_was_typed_for_another_group_goes_along(self, login_as, place):
        clerk = login_as("clerk_a")
        url = f"/persongroup/add?person_id={place['person']}"
        data = form_of(clerk.get(url).text) | {"_fields": "1", "group_code": "G12"}
        data |= {"d_carer_name": "Wu", "d_amount": "300", "evidence": "card"}
        disabled = form_of(clerk.post(url, data=data | {"group_code": "G21"}).text)
        assert disabled["d_carer_name"] == "Wu"  # not a field of the disabled, carried along
        assert disabled["evidence"] == "card"
        back = clerk.post(url, data=disabled | {"_fields": "1", "_piece": "1", "group_code": "G12"}).text
        assert "<html" not in back
        assert 'value="Wu"' in back
        assert 'value="300"' in back

    @pytest.mark.any_database
    def test_a_refused_value_stands_at_its_field_and_nothing_is_lost(self, login_as, place, system):
        clerk = login_as("clerk_a")
        url = f"/persongroup/add?person_id={place['person']}"
        data = form_of(clerk.get(url).text) | {"group_code": "G21"}
        form = subforms.group_form("G21")
        values = typed(form, place["id"]) | {"d_disability_no": f"{place['id']}42", "d_aids": "crutch"}
        answer = clerk.post(url, data=data | values)
        assert answer.status_code == 422
        assert 'id="d_disability_no-error"' in answer.text
        assert 'value="crutch"' in answer.text
        missing = clerk.post(url, data=data | values | {"d_disability_grade": ""})
        assert 'id="d_disability_grade-error"' in missing.text
        system.rollback()
        assert system.scalar(select(func.count(PersonGroup.id))) == 0

    @pytest.mark.any_database
    def test_a_number_of_the_own_form_is_revealed_with_a_reason_and_logged(self, login_as, place, system):
        clerk, operator = login_as("clerk_a"), login_as("operator")
        url = f"/persongroup/add?person_id={place['person']}"
        data = form_of(clerk.get(url).text) | {"group_code": "G12"}
        clerk.post(url, data=data | typed(subforms.group_form("G12"), place["id"]))
        row = only(system, PersonGroup, group_code="G12")
        at = f"/persongroup/reveal/{row.uid}/details.carer_phone"
        assert post(clerk, at, reason="").status_code == 400
        assert post(clerk, at, reason="to arrange the visit").json == {"value": PHONE}
        assert post(clerk, at.replace("carer_phone", "amount"), reason="why not").status_code == 404
        assert post(operator, at, reason="why not").status_code == 403
        assert only(system, AccessLog, action="REVEAL").reason == "to arrange the visit"
        shown = operator.get(f"/persongroup/show/{row.uid}")
        assert shown.status_code == 200
        assert SECRET not in shown.text  # the center has no business with the particulars


@pytest.mark.demand("S3-61")
class TestVisits:
    @pytest.fixture
    def member(self, login_as, place, system):
        """A person with a mental disorder, entered by the clerk."""
        clerk = login_as("clerk_a")
        url = f"/persongroup/add?person_id={place['person']}"
        data = form_of(clerk.get(url).text) | {"group_code": "G03"}
        saved = clerk.post(url, data=data | typed(subforms.group_form("G03"), place["id"]))
        assert saved.status_code == 303, saved.text
        return clerk, only(system, PersonGroup, group_code="G03").uid

    @pytest.mark.any_database
    def test_a_visit_brings_the_state_up_to_date_and_shows_what_changed(self, member, system):
        clerk, uid = member
        url = f"/care/visit/{uid}"
        page = clerk.get(url)
        assert form_of(page.text)["d_hospital"] == SECRET  # as it was found last
        answer = fill(
            clerk, url, way="met", mood="calm", d_risk="03", d_hospital="County hospital", measures="VM4"
        )
        assert answer.status_code == 303, answer.text
        row = only(system, PersonGroup, uid=uid)
        assert (row.details["risk"], row.details["hospital"]) == ("03", "County hospital")
        assert row.details["diagnosis"] == "01"  # not taken down at a visit
        assert row.details["guardian_phone"] == PHONE
        assert row.last_visit_on == clock.today()
        assert row.next_visit_on == clock.today() + timedelta(days=30)
        visit = only(system, GroupVisit, group_id=row.id)
        assert visit.details["words"] == {"mood": "calm"}
        assert fill(clerk, url, way="met", d_risk="06", again="y").status_code == 303
        shown = clerk.get(f"/persongroup/show/{uid}").text
        visits = shown[shown.index('id="visits"') :]
        assert "calm" in visits
        assert "Present risk grade" in visits[: visits.index("calm")]  # the later visit names what differs
        assert "gb-watermark" in shown

    @pytest.mark.any_database
    def test_a_visit_at_level_5_leaves_no_trace_for_those_without_the_grant(
        self, member, login_as, place, system, world
    ):
        """No page, list or day of theirs says more afterwards; the clerk's own day keeps a line that names nobody."""
        clerk, uid = member
        home = only(system, Dwelling, id=only(system, Residence, person_id=place["person_id"]).dwelling_id)
        household = only(system, Household, head_person_id=place["person_id"])
        urls = [
            f"/person/show/{place['person']}",
            f"/household/show/{household.uid}",
            f"/dwelling/show/{home.uid}",
            f"/household/history/{household.uid}",
            "/visits/list/",
            "/visit-stops/list/",
            "/service-records/list/",
            "/care/due/list/",
        ]
        readers = {
            name: login_as(name) for name in ("worker_a", "office_a", "town_clerk_a", "operator", "leader")
        }

        def seen() -> dict[tuple[str, str], tuple[int, str]]:
            answers = {(n, url): client.get(url) for n, client in readers.items() for url in urls}
            return {key: (a.status_code, stripped(a.text)) for key, a in answers.items()}

        for client in readers.values():
            client.get(urls[0])  # the first page of a session says more
        before = seen()
        assert fill(clerk, f"/care/visit/{uid}", way="met", mood="calm").status_code == 303
        assert seen() == before
        assert sum(status == 200 for status, _text in before.values()) > 20
        record = only(system, ServiceRecord, ref_kind="group_visit")
        assert (record.household_id, record.visit_id, record.staff_id) == (
            None,
            None,
            world.accounts["clerk_a"].staff_id,
        )
        assert system.scalars(select(VisitStop)).all() == []
        assert system.get(Household, household.id).last_visit_on is None
        assert record.uid in clerk.get("/service-records/list/").text
        assert uid in clerk.get(f"/person/show/{place['person']}").text
        assert readers["leader"].get(f"/service-records/show/{record.uid}").status_code == 404

    def test_a_line_about_a_closed_visit_is_read_by_named_grant(self, member, acting, system, world):
        clerk, uid = member
        assert fill(clerk, f"/care/visit/{uid}", way="met").status_code == 303
        system.rollback()
        system.add(
            SensitiveGrant(
                staff_id=world.accounts["worker_a"].staff_id,
                group_code="G03",
                area_id=world.areas["grid_a11"],
                valid_from=clock.today(),
                valid_to=clock.today(),
                reason="test",
            )
        )
        system.commit()
        for who, lines in (("clerk_a", 1), ("worker_a", 1), ("leader", 0), ("town_clerk_a", 0)):
            assert len(acting(who).scalars(select(ServiceRecord)).all()) == lines, who

    def test_a_visit_at_an_open_level_is_a_door_of_the_day(self, login_as, place, system):
        clerk = login_as("clerk_a")
        group = PersonGroup(
            person_id=place["person_id"],
            group_code="G36",
            level="L4",
            valid_from=clock.today() - timedelta(days=9),
        )
        system.rollback()
        system.add(group)
        system.commit()
        assert fill(clerk, f"/care/visit/{group.uid}", way="met").status_code == 303
        assert only(system, GroupVisit, group_id=group.id).visit_uid
        assert only(system, VisitStop).person_id == place["person_id"]
        yesterday = (clock.today() - timedelta(days=1)).isoformat()
        assert fill(clerk, f"/care/visit/{group.uid}", way="met", visited_on=yesterday).status_code == 303
        system.rollback()
        lines = [
            (r.done_on, r.visit_id is None)
            for r in system.scalars(select(ServiceRecord).order_by(ServiceRecord.id))
        ]
        assert lines == [(clock.today(), False), (clock.today() - timedelta(days=1), True)]
        assert len(system.scalars(select(VisitStop)).all()) == 1

    @pytest.mark.any_database
    def test_nobody_met_means_sooner_and_leaves_the_state(self, member, system):
        clerk, uid = member
        assert fill(clerk, f"/care/visit/{uid}", way="absent", d_hospital="").status_code == 303
        row = only(system, PersonGroup, uid=uid)
        assert row.next_visit_on == clock.today() + timedelta(days=7)
        assert row.details["hospital"] == SECRET

    @pytest.mark.any_database
    def test_an_older_visit_is_kept_without_touching_the_present_state(self, member, system):
        clerk, uid = member
        row = only(system, PersonGroup, uid=uid)
        row.valid_from = clock.today() - timedelta(days=90)
        system.commit()
        assert fill(clerk, f"/care/visit/{uid}", way="met", d_risk="05").status_code == 303
        old = (clock.today() - timedelta(days=40)).isoformat()
        assert fill(clerk, f"/care/visit/{uid}", way="met", visited_on=old, d_risk="02").status_code == 303
        row = only(system, PersonGroup, uid=uid)
        assert row.details["risk"] == "05"
        assert row.last_visit_on == clock.today()
        assert system.scalar(select(func.count(GroupVisit.id))) == 2

    @pytest.mark.any_database
    @pytest.mark.parametrize(
        "wrong",
        [
            {"visited_on": "2999-01-01"},
            {"visited_on": "2001-01-01"},
            {"way": ""},
            {"way": "x"},
            {"next_on": "2020-01-01"},
        ],
    )
    def test_what_cannot_be_is_refused_and_kept_on_the_page(self, member, system, wrong):
        clerk, uid = member
        answer = fill(clerk, f"/care/visit/{uid}", **({"way": "met", "mood": "calm"} | wrong))
        assert answer.status_code == 422
        assert 'value="calm"' in answer.text
        system.rollback()
        assert system.scalar(select(func.count(GroupVisit.id))) == 0

    def test_due_visits_stand_in_a_list_by_day_and_grid(self, member, login_as, world, system):
        clerk, uid = member
        assert uid not in clerk.get("/care/due/list/").text
        row = only(system, PersonGroup, uid=uid)
        row.next_visit_on = clock.today() - timedelta(days=3)
        system.commit()
        listed = clerk.get("/care/due/list/").text
        assert uid in listed
        assert "3 days overdue" in listed
        overdue = clock.today() - timedelta(days=1)
        assert uid in clerk.get(f"/care/due/list/?_flt_2_next_visit_on={overdue}").text
        for grid, there in (("grid_a11", True), ("com_a1", True), ("grid_a12", False)):
            found = clerk.get(f"/care/due/list/?_flt_0_person.area={world.uids[grid]}").text
            assert (uid in found) == there
        assert uid not in login_as("worker_a").get("/care/due/list/").text  # no grant
        assert clerk.get(f"/care/due/show/{uid}").headers["Location"].endswith(f"/persongroup/show/{uid}")
