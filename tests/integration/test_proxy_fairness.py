"""Relations of an applicant to those who handle the case, what they bar, and trips for what only the resident may do."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.areas.models import Post, Staff
from app.core import clock
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.scope import session_actor
from app.core.session import unit_of_work
from app.inbox.models import Notice
from app.proxy.forms import steps
from app.proxy.models import ServiceItem, ServiceItemVersion
from app.proxy.rules import MACHINE
from app.proxy.service import fairness, new_draft, open_case, owners, version_on
from app.registry.models import Household, HouseholdMember, Person
from tests.factories.proxy import step, walk
from tests.factories.registry import ResidentFactory, make_person
from tests.integration.test_proxy_departments import version_with
from tests.integration.test_proxy_home import case_of
from tests.support.pages import fill, form_of, post

pytestmark = pytest.mark.any_database
pytest_plugins = ("tests.support.proxy",)


@pytest.mark.parametrize(("account", "flag"), [("worker_a", "handler"), ("clerk_a", "cadre"), ("", None)])
def test_who_lives_with_the_worker_or_a_cadre_is_flagged_at_booking(
    system, world, elder, booked, account, flag
):
    if account:
        staff = system.get(Staff, world.accounts[account].staff_id)
        staff.person_uid = system.scalars(select(Person.uid).where(Person.uid == elder)).one()
        system.commit()
    assert case_of(system, booked()).relation_flag == flag


def test_a_relation_is_declared_and_a_trip_together_is_counted(system, sessions, booked, login_as):
    uid = booked()
    client, stranger = login_as("worker_a"), login_as("clerk_t")

    def send(who, path, **fields):
        return post(who, f"/cases/{uid}/{path}", _version=str(case_of(system, uid).version), **fields)

    assert send(stranger, "relation", relation="no").status_code == 404
    assert send(login_as("supervisor"), "accompany", place="Hall", what="photo").status_code == 403
    assert send(client, "relation", relation="yes").status_code in {400, 422}
    assert case_of(system, uid).relation_flag is None
    assert send(client, "relation", relation="yes", words="aunt of the chief").status_code in {302, 303}
    today = clock.today()
    trip = {"place": "Town hall", "what": "photo for the card"}
    assert send(client, "accompany", day=(today + timedelta(days=1)).isoformat(), **trip).status_code in {
        400,
        422,
    }
    assert send(client, "accompany", day=today.isoformat(), **trip).status_code in {302, 303}
    case = case_of(system, uid)
    assert (case.relation_flag, case.relation_note["words"]) == ("declared", "aunt of the chief")
    assert (case.is_accompanied, case.resident_trips, case.worker_trips) == (True, 1, 1)
    assert [s.action for s in case.steps[-2:]] == ["declare", "accompany"]
    walk(sessions, uid, "submit")
    page = login_as("health").get(f"/cases/show/{uid}").text
    assert "aunt of the chief" in page
    assert "goal: 1" in page


# --- what a relation bars --------------------------------------------------------------------------------------------

DIBAO = "MZ-01"


@pytest.fixture
def asks(acting):
    """The elder's service asks for the declaration, as the services of social assistance do."""
    version_with(acting("admin_system"), more={"declare_relation": True})


def kin_of(system, world, account, person_uid, **stay):
    """The member of staff behind an account once was a child in a household of which the person is the head."""
    staff = system.get(Staff, world.accounts[account].staff_id)
    person = system.scalars(select(Person).where(Person.uid == person_uid)).one()
    child = make_person(system, person.area_id, ResidentFactory(name="Grown Child"))
    head = system.scalars(
        select(HouseholdMember).where(
            HouseholdMember.person_id == person.id, HouseholdMember.relation == "02"
        )
    ).one()
    head.valid_from = None  # for ever
    system.add(HouseholdMember(household_id=head.household_id, person_id=child.id, relation="20", **stay))
    staff.person_uid = child.uid
    system.commit()


@pytest.fixture
def post_for(system, world):
    """``post_for("nobody", "department", "county", "health")`` gives an account one more post."""

    def _post(account, role, area, unit=None):
        system.rollback()
        row = Post(staff_id=world.accounts[account].staff_id, role=role, position="grid_worker")
        row.area_id, row.org_unit_id = world.areas[area], world.units.get(unit)
        row.employment, row.valid_from = "full_time", clock.today() - timedelta(days=9)
        system.add(row)
        system.commit()

    return _post


def lines_of(system, world, account):
    """The messages in the inbox of an account."""
    query = select(Notice.message).where(Notice.user_id == world.accounts[account].user_id)
    return system.scalars(query).all()


def test_the_default_services_of_social_assistance_ask_for_the_declaration(system):
    found = {code for code in ("MZ-01", "MZ-02", "MZ-03", "MZ-05", "WJ-02")
             if (version_on(system, code, clock.today()).more or {}).get("declare_relation")}  # fmt: skip
    assert found == {"MZ-01", "MZ-02", "MZ-03", "MZ-05"}


def test_a_declaration_bars_the_acceptance_and_the_page_says_where_it_is_made(
    system, sessions, booked, asks, login_as
):
    uid = booked()
    walk(sessions, uid, "receive")
    with pytest.raises(Conflict) as refused:
        step(sessions["department"], uid, "accept")
    assert refused.value.data["bars"] == ["declaration_due"]
    page = login_as("health").get(f"/cases/show/{uid}").text
    assert '<a href="#fairness">the applicant has not declared' in page
    assert f"/cases/{uid}/relation" in page
    assert fill(login_as("health"), f"/cases/{uid}/relation", relation="no").status_code == 303
    assert step(sessions["department"], uid, "accept").state == "accepted"


def test_a_case_of_a_grown_child_is_verified_by_somebody_else_before_it_is_granted(
    system, world, elder, sessions, booked, asks, login_as, post_for
):
    """The worker left the applicant's household years ago: flagged all the same. Neither the worker nor the clerk who
    accepted and processes it verifies, but a colleague of the department who has not had it in hand.
    """
    post_for("nobody", "department", "county", "health")
    kin_of(system, world, "worker_a", elder, valid_to=clock.today() - timedelta(days=900))
    uid = booked()
    assert (case_of(system, uid).relation_flag, case_of(system, uid).relation_note["name"] != "") == (
        "handler",
        True,
    )
    walk(sessions, uid, "receive")
    url = f"/cases/{uid}/verify"
    health, told = (
        login_as("health"),
        {"day": clock.today().isoformat(), "result": "ok", "words": "visited her"},
    )
    assert fill(health, f"/cases/{uid}/relation", relation="yes", words="her son").status_code == 303
    step(sessions["department"], uid, "accept")
    step(sessions["department"], uid, "process")
    with pytest.raises(Conflict) as refused:
        step(sessions["department"], uid, "approve")
    assert refused.value.data["bars"] == ["verification_due"]
    assert login_as("worker_a").get(url).status_code == 403
    assert login_as("clerk_t").get(url).status_code == 404
    assert health.get(url).status_code == 403
    assert f'{url}"' not in health.get(f"/cases/show/{uid}").text
    colleague = login_as("nobody")
    without = fill(colleague, url, **told)
    assert (without.status_code, "not related" in without.text, "visited her" in without.text) == (
        400,
        True,
        True,
    )
    for result, status in (("bad", 303), ("ok", 303)):
        assert fill(colleague, url, **(told | {"result": result}), unrelated="y").status_code == status
        if result == "bad":
            with pytest.raises(Conflict):
                step(sessions["department"], uid, "approve")
    assert [s.action for s in case_of(system, uid).steps[-2:]] == ["verify", "verify"]
    assert step(sessions["department"], uid, "approve").state == "approved"


def test_whoever_is_related_neither_verifies_nor_decides(
    system, world, elder, sessions, booked, asks, acting
):
    for name in ("health", "operator"):
        kin_of(system, world, name, elder)
    uid = booked()
    assert case_of(system, uid).relation_flag is None
    walk(sessions, uid, "receive")
    assert case_of(system, uid).relation_flag == "handler"  # looked at when the department began
    assert [m for m in lines_of(system, world, "health") if "you are related" in m] != []
    department, now = sessions["department"], clock.now()
    with unit_of_work(department):
        fairness.declare(session_actor(department), now, open_case(department, uid), False, "")
    for name in ("accept", "process"):
        step(department, uid, name)
    center = acting("operator")
    case, actor = open_case(center, uid), session_actor(center)
    with pytest.raises(NotAllowed, match="somebody else"):
        fairness.verify(actor, now, case, clock.today(), "ok", "visited", True)
    center.rollback()
    system.rollback()
    case = case_of(system, uid)
    case.relation_note = {**case.relation_note, "verified": {"result": "ok"}}
    system.commit()
    with pytest.raises(NotAllowed, match="somebody else"):
        step(department, uid, "approve")


def test_a_case_is_given_to_another_worker_and_looked_at_again(
    system, world, elder, booked, post_for, login_as, acting
):
    """The new worker is the applicant's child: flagged, told. Who cannot open the case is not offered, nor gets it."""
    uid = booked()
    stranger, office = (system.get(Staff, world.accounts[n].staff_id) for n in ("worker_a2", "clerk_a"))
    page = login_as("clerk_a").get(f"/cases/{uid}/give").text
    assert re.search(rf'value="{office.uid}">{office.name}, [^<(]+ \([^<)]+\)</option>', page)
    assert stranger.uid not in page
    answer = fill(login_as("clerk_a"), f"/cases/{uid}/give", staff=stranger.uid, reason="is nearer")
    assert answer.status_code == 422
    clerk_session = acting("clerk_a")
    given = (open_case(clerk_session, uid), clerk_session.get(Staff, stranger.id), "is nearer")
    with pytest.raises(Invalid, match="has no account that sees this case"):
        owners.give(clerk_session, session_actor(clerk_session), clock.now(), *given)
    clerk_session.rollback()
    post_for("worker_a2", "grid_worker", "grid_a11")
    kin_of(system, world, "worker_a2", elder)
    url, clerk = f"/cases/{uid}/give", login_as("clerk_a")
    new = system.get(Staff, world.accounts["worker_a2"].staff_id)
    same = system.get(Staff, world.accounts["worker_a"].staff_id)
    for staff, reason, sentence in ((same, "ill", "choose"), (new, "", "required")):
        answer = fill(clerk, url, staff=staff.uid, reason=reason)
        assert (answer.status_code in {400, 422}, sentence in answer.text.lower()) == (True, True)
    assert fill(clerk, url, staff=new.uid, reason="is ill until May").status_code == 303
    case = case_of(system, uid)
    assert (case.staff_id, case.relation_flag, case.steps[-1].action) == (new.id, "handler", "give")
    assert any("you are related to the applicant" in m for m in lines_of(system, world, "worker_a2"))
    assert login_as("supervisor").get(url).status_code == 403
    # given back: nobody near has it any more
    assert fill(clerk, url, staff=same.uid, reason="is back").status_code == 303
    assert case_of(system, uid).relation_flag is None


def test_who_had_a_case_before_does_not_verify_it(system, world, sessions, booked, asks, login_as):
    """The center is the way out for an office of one clerk, but not who had the case first."""
    uid, clerk = booked(), login_as("clerk_a")
    walk(sessions, uid, "receive")
    assert fill(clerk, f"/cases/{uid}/relation", relation="yes", words="her son").status_code == 303
    step(sessions["department"], uid, "accept")
    case = case_of(system, uid)
    case.staff_id = world.accounts["operator"].staff_id
    system.commit()
    new = system.get(Staff, world.accounts["worker_a"].staff_id)
    assert fill(clerk, f"/cases/{uid}/give", staff=new.uid, reason="is nearer").status_code == 303
    assert case_of(system, uid).steps[-1].data["from_id"] == world.accounts["operator"].staff_id
    assert login_as("operator").get(f"/cases/{uid}/verify").status_code == 403


def test_between_whom_a_relation_is_only_those_read_who_handle_or_decide(
    system, world, elder, sessions, booked, asks, login_as, post_for
):
    """Everybody sees that there is one; the leader, who is named, and who is related read no name and no finding."""
    kin_of(system, world, "office_a", elder)
    post_for("nobody", "workstation", "com_a1")
    uid = booked()
    walk(sessions, uid, "receive")
    said = {"relation": "yes", "words": "her son is chief Nobody"}
    assert fill(login_as("worker_a"), f"/cases/{uid}/relation", **said).status_code == 303
    step(sessions["department"], uid, "accept")
    told = {
        "day": clock.today().isoformat(),
        "result": "ok",
        "words": "asked the neighbours",
        "unrelated": "y",
    }
    assert fill(login_as("operator"), f"/cases/{uid}/verify", **told).status_code == 303
    reads = {}
    for name in ("health", "worker_a", "operator", "leader", "office_a", "nobody"):
        page = login_as(name).get(f"/cases/show/{uid}").text
        assert ("Relation declared" in page, page.count("the application is true")) == (True, 2), name
        reads[name] = ("son is chief" in page, page.count("asked the neighbours"))
    assert [name for name, seen in reads.items() if seen == (True, 2)] == ["health", "worker_a", "operator"]
    assert [name for name, seen in reads.items() if seen == (False, 0)] == ["leader", "office_a", "nobody"]


def test_what_was_found_not_to_be_as_stated_is_not_declared_away(
    system, sessions, booked, asks, login_as, acting
):
    """Neither "no relation" after a relation nor another worker lifts it: only somebody who verifies."""
    uid, center = booked(), login_as("operator")
    walk(sessions, uid, "receive")
    worker, url = login_as("worker_a"), f"/cases/{uid}/relation"
    assert fill(worker, url, relation="yes", words="her son is chief").status_code == 303
    for name in ("accept", "process"):
        step(sessions["department"], uid, name)
    told = {"day": clock.today().isoformat(), "words": "asked the neighbours", "unrelated": "y"}
    assert fill(center, f"/cases/{uid}/verify", result="bad", **told).status_code == 303
    refused = fill(worker, url, relation="no", words="")
    assert (refused.status_code, "stands declared and stays" in refused.text) == (400, True)
    with pytest.raises(Conflict):
        step(sessions["department"], uid, "approve")
    assert fill(center, f"/cases/{uid}/verify", result="ok", **told).status_code == 303
    # another relation than the one that was verified
    assert fill(worker, url, relation="yes", words="her nephew is accountant").status_code == 303
    with pytest.raises(Conflict):
        step(sessions["department"], uid, "approve")


def test_who_shares_a_dormitory_is_no_relative(system, world, elder, booked):
    staff = system.get(Staff, world.accounts["worker_a"].staff_id)
    person = system.scalars(select(Person).where(Person.uid == elder)).one()
    mate = make_person(system, person.area_id, ResidentFactory(name="Room Mate"))
    hall = Household(area_id=person.area_id, kind="collective")
    system.add(hall)
    system.flush()
    system.add_all(
        [HouseholdMember(household_id=hall.id, person_id=p.id, relation="99") for p in (person, mate)]
    )
    staff.person_uid = mate.uid
    system.commit()
    assert case_of(system, booked()).relation_flag is None


@pytest.mark.demand("S0-39")
def test_nothing_asks_for_money_and_trips_and_hand_overs_are_shown(system, sessions, booked, login_as):
    """No step of any service has a field for a fee or for cash; the receipt says that it is free."""
    money = ("fee", "cash", "price", "payment", "charge", "money")
    names = [*steps.FIELDS, *(need for _s, _a, to in MACHINE.rows() for need in (*to.needs, *to.writes))]
    assert [n for n in names if any(word in str(n) for word in money)] == []
    for version in system.scalars(select(ServiceItemVersion)):
        assert (version.more or {}).get("fee") == "free", version.name
    uid = booked()
    walk(sessions, uid, "submit")
    page = login_as("worker_a").get(f"/cases/show/{uid}").text
    assert ("Hand-overs: 1" in page, "takes no money" in page) == (True, True)


def test_whether_a_service_asks_is_ticked_in_its_draft(system, acting, login_as):
    """A tick in the draft of the next version; what else the version says stays."""
    admin = acting("admin_system")
    with unit_of_work(admin):
        item = admin.scalars(select(ServiceItem).where(ServiceItem.code == "MZ-01")).one()
        uid, before = (draft := new_draft(admin, item, clock.now())).uid, dict(draft.more)
    client, url = login_as("admin_system"), f"/service-versions/edit/{uid}"
    for ticked in (False, True):
        page = client.get(url).text
        assert page.count('name="declare_relation"') == 1
        data = form_of(page)
        data.pop("declare_relation", None)
        answer = client.post(url, data=data | ({"declare_relation": "y"} if ticked else {}))
        assert answer.status_code in {302, 303}
        system.rollback()
        draft = system.scalars(select(ServiceItemVersion).where(ServiceItemVersion.uid == uid)).one()
        kept = {k: v for k, v in draft.more.items() if k != "renewal"}  # the form writes a review out in full
        assert kept == {
            k: v for k, v in before.items() if k != "renewal" and (ticked or k != "declare_relation")
        }
