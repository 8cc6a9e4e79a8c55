"""Changing many rows of a list at once: what is shown is what happens, clashes are left, all of it can be taken back."""

from __future__ import annotations

import html
import re
import threading
from datetime import date

import pytest
from sqlalchemy import select

from app.audit.models import ChangeLog
from app.core.errors import Conflict, NotAllowed
from app.core.extra import ExtraField
from app.core.saved import BulkEdit
from app.core.views import bulk_editing, bulk_service
from app.inbox.models import Notice
from app.registry.models import Person, Venue
from app.registry.views import PersonView
from tests.factories.registry import ResidentFactory, make_home, make_person, make_venue
from tests.support.pages import TOKEN, post
from tests.support.rows import fresh

DESK = "/changes/PersonView"


@pytest.fixture
def people(system, world):
    """Three people of grid A11 and one of another town; the third one works already."""
    found = [
        make_person(system, world.areas[grid], ResidentFactory(name=name))
        for grid, name in (
            ("grid_a11", "Adam"),
            ("grid_a11", "Berta"),
            ("grid_a11", "Carl"),
            ("grid_t11", "Theo"),
        )
    ]
    found[2].workplace = "Mill"
    system.commit()
    return found


def pairs(page: str, form_action: str = "confirm") -> dict[str, list[str]]:
    """The hidden fields of the form of a page that takes the next step."""
    forms = re.findall(r"<form.*?</form>", page, re.S)
    body = next(f for f in forms if f'value="{form_action}"' in f)
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", body):
        name, value = re.search(r'name="([^"]*)"', tag)[1], re.search(r'value="([^"]*)"', tag)[1]
        found.setdefault(name, []).append(html.unescape(value))
    return found


def preview(client, rows, **values):
    data = {"step": "preview", "row": [r.uid for r in rows], "change": list(values), **values}
    return post(client, DESK, **data)


def confirm(client, page, **more):
    return client.post(DESK, data=pairs(page.text) | more)


def workplaces(system, rows) -> list[str | None]:
    session = fresh(system)
    return [session.get(Person, row.id).workplace for row in rows]


def edit_of(system, answer) -> BulkEdit:
    return fresh(system).scalars(select(BulkEdit).where(BulkEdit.uid == answer.location[-36:])).one()


@pytest.mark.demand("S4-54")
def test_the_result_is_what_the_preview_says_and_stands_in_the_log_as_one_batch(login_as, people, system):
    clerk = login_as("clerk_a")
    picking = clerk.get("/person/list/?pick=1").text
    assert picking.count('form="pick" name="row"') == 3
    page = preview(clerk, people, workplace="Mill")
    assert "2 records would be changed" in page.text
    assert "1 record has this value already." in page.text
    assert "Theo" not in page.text
    assert workplaces(system, people) == [None, None, "Mill", None]  # nothing was kept of the preview
    answer = confirm(clerk, page)
    assert workplaces(system, people) == ["Mill", "Mill", "Mill", None]
    done = clerk.get(answer.location).text
    assert "2 records were changed" in done
    assert "Adam" in done
    logged = select(ChangeLog).where(ChangeLog.table_name == "person", ChangeLog.action == "update")
    rows = list(system.scalars(logged.where(ChangeLog.batch == answer.location[-36:])))
    assert {row.row_id for row in rows} == {people[0].id, people[1].id}
    assert {row.reason for row in rows} == {bulk_service.DONE}
    assert "Mill" in clerk.get(DESK).text


def test_all_that_the_filters_find_are_changed(login_as, people, system):
    clerk = login_as("clerk_a")
    data = {"all": "1", "query": "_flt_0_name=Berta", "change": "workplace", "workplace": "Farm"}
    page = post(clerk, DESK, step="preview", **data)
    confirm(clerk, page)
    assert workplaces(system, people) == [None, "Farm", "Mill", None]
    assert post(clerk, DESK, step="preview", **data | {"query": "_flt_0_number=4"}).status_code == 400


def test_a_row_changed_after_the_preview_is_left_and_told(login_as, people, system):
    clerk = login_as("clerk_a")
    page = preview(clerk, people[:2], workplace="Mill")
    people[0].note = "changed in between"
    system.commit()
    answer = confirm(clerk, page)
    assert workplaces(system, people) == [None, "Mill", "Mill", None]
    assert "Somebody else changed this record in the meantime." in clerk.get(answer.location).text


def test_taking_back_leaves_what_was_changed_since(login_as, people, system):
    clerk = login_as("clerk_a")
    people[1].workplace = "Office"
    system.commit()
    answer = confirm(clerk, preview(clerk, people[:2], workplace="Mill"))
    fresh(system).get(Person, people[0].id).note = "changed since"
    system.commit()
    undo = f"{answer.location}/undo"
    assert login_as("worker_a").get(answer.location).status_code == 404
    assert post(login_as("worker_a"), undo).status_code == 404
    assert workplaces(system, people[:2]) == ["Mill", "Mill"]
    post(clerk, undo)
    assert workplaces(system, people) == ["Mill", "Office", "Mill", None]
    page = clerk.get(answer.location).text
    assert "1 record has its old values again" in page
    assert "It was changed since." in page
    post(clerk, undo)  # a second time does nothing
    assert edit_of(system, answer).undone == 1


@pytest.mark.any_database
def test_only_offered_columns_of_visible_rows_and_only_with_the_right_to_edit(
    login_as, people, system, world
):
    clerk = login_as("clerk_a")
    assert preview(clerk, people[:1], name="Eve").status_code == 403
    assert preview(clerk, people[3:], workplace="Mill").status_code == 400  # another town's row alone
    venue = make_venue(
        system, world.areas["grid_a11"], make_home(system, world.areas["grid_a11"]), name="Inn"
    )
    system.commit()
    data = {"row": venue.uid, "change": "operator_phone", "operator_phone": "13800001111"}
    assert post(clerk, "/changes/VenueView", step="preview", **data).status_code == 403
    page = preview(clerk, people[:1], workplace="Mill")
    sent = pairs(page.text)
    foreign = sent | {"row": [f"{people[3].uid}:{people[3].version}"]}
    answer = clerk.post(DESK, data=foreign)
    assert "outside your area" in clerk.get(answer.location).text
    masked = sent | {"uid": [people[0].uid], "change": ["name"], "to.name": ["Eve"]}
    assert clerk.post(DESK, data=masked).status_code == 403
    for account in ("office_a", "leader"):
        reader = login_as(account)
        assert preview(reader, people[:1], workplace="Mill").status_code == 403
        assert "pick=1" not in reader.get("/person/list/").text
        assert 'name="row"' not in reader.get("/person/list/?pick=1").text
    assert workplaces(system, people) == [None, None, "Mill", None]
    assert fresh(system).get(Venue, venue.id).operator_phone != "13800001111"


@pytest.mark.any_database
def test_what_the_domain_refuses_is_left_with_its_reason_and_typing_is_not_lost(
    login_as, people, system, monkeypatch
):
    def check(self, session, item, form, is_new):
        if item.name == "Adam":
            raise Conflict("Adam never changes.")

    monkeypatch.setattr(PersonView, "check", check)
    clerk = login_as("clerk_a")
    page = preview(clerk, people[:2], workplace="Mill")
    assert "Adam never changes." in page.text
    assert "1 record would be changed" in page.text
    answer = confirm(clerk, page, row=[f"{p.uid}:{p.version}" for p in people[:2]])
    assert "Adam never changes." in clerk.get(answer.location).text
    assert workplaces(system, people[:2]) == [None, "Mill"]
    wrong = preview(clerk, people[:2], workplace="M" * 500)
    assert wrong.status_code == 422
    assert "M" * 500 in wrong.text
    assert "Please tick at least one field." in preview(clerk, people[:2]).text


@pytest.mark.any_database
def test_more_than_the_most_are_refused_with_a_sentence(login_as, people, monkeypatch):
    from app.core.views import change_desk

    monkeypatch.setattr(change_desk, "CAP", 2)
    page = post(login_as("clerk_a"), DESK, step="fields", all="1", query="")
    assert page.status_code == 400
    assert "At most 2 records can be changed at once." in page.text


def test_many_rows_are_tried_changed_and_taken_back_by_jobs(login_as, people, system, monkeypatch):
    from app.core import jobs
    from app.core.views import bulk_preview, change_desk

    for module in (bulk_service, change_desk):
        monkeypatch.setattr(module, "INLINE", 1)
    for module in (bulk_service, bulk_preview):
        monkeypatch.setattr(module, "CHUNK", 1)
    saving = PersonView.save

    def save(self, session, item, form, is_new):
        saving(self, session, item, form, is_new)
        if item.name == "Berta":
            raise Conflict("Berta is refused while she is saved.")

    monkeypatch.setattr(PersonView, "save", save)
    clerk = login_as("clerk_a")
    asked = preview(clerk, people[:3], workplace="Farm")
    assert asked.status_code == 303
    waiting = clerk.get(asked.location).text
    assert "data-job" in waiting
    assert "Nothing is changed yet." in waiting
    assert login_as("worker_a").get(asked.location).status_code == 404
    assert jobs.run_one("t")
    page = clerk.get(asked.location)
    assert "2 records would be changed" in page.text
    assert "Berta is refused while she is saved." in page.text  # the preview tries the saving itself
    assert workplaces(system, people[:3]) == [None, None, "Mill"]
    link = fresh(system).scalars(select(Notice.link).order_by(Notice.id.desc())).first()
    assert link == asked.location
    answer = confirm(clerk, page)
    assert clerk.get(asked.location).location == answer.location  # what was confirmed is shown, and not again
    assert "data-job" in clerk.get(answer.location).text
    assert workplaces(system, people[:3]) == [None, None, "Mill"]
    assert jobs.run_one("t")
    assert workplaces(system, people[:3]) == ["Farm", None, "Farm"]
    edit = edit_of(system, answer)
    assert (edit.count, edit.wanted, edit.finished_at is not None) == (2, [], True)
    post(clerk, f"{answer.location}/undo")
    assert jobs.run_one("t")
    assert workplaces(system, people[:3]) == [None, None, "Mill"]
    assert edit_of(system, answer).undone == 2


def test_two_confirmations_at_once_change_each_row_once(app, login_as, people, system):
    clerk = login_as("clerk_a")
    page = preview(clerk, people[:2], workplace="Mill")
    other = preview(clerk, people[:2], workplace="Farm")
    clients = [login_as("clerk_a") for _n in range(3)]
    for client in clients:
        client.get("/")
    answers = []

    def send(client, sent):
        with app.app_context():
            data = pairs(sent.text) | {"csrf_token": TOKEN.search(client.get("/").text)[1]}
            answers.append(client.post(DESK, data=data))

    sends = zip(clients, (page, page, other), strict=True)
    threads = [threading.Thread(target=send, args=pair) for pair in sends]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {a.status_code for a in answers} == {303}
    edits = list(fresh(system).scalars(select(BulkEdit)))
    assert sorted(edit.count for edit in edits) in ([0, 2], [1, 1])
    assert len(set(workplaces(system, people[:2]))) == 1
    changed = select(ChangeLog).where(ChangeLog.batch.is_not(None), ChangeLog.table_name == "person")
    assert len(list(system.scalars(changed))) == 2
    assert bulk_editing.CAP == 500


@pytest.mark.any_database
def test_a_custom_field_is_shown_as_a_column_and_changed_for_many(login_as, system, world):
    row = ExtraField(
        subject="dwelling", kind="text", level="L3", key="f1", label="Meter", valid_from=date(2026, 1, 1)
    )
    system.add(row)
    doors = [make_home(system, world.areas["grid_a11"], number) for number in ("1", "2")]
    system.commit()
    clerk = login_as("clerk_a")
    post(clerk, "/lists/DwellingView/columns", column=["address", "x_f1"])
    data = {"row": [d.uid for d in doors], "change": ["x_f1"], "x_f1": "M-77"}
    page = post(clerk, "/changes/DwellingView", step="preview", **data)
    assert "2 records would be changed" in page.text
    answer = clerk.post("/changes/DwellingView", data=pairs(page.text))
    listed = clerk.get("/dwelling/list/").text
    assert listed.count("M-77") == 2
    assert "Meter" in listed
    post(clerk, f"{answer.location}/undo")
    assert "M-77" not in clerk.get("/dwelling/list/").text
    admin = login_as("admin_system")
    assert "Meter" in admin.get("/custom-fields/list/").text
    assert "pick=1" not in admin.get("/custom-fields/list/").text  # a field is no row among many
    refused = post(admin, "/changes/ExtraFieldView", step="fields", row=row.uid)
    assert refused.status_code == 403


def test_no_more_rows_than_a_preview_shows_and_none_that_may_not_be_edited(
    login_as, people, system, monkeypatch
):
    """A confirmed list longer than any preview is refused whole; a record that the view does not let be edited is left."""
    clerk = login_as("clerk_a")
    page = preview(clerk, people[:2], workplace="Mill")
    row = pairs(page.text)["row"][0]
    many = [row.replace(people[0].uid, f"{people[0].uid[:-4]}{n:04x}") for n in range(bulk_editing.CAP + 1)]
    answer = confirm(clerk, page, row=[*pairs(page.text)["row"], *many])
    assert answer.status_code == 400
    assert fresh(system).scalars(select(BulkEdit)).all() == []

    def may_edit(_self, item):
        if item.name == "Adam":
            raise NotAllowed("Adam is closed.")

    monkeypatch.setattr(PersonView, "may_edit", may_edit)
    page = preview(clerk, people[:2], workplace="Mill")
    assert "Adam is closed." in page.text
    confirm(clerk, page)
    assert workplaces(system, people)[:2] == [None, "Mill"]
