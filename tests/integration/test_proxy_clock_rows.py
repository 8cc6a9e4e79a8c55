"""Clocks on the database: rows that pause, resume, stop and begin anew; deadlines counted anew by the calendar."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.areas.models import CalendarDay
from app.areas.service import calendars
from app.core import clock
from app.core.errors import Invalid
from app.core.scope import session_actor
from app.core.session import unit_of_work
from app.proxy.choices import Action
from app.proxy.models import CaseClock, CaseStep, ProxyCase, ServiceItem, StepLimit
from app.proxy.service import act, catalogue, load_limits, open_case
from tests.factories.proxy import step, walk

pytest_plugins = ("tests.support.proxy",)

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 10:00 local, an ordinary week


@pytest.fixture
def watch():
    with clock.frozen(MONDAY) as stopped:
        yield stopped


def clocks(system, uid):
    system.rollback()
    found = select(CaseClock).join(ProxyCase).where(ProxyCase.uid == uid).order_by(CaseClock.id)
    return list(system.scalars(found))


def case_of(system, uid):
    system.rollback()
    return system.scalars(select(ProxyCase).where(ProxyCase.uid == uid)).one()


def test_each_step_stops_one_clock_and_starts_the_next(system, sessions, booked, watch):
    uid = booked()
    for who, action in (
        ("worker", "entrust"), ("worker", "collect"), ("worker", "submit"), ("department", "receive"),
        ("department", "accept"), ("department", "process"), ("department", "approve"), ("worker", "fetch"),
        ("worker", "set_out"), ("worker", "deliver"),
    ):  # fmt: skip
        watch.move(minutes=10)
        step(sessions[who], uid, action)
    found = clocks(system, uid)
    assert [c.kind for c in found] == ["collect", "submit", "precheck", "statutory", "promise", "deliver"]
    assert all(c.stopped_at is not None and c.stopped_at > c.started_at for c in found)
    assert [(c.amount, c.unit) for c in found if c.kind == "promise"] == [(3, "work_day")]


@pytest.mark.any_database
@pytest.mark.parametrize("action", ["publish", "assess", "suspend", "request_supplement"])
def test_a_pause_is_a_row_with_its_reason_and_moves_the_deadline(system, sessions, booked, watch, action):
    uid = booked()
    walk(sessions, uid, "process")
    before = case_of(system, uid).promise_due_at
    watch.move(hours=1)
    step(sessions["department"], uid, action)
    case = case_of(system, uid)
    assert case.promise_due_at is None  # a clock that stands has no light
    watch.move(days=2)
    if action == "request_supplement":
        step(sessions["worker"], uid, "supply")
    else:
        step(sessions["department"], uid, "resume")
    case = case_of(system, uid)
    assert case.promise_due_at == before + timedelta(days=1)  # Tuesday stood still as a whole
    (promise,) = [c for c in clocks(system, uid) if c.kind == "promise"]
    assert [p.to_at - p.from_at for p in promise.pauses] == [timedelta(days=2)]
    assert promise.pauses[0].reason in {"publicity", "assessment", "suspension", "supplement"}
    assert promise.started_at == MONDAY


@pytest.mark.any_database
def test_a_second_pause_is_a_second_row(system, sessions, booked, watch):
    uid = booked()
    walk(sessions, uid, "process")
    for _n in range(2):
        watch.move(hours=1)
        step(sessions["department"], uid, "suspend")
        watch.move(hours=1)
        step(sessions["department"], uid, "resume")
    (promise,) = [c for c in clocks(system, uid) if c.kind == "promise"]
    assert len(promise.pauses) == 2
    assert all(p.to_at is not None for p in promise.pauses)


@pytest.mark.any_database
@pytest.mark.parametrize("minutes", [0, 30])
def test_a_step_entered_again_is_a_new_row_and_the_old_one_stays_stopped(
    system, sessions, booked, watch, minutes
):
    """Even within the same second: a stopped clock is never opened again."""
    uid = booked()
    walk(sessions, uid, "submit")
    watch.move(minutes=minutes)
    step(sessions["worker"], uid, "take_back")
    watch.move(minutes=minutes)
    step(sessions["worker"], uid, "submit")
    prechecks = [c for c in clocks(system, uid) if c.kind == "precheck"]
    assert [c.stopped_at is None for c in prechecks] == [False, True]
    assert case_of(system, uid).step_due_at == prechecks[1].due_at


@pytest.mark.any_database
def test_a_promise_never_starts_twice(system, sessions, booked, watch):
    uid = booked()
    walk(sessions, uid, "accept")
    first = [
        (c.kind, c.started_at, c.due_at) for c in clocks(system, uid) if c.kind in {"statutory", "promise"}
    ]
    watch.move(hours=3)
    step(sessions["department"], uid, "return_previous")
    step(sessions["department"], uid, "accept")
    again = [
        (c.kind, c.started_at, c.due_at) for c in clocks(system, uid) if c.kind in {"statutory", "promise"}
    ]
    assert again == first


@pytest.mark.any_database
def test_the_tighter_promise_stands_on_the_case(system, sessions, booked, watch):
    uid = booked("WJ-01")
    walk(sessions, uid, "accept")
    due = {c.kind: c.due_at for c in clocks(system, uid) if c.stopped_at is None}
    assert case_of(system, uid).promise_due_at == min(due["statutory"], due["promise"])


@pytest.mark.any_database
def test_an_end_stops_every_clock(system, sessions, booked, watch):
    uid = booked()
    walk(sessions, uid, "process")
    step(sessions["department"], uid, "suspend")
    watch.move(hours=2)
    step(sessions["worker"], uid, "withdraw")
    assert all(c.stopped_at for c in clocks(system, uid))
    assert all(p.to_at for c in clocks(system, uid) for p in c.pauses)
    case = case_of(system, uid)
    assert (case.step_due_at, case.promise_due_at) == (None, None)


# --- the calendar ------------------------------------------------------------------------------------------------


def day_off(acting, area_id, day):
    session = acting("operator")
    with unit_of_work(session):
        return calendars.save_day(
            session,
            CalendarDay(area_id=area_id, day=day, is_workday=False, name="Founding day"),
            session_actor(session),
            clock.now(),
        )


def test_a_new_day_off_moves_open_deadlines_and_says_so(system, acting, world, sessions, booked, watch):
    uid, other = booked(), booked("WJ-01")
    walk(sessions, uid, "accept")
    walk(sessions, other, "accept")
    step(sessions["worker"], other, "withdraw")
    before = case_of(system, uid).promise_due_at
    effect = day_off(acting, world.areas["com_a1"], clock.to_local(MONDAY).date() + timedelta(days=1))
    assert effect.moved == 2  # statutory limit and promise of the open case
    case = case_of(system, uid)
    assert case.promise_due_at == before + timedelta(days=1)
    entry = system.scalars(
        select(CaseStep).where(CaseStep.case_id == case.id).order_by(CaseStep.id.desc())
    ).first()
    assert (entry.action, entry.from_state, entry.to_state) == ("recount", "accepted", "accepted")
    assert set(entry.data["clocks"]) == {"statutory", "promise"}
    assert entry.data["clocks"]["promise"] == [before.isoformat(), case.promise_due_at.isoformat()]


def test_a_day_elsewhere_or_long_past_moves_nothing(system, acting, world, sessions, booked, watch):
    uid = booked()
    walk(sessions, uid, "accept")
    due = case_of(system, uid).promise_due_at
    today = clock.to_local(MONDAY).date()
    assert day_off(acting, world.areas["town_t"], today + timedelta(days=1)).moved == 0
    assert day_off(acting, world.areas["com_a1"], today - timedelta(days=40)).moved == 0
    assert case_of(system, uid).promise_due_at == due
    assert not [s for s in case_of(system, uid).steps if s.action == "recount"]


@pytest.mark.any_database
def test_a_limit_that_crosses_the_published_years_is_provisional(system, sessions, booked):
    from app.core.workdays import last_published_year

    eve = datetime(last_published_year(), 12, 30, 2, 0, tzinfo=UTC)
    with clock.frozen(eve):
        uid = booked()
        walk(sessions, uid, "accept")
    case = case_of(system, uid)
    assert case.promise_provisional is True
    (promise,) = [c for c in clocks(system, uid) if c.kind == "promise"]
    assert promise.provisional is True
    assert promise.calendar_version


# --- the agreed day, and limits as data ---------------------------------------------------------------------------


def collect_of(system, uid):
    return [c for c in clocks(system, uid) if c.kind == "collect"][-1]


@pytest.mark.demand("S3-49")
def test_a_visit_is_due_two_working_days_after_the_agreed_day_and_moves_with_it(
    system, sessions, booked, watch
):
    """The clock is begun once: its waits are rows, and who agrees on another day is told in the history."""
    uid = booked(appointment=date(2026, 12, 4))  # a Friday
    assert clock.to_local(case_of(system, uid).step_due_at).date() == date(2026, 12, 8)
    watch.move(days=2)
    step(sessions["worker"], uid, "rebook", appointment="2026-12-08")
    clerk = collect_of(system, uid)
    assert clock.to_local(clerk.due_at).date() == date(2026, 12, 10)
    assert clerk.started_at == MONDAY
    assert [p.reason for p in clerk.pauses] == ["appointment", "appointment"]
    assert clerk.pauses[0].to_at == clerk.pauses[1].from_at == MONDAY + timedelta(days=2)
    step(sessions["worker"], uid, "withdraw")
    watch.move(hours=1)
    with unit_of_work(sessions["clerk"]) as session:
        case = open_case(session, uid)
        act(session, session_actor(session), clock.now(), case, Action.reopen, {"reason": "a slip"})
    assert collect_of(system, uid).due_at == clerk.due_at
    assert len([c for c in clocks(system, uid) if c.kind == "collect"]) == 1
    step(sessions["worker"], uid, "entrust")
    step(sessions["worker"], uid, "collect")  # earlier than agreed
    done = collect_of(system, uid)
    assert done.stopped_at == max(p.to_at for p in done.pauses) < done.due_at


@pytest.mark.any_database
def test_a_new_day_does_not_put_off_a_visit_that_is_late(system, sessions, booked, watch):
    uid = booked()
    due = collect_of(system, uid).due_at
    watch.move(days=3)
    step(sessions["worker"], uid, "rebook", appointment="2026-12-08")
    assert collect_of(system, uid).due_at == due < clock.now()


@pytest.mark.any_database
def test_a_changed_limit_holds_for_clocks_that_begin_afterwards(system, sessions, booked, watch):
    running, other = booked(), booked("WJ-01")
    due = collect_of(system, running).due_at
    with unit_of_work(system) as session:
        row = session.scalars(select(StepLimit).where(StepLimit.clock == "collect")).one()
        row.amount = 4
        session.scalars(select(StepLimit).where(StepLimit.clock == "submit")).one().amount = 3
    step(sessions["worker"], running, "rebook", appointment="2026-11-23")
    assert (collect_of(system, running).due_at, collect_of(system, running).amount) == (due, 2)
    step(sessions["worker"], other, "entrust")
    step(sessions["worker"], other, "collect")
    (submit,) = [c for c in clocks(system, other) if c.kind == "submit"]
    assert (submit.amount, clock.to_local(submit.due_at).date()) == (3, date(2026, 11, 26))
    late = booked("WJ-03")
    assert collect_of(system, late).amount == 4


@pytest.mark.any_database
def test_an_item_sets_limits_of_its_own_and_old_cases_keep_their_version(system, sessions, booked, watch):
    """A new version with a limit in hours: the case booked before goes on by its own version."""
    old = booked()
    with unit_of_work(system) as session:
        item = session.scalars(select(ServiceItem).where(ServiceItem.code == "WJ-02")).one()
        draft = catalogue.new_draft(session, item, clock.now())
        draft.limits = {"submit": [4, "work_hour"]}
        catalogue.publish(session, draft, clock.today(), clock.now())
    new = booked(again=True)
    due = {}
    for uid in (old, new):
        step(sessions["worker"], uid, "entrust")
        step(sessions["worker"], uid, "collect")
        (submit,) = [c for c in clocks(system, uid) if c.kind == "submit"]
        due[uid] = clock.to_local(submit.due_at)
    assert due[old].isoformat()[:16] == "2026-11-24T17:30"
    assert due[new].isoformat()[:16] == "2026-11-23T15:30"


@pytest.mark.any_database
@pytest.mark.parametrize("span", [None, ["2026-12-08"], ["2026-12-08", None], ["2026-12-08", "2026-12-01"]])
def test_a_notice_needs_a_first_and_a_last_day_in_order(sessions, booked, watch, span):
    uid = booked()
    walk(sessions, uid, "process")
    with pytest.raises(Invalid):
        step(sessions["department"], uid, "publish", from_until=span)


def test_a_site_gets_the_limits_that_are_missing_and_keeps_its_own(system):
    with unit_of_work(system) as session:
        session.delete(session.scalars(select(StepLimit).where(StepLimit.clock == "deliver")).one())
        session.scalars(select(StepLimit).where(StepLimit.clock == "collect")).one().amount = 9
        session.flush()
        assert load_limits(session) == 1
        assert load_limits(session) == 0
        kept = dict(session.execute(select(StepLimit.clock, StepLimit.amount)).all())
    assert (kept["collect"], kept["deliver"], len(kept)) == (9, 2, 6)
