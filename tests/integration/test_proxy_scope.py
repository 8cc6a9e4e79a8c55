"""Who sees and moves which case: towns apart, departments, people who move, grids divided under open cases."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update

from app.areas.models import Area
from app.areas.service import plans
from app.core import clock, counters
from app.core.errors import NotAllowed, NotFound
from app.core.scope import session_actor
from app.core.session import unit_of_work
from app.proxy.choices import Action
from app.proxy.models import CaseClock, CaseDelivery, CaseMaterial, CaseStep, ClockPause, Custody, ProxyCase
from app.proxy.service import act, open_case
from app.registry.models import Dwelling, Person
from app.worklog.models import ServiceRecord, Visit
from tests.factories.proxy import given_for, make_case, step, walk
from tests.factories.registry import ResidentFactory, make_home, make_household
from tests.support.jobs import PLANS, run_now

pytest_plugins = ("tests.support.proxy",)
MODELS = (ProxyCase, CaseStep, CaseClock, ClockPause, CaseMaterial, Custody, CaseDelivery, ServiceRecord)


def count(session):
    session.rollback()
    return {m.__tablename__: session.scalar(select(func.count()).select_from(m)) for m in MODELS}


@pytest.mark.parametrize(
    "outsider", ["worker_t", "clerk_t", "town_clerk_t", "worker_a2", "nobody", "auditor"]
)
def test_an_outsider_sees_no_row_of_a_case(system, acting, sessions, booked, outsider):
    uid = booked()
    walk(sessions, uid, "deliver")
    assert all(
        count(system)[m.__tablename__] for m in (ProxyCase, CaseStep, CaseClock, CaseMaterial, Custody)
    )
    session = acting({"auditor": "admin_audit"}.get(outsider, outsider))
    if outsider != "auditor":  # the auditor's post covers the site; the views are closed to the role
        assert set(count(session).values()) == {0}
        with pytest.raises(NotFound):
            open_case(session, uid)


@pytest.mark.parametrize("outsider", ["worker_t", "town_clerk_t"])
def test_an_outsider_writes_nothing(system, acting, sessions, booked, outsider):
    uid = booked()
    session = acting(outsider)
    case = system.scalars(select(ProxyCase).where(ProxyCase.uid == uid)).one()
    session.add(CaseStep(case_id=case.id, action="approve", to_state="approved"))
    with pytest.raises(NotAllowed):
        session.flush()
    session.rollback()
    with unit_of_work(session):
        session.execute(update(ProxyCase).where(ProxyCase.uid == uid).values(state="archived"))
        session.execute(delete(CaseMaterial))
    system.rollback()
    assert system.scalars(select(ProxyCase.state)).all() == ["booked"]
    assert system.scalar(select(func.count()).select_from(CaseMaterial)) == 3


@pytest.mark.demand("S3-50", "S3-53")
def test_a_department_sees_a_case_when_it_is_handed_in(sessions, booked):
    uid = booked()
    walk(sessions, uid, "collect")
    department = sessions["department"]
    assert set(count(department).values()) == {0}
    step(sessions["worker"], uid, "submit")
    seen = count(department)
    assert (seen["proxy_case"], seen["case_material"], seen["custody"]) == (1, 3, 1)
    assert seen["service_record"] == 0
    assert department.scalars(select(Person)).all() == []
    # taken back, it stays readable: the department has begun to answer for it
    step(sessions["worker"], uid, "take_back")
    assert count(department)["proxy_case"] == 1
    with pytest.raises(NotAllowed):
        step(department, uid, "submit")


def test_another_department_sees_nothing(system, world, acting, sessions, booked):
    from app.areas.models import OrgUnit

    uid = booked()
    system.get_one(OrgUnit, world.units["health"]).department_code = "MZ"
    other = OrgUnit(
        path="9999",
        kind="department",
        code="x",
        name="x",
        area_id=world.areas["county"],
        department_code="WJ",
    )
    system.add(other)
    system.flush()
    system.scalars(select(ProxyCase)).one().department_id = other.id
    system.commit()
    walk(sessions, uid, "submit")
    assert count(sessions["department"])["proxy_case"] == 0


def test_a_department_changes_a_case_by_steps_only(system, sessions, booked, world):
    """What it may write hangs on the case it was handed; it cannot pull the case into an area."""
    uid = booked()
    walk(sessions, uid, "submit")
    department = sessions["department"]
    open_case(department, uid).area_id = world.areas["grid_t11"]
    with pytest.raises(NotAllowed):
        department.flush()
    department.rollback()
    system.rollback()
    assert system.scalars(select(ProxyCase.area_id)).one() == world.areas["grid_a11"]


# --- people move -----------------------------------------------------------------------------------------------------


@pytest.fixture
def moved_away(system, world, elder):
    """Call it and the elder lives in town T: no longer visible in A."""

    def _move():
        from app.registry.service.residences import open_residence

        person = system.scalars(select(Person).where(Person.uid == elder)).one()
        home = make_home(system, world.areas["grid_t11"], "7")
        open_residence(system, person, home, actor=session_actor(system), now=clock.now())
        system.commit()

    return _move


def test_somebody_who_moves_from_a_to_t_never_empties_the_case(
    system, acting, sessions, world, booked, elder, moved_away
):
    uid = booked()
    walk(sessions, uid, "collect")
    moved_away()
    worker, newcomer = sessions["worker"], acting("worker_t")
    worker.rollback()
    assert worker.scalars(select(Person).where(Person.uid == elder)).all() == []
    assert newcomer.scalars(select(Person).where(Person.uid == elder)).one().name == "Elder Li"
    assert count(newcomer)["proxy_case"] == 0  # the case stays where it was begun
    for action in ("submit",):
        case = step(worker, uid, action)
    assert case.area_id == world.areas["grid_a11"]
    assert (case.party["name"], case.party_name) == ("Elder Li", "Elder Li")
    assert case.party["phone"] == "13800000001"
    for who, action in (
        *(("department", a) for a in ("receive", "accept", "process", "approve")),
        *(("worker", a) for a in ("fetch", "set_out", "deliver")),
    ):
        case = step(sessions[who], uid, action)
    assert case.state == "delivered"


def test_a_new_case_after_the_move_lies_in_the_new_area(acting, world, booked, elder, moved_away):
    booked()
    moved_away()
    newcomer = acting("worker_t")
    person = newcomer.scalars(select(Person).where(Person.uid == elder)).one()
    case = make_case(newcomer, person)  # the old one is out of sight and bars nothing
    assert case.area_id == world.areas["grid_t11"]


# --- grids divided under open cases --------------------------------------------------------------------------------


@pytest.fixture
def divide(system, acting, world):
    """Split A11 on the next day: the homes given go to a new grid; returns (code of the rest, of the other)."""

    def _divide(homes):
        operator, tomorrow = acting("operator"), clock.today() + timedelta(days=1)
        codes = ("430299001001003", "430299001001004")
        pieces = [
            {"key": "p1", "code": codes[0], "name": "Grid A13", "rest": True},
            {"key": "p2", "code": codes[1], "name": "Grid A14", "grounds": [h.id for h in homes]},
        ]
        plan = plans.draft_plan(
            operator,
            kind="split",
            title="Split",
            effective_on=tomorrow,
            definition={"sources": [world.areas["grid_a11"]], "pieces": pieces},
            actor=session_actor(operator),
            now=clock.now(),
        )
        plans.schedule(operator, plan, session_actor(operator), clock.now())
        operator.commit()
        with clock.frozen(clock.day_bounds(tomorrow)[0] + timedelta(hours=4)):
            outcome = run_now(system, PLANS)
        assert outcome["refused"] == {}
        system.rollback()
        return codes

    return _divide


def area_id(system, code):
    return system.scalars(select(Area.id).where(Area.code == code)).one()


@pytest.mark.demand("S0-15")
def test_open_cases_go_with_their_homes_and_done_ones_stay(system, acting, world, sessions, booked, divide):
    homes = [make_home(system, world.areas["grid_a11"], str(n)) for n in (31, 32)]
    for n, home in enumerate(homes):
        make_household(system, home, [ResidentFactory(name=("Neighbour Ai", "Neighbour Bo")[n])])
    system.commit()
    worker = sessions["worker"]
    cases = {}
    for name in ("Neighbour Ai", "Neighbour Bo"):
        person = worker.scalars(select(Person).where(Person.name == name)).one()
        cases[name] = make_case(worker, person).uid
    done = booked()
    step(worker, done, "withdraw")
    rest, other = divide([homes[1]])
    found = dict(system.execute(select(ProxyCase.uid, ProxyCase.area_id)).all())
    assert found[cases["Neighbour Ai"]] == area_id(system, rest)
    assert found[cases["Neighbour Bo"]] == area_id(system, other)
    assert found[done] == world.areas["grid_a11"]
    assert counters.verify(system) == []
    # the station of the community goes on with all of them, the other town sees none
    clerk, outsider = acting("clerk_a"), acting("clerk_t")
    assert step(clerk, cases["Neighbour Bo"], "entrust").state == "entrusted"
    assert open_case(clerk, done).state == "cancelled"
    assert count(outsider)["proxy_case"] == 0


def test_a_case_of_somebody_gone_stays_with_the_rest(system, world, sessions, booked, divide, moved_away):
    uid = booked()
    moved_away()
    home = make_home(system, world.areas["grid_a11"], "31")
    system.commit()
    rest, _other = divide([home])
    assert system.scalars(select(ProxyCase.area_id).where(ProxyCase.uid == uid)).one() == area_id(
        system, rest
    )


def test_a_page_opened_before_the_split_is_told(system, world, sessions, booked, divide, acting):
    from app.core.errors import StaleVersion

    uid = booked()
    version = system.scalars(select(ProxyCase.version)).one()
    home = system.scalars(select(Dwelling)).one()
    divide([home])
    clerk = acting("clerk_a")
    with pytest.raises(StaleVersion), unit_of_work(clerk):
        open_case(clerk, uid, version)
    with unit_of_work(clerk):
        case = open_case(clerk, uid, version + 1)
        act(clerk, clerk.info["actor"], clock.now(), case, Action.entrust, given_for(case, Action.entrust))


def test_planned_visits_go_with_their_first_door(system, world, sessions, divide):
    from app.proxy.service.rounds import plan_round

    home = make_home(system, world.areas["grid_a11"], "31")
    make_household(system, home, [ResidentFactory(name="Neighbour Ai")])
    system.commit()
    worker = sessions["worker"]
    person = worker.scalars(select(Person).where(Person.name == "Neighbour Ai")).one()
    with unit_of_work(worker):
        plan_round(
            worker, session_actor(worker), clock.now(),
            people=[person], item_code="WJ-02", planned_on=clock.today() + timedelta(days=3),
        )  # fmt: skip
    _rest, other = divide([home])
    assert system.scalars(select(Visit.area_id)).one() == area_id(system, other)
