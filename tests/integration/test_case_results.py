"""Result lists by sheet: an office decides its cases by a list of its own (issue 5, line 7)."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pytest
from flask_babel import force_locale
from openpyxl import load_workbook
from sqlalchemy import select

from app.audit.models import AccessLog
from app.core import clock
from app.core.session import unit_of_work
from app.exchange.models import ImportBatch, ImportRow, SheetMapping
from app.exchange.service import case_results, mappings
from app.exchange.service.case_results import NAME
from app.proxy.models import CaseStep, ProxyCase
from app.registry.models import Person
from tests.factories.proxy import make_case, step, walk
from tests.factories.registry import ResidentFactory, id_number, make_home, make_household
from tests.support.imports import brought, csv_of, form_of_columns, run_jobs, upload
from tests.support.imports import step as press
from tests.support.pages import post

pytest_plugins = ("tests.support.proxy",)
HEADINGS = (
    "Case number",
    "Applicant",
    "ID number",
    "What was decided",
    "Reasons of a refusal",
    "Ways to object",
)
HEADINGS += ("Number of the result", "Result valid until")


@pytest.fixture
def cases(system, world, sessions):
    """Case numbers by applicant: A to D accepted by the health office, E handed in, F not handed in."""
    home = make_home(system, world.areas["grid_a11"], "33")
    people = [ResidentFactory(name=f"Elder {n}", male=True) for n in "ABCDEF"]
    make_household(system, home, people)
    system.commit()
    worker, found = sessions["worker"], {}
    for person in worker.scalars(select(Person).where(Person.name.like("Elder _")).order_by(Person.name)):
        case = make_case(worker, person)
        found[person.name[-1]] = (case.uid, case.number)
    for letter, until in zip("ABCDE", ("process", "process", "accept", "process", "submit"), strict=True):
        walk(sessions, found[letter][0], until)
    return found


def line(number="", decision="", name="", document="", reason="", ways="", result="", until=""):
    return (number, name, document, decision, reason, ways, result, until)


def states(system):
    system.rollback()
    rows = system.execute(select(ProxyCase.party_name, ProxyCase.state, ProxyCase.result_no)).all()
    return {r.party_name[-1]: (r.state, r.result_no) for r in rows}


def outcomes(system, uid):
    system.rollback()
    query = select(ImportRow.row_no, ImportRow.outcome).join(ImportBatch).where(ImportBatch.uid == uid)
    return dict(system.execute(query.order_by(ImportRow.row_no)).all())


def number_of(system, letter):
    system.rollback()
    case = system.scalars(select(ProxyCase).where(ProxyCase.party_name == f"Elder {letter}")).one()
    return case.party["document_number"]


@pytest.mark.demand("S3-50", "S3-53")
def test_an_office_brings_its_list_and_the_real_steps_are_taken(system, cases, login_as):
    health, far = login_as("health"), (clock.today() + timedelta(days=400)).isoformat()
    rows = (
        line(cases["A"][1], "Approved", result="WJ-1", until=far),
        line("", "Refused", "Elder B", number_of(system, "B"), "not of age", "appeal in 60 days", "WJ-2"),
        line(cases["C"][1], "Approved", "Elder C", result="WJ-1"),
        line(cases["D"][1]),
    )
    uid = brought(health, NAME, csv_of(HEADINGS, *rows))
    page = health.get(f"/import/batch/{uid}").text
    assert [s for s, _no in states(system).values()].count("approved") == 0, "the check writes nothing"
    assert "stands in row 2 as well" in page
    assert press(health, uid, "run").status_code == 303
    found = states(system)
    assert [found[n] for n in "ABC"] == [("approved", "WJ-1"), ("refused", "WJ-2"), ("approved", "WJ-1")]
    assert found["D"] == ("processing", None)
    assert outcomes(system, uid) == {2: "changed", 3: "changed", 4: "changed", 5: "same"}
    case = system.scalars(select(ProxyCase).where(ProxyCase.number == cases["C"][1])).one()
    assert [s.action for s in case.steps][-2:] == ["process", "approve"]
    assert (case.steps[-1].by_role, case.decided_at is not None, case.used_days) == ("department", True, 0)
    assert f"/cases/show/{cases['A'][0]}" in health.get(f"/import/batch/{uid}?show=all").text
    again = brought(health, NAME, csv_of(HEADINGS, *rows[:2]))
    assert outcomes(system, again) == {2: "same", 3: "same"}


def test_what_cannot_be_decided_says_so_at_its_row_and_column(system, cases, login_as, sessions):
    """Foreign, unknown, twice, decided, too early, without reasons, over already: each a sentence, in both languages."""
    step(sessions["department"], cases["D"][0], "approve")
    past = (clock.today() - timedelta(days=1)).isoformat()
    rows = (
        line("NO-SUCH-CASE", "Approved"),
        line(cases["F"][1], "Approved"),  # not handed in: not there for the office
        line(cases["A"][1], "Approved", result="WJ-1", until=past),
        line(cases["A"][1], "Refused", result="WJ-1"),
        line(cases["B"][1], "Approved", result="WJ-3"),
        line(cases["B"][1], "Approved", result="WJ-3"),
        line(cases["D"][1], "Refused", reason="x", ways="y"),
        line(cases["E"][1], "Approved"),
        line(cases["C"][1], "", result="WJ-9"),
        line("", "Approved", "Elder C"),
        line("", "Approved", "Elder C", id_number(date(1950, 3, 4), 7)),
        line(cases["C"][1], "Approved", "Elder X"),
        line(cases["C"][1], "perhaps"),
    )
    health = login_as("health")
    uid = brought(health, NAME, csv_of(HEADINGS, *rows))
    page = health.get(f"/import/batch/{uid}?show=bad").text
    for sentence in (
        "There is no case “NO-SUCH-CASE” among those of your office.",
        f"There is no case “{cases['F'][1]}” among those of your office.",
        "The result would have expired already.",
        "A refusal states its reasons and the ways to object.",
        "Row 6 of this sheet decides this case already.",
        "This case was decided before: Approved.",
        "The case is at “Handed in”: a result is entered for accepted cases only.",
        "Say what was decided.",
        "Write the case number, or the name and the ID number.",
        "No open case of your office is for “Elder C” with this ID number.",
        "is for somebody else than “Elder X”.",
        "“perhaps” is not in the list “What was decided”",
    ):
        assert sentence in page, sentence
    bad = {n for n, word in outcomes(system, uid).items() if word == "bad"}
    assert bad == set(range(2, 15)) - {6}
    with health.session_transaction() as kept:
        kept["locale"] = "zh"
    with health.application.test_request_context(), force_locale("zh"):
        words = [str(text) for text in (case_results.REFUSAL, case_results.DECISION, case_results.WHICH)]
    page = health.get(f"/import/batch/{uid}?show=bad").text
    assert [text in page for text in words] == [True] * 3
    assert all(ord(text[0]) > 255 for text in words)
    assert press(health, uid, "run").status_code == 303
    assert states(system)["B"] == ("approved", "WJ-3")


def test_only_who_decides_brings_it_and_nobody_else_sees_the_sheet(cases, login_as):
    worker = login_as("worker_a")
    assert worker.get(f"/import/sheet/{NAME}").status_code == 404
    assert NAME not in worker.get("/import/").text
    data = csv_of(HEADINGS, line(cases["A"][1], "Approved", result="WJ-1"))
    town = login_as("town_clerk_a")
    uid = brought(town, NAME, data)
    assert "Another office decides this case." in town.get(f"/import/batch/{uid}").text
    tried = brought(town, NAME, csv_of(HEADINGS, line(cases["A"][1], "Approved", "Elder X")))
    page = town.get(f"/import/batch/{tried}").text
    assert ("Another office decides this case." in page, "is for somebody else" in page) == (True, False)
    health = login_as("health")
    own = brought(health, NAME, data)
    assert own in health.get("/import/").text
    assert (uid in health.get("/import/").text, health.get(f"/import/batch/{uid}").status_code) == (
        False,
        404,
    )
    assert town.get(f"/import/batch/{own}").status_code == 404
    assert upload(health, "persons", data).status_code == 404


def test_what_a_department_remembers_of_its_sheets_is_its_own(acting, world):
    """Its office lies in an area in which others keep mappings under the same names."""
    area, sheet, head = world.areas["county"], NAME, "hash of headings"
    center = acting("operator")
    with unit_of_work(center):
        mappings.remember(center, area, sheet, head, "Returned list", {"A": "case_no"})
    health = acting("health")
    assert mappings.of_mark(health, sheet, head) is None
    with unit_of_work(health):
        kept = mappings.remember(health, area, sheet, head, "Returned list", {"B": "case_no"})
    assert (kept.name, mappings.of_mark(health, sheet, head)) == ("Returned list (2)", kept)
    center.rollback()
    query = select(SheetMapping.columns).where(SheetMapping.name == "Returned list")
    assert center.scalars(query).all() == [{"A": "case_no"}], "nobody's mapping was written over"


def test_a_decision_is_opened_again_unless_somebody_has_gone_on_with_it(system, cases, login_as, sessions):
    health = login_as("health")
    rows = [line(cases[n][1], "Approved", result=f"WJ-{n}") for n in "AB"]
    uid = brought(health, NAME, csv_of(HEADINGS, *rows))
    press(health, uid, "run")
    step(sessions["worker"], cases["A"][0], "fetch")
    page = health.get(f"/import/batch/{uid}/undo").text
    assert "others have gone on with this case since" in page
    press(health, uid, "undo", reason="The list of last month")
    found = states(system)
    assert (found["A"], found["B"]) == (("result_received", "WJ-A"), ("processing", None))
    assert outcomes(system, uid) == {2: "kept", 3: "undone"}
    last = system.scalars(select(CaseStep).order_by(CaseStep.id.desc())).first()
    assert (last.action, last.reason) == ("return_previous", "The list of last month")
    again = brought(health, NAME, csv_of(HEADINGS, rows[1]))
    assert press(health, again, "run").status_code == 303
    assert states(system)["B"] == ("approved", "WJ-B")


def test_the_list_is_taken_along_filled_in_and_brought_back(system, cases, login_as):
    health = login_as("health")
    assert f"/import/sheet/{NAME}" in health.get("/proxy/").text
    data = health.get(f"/import/sheet/{NAME}/waiting").data
    book = load_workbook(io.BytesIO(data))
    tab = book.active
    numbers = [tab.cell(row, 1).value for row in range(2, tab.max_row + 1) if tab.cell(row, 1).value]
    assert set(numbers) == {cases[n][1] for n in "ABCD"}
    heads = {tab.cell(1, at).value: at for at in range(1, tab.max_column + 1)}
    row = numbers.index(cases["B"][1]) + 2
    tab.cell(row, heads["What was decided"]).value = "Approved in part"
    out = io.BytesIO()
    book.save(out)
    answer = upload(health, NAME, out.getvalue(), "list.xlsx")
    uid = answer.location.split("/")[3]
    system.rollback()
    logged = system.scalars(select(AccessLog).where(AccessLog.action == "EXPORT")).all()
    assert [(one.table_name, one.detail) for one in logged] == [("proxy_case", f"{NAME} waiting: 4")]
    fields = form_of_columns(health.get(answer.location).text)
    assert post(health, f"/import/batch/{uid}/columns", **fields).status_code == 303
    run_jobs()
    press(health, uid, "run")
    assert sorted(outcomes(system, uid).values()) == ["changed", "same", "same", "same"]
    assert states(system)["B"][0] == "approved"


def test_the_same_person_twice_never_decides_another_case_of_theirs(system, cases, login_as, sessions):
    """Two cases of one person wait: a row says which; the next row without it does not fall on the other one."""
    worker, number, health = sessions["worker"], number_of(system, "B"), login_as("health")
    person = worker.scalars(select(Person).where(Person.name == "Elder B")).one()
    other = make_case(worker, person, "WJ-01").uid
    walk(sessions, other, "process")
    heads = (*HEADINGS, "Service")
    rows = (
        (*line("", "Approved", "Elder B", number), ""),
        (*line("", "Approved", "Elder B", number, result="WJ-5"), "WJ-02"),
        (*line("", "Approved", "Elder B", number), ""),
    )
    uid = brought(health, NAME, csv_of(heads, *rows))
    press(health, uid, "run")
    assert outcomes(system, uid) == {2: "bad", 3: "changed", 4: "bad"}
    assert "has several open cases at your office" in health.get(f"/import/batch/{uid}").text
    found = dict(system.execute(select(ProxyCase.uid, ProxyCase.state)).all())
    assert (found[cases["B"][0]], found[other]) == ("approved", "processing")
