"""Every light register as a clerk uses it: add, list, search, history, recycle bin, both languages, the borders of a scope.

A register that is added takes part by being there (``-k DogRegister``; docs/registers.md).
"""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import openpyxl
import pytest
from PIL import Image
from sqlalchemy import delete, func, select, update

from app.audit.models import ChangeLog
from app.core import codes
from app.core.files import Attachment
from app.core.jobs import worker
from app.core.views.at_work import forms_at_work
from app.exchange.models import ExportFile
from app.exchange.service.declared import open_sheets
from app.registers.activities import Activity
from app.registers.estates import Estate
from app.registers.found import REGISTERS
from app.registers.library import LibraryDocument
from app.registers.volunteers import Volunteer
from app.registry.models import Person
from tests.factories.registry import ResidentFactory, id_number, make_home, make_household
from tests.support.imports import write
from tests.support.marked import Marked
from tests.support.pages import fill, form_of, keys_in, post, rows_of
from tests.support.registers import WORD, as_row, code_labels, first_text, typed

CASES = [
    # what differs between registers is their columns: one of them is driven on both databases
    cls if cls.__name__ == "VolunteerRegister" else pytest.param(cls, marks=pytest.mark.any_database)
    for cls in REGISTERS
]


@pytest.mark.parametrize("cls", CASES, ids=lambda c: c.__name__)
def test_a_register_is_used_from_the_first_entry_to_the_recycle_bin(app, login_as, world, system, cls):
    clerk, view = login_as("clerk_a"), app.extensions["geban_pages"][cls.__name__]
    model, base, text = view.datamodel.obj, view.route_base, first_text(view)
    data = typed(system, world, view)

    assert post(clerk, f"{base}/add", **data).status_code == 303
    row = system.scalars(select(model).where(getattr(model, text).startswith(WORD))).one()
    table, key, name = model.__tablename__, row.uid, getattr(row, text)

    found = clerk.get(f"{base}/list/?_flt_0_{text}={WORD}").text
    assert keys_in(found, base) == [key]
    assert str(view.list_title) in found
    assert keys_in(clerk.get(f"{base}/list/?_flt_0_{text}=nobody").text, base) == []

    assert fill(clerk, f"{base}/edit/{key}", **{text: f"{WORD} anew"}).status_code == 303
    history = clerk.get(f"{base}/history/{key}").text
    assert name in history
    assert f"{WORD} anew" in history

    assert post(clerk, f"{base}/delete/{key}", reason="entered twice").status_code == 303
    assert clerk.get(f"{base}/show/{key}").status_code == 404
    assert f"{WORD} anew" in rows_of(clerk.get(f"{base}/deleted/").text)
    assert post(clerk, f"{base}/restore/{key}").status_code == 303
    system.rollback()  # a new snapshot
    logged = select(ChangeLog.action).where(ChangeLog.table_name == table, ChangeLog.row_id == row.id)
    actions = list(system.scalars(logged.order_by(ChangeLog.id)))
    assert (actions[0], len(actions)) == ("insert", 4)

    post(clerk, "/account/settings", language="zh")
    page = clerk.get(f"{base}/list/?_flt_0_{text}={WORD}").text
    assert str(view.list_title) not in page
    assert all(label in page for label in code_labels(system, view))
    assert login_as("clerk_t").get(f"{base}/show/{key}").status_code == 404
    assert login_as("admin_audit").get(f"{base}/show/{key}").status_code == 403


@pytest.mark.any_database
@pytest.mark.parametrize("cls", REGISTERS, ids=lambda c: c.__name__)
def test_a_register_takes_sheets_and_gives_them(app, login_as, acting, world, system, cls):
    """A row is made by the form's rules, known again by what it needs, stopped at the border, and exported as shown."""
    view = app.extensions["geban_pages"][cls.__name__]
    model, text = view.datamodel.obj, first_text(view)
    row = as_row(system, view, typed(system, world, view))
    clerk, table = acting("clerk_a"), model.__tablename__
    outcomes = write(clerk, table, [row, row | {"area_id": "Grid T11"}])
    assert [o.outcome for o in outcomes] == ["made", "bad"]
    assert [o.outcome for o in write(clerk, table, [row])] == ["skipped"]
    client = login_as("clerk_a")
    url = f"/exports/new?view={cls.__name__}&_flt_0_{text}={WORD}"
    assert client.post(url, data=form_of(client.get(url).text)).status_code == 303
    while worker.run_one("tester"):
        pass
    system.rollback()
    made = system.scalars(select(ExportFile)).one()
    data = client.get(f"/exports/{made.uid}").data
    rows = list(openpyxl.load_workbook(io.BytesIO(data)).active.iter_rows(values_only=True))
    labels = [str(view.label(name)) for name in view.list_columns]
    at = next(n for n, found in enumerate(rows) if set(labels) <= set(found))
    shown = dict(zip(rows[at], rows[at + 1], strict=True))
    if text in view.list_columns:
        assert shown[str(view.label(text))] == row[text]
    assert shown["Area"] == "Grid A11"
    assert len([r for r in rows[at + 1 :] if any(r)]) == 1


def two_of_each(system, world, view):
    """Two valid values of each column of a register's sheet."""
    fact, found = world.accounts["worker_a"], {}
    one, other = (
        Marked(system, world.areas["grid_a11"], fact.user_id, fact.staff_id, tag=tag)
        for tag in ("One", "Two")
    )
    kinds = {
        "int": (3, 4),
        "decimal": (Decimal("2.5"), Decimal("3.5")),
        "bool": (True, False),
        "date": (date(2026, 5, 1), date(2026, 5, 2)),
        "phone": ("13900001234", "13900001235"),
    }
    for f in open_sheets()[view.datamodel.table_name].fields(system):
        if f.key == "area_id":
            found[f.key] = ("Grid A11", "Grid A12")
        elif f.target is Person:
            numbers = [id_number(date(1980, 1, 1), n) for n in (11, 13)]
            people = [ResidentFactory(birth=date(1980, 1, 1), number=n) for n in numbers]
            make_household(system, make_home(system, world.areas["grid_a11"], f.key), people)
            found[f.key] = tuple(numbers)
        elif f.kind == "relation":
            found[f.key] = tuple(str(rows.row(f.target.__tablename__)) for rows in (one, other))
        elif f.kind == "code":
            found[f.key] = tuple(list(codes.codes(system, f.code_list))[:2])
        else:
            found[f.key] = kinds.get(f.kind, (f"{WORD} one", f"{WORD} two"))
    system.commit()
    return found


@pytest.mark.any_database
@pytest.mark.parametrize("cls", REGISTERS, ids=lambda c: c.__name__)
def test_rows_that_differ_in_one_column_are_two_records(app, acting, world, system, cls):
    """Only what a register says it is known by makes two rows one; where it has none, or a row leaves it empty, rows are one
    if all of them is equal, and nothing on record is changed by a sheet.
    """
    view, clerk = app.extensions["geban_pages"][cls.__name__], acting("clerk_a")
    with forms_at_work(clerk, "en"):
        values = two_of_each(system, world, view)
    table, known_by = view.datamodel.table_name, view.known_by
    assert set(known_by) <= set(values)
    base = {key: pair[0] for key, pair in values.items()}
    others = [base | {key: pair[1]} for key, pair in values.items()]
    found = [o.outcome for o in write(clerk, table, [base, *others])]
    wanted = ["skipped" if known_by and key not in known_by else "made" for key in values]
    assert dict(zip(values, found[1:], strict=True)) == dict(zip(values, wanted, strict=True))
    assert [o.outcome for o in write(clerk, table, [base])] == ["skipped"]
    assert open_sheets()[table].changes is bool(known_by)
    empty = next((k for k in known_by if view.datamodel.obj.__table__.c[k].nullable), None)
    if empty is not None:
        other = {key: pair[1] for key, pair in values.items() if key != empty}
        rows = [other, *(other | {key: values[key][0]} for key in other)]
        assert {o.outcome for o in write(clerk, table, rows, "update")} == {"made"}
        assert {o.outcome for o in write(clerk, table, rows, "update")} == {"same"}


def a_document(system, world, area):
    row = LibraryDocument(area_id=world.areas[area], title=f"Plan of {area}", kind="plan")
    system.add(row)
    system.commit()
    return row


@pytest.mark.demand("S4-09")
def test_a_document_of_the_county_is_read_below_and_changed_in_the_county_only(
    login_as, acting, world, system
):
    county, town_t = a_document(system, world, "county"), a_document(system, world, "town_t")
    worker = login_as("worker_a")
    page = worker.get("/libraryregister/list/").text
    assert keys_in(page, "/libraryregister") == [county.uid]
    assert worker.get(f"/libraryregister/show/{town_t.uid}").status_code == 404
    shown = worker.get(f"/libraryregister/show/{county.uid}").text
    assert f"/libraryregister/edit/{county.uid}" not in shown
    clerk = login_as("clerk_a")
    listed, ticking = (clerk.get(f"/libraryregister/list/{query}").text for query in ("", "?pick=1"))
    assert f"/libraryregister/edit/{county.uid}" not in listed  # nor a pencil or a box in the list
    assert (county.title in ticking, f'name="row" value="{county.uid}"' in ticking) == (True, False)
    assert "/libraryregister/delete/" not in clerk.get(f"/libraryregister/show/{county.uid}").text
    assert clerk.get(f"/libraryregister/edit/{county.uid}").status_code == 403
    assert post(clerk, f"/libraryregister/delete/{county.uid}", reason="not mine").status_code == 403
    session = acting("clerk_a")
    for statement in (update(LibraryDocument).values(number="1"), delete(LibraryDocument)):
        found = session.execute(statement, execution_options={"synchronize_session": False})
        assert found.rowcount == 0
    session.commit()
    system.rollback()
    assert system.scalar(select(func.count(LibraryDocument.id)).where(LibraryDocument.number.is_(None))) == 2


def a_photo() -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "green").save(out, "JPEG")
    out.seek(0)
    return out


@pytest.mark.demand("S1-55", "S4-76", "S1-73")
@pytest.mark.parametrize(("name", "model"), [("ActivityRegister", Activity), ("EstateRegister", Estate)])
def test_a_scan_hangs_on_the_record_and_is_seen_by_whoever_sees_that(
    app, login_as, world, system, name, model
):
    clerk, view = login_as("clerk_a"), app.extensions["geban_pages"][name]
    base, data = view.route_base, typed(system, world, view)
    assert 'enctype="multipart/form-data"' in clerk.get(f"{base}/add").text
    refused = post(clerk, f"{base}/add", **data, scan=(io.BytesIO(b"MZ program"), "a.jpg"))
    assert refused.status_code == 422
    assert form_of(refused.text)[first_text(view)] == data[first_text(view)]
    system.rollback()
    assert system.scalar(select(func.count(model.id))) == 0
    assert post(clerk, f"{base}/add", **data, scan=(a_photo(), "a.jpg")).status_code == 303
    system.rollback()
    row, photo = system.scalars(select(model)).one(), system.scalars(select(Attachment)).one()
    link = f"/attachments/{photo.uid}"
    assert link in clerk.get(f"{base}/show/{row.uid}").text
    assert login_as("worker_a").get(link).status_code == 200
    assert login_as("worker_t").get(link).status_code == 404


@pytest.mark.demand("S4-75")
def test_the_phone_of_a_volunteer_is_encrypted_masked_and_revealed_for_a_reason(app, login_as, world, system):
    worker, view = login_as("worker_a"), app.extensions["geban_pages"]["VolunteerRegister"]
    assert post(worker, "/volunteerregister/add", **typed(system, world, view)).status_code == 303
    system.rollback()
    row = system.scalars(select(Volunteer)).one()
    page = worker.get(f"/volunteerregister/show/{row.uid}").text
    assert "13900001234" not in page
    assert "139****1234" in page
    asked = post(worker, f"/volunteerregister/reveal/{row.uid}/phone", reason="to call about the patrol")
    assert asked.json == {"value": "13900001234"}
