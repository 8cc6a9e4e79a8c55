"""Questions of a service's own: data of its version, asked with a step, kept with the case (issue 5, line 1)."""

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.errors import Conflict, Invalid
from app.core.session import unit_of_work
from app.proxy.models import ProxyCase, ServiceField, ServiceItem, ServiceItemVersion
from app.proxy.service import new_draft, publish, version_on
from tests.factories.proxy import step, walk
from tests.support.pages import fill, form_of, post

pytest_plugins = ("tests.support.proxy",)
QUESTIONS = (
    ("income", "Income a year", "decimal", None, True, "collect"),
    ("alone", "Lives alone", "bool", None, False, "collect"),
    ("grade", "Grade given", "text", None, True, "approve"),
)


@pytest.fixture
def asking(acting):
    """WJ-02 asks three questions from today on."""
    session = acting("admin_system")
    with unit_of_work(session):
        item = session.scalars(select(ServiceItem).where(ServiceItem.code == "WJ-02")).one()
        draft = new_draft(session, item, clock.now())
        for seq, (key, label, kind, codes, needed, at) in enumerate(QUESTIONS, 1):
            row = ServiceField(
                seq=seq, key=key, label=label, kind=kind, code_list=codes, is_required=needed, at=at
            )
            draft.fields.append(row)
        draft.limits = {"precheck": [4, "work_day"]}
        session.flush()
        publish(session, draft, clock.today(), clock.now())


def case_of(session, uid):
    session.rollback()
    return session.scalars(select(ProxyCase).where(ProxyCase.uid == uid)).one()


def test_what_is_required_bars_the_hand_in_and_the_decision(system, sessions, asking, booked):
    uid = booked()
    walk(sessions, uid, "collect")
    with pytest.raises(Conflict) as refused:
        step(sessions["worker"], uid, "submit")
    assert refused.value.data["bars"] == ["unanswered_questions"]
    step(sessions["worker"], uid, "return_previous")
    step(sessions["worker"], uid, "collect", questions={"income": "8400.5", "alone": True})
    for name in ("submit", "receive", "accept", "process"):
        step(sessions["worker" if name == "submit" else "department"], uid, name)
    assert case_of(system, uid).answers == {"income": 8400.5, "alone": True}
    with pytest.raises(Invalid) as open_still:
        step(sessions["department"], uid, "approve")
    assert open_still.value.field == "q_grade"
    step(sessions["department"], uid, "approve", questions={"grade": "two"})
    assert case_of(system, uid).answers["grade"] == "two"


@pytest.mark.any_database
def test_on_the_page_and_in_the_forms_of_the_steps(system, sessions, asking, booked, login_as):
    uid = booked()
    step(sessions["worker"], uid, "entrust")
    worker = login_as("worker_a")
    fields = form_of(worker.get(f"/cases/{uid}/act/collect").text)
    assert {"q_income", "q_alone"} <= set(fields)
    wrong = worker.post(f"/cases/{uid}/act", data=fields | {"q_income": "much", "q_alone": "1"})
    assert (wrong.status_code, "much" in wrong.text) == (400, True)
    step(sessions["worker"], uid, "collect")
    page = worker.get(f"/cases/show/{uid}").text
    assert ("Income a year" in page, "Still open" in page) == (True, True)
    url = f"/cases/{uid}/questions"
    refused = fill(worker, url, q_income="1e400", q_alone="0")
    assert (refused.status_code, "1e400" in refused.text) == (422, True)
    assert fill(worker, url, q_income="12000", q_alone="0").status_code == 303
    case = case_of(system, uid)
    assert case.answers == {"income": 12000, "alone": False}
    assert [s.action for s in case.steps][-1] == "answer"
    assert "Still open" not in worker.get(f"/cases/show/{uid}").text
    assert login_as("clerk_t").get(url).status_code == 404
    assert post(login_as("admin_audit"), url, q_income="1").status_code in {403, 404}


def test_a_case_keeps_the_questions_it_began_with(system, sessions, booked, acting, asking):
    uid = booked()
    session = acting("admin_system")
    with unit_of_work(session):
        item = session.scalars(select(ServiceItem).where(ServiceItem.code == "WJ-02")).one()
        draft = new_draft(session, item, clock.now())
        assert [f.key for f in draft.fields] == ["income", "alone", "grade"]
        assert draft.limits == {"precheck": [4, "work_day"]}
        for field in list(draft.fields):
            session.delete(field)
    assert [f.key for f in case_of(system, uid).item_version.fields] == ["income", "alone", "grade"]


@pytest.mark.any_database
def test_the_administrator_writes_them_into_a_draft_only(system, asking, login_as):
    admin = login_as("admin_system")
    published = system.scalars(select(ServiceField).where(ServiceField.key == "income")).one()
    url = f"/service-questions/edit/{published.uid}"
    assert admin.get(url).status_code == 403
    version = published.version_of
    post(admin, f"/service-versions/draft/{version.uid}")
    system.rollback()
    (draft,) = [v for v in version.item.versions if v.state == "draft"]
    mine = next(f for f in draft.fields if f.key == "income")
    url = f"/service-questions/edit/{mine.uid}"
    for wrong, sentence in (
        ({"key": "In come"}, "small letters"),
        ({"kind": "code"}, "needs its code list"),
        ({"kind": "code", "code_list": "no_such_list"}, "no code list with this name"),
    ):
        answer = fill(admin, url, **wrong)
        assert (answer.status_code, sentence in answer.text) == (422, True)
    assert fill(admin, url, label="Income of the household").status_code == 303
    edit = f"/service-versions/edit/{draft.uid}"
    for wrong, sentence in (
        ({"limit_submit": "99"}, "lies between 0 and 90"),
        ({"assisting_codes": "XX"}, "no department with the code XX"),
        ({"assisting_codes": "WJ"}, "does not assist itself"),
    ):
        answer = fill(admin, edit, **wrong)
        assert (answer.status_code, sentence in answer.text) == (422, True)
    assert fill(admin, edit, limit_submit="3").status_code == 303
    system.rollback()
    assert draft.limits == {"submit": [3, "work_day"], "precheck": [4, "work_day"]}


@pytest.mark.any_database
def test_departments_that_are_asked_along_stand_with_the_version(system, login_as):
    admin = login_as("admin_system")
    version = version_on(system, "MZ-06", clock.today())
    draft = post(admin, f"/service-versions/draft/{version.uid}").location.rsplit("/", 1)[1]
    assert fill(admin, f"/service-versions/edit/{draft}", assisting_codes="wj").status_code == 303
    assert "WJ" in admin.get(f"/service-versions/show/{draft}").text
    system.rollback()
    assert [v.assisting for v in version.item.versions] == [None, ["WJ"]]


def test_a_service_of_the_site_is_added_without_code(system, login_as, sessions, booked):
    """It gets its draft at once and is offered from the day on which that is published."""
    admin = login_as("admin_system")
    url = "/service-items/add"
    for wrong, sentence in (
        ({"code": "new"}, "letters, a dash and digits"),
        ({"code": "WJ-02"}, "with this code already"),
        ({"department": "XX"}, "no department with the code XX"),
    ):
        values = {
            "code": "WJ-90",
            "name": "Stamp of the herder",
            "department": "wj",
            "kind": "register",
        } | wrong
        answer = fill(admin, url, **values)
        assert (answer.status_code, sentence in answer.text, "herder" in answer.text) == (422, True, True)
    done = fill(admin, url, code="wj-90", name="Stamp of the herder", department="wj", kind="register")
    assert done.status_code == 303
    system.rollback()
    draft = system.scalars(select(ServiceItemVersion).where(ServiceItemVersion.name.like("Stamp%"))).one()
    assert (draft.state, draft.item.code, [m.is_authorization for m in draft.materials]) == (
        "draft",
        "WJ-90",
        [True],
    )
    with pytest.raises(Invalid):
        booked("WJ-90")
    day = clock.today().isoformat()
    published = post(admin, f"/service-versions/publish/{draft.uid}", valid_from=day)
    assert published.status_code == 303
    walk(sessions, booked("WJ-90"), "deliver")
