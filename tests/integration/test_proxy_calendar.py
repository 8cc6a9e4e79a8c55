"""The calendar of a worker: times for visits, absences, free places when booking by phone (S3-63)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from app.areas.actors import build_actor
from app.areas.models import Post, Staff
from app.audit.models import AccessLog
from app.core import clock
from app.core.models import new_uid
from app.core.scope import acting_as, session_actor
from app.core.session import unit_of_work
from app.inbox.models import Notice
from app.proxy import service
from app.proxy.models import CaseStep, ProxyCase
from app.proxy.service import places, rounds
from app.proxy.service.tellers import Tellers
from app.proxy.service.watching import Due
from app.registry.models import Dwelling, Household, Person
from app.registry.service import groups
from app.worklog import service as worklog
from app.worklog.models import StaffAbsence, Visit, VisitStop, WorkSlot
from app.worklog.service import Door
from tests.factories.proxy import make_case
from tests.factories.registry import ResidentFactory, make_person
from tests.integration.test_statement_counts import counted
from tests.support.pages import fill, form_of, post
from tests.support.rows import fresh

pytest_plugins = ("tests.support.proxy",)

FRIDAY = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)  # 10:00 local
TUESDAY, WEDNESDAY = date(2026, 11, 24), date(2026, 11, 25)
CARE = "MZ-03"
NINE, TEN = "09:00-10:00", "10:00-11:00"


@pytest.fixture(autouse=True)
def today():
    with clock.frozen(FRIDAY) as stopped:
        yield stopped


@pytest.fixture
def kept(system, world):
    """Two places at nine and one at ten for everybody of the community, Monday to Friday."""
    for weekday in range(5):
        for slot, many in ((NINE, 2), (TEN, 1)):
            system.add(WorkSlot(area_id=world.areas["com_a1"], weekday=weekday, slot=slot, places=many))
    system.commit()


@pytest.fixture
def neighbour(system, world):
    """Uid of somebody else of the same grid."""
    uid = make_person(system, world.areas["grid_a11"], ResidentFactory(name="Neighbour Wu")).uid
    system.commit()
    return uid


def staff_of(system, world, name):
    return system.get_one(Staff, world.accounts[name].staff_id)


def away(system, world, who, first, last, helper=None):
    worker = staff_of(system, world, who)
    row = StaffAbsence(staff_id=worker.id, area_id=worker.area_id, from_day=first, to_day=last)
    row.substitute_id = world.accounts[helper].staff_id if helper else None
    system.add(row)
    system.commit()
    return row.uid


def book(client, elder, **fields):
    given = {"person": elder, "item": "WJ-02", "appointment": TUESDAY.isoformat()} | fields
    return post(client, "/proxy/book", **given)


def test_the_station_keeps_the_times_of_its_area_and_of_each_worker(system, world, login_as):
    clerk, worker = login_as("clerk_a"), login_as("worker_a")
    me = staff_of(system, world, "worker_a").uid
    form = {"area_id": world.uids["com_a1"], "weekday": "all", "slot": "9:00~10:00", "places": "2"}
    assert post(clerk, "/visit-times/add", **form).status_code == 303
    rows = fresh(system).scalars(select(WorkSlot).order_by(WorkSlot.weekday)).all()
    assert [(r.weekday, r.slot, r.places, r.staff_id) for r in rows] == [(n, NINE, 2, None) for n in range(5)]
    touching = post(clerk, "/visit-times/add", **form | {"weekday": "0", "slot": "09:30-10:30"})
    assert touching.status_code == 422
    assert "09:00-10:00 is kept on this day already." in touching.text
    mine = post(clerk, "/visit-times/add", staff_id=me, weekday="5", slot="09:30-10:30", places="1")
    assert mine.status_code == 303
    assert (
        fresh(system).scalars(select(WorkSlot.area_id).where(WorkSlot.weekday == 5)).one()
        == world.areas["grid_a11"]
    )
    # a worker reads what the station laid down above the grid, and keeps nothing
    assert worker.get("/visit-times/list/").text.count(">09:00-10:00<") == 5
    assert post(worker, "/visit-times/add", **form).status_code == 403
    assert ">09:00-10:00<" not in login_as("worker_t").get("/visit-times/list/").text


def test_absences_are_written_by_the_worker_and_the_station_and_refused_where_they_clash(
    system, world, login_as
):
    clerk, worker = login_as("clerk_a"), login_as("worker_a")
    me, other = (staff_of(system, world, name).uid for name in ("worker_a", "worker_a2"))
    days = {"from_day": "2026-11-24", "to_day": "2026-11-25"}
    assert post(worker, "/absences/add", staff_id=me, **days).status_code == 303
    assert (
        post(worker, "/absences/add", staff_id=other, **days).status_code == 422
    )  # not even named by a lookup
    again = post(clerk, "/absences/add", staff_id=me, from_day="2026-11-25", to_day="2026-11-30")
    assert again.status_code == 422
    assert "Away from 2026-11-24 to 2026-11-25 already." in again.text
    helped = post(clerk, "/absences/add", staff_id=other, substitute_id=me, **days)
    assert helped.status_code == 422
    assert "Worker A is away as well, from 2026-11-24 to 2026-11-25." in helped.text
    wrong = post(clerk, "/absences/add", staff_id=other, from_day="2026-11-25", to_day="2026-11-24")
    assert "The last day lies before the first." in wrong.text
    over = post(clerk, "/absences/add", staff_id=other, from_day="2026-11-02", to_day="2026-11-03")
    assert "These days are over already." in over.text
    assert len(fresh(system).scalars(select(StaffAbsence)).all()) == 1


@pytest.mark.demand("S3-63")
def test_who_stands_in_has_the_grid_and_its_appointments_on_those_days_and_no_longer(
    system, world, login_as, booked, today, kept
):
    uid = booked(appointment=TUESDAY, slot=NINE)
    clerk, (me, other) = (
        login_as("clerk_a"),
        (staff_of(system, world, n).uid for n in ("worker_a", "worker_a2")),
    )
    days = {"from_day": "2026-11-24", "to_day": "2026-11-25", "reason": "in hospital"}
    assert post(clerk, "/absences/add", staff_id=me, substitute_id=other, **days).status_code == 303
    helper_id = world.accounts["worker_a2"].staff_id
    given = (
        fresh(system)
        .scalars(select(Post).where(Post.staff_id == helper_id, Post.area_id == world.areas["grid_a11"]))
        .one()
    )
    assert (given.role, given.valid_from, given.valid_to, given.worker_no) == (
        "grid_worker",
        TUESDAY,
        WEDNESDAY,
        None,
    )
    assert login_as("worker_a2").get(f"/cases/show/{uid}").status_code == 404  # not yet
    today.at = FRIDAY + timedelta(days=4)
    helper = login_as("worker_a2")
    assert helper.get(f"/cases/show/{uid}").status_code == 200
    assert f"/cases/show/{uid}" in helper.get("/field/?show=mine").text
    week = helper.get("/appointments/").text
    assert "stands in for Worker A" in week
    assert f"/cases/show/{uid}" in week
    told = (
        fresh(system)
        .scalars(select(Notice).where(Notice.user_id == world.accounts["worker_a2"].user_id))
        .all()
    )
    assert [n.link for n in told] == ["/appointments/"]
    # who stands in reads the absence and writes nothing of it
    absence = fresh(system).scalars(select(StaffAbsence)).one().uid
    assert helper.get(f"/absences/show/{absence}").status_code == 200
    pages = [f"/absences/{page}" for page in (f"show/{absence}", f"history/{absence}", "list/")]
    for account, seen in (
        ("worker_a2", 0),
        ("worker_a", 3),
        ("clerk_a", 3),
    ):  # what ails somebody is not for colleagues
        reader = login_as(account)
        assert sum("in hospital" in reader.get(page).text for page in pages) == seen, account
    assert helper.get(f"/absences/edit/{absence}").status_code == 403
    assert post(helper, f"/absences/delete/{absence}", reason="no").status_code == 403
    assert login_as("worker_t").get(f"/absences/show/{absence}").status_code == 404
    # back a day earlier: the post ends with the absence
    assert post(login_as("clerk_a"), f"/absences/delete/{absence}", reason="back at work").status_code == 303
    assert login_as("worker_a2").get(f"/cases/show/{uid}").status_code == 404


def test_an_absence_that_has_begun_opens_both_grids_of_the_worker_and_may_be_changed(system, world, login_as):
    worker, helper = (staff_of(system, world, n) for n in ("worker_a", "worker_a2"))
    second = Post(staff_id=worker.id, area_id=world.areas["grid_a21"], role="grid_worker")
    second.position, second.valid_from = "grid_worker", date(2026, 1, 1)
    system.add(second)
    system.commit()
    mine, grids = Post.staff_id == helper.id, {world.areas[g] for g in ("grid_a11", "grid_a21")}

    def given():
        found = fresh(system).scalars(select(Post).where(mine, Post.area_id.in_(grids)))
        return {(p.area_id, p.valid_from, p.valid_to) for p in found}

    client, typed = login_as("town_clerk_a"), {"substitute_id": helper.uid, "from_day": "2026-11-19"}
    added = post(client, "/absences/add", staff_id=worker.uid, to_day="2026-11-25", **typed)
    assert added.status_code == 303, added.text
    assert given() == {(grid, FRIDAY.date(), WEDNESDAY) for grid in grids}
    uid = fresh(system).scalars(select(StaffAbsence.uid)).one()
    asked = client.get(f"/absences/edit/{uid}").text
    changed = post(client, f"/absences/edit/{uid}", **form_of(asked) | {"reason": "training"})
    assert changed.status_code == 303, changed.text
    sooner = form_of(client.get(f"/absences/edit/{uid}").text) | {"to_day": "2026-11-24"}
    assert post(client, f"/absences/edit/{uid}", **sooner).status_code == 303
    assert given() == {(grid, FRIDAY.date(), TUESDAY) for grid in grids}
    assert post(client, f"/absences/delete/{uid}", reason="back at work").status_code == 303
    assert given() == set()


def offered(client, **asked):
    answer = post(client, "/proxy/places", **asked).get_json()
    return answer, re.findall(r'value="([0-9-]+)\|([0-9:-]+)"', answer["html"])


@pytest.mark.demand("S3-63")
def test_who_books_by_phone_is_shown_the_free_times_of_the_worker_of_the_grid(
    system, world, login_as, booked, elder, kept
):
    booked(appointment=TUESDAY, slot="10:00-10:30")
    away(system, world, "worker_a", WEDNESDAY, WEDNESDAY, "worker_a2")
    clerk = login_as("clerk_a")
    answer, free = offered(clerk, person=elder)
    assert answer["staff"]["id"] == staff_of(system, world, "worker_a").uid
    # ten working days from today; ten o'clock has begun today, Tuesday at ten is taken
    assert free[:5] == [
        ("2026-11-23", NINE),
        ("2026-11-23", TEN),
        ("2026-11-24", NINE),
        ("2026-11-25", NINE),
        ("2026-11-25", TEN),
    ]
    assert free[-1][0] == "2026-12-03"
    assert "Worker A2 stands in" in answer["html"]
    assert offered(clerk, staff=staff_of(system, world, "worker_a2").uid)[1][2:4] == [
        ("2026-11-24", NINE),
        ("2026-11-24", TEN),
    ]
    assert post(login_as("clerk_t"), "/proxy/places", person=elder).status_code == 404
    # the page that comes with a resident shows the same before any script runs
    page = clerk.get(f"/proxy/book?person={elder}").text
    assert 'value="2026-11-24|09:00-10:00"' in page
    assert "2 free" in page


def test_a_full_time_is_booked_only_when_somebody_says_so(
    system, world, login_as, booked, elder, neighbour, kept
):
    booked(appointment=TUESDAY, slot=TEN)
    clerk, me = login_as("clerk_a"), staff_of(system, world, "worker_a").uid
    asked = {"item": "MZ-02", "slot": TEN, "staff": me, "note": "calls again at noon"}
    full = book(clerk, neighbour, **asked)
    assert full.status_code == 409
    assert "Worker A, 2026-11-24 10:00-11:00: All places of this time are taken." in full.text
    assert 'name="overbook"' in full.text
    assert "calls again at noon" in full.text
    assert len(fresh(system).scalars(select(ProxyCase)).all()) == 1
    # who is visited then anyway takes no further place
    assert book(clerk, elder, **asked).status_code == 303
    assert book(clerk, neighbour, **asked, overbook="y").status_code == 303
    steps = fresh(system).scalars(select(CaseStep).order_by(CaseStep.id)).all()
    assert [step.data.get("overbook") for step in steps] == [None, None, True]
    assert "overbooked: 2 of 1" in clerk.get(f"/appointments/?week=2026-11-24&who={me}").text
    # where no times are kept everything is as it was
    for slot in fresh(system).scalars(select(WorkSlot)):
        system.delete(slot)
    system.commit()
    assert book(clerk, neighbour, **asked | {"item": "WJ-02", "slot": "20:00-21:00"}).status_code == 303


def test_two_who_book_the_last_place_at_once_get_one_place(app, system, world, elder, neighbour, kept):
    """The second one waits for the first, looks again and is told."""
    actors = [
        build_actor(world.accounts[name].user_id, clock.today())[0] for name in ("clerk_a", "town_clerk_a")
    ]
    worker, ready, told = world.accounts["worker_a"].staff_id, Barrier(2), []

    def take(actor, uid):
        with clock.frozen(FRIDAY), app.app_context(), acting_as(actor) as session:
            person = session.scalars(select(Person).where(Person.uid == uid)).one()
            session.rollback()
            ready.wait()
            try:
                with unit_of_work(session):
                    places.need_place(session, worker, TUESDAY, TEN, agreed=False)
                    asked = {"person": person, "item_code": "WJ-02", "appointment": TUESDAY}
                    service.book(session, actor, FRIDAY, **asked, slot=TEN, staff_id=worker)
                told.append("booked")
            except places.NoRoom:
                told.append("told")

    threads = [Thread(target=take, args=pair) for pair in zip(actors, (elder, neighbour), strict=True)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)
    assert sorted(told) == ["booked", "told"]


def test_a_new_day_is_chosen_from_the_free_times_and_a_full_one_needs_a_word(
    system, world, login_as, booked, neighbour, kept, acting
):
    uid, session = booked(appointment=TUESDAY, slot=TEN), acting("worker_a")
    person = session.scalars(select(Person).where(Person.uid == neighbour)).one()
    make_case(session, person, "WJ-02", appointment=WEDNESDAY, slot=TEN)
    worker = login_as("worker_a")
    page = worker.get(f"/cases/{uid}/act/rebook").text
    assert 'value="2026-11-23|09:00-10:00"' in page
    assert 'name="overbook"' in page
    asked = {"action": "rebook", "reason": "asked for it", "_version": str(version_of(system, uid))}
    full = post(worker, f"/cases/{uid}/act", **asked, appointment=WEDNESDAY.isoformat(), slot=TEN)
    assert full.status_code == 409
    assert "All places of this time are taken." in full.text
    # its own place is no obstacle
    same = post(worker, f"/cases/{uid}/act", **asked, appointment=TUESDAY.isoformat(), slot=TEN)
    assert same.status_code == 303
    asked["_version"] = str(version_of(system, uid))
    agreed = post(
        worker, f"/cases/{uid}/act", **asked, appointment=WEDNESDAY.isoformat(), slot=TEN, overbook="y"
    )
    assert agreed.status_code == 303
    case = fresh(system).scalars(select(ProxyCase).where(ProxyCase.uid == uid)).one()
    assert case.booked_for == WEDNESDAY


def version_of(system, uid):
    return fresh(system).scalars(select(ProxyCase.version).where(ProxyCase.uid == uid)).one()


def test_the_week_shows_appointments_rounds_and_free_places_in_few_statements(
    app, system, world, login_as, booked, elder, acting, kept
):
    booked(appointment=TUESDAY, slot=NINE)
    session = acting("worker_a")
    person = session.scalars(select(Person).where(Person.uid == elder)).one()
    with unit_of_work(session):
        asked = {
            "area_id": world.areas["grid_a11"],
            "planned_on": TUESDAY,
            "slot": TEN,
            "title": "Census walk",
        }
        home, flat = session.scalar(select(Household.id)), session.scalar(select(Dwelling.id))
        doors = [Door(person_id=person.id), Door(household_id=home), Door(dwelling_id=flat)]
        me = world.accounts["worker_a"].staff_id
        worklog.plan_visit(session, session.info["actor"], clock.now(), **asked, doors=doors, workers=[me])
    away(system, world, "worker_a2", WEDNESDAY, WEDNESDAY, "worker_a")
    pages = {}
    for account in ("worker_a", "clerk_a", "town_clerk_a"):
        client = login_as(account)
        with counted(app, "CalendarDesk.index") as seen:
            pages[account] = client.get("/appointments/?week=2026-11-24").text
        assert len(seen) <= 12, "\n".join(seen)
    mine = pages["worker_a"]
    assert "Elder Li" in mine
    assert "Census walk · 3 doors" in mine
    assert "overbooked: 3 of 1" in mine
    assert "stands in for a colleague" in mine
    assert "Worker A2" in pages["clerk_a"]
    assert "4 agreed" in pages["clerk_a"]
    assert "away" in pages["clerk_a"]
    assert "Worker T" not in pages["town_clerk_a"]
    assert (
        login_as("clerk_t").get(f"/appointments/?who={staff_of(system, world, 'worker_a').uid}").status_code
        == 404
    )
    assert login_as("clerk_a").get("/appointments/?week=never").status_code == 400
    # one line for two cases of a resident: where one of them tells too much, the name is hidden
    make_case(session, person, "MZ-13", appointment=TUESDAY, slot=NINE)
    hidden = login_as("worker_a").get("/appointments/?week=2026-11-24").text
    assert "Elder Li" not in hidden
    assert "E*" in hidden


def test_a_round_that_fills_a_day_beyond_its_places_is_said(
    system, world, login_as, elder, neighbour, kept, acting
):
    worker = login_as("worker_a")
    asked = {"client_uid": new_uid(), "item": "WJ-02", "people": [elder, neighbour]}
    assert post(worker, "/field/plan", **asked, planned_on=TUESDAY.isoformat(), slot=TEN).status_code in {
        302,
        303,
    }
    assert "Worker A has more homes than places on 2026-11-24." in worker.get("/appointments/").text
    # nobody was met, and the day on which to come again is full as well
    session = acting("worker_a")
    person = session.scalars(select(Person).where(Person.uid == neighbour)).one()
    make_case(session, person, "MZ-13", appointment=WEDNESDAY, slot=TEN)
    doors = select(Visit.uid, VisitStop.uid).join(VisitStop.visit).join(VisitStop.person)
    visit, stop = fresh(system).execute(doors.where(Person.uid == elder)).one()
    absent = {"client_uid": new_uid(), "outcome": "absent", "again_on": str(WEDNESDAY), "again_slot": TEN}
    logged = post(worker, f"/field/door/{visit}/{stop}", **absent)
    assert logged.status_code in {302, 303}, logged.text
    assert "Worker A has more homes than places on 2026-11-25." in worker.get("/appointments/").text


def test_reminders_of_somebody_who_is_away_reach_who_stands_in(system, world, booked):
    uid = booked(appointment=TUESDAY)
    away(system, world, "worker_a", WEDNESDAY, WEDNESDAY, "worker_a2")
    case = fresh(system).scalars(select(ProxyCase).where(ProxyCase.uid == uid)).one()
    due = Due(1, case.id, uid, "", case.state, case.staff_id, None, case.area_id, "", "", "", "", clock.now())
    users = {name: world.accounts[name].user_id for name in ("worker_a", "worker_a2")}
    found = {day: Tellers(system, day).hands([due])["staff", case.staff_id] for day in (TUESDAY, WEDNESDAY)}
    assert found == {TUESDAY: {users["worker_a"]}, WEDNESDAY: set(users.values())}


def test_conditions_are_filled_in_from_the_registry_when_booking_and_may_be_changed(
    system, world, login_as, elder
):
    person = system.scalars(select(Person).where(Person.uid == elder)).one()
    groups.add_group(system, person, "G21", actor=session_actor(system), now=clock.now())
    system.commit()
    client = login_as("clerk_a")
    (proposed,) = [
        c
        for c in post(client, "/proxy/conditions", item=CARE, person=elder).get_json()["conditions"]
        if c["why"]
    ]
    assert proposed["answer"] == "yes"
    assert proposed["why"].startswith("registry: ")
    looked = fresh(system).scalars(select(AccessLog).where(AccessLog.row_id == person.id)).all()
    assert looked
    # the page says the same without a script; what was typed stands before it
    name = f"condition-{proposed['n']}"
    again = post(client, "/proxy/book", _open="1", person=elder, item=CARE, **{name: "no"}).text
    assert proposed["why"] in again
    chosen = re.search(rf'<select id="{name}".*?</select>', again, re.S).group(0)
    assert 'value="no" selected' in chosen
    nobody = post(client, "/proxy/conditions", item=CARE).get_json()["conditions"]
    assert not any(c["why"] for c in nobody)


def test_a_case_that_is_given_leaves_the_round_and_needs_room_with_the_new_worker(
    system, world, kept, elder, neighbour, sessions, login_as
):
    """The round of the old worker goes on without it, who is told; the new one is not overbooked in silence."""
    old, new = (staff_of(system, world, name) for name in ("worker_a", "worker_a2"))
    row = Post(staff_id=new.id, role="grid_worker", position="grid_worker", employment="full_time")
    row.area_id, row.valid_from = world.areas["grid_a11"], date(2026, 1, 1)
    system.add(row)
    system.commit()
    session, asked = sessions["worker"], {"slot": TEN, "item_code": "WJ-02", "planned_on": WEDNESDAY}
    with unit_of_work(session):
        person = session.scalars(select(Person).where(Person.uid == elder)).one()
        rounds.plan_round(session, session_actor(session), clock.now(), people=[person], **asked)
    uid = fresh(system).scalars(select(ProxyCase.uid)).one()
    clerk = sessions["clerk"]
    wu = clerk.scalars(select(Person).where(Person.uid == neighbour)).one()
    make_case(clerk, wu, CARE, appointment=WEDNESDAY, slot=TEN, staff_id=new.id)
    client, url = login_as("clerk_a"), f"/cases/{uid}/give"
    full = fill(client, url, staff=new.uid, reason="is ill until May")
    assert (full.status_code, "is ill until May" in full.text) == (409, True)
    assert fill(client, url, staff=new.uid, reason="is ill until May", overbook="y").status_code == 303
    case = fresh(system).scalars(select(ProxyCase).where(ProxyCase.uid == uid)).one()
    assert (case.staff_id, case.visit_id, case.booked_for) == (new.id, None, WEDNESDAY)
    assert (case.steps[-1].data["off_round"], case.steps[-1].data["overbook"]) == ("2026-11-25", True)
    assert "off the round of 2026-11-25" in client.get(f"/cases/show/{uid}").text
    mine = select(Notice.message).where(Notice.user_id == world.accounts["worker_a"].user_id)
    assert any("It stood on your round of" in line for line in system.scalars(mine))
    assert "overbooked: 2 of 1" in client.get(f"/appointments/?week=2026-11-24&who={new.uid}").text
    assert "overbooked" not in client.get(f"/appointments/?week=2026-11-24&who={old.uid}").text
