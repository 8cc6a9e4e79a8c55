"""The office clerk's day: F10, F11 and F29 are issued and printed, printed again with a reason, declared void."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlalchemy import select

from app.areas.models import OrgUnit
from app.audit.models import AccessLog
from app.core import clock
from app.documents.models import IssuedDocument, PrintLog
from app.registry.models import ConsentTask, Person
from tests.factories.proxy import step
from tests.factories.registry import ResidentFactory, make_home, make_household
from tests.support.pages import post

pytest_plugins = ("tests.support.proxy",)
FORMS = ("F10", "F11", "F29")


@pytest.fixture
def child(system, world):
    """Uid of a boy of seven who lives with his father in grid A11."""
    home = make_home(system, world.areas["grid_a11"], "22")
    this_year = clock.today().year
    father = ResidentFactory(name="Father Chen", birth=date(this_year - 40, 3, 1))
    son = ResidentFactory(name="Chen Yi", birth=date(this_year - 7, 1, 1), relation="20")
    make_household(system, home, [father, son])
    uid = system.scalars(select(Person.uid).where(Person.name == "Chen Yi")).one()
    system.commit()
    return uid


@pytest.fixture
def station(system, world):
    """The workstation whose number stands on the papers."""
    where = {"area_id": world.areas["com_a1"], "document_code": "430299001001"}
    system.add(OrgUnit(path="000Z", kind="workstation", code="A1", name="Station A1", **where))
    system.commit()


@pytest.fixture
def office(login_as, station):
    return login_as("office_a")


@pytest.fixture
def collected(sessions, booked):
    """Uid of a case whose papers the worker has taken over."""
    uid = booked("WJ-02")
    step(sessions["worker"], uid, "entrust")
    step(sessions["worker"], uid, "collect")
    return uid


@pytest.fixture
def printed(office, collected, child, system):
    """Every form printed once by the office clerk: {form: (uid of the paper, the bytes)}."""
    first = {code: post(office, f"/cases/{collected}/paper/{code}") for code in FORMS[:2]}
    issued = post(office, f"/consents/issue/{child}", guardian_name="Father Chen", guardian_relation="父亲")
    assert issued.status_code == 303, issued.text
    first["F29"] = post(office, issued.headers["Location"].replace("/show/", "/print/"), copies="1")
    assert {code: (a.status_code, a.data[:5]) for code, a in first.items()} == dict.fromkeys(
        FORMS, (200, b"%PDF-")
    )
    papers = {d.form_code: d.uid for d in system.scalars(select(IssuedDocument))}
    return {code: (papers[code], first[code].data) for code in FORMS}


@pytest.mark.demand("S3-49")
def test_the_office_prints_the_three_papers_and_each_print_is_a_row(office, printed, system):
    prints = system.execute(
        select(IssuedDocument.form_code, PrintLog.actor, PrintLog.copies).join(
            PrintLog, PrintLog.document_id == IssuedDocument.id
        )
    ).all()
    assert sorted(tuple(row) for row in prints) == [(code, "Office A", 1) for code in FORMS]
    logged = system.scalars(select(AccessLog.detail).where(AccessLog.action == "PRINT")).all()
    numbers = {d.number for d in system.scalars(select(IssuedDocument))}
    assert set(logged) == numbers
    desk = office.get("/print-desk/").text
    assert all(number in desk for number in numbers)


def test_a_reprint_asks_for_the_reason_and_gives_the_same_bytes(office, printed, system):
    for code, (paper, first) in printed.items():
        url = f"/documents/print/{paper}"
        assert post(office, url, copies="1").status_code == 400, code
        again = post(office, url, copies="2", reason="the resident lost it")
        assert again.data == first, code
    system.rollback()  # reads anew
    reasons = system.scalars(select(PrintLog.reason).order_by(PrintLog.id)).all()
    assert reasons == ["first print"] * 3 + ["the resident lost it"] * 3


def test_the_signed_consent_sheet_settles_the_task(office, printed, child, system):
    paper, _first = printed["F29"]
    task = system.scalars(select(ConsentTask)).one()
    assert (task.document_uid, task.done_on) == (paper, None)
    assert post(office, f"/documents/act/{paper}", action="sign").status_code == 303
    system.rollback()
    assert task.done_on == clock.today()
    assert post(office, f"/documents/act/{paper}", action="void", reason="wrong guardian").status_code == 303
    system.rollback()
    assert (task.document_uid, task.done_on) == (None, None)


def test_a_void_paper_keeps_its_number_and_is_not_printed(office, printed, system):
    paper, _first = printed["F10"]
    url = f"/documents/act/{paper}"
    assert post(office, url, action="void").status_code == 400
    assert post(office, url, action="void", reason="the wrong service").status_code == 303
    refused = post(office, f"/documents/print/{paper}", copies="1", reason="once more")
    assert refused.status_code == 409
    system.rollback()
    document = system.scalars(select(IssuedDocument).where(IssuedDocument.uid == paper)).one()
    assert document.state == "voided"
    assert document.number in office.get("/documents/list/").text


def test_an_outsider_sees_nothing_of_them(login_as, printed, collected, child, system):
    outsider = login_as("clerk_t")
    numbers = [d.number for d in system.scalars(select(IssuedDocument))]
    pages = outsider.get("/documents/list/").text + outsider.get("/").text
    assert not any(number in pages for number in numbers)
    for paper, _first in printed.values():
        assert outsider.get(f"/documents/show/{paper}").status_code == 404
        assert outsider.get(f"/documents/page/{paper}/1").status_code == 404
        for verb, more in (
            ("print", {"copies": "1", "reason": "x"}),
            ("act", {"action": "void", "reason": "x"}),
        ):
            assert post(outsider, f"/documents/{verb}/{paper}", **more).status_code == 404
    for code in FORMS[:2]:
        assert post(outsider, f"/cases/{collected}/paper/{code}").status_code == 404
    assert outsider.get(f"/consents/person/{child}").status_code == 404
    system.rollback()
    assert len(system.scalars(select(PrintLog)).all()) == 3


def test_no_paper_shows_a_whole_number(printed, system):
    for document in system.scalars(select(IssuedDocument)):
        assert not re.search(r"\d{17}[\dX]|1\d{10}", str(document.context)), document.number
