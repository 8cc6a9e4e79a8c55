"""One visit, five elders: planned, logged door by door, handed in at once (S3-65, S3-66)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.errors import Conflict, Invalid, NotFound
from app.core.scope import session_actor
from app.core.session import unit_of_work
from app.proxy.choices import Action
from app.proxy.models import CaseStep, Custody, ProxyCase
from app.proxy.service import doors, open_case, rounds
from app.proxy.service.doors import CaseLog, StopLog
from app.registry.models import Dwelling, Person
from app.worklog import service as worklog
from app.worklog.models import ServiceRecord, Visit, VisitStep
from tests.factories.proxy import make_case, step, years_before
from tests.factories.registry import ResidentFactory, make_home, make_household, make_person

pytest_plugins = ("tests.support.proxy",)
NAMES = ("Elder An", "Elder Bai", "Elder Cao", "Elder Deng", "Elder E")
PAPERS = [{"seq": 1}, {"seq": 2, "state": "shared"}, {"seq": 3}]


@pytest.fixture
def elders(system, world):
    """Five elders of A11 behind four doors: the last two live together."""
    for n, name in enumerate(NAMES[:4], 1):
        home = make_home(system, world.areas["grid_a11"], str(50 - n))
        people = [ResidentFactory(name=name, birth=years_before(70 + n))]
        if n == 4:
            people.append(ResidentFactory(name=NAMES[4], birth=years_before(75), male=False, relation="10"))
        make_household(system, home, people)
    system.commit()
    return NAMES


@pytest.fixture
def worker(sessions):
    return sessions["worker"]


def people(session, names=NAMES):
    return list(session.scalars(select(Person).where(Person.name.in_(names)).order_by(Person.name)))


def plan(session, names=NAMES, **asked):
    asked = {"item_code": "WJ-02", "planned_on": clock.today(), "slot": "09:00-11:00"} | asked
    with unit_of_work(session):
        visit = rounds.plan_round(
            session, session_actor(session), clock.now(), people=people(session, names), **asked
        )
    return visit.uid


def visit_of(session, uid):
    session.rollback()  # begins to read anew, and holds no lock
    return session.scalars(select(Visit).where(Visit.uid == uid)).one()


def cases_of(session, uid):
    behind = [p.ref_uid for p in visit_of(session, uid).purposes]
    found = session.scalars(select(ProxyCase).where(ProxyCase.uid.in_(behind)))
    return {c.party_name: c for c in found}


def log(session, uid, *logs, at=None):
    with unit_of_work(session):
        visit = worklog.open_visit(session, uid)
        doors.log_door(session, session_actor(session), at or clock.now(), visit, logs)


def stop_log(session, uid, name, outcome="met", papers=PAPERS, **more):
    """The log of one elder's door with everything in order."""
    case = cases_of(session, uid)[name]
    visit = visit_of(session, uid)
    purpose = next(p for p in visit.purposes if p.ref_uid == case.uid)
    stop = next(s for s in visit.stops if s.id == purpose.stop_id)
    again = {k: more.pop(k) for k in ("again_on", "again_slot", "note") if k in more}
    one = CaseLog(case.uid, {"signature": "drawn"} | more.pop("signed", {}), papers, **more)
    return StopLog(stop.uid, outcome, cases=[one] if outcome in {"met", "family"} else [], **again)


@pytest.mark.demand("S3-65", "S3-66", "S3-63")
def test_one_visit_for_five_elders_makes_five_cases_in_walking_order(system, worker, world, elders):
    uid = plan(worker)
    visit = visit_of(system, uid)
    cases = cases_of(system, uid)
    assert sorted(cases) == sorted(NAMES)
    assert (visit.state, visit.planned_on, visit.slot) == ("planned", clock.today(), "09:00-11:00")
    assert [w.staff_id for w in visit.workers] == [world.accounts["worker_a"].staff_id]
    assert {c.visit_id for c in cases.values()} == {visit.id}
    assert {(c.state, c.booked_for) for c in cases.values()} == {("booked", clock.today())}
    addresses = [system.get(Dwelling, s.dwelling_id).address for s in visit.stops]
    assert addresses == sorted(addresses)
    assert len(set(addresses)) == 4
    behind = {p.ref_uid: p.stop_id for p in visit.purposes}
    assert {behind[c.uid] for c in cases.values()} == {s.id for s in visit.stops}
    assert all(s.household_id for s in visit.stops)


@pytest.mark.any_database
def test_several_workers_and_the_first_leads(system, sessions, world, elders):
    clerk = sessions["clerk"]
    staff = [world.accounts[name].staff_id for name in ("worker_a", "worker_a2")]
    visit = visit_of(system, plan(clerk, workers=staff))
    assert [w.staff_id for w in visit.workers] == staff
    assert {c.staff_id for c in cases_of(system, visit.uid).values()} == {staff[0]}


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("asked", "refusal", "field"),
    [
        ({"names": ()}, Invalid, "people"),
        ({"planned_on": "yesterday"}, Invalid, "planned_on"),
        ({"workers": "stranger"}, Invalid, "workers"),
        ({"item_code": "XX-1"}, Invalid, "item"),
    ],
)
def test_a_round_that_cannot_be_planned_leaves_nothing(system, worker, world, elders, asked, refusal, field):
    if "planned_on" in asked:
        asked = {"planned_on": clock.today() - timedelta(days=1)}
    if "workers" in asked:
        asked = {"workers": [world.accounts["worker_t"].staff_id]}
    with pytest.raises(refusal) as refused:
        plan(worker, **asked)
    assert refused.value.field == field
    assert system.scalars(select(Visit)).all() == []
    assert system.scalars(select(ProxyCase)).all() == []


def test_one_open_case_among_them_stops_the_round_and_is_named(system, worker, elders):
    other = make_case(worker, people(worker, ["Elder Cao"])[0])
    with pytest.raises(Conflict) as refused:
        plan(worker)
    assert "Elder Cao" in str(refused.value)
    assert system.scalars(select(ProxyCase.uid)).all() == [other.uid]


def test_a_round_over_two_grids_lies_in_what_holds_both(system, sessions, acting, world, elders):
    make_person(system, world.areas["grid_a12"], name="Elder Fang")
    system.commit()
    names = ("Elder An", "Elder Fang")
    assert visit_of(system, plan(sessions["clerk"], names)).area_id == world.areas["com_a1"]


# --- at the door ---------------------------------------------------------------------------------------------------


@pytest.mark.any_database
@pytest.mark.demand("S3-49", "S3-65")
def test_papers_and_signature_are_taken_at_the_door(system, worker, elders):
    uid = plan(worker)
    log(worker, uid, stop_log(worker, uid, "Elder An", due_back_on=None))
    case = cases_of(system, uid)["Elder An"]
    assert case.state == "collected"
    assert [m.state for m in case.materials] == ["collected", "shared", "collected"]
    assert [c.returned_at for c in case.custody] == [None]
    assert [s.action for s in case.steps] == ["book", "entrust", "collect"]
    assert case.steps[1].data["signature"] == "drawn"
    stop = next(s for s in visit_of(system, uid).stops if s.outcome)
    assert (stop.outcome, stop.at is not None) == ("met", True)


@pytest.mark.any_database
def test_the_family_hands_over_and_that_is_no_meeting(system, worker, elders):
    uid = plan(worker)
    log(worker, uid, stop_log(worker, uid, "Elder An", outcome="family"))
    collected = cases_of(system, uid)["Elder An"].steps[-1]
    assert collected.data["met"] is False


@pytest.mark.any_database
def test_what_is_missing_is_asked_for_at_the_door_in_writing(system, worker, elders):
    uid = plan(worker)
    until = (clock.today() + timedelta(days=5)).isoformat()
    log(
        worker,
        uid,
        stop_log(worker, uid, "Elder An", papers=[{"seq": 2, "state": "shared"}], supplement_until=until),
    )
    case = cases_of(system, uid)["Elder An"]
    assert (case.state, case.resume_to) == ("supplement", "collected")
    # the notice writes itself: what is missing, and that it was not handed over
    assert case.steps[-1].data["missing_list"] == [{"seq": 1, "note": "not handed over yet"}]
    assert case.steps[-1].data["due_on"] == until


@pytest.mark.any_database
def test_with_no_paper_at_all_only_the_authorization_is_signed(system, worker, elders):
    uid = plan(worker)
    log(worker, uid, stop_log(worker, uid, "Elder An", papers=[]))
    assert cases_of(system, uid)["Elder An"].state == "entrusted"


@pytest.mark.any_database
@pytest.mark.parametrize("already", [False, True])
def test_nobody_home_the_case_gets_a_new_day_and_a_round_of_it(system, worker, elders, already):
    day = clock.today() + timedelta(days=2)
    other = plan(worker, ("Elder Bai",), planned_on=day) if already else None
    uid = plan(worker, ("Elder An",))
    log(
        worker,
        uid,
        stop_log(worker, uid, "Elder An", outcome="absent", again_on=day, again_slot="15:00-16:00"),
    )
    case = system.scalars(select(ProxyCase).where(ProxyCase.party_name == "Elder An")).one()
    assert (case.state, case.booked_for, case.booked_slot) == ("booked", day, "15:00-16:00")
    visit = system.get(Visit, case.visit_id)
    assert (visit.planned_on, visit.state) == (day, "planned")
    assert (visit.uid == other) is already
    assert len(visit.stops) == (2 if already else 1)
    assert visit.stops[-1].person_id is not None
    # the first round keeps what happened there
    assert [s.outcome for s in visit_of(system, uid).stops] == ["absent"]


@pytest.mark.any_database
@pytest.mark.parametrize("twice", ["stop", "foreign", "case"])
def test_a_door_is_logged_once_and_by_its_own_round(system, worker, elders, twice):
    uid = plan(worker, ("Elder An", "Elder Bai"))
    first = stop_log(worker, uid, "Elder An")
    log(worker, uid, first)
    if twice == "stop":
        bad, refusal = first, Conflict
    elif twice == "foreign":
        other = plan(worker, ("Elder Cao",))
        bad, refusal = stop_log(worker, other, "Elder Cao"), Invalid
    else:
        mine = stop_log(worker, uid, "Elder Bai")
        bad, refusal = StopLog(mine.stop_uid, "met", cases=first.cases), Invalid
    with pytest.raises(refusal):
        log(worker, uid, bad)
    assert [c.state for c in cases_of(system, uid).values() if c.party_name == "Elder Bai"] == ["booked"]


def test_a_door_is_saved_whole_or_not_at_all(system, worker, elders):
    uid = plan(worker)
    good = stop_log(worker, uid, "Elder Deng")
    bad = stop_log(worker, uid, "Elder E", papers=[{"seq": 9}])
    with pytest.raises(Invalid):
        log(worker, uid, good, bad)
    assert {c.state for c in cases_of(system, uid).values()} == {"booked"}
    assert not [s for s in visit_of(system, uid).stops if s.outcome]
    assert system.scalars(select(Custody)).all() == []


@pytest.mark.any_database
def test_an_outcome_that_does_not_exist(worker, elders):
    uid = plan(worker)
    with pytest.raises(Invalid) as refused:
        log(worker, uid, stop_log(worker, uid, "Elder An", outcome="asleep"))
    assert refused.value.field == "outcome"


# --- handing in, ending, calling off ---------------------------------------------------------------------------


def hand_in(session, uid):
    with unit_of_work(session):
        visit = worklog.open_visit(session, uid)
        together = rounds.hand_in(session, session_actor(session), clock.now(), visit, "Window 3")
        return [c.party_name for c in together.done], {c.party_name: why for c, why in together.left}


@pytest.mark.demand("S3-65", "S3-50")
def test_all_collected_cases_are_handed_in_at_once_and_the_others_are_named(system, sessions, worker, elders):
    uid = plan(worker)
    for name in NAMES[:3]:
        log(worker, uid, stop_log(worker, uid, name))
    log(worker, uid, stop_log(worker, uid, "Elder Deng", papers=[{"seq": 2, "state": "shared"}]))
    done, left = hand_in(worker, uid)
    assert sorted(done) == list(NAMES[:3])
    assert list(left) == ["Elder Deng"]
    states = {n: c.state for n, c in cases_of(system, uid).items()}
    assert states == dict.fromkeys(NAMES[:3], "submitted") | {"Elder Deng": "collected", "Elder E": "booked"}
    seen = sessions["department"].scalars(select(ProxyCase.party_name).order_by(ProxyCase.id)).all()
    assert sorted(seen) == list(NAMES[:3])
    assert hand_in(worker, uid) == ([], left)


@pytest.mark.any_database
def test_a_round_ends_when_each_door_has_an_outcome(system, worker, elders):
    uid = plan(worker, ("Elder An", "Elder Bai"))
    log(worker, uid, stop_log(worker, uid, "Elder An"))
    actor = session_actor(worker)
    with pytest.raises(Conflict):
        worklog.finish_visit(worker, actor, visit_of(worker, uid), clock.now())
    log(worker, uid, stop_log(worker, uid, "Elder Bai", outcome="absent"))
    with unit_of_work(worker):
        worklog.finish_visit(worker, actor, worklog.open_visit(worker, uid), clock.now())
    visit = visit_of(system, uid)
    assert (visit.state, visit.ended_at is not None) == ("done", True)
    assert [s.action for s in visit.steps] == ["plan", "finish"]
    with pytest.raises(Conflict):
        log(worker, uid, StopLog(visit.stops[0].uid, "met"))


@pytest.mark.any_database
def test_nobody_met_makes_a_missed_round(system, worker, elders):
    uid = plan(worker, ("Elder An",))
    log(worker, uid, stop_log(worker, uid, "Elder An", outcome="absent"))
    with unit_of_work(worker):
        worklog.finish_visit(worker, session_actor(worker), worklog.open_visit(worker, uid), clock.now())
    assert visit_of(system, uid).state == "missed"


@pytest.mark.any_database
def test_a_round_is_called_off_with_a_reason_before_its_first_door(system, worker, elders):
    uid = plan(worker, ("Elder An", "Elder Bai"))
    actor = session_actor(worker)
    with pytest.raises(Invalid):
        worklog.cancel_visit(worker, actor, visit_of(worker, uid), clock.now(), " ")
    with unit_of_work(worker):
        worklog.cancel_visit(worker, actor, worklog.open_visit(worker, uid), clock.now(), "storm")
    assert visit_of(system, uid).state == "cancelled"
    last = system.scalars(select(VisitStep).order_by(VisitStep.id.desc())).first()
    assert (last.reason, last.by_role) == ("storm", "grid_worker")
    # its cases stay booked and may be put on another round
    second = plan(worker, ("Elder Cao",))
    with unit_of_work(worker):
        case = open_case(worker, cases_of_first(worker, uid)["Elder An"])
        rounds.add_to_round(worker, worklog.open_visit(worker, second), case, worklog.Door())
    assert sorted(cases_of(system, second)) == ["Elder An", "Elder Cao"]


def cases_of_first(session, uid):
    return {
        c.party_name: c.uid for c in session.scalars(select(ProxyCase).join(Visit).where(Visit.uid == uid))
    }


def test_the_other_town_has_no_such_round(worker, acting, elders):
    uid = plan(worker)
    for name in ("worker_t", "clerk_t", "health"):
        with pytest.raises(NotFound):
            worklog.open_visit(acting(name), uid)


@pytest.mark.any_database
def test_lines_of_the_day_name_the_visit(system, worker, elders):
    uid = plan(worker)
    log(worker, uid, stop_log(worker, uid, "Elder An"))
    line = system.scalars(select(ServiceRecord)).one()
    assert line.visit_id == visit_of(system, uid).id


def test_one_step_for_many_leaves_no_half_step_behind(system, worker, elders):
    """A refusal inside the effect of a step (here a bad day) is rolled back for that case alone."""
    uid = plan(worker, ("Elder An", "Elder Bai"))
    with unit_of_work(worker):
        cases = list(rounds.cases_of(worker, worklog.open_visit(worker, uid)).values())
        given = {"appointment": "2001-01-01", "reason": "x"}
        together = rounds.step_together(
            worker, session_actor(worker), clock.now(), cases, Action.rebook, given
        )
        assert (together.done, len(together.left)) == ([], 2)
    assert {c.booked_for for c in cases_of(system, uid).values()} == {clock.today()}
    assert system.scalars(select(CaseStep.action)).all() == ["book", "book"]


@pytest.mark.any_database
def test_a_revisit_brings_the_missing_paper(system, worker, elders):
    uid = plan(worker, ("Elder An",))
    until = (clock.today() + timedelta(days=5)).isoformat()
    log(
        worker,
        uid,
        stop_log(worker, uid, "Elder An", papers=[{"seq": 2, "state": "shared"}], supplement_until=until),
    )
    case_uid = cases_of(worker, uid)["Elder An"].uid
    step(worker, case_uid, "supply", materials=[{"seq": 1}])
    assert cases_of(system, uid)["Elder An"].state == "collected"
