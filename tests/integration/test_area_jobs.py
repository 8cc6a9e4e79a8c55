"""The jobs of the day through the worker itself: plans take effect or say why not; deadlines follow the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.areas.models import AreaPlan, CalendarDay
from app.areas.service import plans
from app.core import clock, jobs
from app.core.scope import session_actor
from app.core.session import unit_of_work
from app.inbox import queries as inbox
from app.inbox.models import Notice
from app.proxy.models import ProxyCase
from app.site.worker import run
from tests.factories.areas import make_area
from tests.factories.proxy import walk

pytest_plugins = ("tests.support.proxy",)
CODES = ("430299001001003", "430299001001004")
MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 10:00 local, an ordinary week


@pytest.fixture
def work_through(app, system, tmp_path, monkeypatch):
    """``work_through(moment)`` lets a worker put the day's jobs into the queue and do them; gives them by kind."""
    monkeypatch.setitem(app.config, "GEBAN_HOME", tmp_path)
    for kind in set(jobs.registry.daily_jobs()) - {"areas.plans", "areas.clocks"}:
        monkeypatch.delitem(jobs.registry._daily, kind)

    def _work(moment: datetime) -> dict[str, jobs.Job]:
        with clock.frozen(moment):
            run(app, once=True)
        system.rollback()
        system.expire_all()
        return {job.kind: job for job in system.scalars(select(jobs.Job).order_by(jobs.Job.id))}

    return _work


def noon(day: date) -> datetime:
    return clock.day_bounds(day)[0] + timedelta(hours=12)


@pytest.fixture
def scheduled(acting, world):
    """A split of grid A11, planned and scheduled for tomorrow by the operator."""
    session = acting("operator")
    actor, now = session_actor(session), clock.now()
    with unit_of_work(session):
        plan = plans.draft_plan(
            session,
            kind="split",
            title="Divide A11",
            effective_on=clock.today() + timedelta(days=1),
            definition={
                "sources": [world.areas["grid_a11"]],
                "pieces": [
                    {"key": "p1", "code": CODES[0], "name": "Grid A13", "rest": True},
                    {"key": "p2", "code": CODES[1], "name": "Grid A14", "grounds": []},
                ],
            },
            actor=actor,
            now=now,
        )
        plans.schedule(session, plan, actor, now)
    return plan.uid


def lines(system):
    return system.scalars(select(Notice).where(Notice.kind == "plan_refused").order_by(Notice.id)).all()


@pytest.mark.demand("S0-15")
def test_a_plan_takes_effect_on_its_day_by_the_worker(system, scheduled, work_through):
    done = work_through(noon(clock.today()))
    assert done["areas.plans"].result == {"applied": [], "refused": {}}
    done = work_through(noon(clock.today() + timedelta(days=1)))
    assert (done["areas.plans"].state, done["areas.plans"].error) == ("done", None)
    assert done["areas.plans"].result == {"applied": [scheduled], "refused": {}}
    assert system.scalar(select(AreaPlan.state).where(AreaPlan.uid == scheduled)) == "applied"
    assert lines(system) == []


@pytest.mark.demand("S0-15")
def test_a_plan_that_could_not_take_effect_is_told_to_those_who_must_act(
    app, system, world, scheduled, work_through
):
    make_area(system, world.areas["com_a1"], "grid", CODES[0])
    system.commit()
    day = clock.today() + timedelta(days=1)
    done = work_through(noon(day))
    assert done["areas.plans"].state == "done"
    assert list(done["areas.plans"].result["refused"]) == [scheduled]
    assert system.scalar(select(AreaPlan.state).where(AreaPlan.uid == scheduled)) == "scheduled"
    told = lines(system)
    users = {line.user_id for line in told}
    by_name = {name: fact.user_id for name, fact in world.accounts.items()}
    assert {by_name["operator"], by_name["admin_system"]} <= users
    assert not users & {by_name[name] for name in by_name if name not in {"operator", "admin_system"}}
    assert {line.level for line in told} == {"alarm"}
    assert {line.link for line in told} == {f"/plans/show/{scheduled}"}
    with app.test_request_context():
        words = inbox.words(told[0].message, told[0].params)
    assert words.startswith(f"The plan Divide A11 should have taken effect on {day} and could not: ")
    assert "%(" not in words
    # a second worker on the same day says nothing twice, the next day says it again
    work_through(noon(day) + timedelta(hours=1))
    assert len(lines(system)) == len(told)
    work_through(noon(day + timedelta(days=1)))
    assert len(lines(system)) == 2 * len(told)


def test_a_blocked_plan_does_not_hold_up_the_next(system, world, acting, scheduled, work_through):
    make_area(system, world.areas["com_a1"], "grid", CODES[0])
    system.commit()
    session = acting("operator")
    actor, now = session_actor(session), clock.now()
    pieces = [
        {"key": "p1", "code": "430299001002003", "name": "Grid A23", "rest": True},
        {"key": "p2", "code": "430299001002004", "name": "Grid A24", "grounds": []},
    ]
    with unit_of_work(session):
        other = plans.draft_plan(
            session,
            kind="split",
            title="Divide A21",
            effective_on=clock.today() + timedelta(days=1),
            definition={"sources": [world.areas["grid_a21"]], "pieces": pieces},
            actor=actor,
            now=now,
        )
        plans.schedule(session, other, actor, now)
        uid = other.uid
    done = work_through(noon(clock.today() + timedelta(days=1)))
    assert done["areas.plans"].result["applied"] == [uid]
    assert list(done["areas.plans"].result["refused"]) == [scheduled]


def test_deadlines_are_counted_anew_by_the_worker(system, world, sessions, booked, work_through):
    with clock.frozen(MONDAY):
        uid = booked()
        walk(sessions, uid, "accept")
    query = select(ProxyCase.promise_due_at).where(ProxyCase.uid == uid)
    system.rollback()
    before = system.scalar(query)
    # a day off that reached the calendar without anybody counting anew, as with an update of the package
    with unit_of_work(system):
        tuesday = clock.to_local(MONDAY).date() + timedelta(days=1)
        system.add(CalendarDay(area_id=world.areas["com_a1"], day=tuesday, is_workday=False, name="Day off"))
    done = work_through(MONDAY + timedelta(hours=1))
    assert (done["areas.clocks"].state, done["areas.clocks"].error) == ("done", None)
    assert done["areas.clocks"].result == {"moved": 2}
    assert system.scalar(query) == before + timedelta(days=1)
