"""Who decides, and who is asked along: the deciding office, the window of the town, assisting departments (S0-51)."""

import pytest
from sqlalchemy import event, select

from app.areas.models import OrgUnit
from app.areas.rules import child_path
from app.core import clock
from app.core.errors import Conflict, NotAllowed
from app.core.scope import session_actor
from app.core.session import unit_of_work
from app.inbox.models import Notice
from app.proxy.models import CaseAssist, ProxyCase, ServiceItem
from app.proxy.queries import desk
from app.proxy.service import assist, fairness, new_draft, offers, open_case, publish, questions
from tests.factories.proxy import step, walk
from tests.support.pages import fill, post

pytest_plugins = ("tests.support.proxy",)


def case_of(session, uid):
    session.rollback()
    return session.scalars(select(ProxyCase).where(ProxyCase.uid == uid)).one()


@pytest.fixture
def pensions(system, world):
    """The labour office of the county: nobody there has an account."""
    unit = OrgUnit(
        code="RS1",
        name="Labour office",
        kind="department",
        department_code="RS",
        area_id=world.areas["county"],
        path=child_path("", 90),
    )
    system.add(unit)
    system.commit()
    return unit.id


def version_with(session, **changes):
    """A new version of WJ-02 in force today."""
    with unit_of_work(session):
        item = session.scalars(select(ServiceItem).where(ServiceItem.code == "WJ-02")).one()
        draft = new_draft(session, item, clock.now())
        for name, value in changes.items():
            setattr(draft, name, value)
        publish(session, draft, clock.today(), clock.now())


@pytest.mark.demand("S3-50")
def test_the_town_decides_where_the_department_has_nobody(system, sessions, booked, pensions):
    town = sessions["town"]
    for item, may in (("WJ-02", False), ("RS-01", True)):
        uid = booked(item)
        walk(sessions, uid, "submit")
        found = {str(o.action) for o in offers(open_case(town, uid), session_actor(town), clock.now())}
        assert ("receive" in found, "archive" in found) == (may, False)
        town.rollback()
        if may:
            assert step(town, uid, "receive").state == "prechecking"
        else:
            with pytest.raises(NotAllowed):
                step(town, uid, "receive")


def test_the_town_decides_what_was_delegated_to_it(sessions, booked, acting):
    version_with(acting("admin_system"), checked_by="town")
    uid = booked()
    walk(sessions, uid, "submit")
    assert step(sessions["town"], uid, "receive").state == "prechecking"


@pytest.mark.any_database
@pytest.mark.demand("S0-51")
def test_departments_of_the_item_are_asked_along_and_bar_the_decision(
    system, sessions, booked, acting, pensions, login_as
):
    version_with(acting("admin_system"), assisting=["RS", "CL"])
    uid = booked()
    walk(sessions, uid, "process")
    system.rollback()
    (row,) = system.scalars(select(CaseAssist)).all()
    assert (row.org_unit_id, row.answered_at) == (pensions, None)
    with pytest.raises(Conflict) as refused:
        step(sessions["department"], uid, "approve")
    assert refused.value.data["bars"] == ["opinions_open"]
    page = (
        login_as("health").get(f"/cases/{uid}/act/approve").text
    )  # says so before the press, and where it is settled
    assert f'/cases/show/{uid}#assist">' in page
    # nobody of that office has an account: the window of the town answers
    town = login_as("town_clerk_a")
    url = f"/cases/{uid}/assist/{row.uid}"
    assert url in town.get(f"/cases/show/{uid}").text
    assert url not in login_as("worker_a").get(f"/cases/show/{uid}").text
    assert login_as("worker_a").get(url).status_code == 403
    without = fill(town, url, opinion="disagree")
    assert (without.status_code, "Say why" in without.text) == (400, True)
    assert fill(town, url, opinion="agree").status_code == 303
    assert fill_again(town, url) == 409
    assert step(sessions["department"], uid, "approve").state == "approved"
    system.rollback()
    told = system.scalars(select(Notice.message).where(Notice.link == f"/cases/show/{uid}")).all()
    assert "An opinion has come in case %(number)s (%(item)s)." in told


def fill_again(client, url):
    return post(client, url, opinion="agree").status_code


@pytest.mark.demand("S0-51")
def test_a_department_that_assists_sees_the_case_and_decides_nothing(
    system, sessions, booked, pensions, world
):
    """The health office is asked in a case of the labour office."""
    uid = booked("RS-01")
    walk(sessions, uid, "submit")
    step(sessions["town"], uid, "receive")
    health = sessions["department"]
    assert health.scalars(select(ProxyCase).where(ProxyCase.uid == uid)).first() is None
    health.rollback()
    town, now = sessions["town"], clock.now()
    with unit_of_work(town):
        case = open_case(town, uid)
        unit = town.get(OrgUnit, world.units["health"])
        row = assist.ask(town, session_actor(town), now, case, unit, "Is the certificate yours?")
        town.flush()
        uid_of_row = row.uid
    case = health.scalars(select(ProxyCase).where(ProxyCase.uid == uid)).one()
    assert offers(case, session_actor(health), now) == []
    health.rollback()
    for action in ("accept", "return_previous", "withdraw"):
        with pytest.raises(NotAllowed):
            step(health, uid, action)
    with unit_of_work(health):
        case = open_case(health, uid)
        assist.answer(session_actor(health), now, case, uid_of_row, "note", "Issued in March.")
    for trespass in (
        lambda actor, case: assist.ask(health, actor, now, case, None, "?"),
        lambda actor, case: questions.answer(actor, now, case, {"any": "thing"}),
        lambda actor, case: fairness.declare(actor, now, case, False, ""),
    ):
        with pytest.raises(NotAllowed), unit_of_work(health):
            trespass(session_actor(health), open_case(health, uid))


@pytest.mark.any_database
def test_asking_and_taking_back_on_the_page(system, sessions, booked, pensions, login_as):
    uid = booked()
    walk(sessions, uid, "process")
    health = login_as("health")
    url = f"/cases/{uid}/assist"
    key = system.get(OrgUnit, pensions).uid
    own = system.get(OrgUnit, case_of(system, uid).department_id).uid
    for values, sentence in (
        ({"unit": "", "question": "Paid in?"}, "required"),
        ({"unit": own, "question": "Paid in?"}, "does not assist itself"),
        ({"unit": key, "question": "Paid in?", "days": "99"}, "between 1 and 30"),
        ({"unit": key, "question": ""}, "required"),
    ):
        answer = fill(health, url, **values)
        assert (answer.status_code in {400, 422}, sentence in answer.text.lower()) == (True, True), values
        assert values["question"] in answer.text
    assert fill(health, url, unit=key, question="Paid in?", days="5").status_code == 303
    twice = fill(health, url, unit=key, question="Again?")
    assert (twice.status_code, "has not answered" in twice.text) == (400, True)
    system.rollback()
    (row,) = system.scalars(select(CaseAssist)).all()
    assert fill(health, f"{url}/{row.uid}/recall", answer="Found in the file").status_code == 303
    system.rollback()
    assert (row.opinion, row.answer) == ("recalled", "Found in the file")
    assert [s.action for s in case_of(system, uid).steps][-2:] == ["assist", "assist"]
    assert login_as("clerk_t").get(url).status_code == 404
    assert login_as("worker_a").get(url).status_code == 403


def test_who_sits_where_is_asked_once_for_a_whole_list(sessions, booked, pensions):
    """The town looks at its cases: one question about posts, however many cases there are."""
    town = sessions["town"]
    uids = [booked(code) for code in ("WJ-02", "WJ-01", "RS-01")]
    for uid in uids:
        walk(sessions, uid, "submit")
    cases, asked = [open_case(town, uid) for uid in uids], []
    engine = town.get_bind().engine

    def note(*args):
        asked.append(args[2])

    event.listen(engine, "before_cursor_execute", note)
    for case in cases:
        offers(case, session_actor(town), clock.now())
    event.remove(engine, "before_cursor_execute", note)
    assert len([s for s in asked if "FROM post" in s]) == 1


def test_what_the_town_has_to_do_is_what_it_may_decide(sessions, booked, pensions):
    """Its list leaves out what lies with a department that has somebody; closing the file is the town's in any case."""
    town = sessions["town"]
    numbers = {}
    for code in ("WJ-02", "RS-01"):
        uid = booked(code)
        walk(sessions, uid, "submit")
        numbers[code] = open_case(town, uid).number
        town.rollback()

    def listed(tab):
        found, _more = desk.work_list(town, session_actor(town), clock.now(), desk.Asked(tab))
        town.rollback()
        return {case.number for case in found}

    assert listed("mine") == {numbers["RS-01"]}
    assert listed("waiting") == {numbers["WJ-02"]}
    assert desk.counts(town, session_actor(town), clock.now()).mine == 1
