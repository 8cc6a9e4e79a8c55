"""Sheets brought in through the pages: match, check, run, undo; who may; what is remembered and for how long (issue 4)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from app.areas.models import Area
from app.audit.models import AccessLog, ChangeLog
from app.core import clock, codes, files, jobs
from app.core.extra import ExtraField
from app.core.session import unit_of_work
from app.exchange.models import ImportBatch, ImportRow, SheetMapping
from app.exchange.service import batches, working
from app.registry.models import Dwelling, Household, Person, ServiceResource, Venue
from tests.factories.registry import id_number
from tests.support.imports import brought, csv_of, form_of_columns, run_jobs, step, upload
from tests.support.jobs import run_now
from tests.support.pages import post

HEADINGS = ("Designation", "Area", "Address", "Hrs")
FINE = ("Canteen", "Grid A11", "Road 1", "9-5")
FOREIGN = ("Chemist", "Grid T11", "Road 2", "")
NAMELESS = ("", "Grid A11", "Road 3", "")
SHEET = "conveniences"


def state(system, uid):
    system.rollback()
    return system.scalars(select(ImportBatch).where(ImportBatch.uid == uid)).one()


def names(system):
    system.rollback()
    return sorted(system.scalars(select(ServiceResource.name)))


def rows(system, uid):
    batch = state(system, uid)
    query = select(ImportRow).where(ImportRow.batch_id == batch.id).order_by(ImportRow.row_no)
    return {row.row_no: row.outcome for row in system.scalars(query)}


@pytest.mark.any_database
def test_a_register_without_a_key_offers_no_rule_that_changes_records(login_as, system):
    clerk = login_as("clerk_a")
    row = ("Grid A11", "2026-05-01", next(iter(codes.codes(system, "need_kind"))), "a bench")
    sheet = csv_of(("Area", "Said on", "Kind of need", "What is needed"), row)
    uid, page = brought(clerk, "need", sheet), ""
    for address in (f"/import/batch/{uid}/columns", f"/import/batch/{uid}"):
        page = clerk.get(address).text
        assert ('value="new"' in page, 'value="update"' in page) == (True, False)
    fields = form_of_columns(clerk.get(f"/import/batch/{uid}/columns").text)
    refused = post(clerk, f"/import/batch/{uid}/columns", **fields | {"rule": "update"})
    assert (refused.status_code, "This choice does not exist." in refused.text) == (422, True)
    refused = post(clerk, f"/import/batch/{uid}/check", rule="update")
    assert refused.status_code == 400
    assert "Nothing in this register says that two rows are the same record" in refused.text
    assert state(system, uid).rule == "skip"


def test_a_sheet_is_matched_checked_run_and_undone(login_as, system, world):
    """The whole way through the pages: the check writes nothing, bad rows stay out, the log bears the batch."""
    clerk = login_as("clerk_a")
    uid = brought(clerk, SHEET, csv_of(HEADINGS, FINE, FOREIGN, NAMELESS, FINE), c4="hours")
    page = clerk.get(f"/import/batch/{uid}").text
    assert names(system) == []
    for sentence in ("There is no area called “Grid T11” among yours.", "The same record as in row 2"):
        assert sentence in page
    assert "B Area" in page
    assert rows(system, uid) == {3: "bad", 4: "bad", 5: "skipped"}
    assert step(clerk, uid, "run").status_code == 303
    assert names(system) == ["Canteen"]
    made = system.scalars(select(ServiceResource)).one()
    assert (made.hours, made.area_id, made.is_public) == ("9-5", world.areas["grid_a11"], True)
    logged = system.scalars(select(ChangeLog).where(ChangeLog.table_name == "service_resource")).one()
    assert (logged.batch, logged.user_id) == (uid, world.accounts["clerk_a"].user_id)
    assert f"/serviceresource/show/{made.uid}" in clerk.get(f"/import/batch/{uid}?show=all").text
    assert "Rows that go back" in clerk.get(f"/import/batch/{uid}/undo").text
    assert step(clerk, uid, "undo").status_code == 303
    assert (names(system), state(system, uid).state, rows(system, uid)[2]) == ([], "undone", "undone")
    for method in ("run", "check", "undo"):
        assert post(clerk, f"/import/batch/{uid}/{method}").status_code == 409


def test_two_who_press_at_once_run_it_once(login_as, system):
    clerk = login_as("clerk_a")
    uid = brought(clerk, SHEET, csv_of(HEADINGS, FINE))
    assert [post(clerk, f"/import/batch/{uid}/run").status_code for _press in range(2)] == [303, 409]
    run_jobs()
    kinds = list(system.scalars(select(jobs.Job.kind).where(jobs.Job.kind == "exchange.run")))
    assert (len(kinds), names(system)) == (1, ["Canteen"])


@pytest.mark.any_database
def test_the_columns_of_a_source_are_remembered(login_as, system):
    """By its headings, for the clerks of the area; another town knows nothing of it."""
    uid = brought(login_as("clerk_a"), SHEET, csv_of(HEADINGS, FINE), c4="hours", source_name="Estate office")
    assert state(system, uid).columns["Hrs"] == "hours"
    for who, known in (("clerk_a", "hours"), ("clerk_t", "")):
        client = login_as(who)
        page = client.get(upload(client, SHEET, csv_of(HEADINGS, FINE)).location).text
        assert form_of_columns(page)["c4"] == known
        assert ("“Estate office”" in page) is bool(known)
    assert system.scalar(select(func.count(SheetMapping.id))) == 1


@pytest.mark.any_database
def test_a_marked_copy_that_comes_back_is_matched_as_the_sheet_was(login_as, system):
    """Checked, corrected in the copy, brought again: what was chosen by hand is there, our own columns are not."""
    clerk = login_as("clerk_a")
    chosen = {"c4": "hours", "source_name": "Police"}
    uid = brought(clerk, SHEET, csv_of((*HEADINGS[:3], "Zeit"), FINE, FOREIGN), **chosen)
    copy = clerk.get(f"/import/batch/{uid}/marked").data
    fields = form_of_columns(clerk.get(upload(clerk, SHEET, copy, "marked.xlsx").location).text)
    assert {k: v for k, v in fields.items() if k.startswith("c") and k[1:].isdecimal()} == {
        "c2": "name",
        "c3": "area_id",
        "c4": "address",
        "c5": "hours",
    }
    assert fields["source_name"] == "Police"


@pytest.mark.any_database
def test_a_field_that_ended_since_the_check_is_told_and_the_sheet_matched_anew(login_as, system):
    """The run stops with a sentence, nothing is written; matched without that column, the sheet goes in."""
    with unit_of_work(system):
        field = ExtraField(
            subject="venue",
            key="f1",
            label="Dog",
            kind="text",
            level="L2",
            seq=1,
            valid_from=date(2020, 1, 1),
        )
        system.add(field)
    venues = lambda s: s.scalar(select(func.count(Venue.id)))  # noqa: E731
    clerk = login_as("clerk_a")
    uid = brought(clerk, "venues", csv_of(("Designation", "Grid", "Address", "Dog"), FINE))
    with unit_of_work(system):
        field.valid_to = date(2021, 1, 1)
    step(clerk, uid, "run")
    page = clerk.get(f"/import/batch/{uid}").text
    assert "No field of the register stands for Dog any more" in page
    assert (state(system, uid).state, venues(system)) == ("stopped", 0)
    where = f"/import/batch/{uid}/columns"
    assert post(clerk, where, **form_of_columns(clerk.get(where).text)).status_code == 303
    run_jobs()
    step(clerk, uid, "run")
    assert (state(system, uid).state, venues(system)) == ("done", 1)
    assert clerk.get(where).status_code == 409


@pytest.mark.any_database
def test_what_a_failed_job_shows_is_a_sentence(login_as, system, monkeypatch):
    """On the sheet's page, in its steps, in the inbox: nothing of the program's insides."""
    clerk = login_as("clerk_a")
    uid = brought(clerk, SHEET, csv_of(HEADINGS, FINE))

    def fails(*_given, **_more):
        raise KeyError("x_f1")

    post(clerk, f"/import/batch/{uid}/run")
    with unit_of_work(system):
        job = system.scalars(select(jobs.Job).where(jobs.Job.uid == state(system, uid).job_uid)).one()
        job.max_attempts = 1
    with monkeypatch.context() as broken:
        broken.setattr(working, "_chunks", fails)
        run_jobs()
    system.rollback()
    assert system.get(jobs.Job, job.id).error.startswith("KeyError at ")
    for page in (f"/import/batch/{uid}", "/inbox/", f"/inbox/job/{job.uid}"):
        text = clerk.get(page).text
        assert ("Something went wrong in the program" in text, "KeyError" in text) == (True, False)
    step(clerk, uid, "run")
    assert names(system) == ["Canteen"]
    assert "KeyError" not in clerk.get(f"/import/batch/{uid}").text


@pytest.mark.any_database
@pytest.mark.parametrize("language", ["zh", "en"])
def test_our_own_template_comes_back_in_both_languages(login_as, language):
    """A workbook of three tabs, of which one was read: every page from its columns to its end opens."""
    clerk = login_as("clerk_a")
    post(clerk, "/account/settings", language=language)
    blank = clerk.get(f"/import/sheet/{SHEET}/template").data
    where = upload(clerk, SHEET, blank, "template.xlsx").location
    page = clerk.get(where)
    assert (page.status_code, 'name="tab"' in page.text) == (200, True)
    assert clerk.get(where.removesuffix("/columns")).status_code == 200


@pytest.mark.any_database
def test_what_is_missing_is_said_and_what_was_chosen_stays(login_as, system):
    clerk = login_as("clerk_a")
    where = upload(clerk, SHEET, csv_of(HEADINGS, FINE)).location
    fields = form_of_columns(clerk.get(where).text)
    for wrong, sentence in (
        ({"c1": ""}, "No column was chosen for: Designation."),
        ({"c3": "name"}, "is chosen for two columns"),
        ({"c3": "secret"}, "This choice does not exist."),
        ({"rule": "all"}, "This choice does not exist."),
    ):
        answer = post(clerk, where, **{**fields, "c4": "hours", **wrong})
        assert answer.status_code in (400, 422)
        assert sentence in answer.text
        assert form_of_columns(answer.text)["c4"] == "hours"
    assert system.scalars(select(ImportBatch.state)).one() == "uploaded"


@pytest.mark.any_database
def test_rows_without_an_area_belong_to_the_one_that_was_chosen(login_as, system, world):
    clerk = login_as("clerk_a")
    uid = brought(clerk, SHEET, csv_of(("Designation", "Address"), FINE[::2]), area=world.uids["grid_a12"])
    step(clerk, uid, "run")
    assert system.scalars(select(ServiceResource.area_id)).one() == world.areas["grid_a12"]


@pytest.mark.any_database
@pytest.mark.parametrize("data", [b"", b"\x00\x01\x02", b"PK\x03\x04junk", b"Designation\n"])
def test_a_file_that_is_no_sheet_is_refused_with_a_sentence(login_as, data, system):
    answer = upload(login_as("clerk_a"), SHEET, data)
    assert answer.status_code == 422
    assert "The sheet was not taken" in answer.text
    assert system.scalar(select(func.count(ImportBatch.id))) == 0


def test_only_rows_that_nobody_touched_are_undone(login_as, system):
    """Undoing gives changed records their old values back; one that somebody changed since stays, and the page says so."""
    clerk = login_as("clerk_a")
    first = brought(clerk, SHEET, csv_of(HEADINGS, FINE, ("Tailor", "Grid A11", "Road 4", "")))
    step(clerk, first, "run")
    changes = csv_of(HEADINGS, ("Canteen", "Grid A11", "Road 9", "8-4"), ("Tailor", "Grid A11", "Road 8", ""))
    second = brought(clerk, SHEET, changes, rule="update")
    step(clerk, second, "run")
    system.rollback()
    tailor = system.scalars(select(ServiceResource).where(ServiceResource.name == "Tailor")).one()
    tailor.phone = "110"
    system.commit()
    page = clerk.get(f"/import/batch/{second}/undo").text
    assert "changed since the import" in page
    step(clerk, second, "undo")
    assert rows(system, second) == {2: "undone", 3: "kept"}
    found = dict(system.execute(select(ServiceResource.name, ServiceResource.address)).all())
    assert found == {"Canteen": "Road 1", "Tailor": "Road 8"}
    assert "changed since the import" in clerk.get(f"/import/batch/{second}?show=kept").text


@pytest.mark.any_database
def test_a_record_that_something_hangs_on_is_not_taken_away(login_as, system):
    clerk = login_as("clerk_a")
    houses = brought(clerk, "buildings", csv_of(("Area", "Building"), ("Grid A11", "3"), ("Grid A11", "5")))
    step(clerk, houses, "run")
    flats = csv_of(("Grid", "Building", "Room"), ("Grid A11", "3", "101"))
    step(clerk, brought(clerk, "homes", flats), "run")
    step(clerk, houses, "undo")
    assert rows(system, houses) == {2: "kept", 3: "undone"}


def test_people_with_their_household_come_and_go_by_a_sheet(login_as, system):
    """The quick writer of residents by the same desk: undone, nothing of them is left but what the log keeps."""
    clerk = login_as("clerk_a")
    headings = ("Name", "Grid or community", "Road", "Room", "Relation to head", "Number of the document")
    numbers = [id_number(date(1980, 1, 1 + n), 100 + n, male=n == 0) for n in range(2)]
    sheet = csv_of(
        headings,
        ("Li Ming", "Grid A11", "Long Road", "101", "02", numbers[0]),
        ("Wang Li", "Grid A11", "Long Road", "101", "10", numbers[1]),
        ("Nobody", "Grid T11", "Long Road", "101", "02", ""),
    )
    uid = brought(clerk, "persons", sheet)
    step(clerk, uid, "run")
    assert rows(system, uid) == {2: "made", 3: "made", 4: "bad"}
    assert sorted(system.scalars(select(Person.name))) == ["Li Ming", "Wang Li"]
    logged = select(func.count(ChangeLog.id)).where(ChangeLog.table_name == "person", ChangeLog.batch == uid)
    assert system.scalar(logged) == 2
    step(clerk, uid, "undo")
    assert rows(system, uid) == {2: "undone", 3: "undone", 4: "bad"}
    assert [system.scalar(select(func.count(m.id))) for m in (Person, Household, Dwelling)] == [0, 0, 0]


@pytest.mark.any_database
def test_homes_go_with_their_staircase_left_behind(login_as, system):
    clerk = login_as("clerk_a")
    step(clerk, brought(clerk, "buildings", csv_of(("Area", "Building"), ("Grid A11", "3"))), "run")
    headings = ("Grid", "Building", "Room", "Staircase (number)")
    uid = brought(clerk, "homes", csv_of(headings, ("Grid A11", "3", "101", "1")))
    step(clerk, uid, "run")
    step(clerk, uid, "undo")
    assert (rows(system, uid), system.scalar(select(func.count(Dwelling.id)))) == ({2: "undone"}, 0)


@pytest.mark.any_database
def test_who_may(login_as, system):
    """The desk and the register's own right; a batch inside the scope; its file and its run for who brought it alone."""
    for username in ("office_a", "leader", "hotline", "admin_system", "supervisor"):
        assert login_as(username).get("/import/").status_code == 403
    clerk, colleague = login_as("clerk_a"), login_as("clerk_a_reads_t")
    assert login_as("operator").get(f"/import/sheet/{SHEET}").status_code == 404
    uid = brought(clerk, SHEET, csv_of(HEADINGS, FINE, FOREIGN, NAMELESS), source_name="Police")
    assert login_as("clerk_t").get(f"/import/batch/{uid}").status_code == 404
    cell = "There is no area called “Grid T11”"
    assert [cell in client.get(f"/import/batch/{uid}").text for client in (clerk, colleague)] == [True, False]
    page = colleague.get(f"/import/batch/{uid}").text
    assert "There is no area called “…”" in page
    for private in (
        "list.csv",
        "Police",
        "A Designation",
    ):  # a file, its source and its headings may name people
        assert private not in page + colleague.get("/import/").text
        assert private in clerk.get(f"/import/batch/{uid}").text
    for page in ("file", "marked", "columns"):
        assert colleague.get(f"/import/batch/{uid}/{page}").status_code == 403
    for action in ("run", "check", "drop"):
        assert post(colleague, f"/import/batch/{uid}/{action}").status_code == 403
        assert post(login_as("clerk_t"), f"/import/batch/{uid}/{action}").status_code == 404
    step(clerk, uid, "run")
    assert step(colleague, uid, "undo").status_code == 303
    assert (names(system), state(system, uid).state) == ([], "undone")


@pytest.mark.any_database
def test_a_post_that_ended_writes_nothing(login_as, system, world):
    """The job acts for who pressed, with the rights of the moment in which it runs."""
    from app.areas.models import Post

    clerk = login_as("clerk_a")
    uid = brought(clerk, SHEET, csv_of(HEADINGS, FINE))
    post(clerk, f"/import/batch/{uid}/run")
    with unit_of_work(system):
        held = system.scalars(select(Post).where(Post.staff_id == world.accounts["clerk_a"].staff_id)).one()
        held.valid_to = clock.today() - timedelta(days=1)
    run_jobs()
    assert names(system) == []
    with unit_of_work(system):
        held.valid_to = None
    clerk = login_as("clerk_a")
    assert "Interrupted" in clerk.get(f"/import/batch/{uid}").text
    assert step(clerk, uid, "run").status_code == 303
    assert names(system) == ["Canteen"]


@pytest.mark.any_database
def test_a_sheet_is_handed_out_as_long_as_its_areas_are_covered(login_as, system, world):
    """Made under two posts of one role, one of which has ended: the marked copy tells of an area that is another's."""
    clerk = login_as("clerk_a")
    uid = brought(clerk, SHEET, csv_of(HEADINGS, FINE, FOREIGN))
    with unit_of_work(system):
        batch = state(system, uid)
        path = system.scalars(select(Area.path).where(Area.id == world.areas["town_t"])).one()
        reach = batch.options["reach"]
        wider = {**reach, "ranges": [*reach["ranges"], [path, path]]}
        batch.options = {**batch.options, "reach": wider}
    for which in ("file", "marked"):
        answer = clerk.get(f"/import/batch/{uid}/{which}")
        assert (answer.status_code, "no longer covers" in answer.text) == (403, True)


@pytest.mark.any_database
def test_work_is_stopped_and_gone_on_with(login_as, system):
    clerk = login_as("clerk_a")
    uid = brought(clerk, SHEET, csv_of(HEADINGS, FINE))
    post(clerk, f"/import/batch/{uid}/run")
    assert post(clerk, f"/import/batch/{uid}/stop").status_code == 303
    run_jobs()
    assert (names(system), state(system, uid).state) == ([], "stopped")
    assert "Broken off by Clerk A." in clerk.get(f"/import/batch/{uid}").text
    step(clerk, uid, "run")
    assert (names(system), state(system, uid).state) == (["Canteen"], "done")


@pytest.mark.any_database
def test_a_sheet_is_stored_encrypted_logged_when_fetched_and_forgotten(login_as, system, app):
    clerk = login_as("clerk_a")
    data = csv_of(HEADINGS, FINE, FOREIGN)
    uid = brought(clerk, SHEET, data)
    got = clerk.get(f"/import/batch/{uid}/file")
    assert (got.data, got.headers["Cache-Control"]) == (data, "no-store")
    assert clerk.get(f"/import/batch/{uid}/marked").data.startswith(b"PK")
    system.rollback()
    logged = list(system.scalars(select(AccessLog.detail).where(AccessLog.table_name == "import_batch")))
    assert logged == [f"{SHEET} file", f"{SHEET} marked"]
    kept = list(system.scalars(select(files.Attachment).where(files.Attachment.owner_uid == uid)))
    assert all(b"Canteen" not in files.store().get(a.storage_key) for a in kept)
    assert clerk.get(f"/attachments/{kept[0].uid}").status_code in (403, 404)
    raw = system.connection().exec_driver_sql("SELECT summary, columns FROM import_batch").one()
    assert b"Canteen" not in bytes(raw[0])
    with clock.frozen(clock.now() + timedelta(days=batches.KEPT + 1)):
        run_now(system, "exchange.forget")
        run_now(system, "site.retention")
    assert state(system, uid).summary is None
    assert list(system.scalars(select(ImportRow.findings))) == [None]
    assert list(system.scalars(select(files.Attachment).where(files.Attachment.owner_uid == uid))) == []
    assert clerk.get(f"/import/batch/{uid}").status_code == 200
    assert clerk.get(f"/import/batch/{uid}/file").status_code == 404
