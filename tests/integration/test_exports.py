"""Exports: what another reader finds in the file is what the list shows; only the owner fetches it, and not for ever."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, datetime, timedelta

import openpyxl
import pyotp
import pypdf
import pytest
from sqlalchemy import func, select

from app.areas.actors import build_actor
from app.areas.models import Post
from app.areas.roles import ROLES
from app.audit.models import AccessLog
from app.core import clock, extra, policy
from app.core.actor import as_actor
from app.core.extra import ExtraField
from app.core.files import Attachment
from app.core.jobs import Job, worker
from app.core.scope import acting_as, session_actor
from app.core.session import unit_of_work
from app.core.views import ModelView
from app.core.views.cells import Cells
from app.documents import tables
from app.exchange.jobs import exports as export_jobs
from app.exchange.models import ExportFile
from app.exchange.service import export_build, export_fields, export_order, export_plan, export_rows, exports
from app.exchange.service.export_fields import fields_of
from app.exchange.service.export_words import as_text, flat
from app.registry.models import Person
from tests.factories.registry import Resident, id_number, make_person
from tests.support.drawn import draw_here, numbers_of
from tests.support.jobs import run_now
from tests.support.marked import Marked
from tests.support.pages import form_of, post
from tests.support.world import PASSWORD, sign_in

NUMBER = id_number(date(1941, 2, 3), 123)
TRAP = '=HYPERLINK("http://x")'


@pytest.fixture
def people(system, world):
    """Three in grid A11, one in grid T11, and how they stand in the list of town A's clerk (English labels)."""
    grids = world.areas
    make_person(system, grids["grid_a11"], Resident("Old Li", True, date(1941, 2, 3), NUMBER, "13812345678"))
    make_person(system, grids["grid_a11"], Resident("Bo", False, date(1990, 5, 6), None, "13900001111"))
    trap = make_person(system, grids["grid_a11"], Resident("Trap", True, date(1985, 2, 21), None))
    trap.name, trap.workplace = TRAP, "+1"
    make_person(system, grids["grid_t11"], Resident("Foreign", True, date(1980, 1, 1), None))
    system.commit()


def order(client, query="", **values):
    """Open the form of an export, send it; the answer."""
    url = f"/exports/new?view=PersonView{query}"
    return client.post(url, data=form_of(client.get(url).text) | values)


def work():
    while worker.run_one("tester"):
        pass


def last(system) -> ExportFile:
    system.rollback()
    return system.scalars(select(ExportFile).order_by(ExportFile.id.desc()).limit(1)).one()


def made(client, system, query="", **values) -> bytes:
    """The bytes of an export that was ordered and made."""
    answer = order(client, query, **values)
    assert answer.status_code == 303, re.findall(r'gb-(?:error|summary)".*?</', answer.text, re.S)
    work()
    export = last(system)
    job = system.scalars(select(Job).where(Job.uid == export.job_uid)).one()
    assert (job.state, job.error) == ("done", None)
    return client.get(f"/exports/{export.uid}").data


def sheet(data: bytes) -> list[list]:
    page = openpyxl.load_workbook(io.BytesIO(data)).active
    assert all(cell.data_type != "f" for row in page.iter_rows() for cell in row)
    return [list(row) for row in page.iter_rows(values_only=True)]


def test_a_sheet_holds_what_is_filtered_as_the_list_shows_it(login_as, system, people):
    client = login_as("town_clerk_a")
    page = client.get(
        "/person/list/?_flt_1_birth_date=1985-01-01&_oc_PersonView=birth_date&_od_PersonView=asc"
    ).text
    button = re.search(r'href="(/person/export\?[^"]+)"', page)[1].replace("&amp;", "&")
    asked = client.get(button)
    assert asked.status_code == 303
    query = asked.headers["Location"].partition("?")[2]
    found = sheet(made(client, system, "&" + query))
    assert found[0] == ["Full name", "Sex", "Born", "ID number", "Phone", "Kind of resident", "Managed by"]
    assert [row[:5] for row in found[1:]] == [
        [TRAP, found[1][1], datetime(1985, 2, 21), None, None],  # noqa: DTZ001
        ["Bo", found[2][1], datetime(1990, 5, 6), None, "139****1111"],  # noqa: DTZ001
    ]
    assert {row[6] for row in found[1:]} == {"Grid A11"}
    assert found[1][1]
    assert found[1][1] != "1"
    log = system.scalars(select(AccessLog).where(AccessLog.action == "EXPORT")).one()
    assert (log.table_name, log.detail) == ("person", "xlsx, 2 rows; filtered by birth_date")
    assert "1985" not in (log.detail or "")
    assert log.user_id


@pytest.mark.any_database
def test_csv_has_a_mark_of_its_encoding_and_starts_no_formula(login_as, system, people):
    data = made(login_as("town_clerk_a"), system, "&columns=name,workplace,document,birth_date", kind="csv")
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert ["'" + TRAP, "'+1", "", "1985-02-21"] in rows
    masked = NUMBER[0] + "*" * 16 + NUMBER[-1]
    assert ["Old Li", "", masked, "1941-02-03"] in rows
    assert len(rows) == 4


@pytest.mark.any_database
def test_plain_values_need_role_reason_password_and_code_and_carry_a_mark(app, world, system, people):
    with clock.frozen(clock.now()) as watch:
        client, other = sign_in(app, world, "town_clerk_a"), sign_in(app, world, "town_clerk_a")
        refused = order(client, plain="y", reason="")
        assert refused.status_code == 422
        assert "Please give the reason." in refused.text
        assert "cannot carry the mark" in order(client, plain="y", reason="Census check", kind="csv").text
        watch.move(minutes=6)
        again = order(client, plain="y", reason="Census check")
        assert again.status_code == 403
        assert all(word in again.text for word in ("Census check", "confirm_password", "confirm_code"))
        given = {"plain": "y", "reason": "Census check", "confirm_password": PASSWORD}
        code = pyotp.TOTP(world.accounts["town_clerk_a"].totp_secret).at(clock.now())
        assert order(client, **given).status_code == 401  # the password alone
        assert order(client, **given, confirm_code="000000").status_code == 401
        assert system.scalar(select(func.count()).select_from(ExportFile)) == 0
        found = sheet(made(client, system, **given, confirm_code=code))
        replayed = order(other, **given, confirm_code=code)
        assert (replayed.status_code, "Census check" in replayed.text) == (401, True)  # a code works once
    assert "Census check" in found[0][0]
    assert "Exported by" in found[0][0]
    rows = {row[0]: row for row in found[2:]}
    assert rows["Old Li"][3:5] == [NUMBER, "13812345678"]
    log = system.scalars(select(AccessLog).where(AccessLog.action == "EXPORT")).one()
    assert log.reason == "Census check"
    assert "plain: document, phone_number" in log.detail


@pytest.mark.any_database
def test_every_role_that_may_export_in_plain_signs_in_with_one_time_codes():
    closed = [rule for rule in policy.rules().values() if not (rule.in_list and rule.allows("see", "*"))]
    roles = {key for key in ROLES for rule in closed if rule.allows("export", key)}
    assert "town_staff" in roles
    assert [key for key in sorted(roles) if not ROLES[key].second_factor] == []


@pytest.mark.any_database
def test_a_role_without_the_plain_value_gets_no_such_choice(login_as, system, people):
    worker_a = login_as("worker_a")
    assert 'name="plain"' not in worker_a.get("/exports/new?view=PersonView").text
    found = sheet(made(worker_a, system, plain="y", reason="I want it"))
    assert NUMBER not in str(found)
    assert "13812345678" not in str(found)
    assert system.scalar(select(func.count()).where(ExportFile.plain.is_(True))) == 0


@pytest.mark.any_database
def test_who_may_not_export_a_list_has_no_button_and_is_refused(login_as, people):
    leader = login_as("leader")
    page = leader.get("/person/list/").text
    assert "Old Li" in page
    assert "/person/export" not in page
    assert leader.get("/person/export").status_code == 403
    assert leader.get("/exports/new?view=PersonView").status_code == 403
    clerk = login_as("town_clerk_a")
    assert clerk.get("/exports/new?view=JobView").status_code == 403
    assert clerk.get("/exports/new?view=Home").status_code == 400
    assert clerk.get("/exports/new?view=PersonView&_flt_0_document=4").status_code == 400


def test_a_file_is_its_owners_alone_and_goes_after_its_days(login_as, system, people, client):
    owner, other = login_as("town_clerk_a"), login_as("clerk_a")
    made(owner, system)
    uid = last(system).uid
    part = system.scalars(select(Attachment).where(Attachment.owner_uid == uid)).one()
    assert other.get(f"/exports/{uid}").status_code == other.get(f"/exports/{uid}/state").status_code == 404
    assert post(other, f"/exports/{uid}/remove").status_code == 404
    assert owner.get(f"/attachments/{part.uid}").status_code == 404  # the one way out is the page of exports
    assert "/login/" in client.get(f"/exports/{uid}").headers["Location"]
    assert uid in owner.get("/exports/").text
    assert uid not in other.get("/exports/").text
    assert system.scalar(select(func.count()).where(AccessLog.action == "DOWNLOAD")) == 1
    with clock.frozen(clock.now() + timedelta(days=7, minutes=1)):
        assert login_as("town_clerk_a").get(f"/exports/{uid}").status_code == 404
        assert run_now(system, export_jobs.EXPIRE) == {"gone": 1}
    assert system.scalar(select(func.count()).select_from(ExportFile)) == 0
    assert system.scalar(select(func.count()).where(Attachment.owner_uid == uid)) == 0


def test_a_file_is_handed_out_as_long_as_its_right_and_its_areas_hold(
    login_as, system, world, people, monkeypatch
):
    """The post was moved to another town, its role lost the export, or acts under another post: 403 with a sentence."""
    client = login_as("town_clerk_a")
    made(client, system)
    url, staff = f"/exports/{last(system).uid}", world.accounts["town_clerk_a"].staff_id
    held = system.scalars(select(Post).where(Post.staff_id == staff)).one()
    for area, status in (("town_t", 403), ("com_a1", 403), ("town_a", 200), ("county", 200)):
        held.area_id = world.areas[area]
        system.commit()
        answer = login_as("town_clerk_a").get(url)
        assert (answer.status_code, b"no longer covers" in answer.data) == (status, status == 403)
    held.role = "workstation"
    system.commit()
    assert "made under another post" in login_as("town_clerk_a").get(url).text
    held.role = "town_staff"
    system.commit()
    monkeypatch.setattr(export_rows, "may_export", lambda *_given: False)
    answer = login_as("town_clerk_a").get(url)
    assert (answer.status_code, "may not export this list" in answer.text) == (403, True)


def plain_lines(actor) -> list[tuple]:
    spec = {"view": "PersonView", "columns": ["name", "document", "phone_number"]}
    with acting_as(actor) as session:
        built = export_build.build(session, actor, spec, clock.now(), is_plain=True, reason="Census check")
        return list(built.lines(session))


def test_each_column_is_plain_by_its_own_right(acting, app, people, monkeypatch):
    """Who may take out telephone numbers in plain and no documents gets documents masked in the same file."""
    actor = session_actor(acting("town_clerk_a"))
    may = policy.may

    def no_documents(who, verb, model, name):
        return may(who, verb, model, name) and (verb != "export" or model is Person or name != "number")

    def told() -> tuple[bool, bool]:
        text = str(plain_lines(actor))
        return NUMBER in text, "13812345678" in text

    with app.test_request_context():
        assert told() == (True, True)
        monkeypatch.setattr(policy, "may", no_documents)
        assert told()[0] is False


def test_plain_values_need_their_right_when_the_file_is_made_too(acting, app, system, people, monkeypatch):
    actor = session_actor(acting("town_clerk_a"))
    spec = {"view": "PersonView", "columns": ["name", "document"]}
    with app.test_request_context(), acting_as(actor) as session, unit_of_work(session):
        wanted = exports.Wanted(spec, "xlsx", plain=True, reason="Census check")
        exports.ask(session, actor, wanted, now=clock.now())
    monkeypatch.setattr(export_jobs, "plain_fields", lambda *_given: [])
    work()
    assert last(system).attachment_uid is None
    assert system.scalars(select(Job).where(Job.uid == last(system).job_uid)).one().state == "failed"


def test_nothing_masked_can_be_ordered_and_no_related_list_is_opened_by_a_sheet(
    acting, app, system, monkeypatch
):
    """Order and groups would tell what the mask hides; fields of related records need the right to their list."""
    session = acting("town_clerk_a")
    actor, closed, opened = session_actor(session), 0, 0
    with app.test_request_context(), as_actor(actor):
        pages = [v for v in app.extensions["geban_pages"].values() if isinstance(v, ModelView)]
        for view in pages:
            for fact in view.datamodel.facts.values():
                if fact.kind in export_order.SORTED and not policy.is_open(view.datamodel.obj, fact.name):
                    closed += 1
                    assert fact.name in view.order_columns or not export_order.is_sortable(view, fact.name)
            for step, target in export_fields._related(view):
                own = set(export_fields.own_names(view, session))
                theirs = {n for n in fields_of(view, session, actor) if n.startswith(f"{step}.")} - own
                if theirs:
                    opened += 1
                    with monkeypatch.context() as without:
                        without.setattr(type(target), "can", lambda _self, verb: verb != "list")
                        left = {n for n in fields_of(view, session, actor) if n.startswith(f"{step}.")}
                    assert left <= own
    assert closed
    assert opened


def test_a_worker_that_dies_half_way_leaves_one_whole_file(login_as, system, people, monkeypatch):
    client = login_as("town_clerk_a")
    assert order(client, "&columns=name").status_code == 303
    monkeypatch.setattr("app.exchange.service.export_out.PartStream.__init__.__defaults__", (200,))
    finish, deaths = export_jobs._Making._finish, []

    def die_once(self, built):
        if not deaths:
            deaths.append(1)
            raise SystemExit  # as a kill: nothing of the job is tidied up
        finish(self, built)

    monkeypatch.setattr(export_jobs._Making, "_finish", die_once)
    with clock.frozen(clock.now()) as watch:
        with pytest.raises(SystemExit):
            worker.run_one("dead")
        uid = last(system).uid
        assert system.scalar(select(func.count()).where(Attachment.owner_uid == uid)) > 1
        watch.move(minutes=11)
        assert worker.run_one("alive")
        data = login_as("town_clerk_a").get(f"/exports/{uid}").data
    assert sorted(row[0] for row in sheet(data)[1:]) == sorted(["Bo", "Old Li", TRAP])


def test_rows_are_those_of_the_user_when_it_runs(login_as, system, world, people):
    client = login_as("town_clerk_a")
    order(client)
    ended = system.scalars(select(Post).where(Post.staff_id == world.accounts["town_clerk_a"].staff_id)).one()
    ended.valid_to = clock.today() - timedelta(days=1)
    system.commit()
    work()
    export = last(system)
    assert export.attachment_uid is None
    assert system.scalars(select(Job).where(Job.uid == export.job_uid)).one().state == "failed"


@pytest.mark.any_database
def test_a_long_list_becomes_one_pdf_without_gaps(app, login_as, system, world, people, monkeypatch):
    draw_here(app, monkeypatch)
    monkeypatch.setattr(tables, "PART", 60)
    for n in range(90):
        system.add(Person(name=f"P{n:03d}", area_id=world.areas["grid_a12"], birth_date=date(1970, 1, 1)))
    system.flush()
    from app.registry.models import PersonArea

    for row in system.scalars(select(Person).where(Person.name.like("P0%"))):
        system.add(
            PersonArea(person_id=row.id, area_id=row.area_id, kind="residence", valid_from=date(2026, 1, 1))
        )
    system.commit()
    data = made(login_as("town_clerk_a"), system, "&columns=name,birth_date,phone_number", kind="pdf")
    pages = pypdf.PdfReader(io.BytesIO(data)).pages
    words = "".join(page.extract_text() for page in pages)
    assert sorted(re.findall(r"P0\d\d", words)) == [f"P{n:03d}" for n in range(90)]
    assert "138****5678" in words
    assert "Exported by" in words
    assert len(pages) >= 2
    assert numbers_of(pages) == [(n, len(pages)) for n in range(1, len(pages) + 1)]
    counts = [len(re.findall(r"P0\d\d", page.extract_text())) for page in pages]
    assert min(counts[:-1]) > 25  # no page in the middle stands half empty


def test_fields_of_an_administrator_come_along_and_closed_ones_stay_masked(login_as, world, system, people):
    fields = (("f1", "Pets", "number", "L3"), ("f2", "Illness", "text", "L4"), ("f3", "Since", "date", "L1"))
    for key, label, kind, level in fields:
        system.add(
            ExtraField(
                subject="person", key=key, label=label, kind=kind, level=level, valid_from=date(2026, 1, 1)
            )
        )
    old = system.scalars(select(Person).where(Person.name == "Old Li")).one()
    old.extra, old.extra_closed = {"f1": 2.5, "f3": "2020-02-03"}, {"f2": "Asthma"}
    system.commit()
    client = login_as("town_clerk_a")
    found = sheet(made(client, system, "&columns=name,x_f1,x_f3&_flt_1_x_f1=2"))
    assert found == [["Full name", "Pets", "Since"], ["Old Li", 2.5, datetime(2020, 2, 3)]]  # noqa: DTZ001
    view = client.application.extensions["geban_pages"]["PersonView"]
    actor = build_actor(world.accounts["town_clerk_a"].user_id, clock.today())[0]
    with acting_as(actor) as session:
        extra.all_columns(session, Person)
        plan = export_plan.Plan(view, ["name", "x_f2"], actor, session)
        (row,) = plan.of_keys(session, [old.id]).values()
    assert (row[0], "Asthma" in str(row)) == ("Old Li", False)


@pytest.mark.any_database
def test_who_only_reads_exports_and_removes_as_well(login_as, system):
    auditor = login_as("admin_audit")
    url = "/exports/new?view=ChangeLogView"
    assert auditor.post(url, data=form_of(auditor.get(url).text)).status_code == 303
    work()
    uid = last(system).uid
    assert len(sheet(auditor.get(f"/exports/{uid}").data)) > 1
    assert post(login_as("clerk_a"), f"/exports/{uid}/remove").status_code == 404
    assert post(auditor, f"/exports/{uid}/remove").status_code == 303
    system.rollback()
    assert system.scalar(select(func.count()).where(Attachment.owner_uid == uid)) == 0


def test_who_acts_for_a_department_has_no_area_and_gets_the_file(login_as, system, people, monkeypatch):
    monkeypatch.setattr(export_rows, "top_areas", lambda *_args: [])
    client = login_as("town_clerk_a")
    assert len(sheet(made(client, system, "&columns=name"))) == 4
    assert (
        system.scalars(select(Attachment).where(Attachment.owner_uid == last(system).uid)).one().area_id == 1
    )


@pytest.mark.any_database
def test_every_list_goes_into_a_sheet_as_it_is_shown(app, system, world):
    fact = world.accounts["worker_a"]
    Marked(system, world.areas["grid_a11"], fact.user_id, fact.staff_id).make_all()
    system.commit()
    compared, different = 0, []
    for name in ("town_clerk_a", "admin_audit"):
        actor = build_actor(world.accounts[name].user_id, clock.today())[0]
        views = [v for v in app.extensions["geban_pages"].values() if isinstance(v, ModelView)]
        for view in (v for v in views if export_rows.may_export(v, actor)):
            with acting_as(actor) as session:
                columns, asked = view.list_columns_here(), export_rows.read_asked(view, [])
                plan = export_plan.Plan(view, columns, actor, session)
                where, order = export_rows.where_of(view, asked), export_rows.orders_of(view, asked)
                found = list(export_rows.values(session, plan, where, order, limit=asked.cursor.size))
                cells = Cells(view, "list")
                shown = [[flat(cells.of(row, c)) for c in columns] for row in view.read_page(asked).rows]
            written = [[as_text(value) for value in row] for row in found]
            if (
                type(view).__name__ == "PersonView"
            ):  # a day of birth is a day in a sheet, without the age beside it
                shown = [[re.sub(r" \(\d+\)$", "", value) for value in row] for row in shown]
            compared += len(written)
            different += [(type(view).__name__, a, b) for a, b in zip(written, shown, strict=True) if a != b]
    assert not different
    assert compared > 40
