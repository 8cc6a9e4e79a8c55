"""Who takes a step as the site has it: one table, and every place goes by it."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.errors import NotAllowed
from app.core.scope import session_actor
from app.core.session import unit_of_work
from app.proxy.choices import Action
from app.proxy.models import ServiceItem, StepRole
from app.proxy.queries import desk
from app.proxy.service import offers, open_case
from tests.factories.proxy import make_case, step, walk
from tests.support.pages import fill, post

pytest_plugins = ("tests.support.proxy",)


@pytest.fixture
def site(acting):
    """``site("collect", "town_staff", True, "WJ-02")`` makes an exception."""
    admin = acting("admin_system")

    def _make(action, role, allowed, item=None):
        with unit_of_work(admin):
            found = item and admin.scalars(select(ServiceItem).where(ServiceItem.code == item)).one()
            admin.add(StepRole(action=action, role=role, allowed=allowed, item=found))

    return _make


def mine(session):
    found, _more = desk.work_list(session, session_actor(session), clock.now(), desk.Asked("mine"))
    uids = {case.uid for case in found}
    session.rollback()
    return uids


def buttons(client, uid):
    page = client.get(f"/cases/show/{uid}").text
    return {action.value for action in Action if f"/cases/{uid}/act/{action}" in page}


def test_the_machine_the_page_the_batch_and_the_work_list_go_by_it(sessions, booked, site, login_as):
    """In one service the town fetches what was refused and the station does not; in the others all is as before."""
    here, there = booked("WJ-02"), booked("WJ-01")
    for uid in (here, there):
        walk(sessions, uid, "process")
        step(sessions["department"], uid, "refuse")
    town, clerk, worker = (login_as(name) for name in ("town_clerk_a", "clerk_a", "worker_a"))
    assert mine(sessions["town"]) == set()
    assert {here, there} <= mine(sessions["clerk"])
    assert 'value="fetch"' not in town.get("/proxy/").text
    site("fetch", "town_staff", True, "WJ-02")
    site("fetch", "workstation", False, "WJ-02")
    # the work list, and what is offered for many at once
    assert (mine(sessions["town"]), here in mine(sessions["clerk"])) == ({here}, False)
    assert there in mine(sessions["clerk"])
    assert 'value="fetch"' in town.get("/proxy/").text
    together = post(town, "/proxy/together", action="fetch", case=[here, there]).text
    assert (f'name="version-{here}"' in together, f'name="version-{there}"' in together) == (True, False)
    # the page
    assert ("fetch" in buttons(town, here), "fetch" in buttons(town, there)) == (True, False)
    assert ("fetch" in buttons(clerk, here), "fetch" in buttons(clerk, there)) == (False, True)
    assert "fetch" in buttons(worker, here)
    assert clerk.get(f"/cases/{here}/act/fetch").status_code == 403
    # the step itself
    with pytest.raises(NotAllowed):
        step(sessions["clerk"], here, "fetch")
    assert step(sessions["town"], here, "fetch").state == "result_received"


def test_booking_goes_by_it(system, sessions, elder, site, login_as):
    from app.registry.models import Person

    person = system.scalars(select(Person).where(Person.uid == elder)).one()
    assert login_as("worker_a").get("/proxy/book").status_code == 200
    site("book", "grid_worker", False, "WJ-02")
    with pytest.raises(NotAllowed):
        make_case(sessions["worker"], person, "WJ-02")
    assert make_case(sessions["worker"], person, "WJ-01").state == "booked"
    assert login_as("worker_a").get("/proxy/book").status_code == 200  # other services are booked
    site("book", "grid_worker", False)
    assert login_as("worker_a").get("/proxy/book").status_code == 403


def test_it_is_asked_once_for_a_whole_list(sessions, booked, site):
    """And anew in the next transaction: an exception holds at once."""
    clerk, uid = sessions["clerk"], booked()
    case, actor = open_case(clerk, uid), session_actor(clerk)
    assert "rebook" in {str(o.action) for o in offers(case, actor, clock.now())}
    site("rebook", "workstation", False)
    assert "rebook" in {str(o.action) for o in offers(case, actor, clock.now())}
    clerk.rollback()
    assert "rebook" not in {str(o.action) for o in offers(open_case(clerk, uid), actor, clock.now())}


def test_the_administrator_keeps_the_exceptions(system, login_as, site):
    admin = login_as("admin_system")
    url = "/step-roles/add"

    def add(action, role, **more):
        return fill(admin, url, action=action, role=role, **more)

    assert add("archive", "center_operator", allowed="y", source="Notice 7").status_code in {302, 303}
    for action, role, more, sentence in (
        ("archive", "center_operator", {"allowed": "y"}, "such an exception already"),
        ("archive", "office_clerk", {"allowed": "y"}, "changes nothing"),
        ("archive", "dispatcher", {"allowed": "y"}, "opens no case"),
        ("approve", "workstation", {"allowed": "y"}, "choice"),
        ("archive", "leader", {"allowed": "y"}, "choice"),
    ):
        answer = add(action, role, source="kept as typed", **more)
        assert answer.status_code in {200, 400, 409, 422}, (action, role)
        assert sentence in answer.text, (action, role)
        assert "kept as typed" in answer.text
    for role in ("workstation", "town_staff", "office_clerk"):
        assert add("archive", role).status_code in {302, 303}
    (first,) = system.scalars(select(StepRole).where(StepRole.role == "center_operator")).all()
    page = admin.get("/step-roles/list/").text
    assert ("every service" in page, "Notice 7" in page) == (True, True)
    gone = post(admin, f"/step-roles/delete/{first.uid}", reason="The notice has ended")
    assert (gone.status_code, "Nobody could take the step" in gone.text) == (409, True)
    changed = fill(admin, f"/step-roles/edit/{first.uid}", allowed="")
    assert "changes nothing" in changed.text or "Nobody could take" in changed.text
    assert login_as("clerk_a").get("/step-roles/list/").status_code in {302, 403}
    system.rollback()
    assert system.scalars(select(StepRole.role).where(StepRole.allowed.is_(True))).all() == [
        "center_operator"
    ]


def test_twice_for_every_service_is_refused_by_the_database_too(system, site):
    site("archive", "office_clerk", False)
    with pytest.raises(IntegrityError):
        site("archive", "office_clerk", False)
