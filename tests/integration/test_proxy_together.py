"""Two people at one case: the second is told, nothing is done twice and nothing is lost."""

import threading

import pytest
from sqlalchemy import func, select

from app.areas.actors import build_actor
from app.core import clock
from app.core.errors import Conflict, StaleVersion
from app.core.numbering import SerialCounter
from app.core.scope import acting_as
from app.core.session import unit_of_work
from app.proxy.choices import Action
from app.proxy.models import CaseStep, ProxyCase, ServiceItemVersion
from app.proxy.service import act, open_case
from tests.factories.proxy import given_for, step, walk

pytest_plugins = ("tests.support.proxy",)


def press(session, uid, action, version, **more):
    with unit_of_work(session):
        case = open_case(session, uid, version)
        act(session, session.info["actor"], clock.now(), case, action, given_for(case, action, **more))
        return case


def test_the_second_press_of_a_button_is_told(system, sessions, booked):
    uid = booked()
    version = system.scalars(select(ProxyCase.version)).one()
    press(sessions["worker"], uid, Action.entrust, version)
    for who in ("worker", "clerk"):
        with pytest.raises(StaleVersion):
            press(sessions[who], uid, Action.entrust, version)
    system.rollback()
    assert system.scalar(select(func.count(CaseStep.id))) == 2


def test_without_a_version_the_machine_refuses_the_second(sessions, booked):
    uid = booked()
    step(sessions["worker"], uid, "entrust")
    with pytest.raises(Conflict):
        step(sessions["clerk"], uid, "entrust")


def test_a_step_that_moves_only_papers_raises_the_version_too(system, sessions, booked):
    uid = booked()
    walk(sessions, uid, "receive")
    before = system.scalars(select(ProxyCase.version)).one()
    from app.proxy.service import mark

    department = sessions["department"]
    with unit_of_work(department):
        mark(department, department.info["actor"], clock.now(), open_case(department, uid), {1: ("ok", None)})
    system.rollback()
    assert system.scalars(select(ProxyCase.version)).one() == before + 1
    with pytest.raises(StaleVersion):
        press(department, uid, Action.accept, before)


@pytest.mark.parametrize("with_version", [True, False])
def test_two_at_the_same_time_one_goes_through(app, world, system, booked, with_version):
    """Worker and clerk take different steps from one page at once: one row, and a clear refusal for the other."""
    uid = booked()
    version = system.scalars(select(ProxyCase.version)).one() if with_version else None
    system.rollback()
    ready, results = threading.Barrier(2), []

    def run(username, action):
        with app.app_context():
            actor, _seats = build_actor(world.accounts[username].user_id, clock.today())
            with acting_as(actor) as session:
                ready.wait(10)
                try:
                    press(session, uid, action, version)
                    results.append("done")
                except (StaleVersion, Conflict) as refused:
                    results.append(type(refused).__name__)

    pair = [("worker_a", Action.entrust), ("clerk_a", Action.withdraw if with_version else Action.entrust)]
    threads = [threading.Thread(target=run, args=one) for one in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(results) in (["StaleVersion", "done"], ["Conflict", "done"])
    system.rollback()
    assert system.scalar(select(func.count(CaseStep.id))) == 2
    case = system.scalars(select(ProxyCase)).one()
    assert case.state == system.scalars(select(CaseStep).order_by(CaseStep.id.desc())).first().to_state


def test_many_bookings_at_once_have_numbers_without_a_gap(app, world, system, booked, elder):
    from app.proxy.service import book
    from app.registry.models import Person

    codes = system.scalars(select(ServiceItemVersion)).all()[:8]
    items, errors = [v.item.code for v in codes], []
    system.rollback()

    def run(code):
        with app.app_context():
            actor, _seats = build_actor(world.accounts["worker_a"].user_id, clock.today())
            try:
                with acting_as(actor) as session, unit_of_work(session):
                    person = session.scalars(select(Person).where(Person.uid == elder)).one()
                    book(
                        session, actor, clock.now(), person=person, item_code=code, appointment=clock.today()
                    )
            except Exception as wrong:
                errors.append(wrong)

    threads = [threading.Thread(target=run, args=(code,)) for code in items]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    numbers = sorted(n[-5:] for n in system.scalars(select(ProxyCase.number)))
    assert numbers == [f"{n:05d}" for n in range(1, 9)]
    assert system.scalars(select(SerialCounter.value).where(SerialCounter.kind == "DB")).one() == 8
