"""Sheets of special groups: who belongs to which, and each group with its own form; closed groups by grant alone."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select

from app import seeds
from app.areas.models import SensitiveGrant
from app.core import clock, codes
from app.core.scope import session_actor
from app.core.views.at_work import forms_at_work
from app.exchange.models import ImportBatch, ImportRow
from app.exchange.service.declared import open_sheets
from app.exchange.service.group_sheets import group_of
from app.registry.models import PersonGroup
from app.registry.service import subforms
from tests.factories.registry import ResidentFactory, make_home, make_household
from tests.support.imports import brought, csv_of, step, upload, words_of, write
from tests.support.pages import post

OPEN, CLOSED = "G12", "G03"
HEADINGS = (
    "Resident",
    "Kind of relief",
    "Since",
    "Amount a month (yuan)",
    "Ability grade",
    "Way of support",
    "Carer's phone",
)


@pytest.fixture
def people(system, world):
    found = [
        ResidentFactory(name="Qiu Bai", birth=date(1970, 3, 4)),
        ResidentFactory(name="Ren Yi", relation="10"),
    ]
    make_household(system, make_home(system, world.areas["grid_a11"], "7"), found)
    system.commit()
    return found


@pytest.fixture
def grant(system, world):
    """The clerk's grant by name for the closed group."""

    def give():
        days = {"valid_from": clock.today(), "valid_to": clock.today() + timedelta(days=30)}
        staff = world.accounts["clerk_a"].staff_id
        system.add(
            SensitiveGrant(
                staff_id=staff, group_code=CLOSED, area_id=world.areas["com_a1"], reason="test", **days
            )
        )
        system.commit()

    return give


def first(name):
    lists = {**seeds.read("codes")["lists"], **seeds.read("codes_local")["lists"]}
    return lists[name]["items"][0]["code"]


def of(system, code):
    system.rollback()
    return list(system.scalars(select(PersonGroup).where(PersonGroup.group_code == code)))


def rows(system, uid):
    system.rollback()
    query = select(ImportRow.row_no, ImportRow.outcome).join(ImportBatch).where(ImportBatch.uid == uid)
    return dict(system.execute(query).all())


@pytest.mark.demand("S4-59", "S4-60")
def test_a_group_comes_with_its_own_form_by_four_rules_and_goes_again(login_as, acting, people, system):
    """Columns of the form, codes by their labels; a wrong value stands at its cell; each rule; what was is put back."""
    clerk, sheet = login_as("clerk_a"), f"special_groups.{OPEN}"
    codes_of = {n: first(n) for n in ("relief_category", "care_ability", "support_way")}
    words = {n: codes.label(system, n, c) for n, c in codes_of.items()}
    fine = (
        *(people[0].number, words["relief_category"], "2026-02-03", "480.5", words["care_ability"]),
        *(words["support_way"], "13698765432"),
    )
    wrong = (people[1].number, codes_of["relief_category"], "2026-02-03", "480.5", "no grade", "", "1")
    data = csv_of(HEADINGS, fine, wrong)
    uid = brought(clerk, sheet, data)
    assert (rows(system, uid), of(system, OPEN)) == ({3: "bad"}, [])
    page = clerk.get(f"/import/batch/{uid}").text
    assert "“Way of support” is missing." in page
    step(clerk, uid, "run")
    [row] = of(system, OPEN)
    assert row.person.name == "Qiu Bai"
    assert row.details["amount"] == "480.50"
    assert row.details["carer_phone"] == "13698765432"
    assert row.details["care_ability"] == codes_of["care_ability"]
    base = {"person_id": people[0].number, "d_relief_category": codes_of["relief_category"]}
    base |= {"d_since": date(2026, 2, 3), "d_care_ability": codes_of["care_ability"]}
    base |= {"d_support_way": codes_of["support_way"]}
    for rule, given, outcome, kept in (
        ("skip", {"d_amount": "500"}, "skipped", ("480.50", None)),
        ("fill", {"d_amount": "500", "d_carer_name": "Wu"}, "changed", ("480.50", "Wu")),
        ("update", {"d_amount": "500", "d_carer_name": None}, "changed", ("500.00", "Wu")),
        ("update", {"d_amount": "500"}, "same", ("500.00", "Wu")),
        ("update", {"d_carer_phone": "12"}, "bad", ("500.00", "Wu")),
        ("new", {}, "bad", ("500.00", "Wu")),
    ):
        [told] = write(acting("clerk_a"), sheet, [base | given], rule)
        assert (told.outcome, rule) == (outcome, rule), words_of(told)
        [row] = of(system, OPEN)
        assert (row.details["amount"], row.details.get("carer_name")) == kept
        assert row.details["carer_phone"] == "13698765432"
    assert [
        f.column
        for f in write(acting("clerk_a"), sheet, [base | {"d_carer_phone": "12"}], "update")[0].findings
    ] == [6]
    changed = brought(clerk, sheet, csv_of(HEADINGS, (*fine[:3], "600", *fine[4:])), rule="update")
    step(clerk, changed, "run")
    assert of(system, OPEN)[0].details["amount"] == "600.00"
    step(clerk, changed, "undo")
    assert of(system, OPEN)[0].details["amount"] == "500.00"


@pytest.mark.any_database
def test_each_group_has_a_sheet_with_the_columns_of_its_form(login_as, acting, grant):
    grant()
    clerk, kinds = (
        login_as("clerk_a"),
        {"code": "code", "yesno": "bool", "date": "date", "int": "int", "money": "decimal"},
    )
    session = acting("clerk_a")
    with forms_at_work(session, "en"):
        own = {group_of(n): s for n, s in open_sheets(session_actor(session), session).items() if group_of(n)}
        assert {OPEN, CLOSED} <= set(own)
        assert len(own) > 20
        for code, sheet in own.items():
            fields, form = {f.key: f for f in sheet.fields(session)}, subforms.group_form(code)
            assert len({str(f.label) for f in fields.values()}) == len(fields), code
            for f in form:
                column = fields[f"d_{f.name}"]
                assert (column.label, column.needed) == (f.en, f.required), code
                assert column.kind == kinds.get(f.kind, column.kind), code
    data = clerk.get(f"/import/sheet/special_groups.{OPEN}/template").data
    page = load_workbook(io.BytesIO(data)).worksheets[0]
    assert {f.en for f in subforms.group_form(OPEN)} <= {cell.value for cell in page[1]}
    assert len(page.data_validations.dataValidation) >= 5


@pytest.mark.any_database
@pytest.mark.demand("S4-60")
def test_of_a_closed_group_nobody_without_the_grant_learns_anything(login_as, grant, people, system):
    """No sheet, template, batch, count or undoing; the sheet of memberships brings no closed group for anybody."""
    clerk, colleague, sheet = login_as("clerk_a"), login_as("clerk_a_reads_t"), f"special_groups.{CLOSED}"
    pages = (f"/import/sheet/{sheet}", f"/import/sheet/{sheet}/template")
    assert {clerk.get(page).status_code for page in pages} == {404}
    grant()
    clerk = login_as("clerk_a")
    values = (people[0].number, first("psy_diagnosis"), first("psy_risk"))
    data = csv_of(("Resident", "Present diagnosis", "Present risk grade"), values)
    assert upload(colleague, sheet, data).status_code == 404
    uid = brought(clerk, sheet, data)
    step(clerk, uid, "run")
    assert [row.level for row in of(system, CLOSED)] == ["L5"]
    label = codes.label(system, "special_group", CLOSED)
    for page in ("/import/", "/import/sheet/special_groups"):
        assert label in clerk.get(page).text
        text = colleague.get(page).text
        assert not any(word in text for word in (label, CLOSED, uid, "list.csv"))
    ways = ("", "/state", "/file", "/marked", "/undo", "/columns")
    assert {colleague.get(f"/import/batch/{uid}{way}").status_code for way in ways} == {404}
    assert {
        post(colleague, f"/import/batch/{uid}/{act}").status_code for act in ("undo", "run", "check")
    } == {404}
    members = csv_of(("Resident", "Group"), (people[1].number, CLOSED), (people[1].number, "G36"))
    mixed = brought(clerk, "special_groups", members)
    step(clerk, mixed, "run")
    assert rows(system, mixed) == {2: "bad", 3: "made"}
    template = clerk.get("/import/sheet/special_groups/template").data
    texts = {c.value for sheet in load_workbook(io.BytesIO(template)).worksheets for r in sheet for c in r}
    assert label not in texts
    step(clerk, uid, "undo")
    assert (of(system, CLOSED), system.scalar(select(func.count(PersonGroup.id)))) == ([], 1)
