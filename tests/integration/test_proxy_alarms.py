"""Reminders and escalation: who is told when, once, and of nothing that is settled."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, select, text

from app.areas.models import Post
from app.core import clock, jobs
from app.core.jobs import worker
from app.core.scope import unscoped
from app.core.session import unit_of_work
from app.inbox.models import Notice
from app.inbox.queries import words
from app.proxy.models import (
    CaseAlarm,
    CaseCallback,
    CaseClock,
    CaseStep,
    Custody,
    EscalationRule,
    ProxyCase,
    StepLimit,
)
from app.proxy.service import alarms
from app.proxy.service.tellers import Tellers
from tests.factories.proxy import step, walk
from tests.support.jobs import run_now
from tests.support.world import csrf_of

pytest_plugins = ("tests.support.proxy",)

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 10:00 local, an ordinary week
WEDNESDAY_EVENING = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)  # after the close


@pytest.fixture
def watch():
    with clock.frozen(MONDAY) as stopped:
        yield stopped


@pytest.fixture
def run(system, world):
    """Run the job; gives {account: lines} that are new. The clerk leads the station, where another one sits as well."""
    with unit_of_work(system) as session:
        query = select(Post).where(Post.staff_id == world.accounts["clerk_a"].staff_id)
        session.scalars(query).one().is_station_leader = True
    by_user = {fact.user_id: name for name, fact in world.accounts.items()}
    seen = set()

    def _run():
        run_now(system, alarms.KIND, clock.now())
        found = {}
        for line in system.scalars(select(Notice).where(Notice.link.is_not(None)).order_by(Notice.id)):
            if line.uid not in seen and (line.link.startswith("/cases/") or line.link == alarms.PAGE):
                seen.add(line.uid)
                if line.level != "info":
                    found.setdefault(by_user[line.user_id], []).append(words(line.message, line.params))
        return found

    return _run


def case_of(system, uid):
    system.rollback()
    return system.scalars(select(ProxyCase).where(ProxyCase.uid == uid)).one()


def at(watch, *parts):
    watch.at = clock.datetime(*parts, tzinfo=clock.LOCAL_ZONE).astimezone(UTC)


def test_first_the_owner_then_station_town_and_county_each_once(system, booked, watch, run):
    """Due at the close of Wednesday: warned before, the station at once, the town a working day later, the county three."""
    uid = booked()
    number, version = case_of(system, uid).number, case_of(system, uid).version
    assert run() == {}
    at(watch, 2026, 11, 25, 15)
    assert run() == {"worker_a": [f"Case {number}: “Booking to visit” is due on 2026-11-25."]}
    assert run() == {}
    late = f"Case {number}: “Booking to visit” was due on 2026-11-25 and is overdue."
    at(watch, 2026, 11, 25, 18)
    assert run() == {"worker_a": [late], "clerk_a": [late]}
    at(watch, 2026, 11, 26, 17)
    assert run() == {}
    at(watch, 2026, 11, 26, 18)
    assert run() == {"town_clerk_a": [late]}
    at(watch, 2026, 11, 29, 18)  # a Sunday
    assert run() == {}
    at(watch, 2026, 11, 30, 18)
    assert run() == {"operator": [late], "supervisor": [late]}
    assert run() == {}
    case = case_of(system, uid)
    told = [s.data["told"] for s in case.steps if s.action == "alarm"]
    assert told == ["station", "town", "county"]  # what the owner is told is no matter for the history
    assert case.version == version  # a page that is open stays good


def test_nothing_is_told_of_what_is_settled_paused_or_off(system, sessions, booked, watch, run):
    done, withdrawn, waiting = booked(), booked("WJ-01"), booked("WJ-03")
    for name in ("entrust", "collect", "submit"):
        step(sessions["worker"], done, name)
    step(sessions["worker"], withdrawn, "withdraw")
    for name in ("entrust", "collect", "request_supplement"):
        step(sessions["worker"], waiting, name)
    with unit_of_work(system) as session:
        rule = session.scalars(select(EscalationRule).where(EscalationRule.code == "steps_station")).one()
        rule.is_on = False
    at(watch, 2026, 11, 25, 18)
    assert set(run()) == {"health"}  # only the pre-check of the first is late; the station's rule is off
    assert {a.case_id for a in system.scalars(select(CaseAlarm))} == {case_of(system, done).id}


def test_a_due_time_that_moved_is_told_anew_and_the_old_one_is_settled(system, sessions, booked, watch, run):
    uid = booked()
    at(watch, 2026, 11, 25, 15)
    assert set(run()) == {"worker_a"}
    step(sessions["worker"], uid, "rebook", appointment="2026-12-01")
    assert run() == {}
    (alarm,) = system.scalars(select(CaseAlarm))
    assert alarm.settled_at == clock.now()
    at(watch, 2026, 12, 2, 15)
    assert set(run()) == {"worker_a"}


def test_a_notice_that_is_over_and_papers_whose_day_has_passed(system, sessions, booked, watch, run):
    """The department is told to go on; worker and station hear of the papers, and nobody closes the case for them."""
    notice, papers = booked("WJ-02"), booked("WJ-01")
    walk(sessions, notice, "process")
    step(sessions["department"], notice, "publish", from_until=["2026-11-23", "2026-11-30"])
    for name in ("entrust", "collect"):
        step(sessions["worker"], papers, name)
    step(sessions["worker"], papers, "request_supplement", due_on="2026-11-30")
    at(watch, 2026, 11, 30, 20)
    assert run() == {}
    at(watch, 2026, 12, 1, 0, 5)
    found = run()
    assert set(found) == {"health", "worker_a", "clerk_a"}
    assert "Please go on" in found["health"][0]
    assert "closed as lapsed" in found["clerk_a"][0]
    assert case_of(system, papers).state == "supplement"
    at(watch, 2026, 12, 2, 18)
    assert any("Please go on" in line for line in run()["clerk_a"])  # nobody did for two working days
    step(sessions["department"], notice, "resume")
    assert case_of(system, notice).suspended_until is None


def test_originals_and_call_backs_that_are_overdue(system, world, booked, watch, run):
    uid = booked()
    case = case_of(system, uid)
    worker = world.accounts["worker_a"].staff_id
    with unit_of_work(system) as session:
        session.add(
            Custody(
                case_id=case.id,
                name="x",
                holder_staff_id=worker,
                taken_at=MONDAY,
                due_back_on=date(2026, 11, 24),
            )
        )
        session.add(
            CaseCallback(
                case_id=case.id,
                opened_at=MONDAY,
                due_at=MONDAY + timedelta(hours=10),
                staff_id=world.accounts["clerk_a"].staff_id,
            )
        )
    at(watch, 2026, 11, 23, 19)
    assert {name: len(lines) for name, lines in run().items()} == {"clerk_a": 1}
    at(watch, 2026, 11, 24, 9)
    found = run()
    assert found["worker_a"] == [f"Case {case.number}: originals go home on 2026-11-24."]
    assert found["clerk_a"] == [f"Case {case.number}: the call-back was due on 2026-11-23 and is overdue."]
    at(watch, 2026, 11, 25, 0, 1)
    assert {name: len(lines) for name, lines in run().items()} == {
        "worker_a": 1,
        "clerk_a": 1,
        "town_clerk_a": 1,
    }


def test_where_nobody_sits_the_next_level_hears_it(system, world, sessions, booked, watch, run):
    booked()
    with unit_of_work(system) as session:
        for name in ("clerk_a", "clerk_a_reads_t", "worker_a"):
            query = select(Post).where(Post.staff_id == world.accounts[name].staff_id)
            for post in session.scalars(query):
                post.valid_to = date(2026, 11, 23)
        session.execute(
            text("DELETE FROM account WHERE staff_id = :id"), {"id": world.accounts["worker_a"].staff_id}
        )
    at(watch, 2026, 11, 25, 18)
    assert set(run()) == {"town_clerk_a"}


def test_many_at_once_are_one_line_without_a_number(system, booked, watch, run):
    for item in ("WJ-01", "WJ-02", "WJ-03", "WJ-04"):
        booked(item)
    at(watch, 2026, 11, 25, 18)
    assert run()["clerk_a"] == ["4 cases need a look: time is short or over."]


@pytest.mark.any_database
def test_no_line_names_anybody_or_the_service(system, booked, watch, run):
    uid = booked()
    at(watch, 2026, 11, 25, 18)
    run()
    case = case_of(system, uid)
    for line in system.scalars(select(Notice).where(Notice.level == "alarm")):
        told = words(line.message, line.params) + str(line.params)
        assert case.party_name not in told
        assert case.item_version.name not in told


@pytest.mark.any_database
def test_two_workers_at_once_tell_once(system, booked, watch, run, monkeypatch):
    """What one has read as untold another one tells before it gets the lock."""
    booked()
    at(watch, 2026, 11, 25, 18)
    plain, quicker = alarms.untold, []

    def slow(session, rule, found, now):
        fresh = plain(session, rule, found, now)
        if fresh and not quicker:
            quicker.append(rule.code)
            with unscoped("tests: the other worker") as other, unit_of_work(other):
                assert alarms.tell(other, Tellers(other, clock.today()), rule, fresh, now) == 1
        return fresh

    monkeypatch.setattr(alarms, "untold", slow)
    assert {name: len(lines) for name, lines in run().items()} == {"worker_a": 1, "clerk_a": 1}


def test_a_worker_that_dies_half_way_leaves_nothing_untold_and_nothing_twice(
    system, booked, watch, run, monkeypatch
):
    booked("WJ-01")
    booked("WJ-02")
    at(watch, 2026, 11, 25, 18)
    plain, calls = alarms._send, []

    def dies(session, tellers, rule, found, now):
        plain(session, tellers, rule, found, now)
        calls.append(rule.code)
        if len(calls) == 2:
            raise KeyboardInterrupt  # nothing of this step is committed

    monkeypatch.setattr(alarms, "_send", dies)
    with pytest.raises(KeyboardInterrupt):
        run()
    monkeypatch.setattr(alarms, "_send", plain)
    watch.move(minutes=15)
    while worker.run_one("tester"):
        pass
    found = run()
    assert {name: len(lines) for name, lines in found.items()} == {"worker_a": 2, "clerk_a": 2}


def test_it_runs_each_quarter_of_an_hour_once(app, system, watch):
    for _minute in range(30):
        worker.enqueue_daily(clock.now())
        watch.move(minutes=1)
    found = system.scalars(select(jobs.Job.unique_key).where(jobs.Job.kind == alarms.KIND))
    assert sorted(found) == [f"{alarms.KIND}:2026-11-23T10:{minute}" for minute in ("00", "15")]


def test_chunks_go_on_where_the_last_one_ended(system, booked, watch, run, monkeypatch):
    from app.proxy.service import watching

    monkeypatch.setattr(watching, "CHUNK", 1)
    uids = [booked(item) for item in ("WJ-01", "WJ-02", "WJ-03")]
    at(watch, 2026, 11, 25, 18)
    run()
    told = system.execute(select(CaseAlarm.case_id, CaseAlarm.rule)).all()
    assert len(told) == len(set(told)) == 2 * len(uids)


def test_only_open_clocks_are_read(system, booked, watch):
    """The index on what has not stopped, whatever lies in the archive."""
    booked()
    plans = []

    @event.listens_for(system.get_bind(), "before_cursor_execute")
    def note(_connection, _cursor, statement, parameters, *_more):
        if "case_clock" in statement and statement.startswith("SELECT"):
            plans.append((statement, parameters))

    for rule in alarms.rules_in_force(system):
        list(alarms.due_ones(system, rule, clock.now()))
    event.remove(system.get_bind(), "before_cursor_execute", note)
    if system.get_bind().dialect.name == "sqlite":
        for statement, parameters in plans:
            lines = system.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            shown = " ".join(row[-1] for row in lines)
            assert "ix_case_clock_open_due" in shown, shown
    assert len(plans) == 10


def test_the_rows_of_the_history_are_kept(system, booked, watch, run):
    booked()
    at(watch, 2026, 11, 25, 18)
    run()
    (entry,) = system.scalars(select(CaseStep).where(CaseStep.action == "alarm"))
    assert entry.data == {"told": "station", "about": "collect", "due": "2026-11-25"}
    assert system.scalars(select(CaseClock)).one().stopped_at is None


# --- pages --------------------------------------------------------------------------------------------------------


def text_of(client, url):
    page = client.get(url)
    assert page.status_code == 200, url
    return page.get_data(as_text=True)


def test_each_level_sees_what_was_told_to_it_and_no_more(system, booked, login_as, watch, run):
    """The county's page stays empty until the third day; another town sees nothing; what is settled goes."""
    number = case_of(system, booked()).number
    at(watch, 2026, 11, 25, 18)
    run()
    assert number in text_of(login_as("clerk_a"), "/reminders/")
    assert number in text_of(login_as("worker_a"), "/reminders/")
    assert number not in text_of(login_as("operator"), "/reminders/")
    assert number in text_of(login_as("operator"), "/reminders/?tab=all")
    assert number not in text_of(login_as("clerk_t"), "/reminders/?tab=all")
    assert login_as("clerk_a").get("/reminders/?tab=other").status_code == 400
    at(watch, 2026, 11, 30, 18)
    run()
    page = text_of(login_as("supervisor"), "/reminders/")
    assert number in page
    assert "3 working days over" in page
    assert page.count(number) == 1


def test_what_is_settled_leaves_the_page_before_the_job_comes_again(
    system, sessions, booked, login_as, watch, run
):
    uid = booked()
    number = case_of(system, uid).number
    at(watch, 2026, 11, 25, 18)
    run()
    step(sessions["worker"], uid, "withdraw")
    assert number not in text_of(login_as("clerk_a"), "/reminders/")


@pytest.mark.any_database
def test_the_page_of_a_case_says_what_is_over_and_who_was_told(
    system, sessions, booked, login_as, watch, run
):
    uid = booked()
    walk(sessions, uid, "process")
    step(sessions["department"], uid, "publish", from_until=["2026-11-23", "2026-11-30"])
    assert "The public notice ended" not in text_of(login_as("health"), f"/cases/show/{uid}")
    at(watch, 2026, 12, 2, 18)
    run()
    page = text_of(login_as("health"), f"/cases/show/{uid}")
    assert "The public notice ended on 2026-11-30. Please go on." in page
    assert f"/cases/{uid}/act/resume" in page
    assert "the station 2026-12-02" in page
    assert "the station: Public notice, assessment, suspension, due on 2026-11-30" in page


@pytest.mark.any_database
def test_the_lapse_is_proposed_to_who_may_take_it(system, sessions, booked, login_as, watch):
    uid = booked()
    for name in ("entrust", "collect"):
        step(sessions["worker"], uid, name)
    step(sessions["worker"], uid, "request_supplement", due_on="2026-11-30")
    at(watch, 2026, 12, 1, 9)
    station = text_of(login_as("clerk_a"), f"/cases/show/{uid}")
    assert "Missing papers had time until 2026-11-30" in station
    assert f"/cases/{uid}/act/lapse" in station
    assert f"/cases/{uid}/act/lapse" not in text_of(login_as("worker_a"), f"/cases/show/{uid}")


@pytest.mark.any_database
def test_what_is_left_stands_beside_the_light(booked, login_as, watch):
    uid = booked()
    at(watch, 2026, 11, 23, 14, 30)
    assert "2 working days 3 h left" in text_of(login_as("clerk_a"), f"/cases/show/{uid}")
    assert "2 working days 3 h left" in text_of(login_as("clerk_a"), "/cases/list/")
    at(watch, 2026, 11, 27, 8)
    assert "1 working day over" in text_of(login_as("clerk_a"), "/proxy/?tab=all")


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("url", "model", "typed", "sentence"),
    [
        ("step-limits", StepLimit, {"amount": "91", "unit": "work_day"}, "lies between 0 and 90"),
        ("step-limits", StepLimit, {"amount": "0", "unit": "work_hour"}, "lies between 1 and 240"),
        (
            "escalation-rules",
            EscalationRule,
            {"clock": "steps", "moment": "warn", "after": "2", "unit": "work_day", "tells": "town"},
            "A warning is given at once",
        ),
    ],
)
def test_bad_limits_and_rules_are_refused_with_a_sentence(system, login_as, url, model, typed, sentence):
    row = system.scalars(select(model).order_by(model.id)).first()
    client = login_as("admin_system")
    form = client.get(f"/{url}/edit/{row.uid}")
    data = {"csrf_token": csrf_of(form), "_version": str(row.version)} | typed
    answer = client.post(f"/{url}/edit/{row.uid}", data=data)
    assert sentence in answer.get_data(as_text=True)
    system.rollback()
    assert system.scalars(select(model).order_by(model.id)).first().version == row.version


@pytest.mark.any_database
def test_the_administrator_changes_a_limit(system, login_as):
    row = system.scalars(select(StepLimit).where(StepLimit.clock == "collect")).one()
    client = login_as("admin_system")
    form = client.get(f"/step-limits/edit/{row.uid}")
    data = {"csrf_token": csrf_of(form), "_version": str(row.version), "amount": "3", "unit": "work_day"}
    assert client.post(f"/step-limits/edit/{row.uid}", data=data).status_code in {302, 303}
    system.rollback()
    assert system.scalars(select(StepLimit.amount).where(StepLimit.clock == "collect")).one() == 3
    assert login_as("clerk_a").get(f"/step-limits/edit/{row.uid}").status_code in {302, 403, 404}
