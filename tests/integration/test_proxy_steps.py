"""A case moves on the database: each guard of the machine through the service, papers, custody, results, lines."""

import itertools
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.scope import session_actor
from app.core.session import unit_of_work
from app.inbox.models import Notice
from app.proxy.models import CaseDelivery, CaseStep, Custody, ProxyCase
from app.proxy.service import fairness, give_back, mark, open_case
from app.registry.models import Person
from app.worklog.models import ServiceRecord
from tests.factories.proxy import make_case, step, walk

pytest_plugins = ("tests.support.proxy",)


def case_of(session, uid) -> ProxyCase:
    session.rollback()
    return session.scalars(select(ProxyCase).where(ProxyCase.uid == uid)).one()


def rows(session, model, uid):
    session.rollback()
    found = select(model).join(ProxyCase, ProxyCase.id == model.case_id).where(ProxyCase.uid == uid)
    return list(session.scalars(found.order_by(model.id)))


@pytest.mark.demand("S3-49", "S3-50", "S3-51")
def test_from_the_door_to_the_archive(system, sessions, world, booked):
    uid = booked()
    walk(sessions, uid, "deliver")
    step(sessions["clerk"], uid, "rate")
    step(sessions["clerk"], uid, "archive")
    case = case_of(system, uid)
    assert (case.state, case.outcome, case.result_no, case.rating) == ("archived", "approved", "WJ-77", "5")
    assert case.closed_at is not None
    assert all(c.stopped_at for c in case.clocks)
    assert (case.step_due_at, case.promise_due_at) == (None, None)
    done = [(s.action, s.from_state, s.to_state, s.by_role) for s in rows(system, CaseStep, uid)]
    assert [d[0] for d in done] == [
        "book", "entrust", "collect", "submit", "receive", "accept", "process", "approve", "fetch", "set_out",
        "deliver", "rate", "archive",
    ]  # fmt: skip
    assert all(a[2] == b[1] for a, b in itertools.pairwise(done))
    assert {d[3] for d in done} == {"grid_worker", "department", "workstation"}
    (delivery,) = rows(system, CaseDelivery, uid)
    assert (delivery.way, delivery.success, delivery.recipient) == ("hand", True, "Elder Li")


def test_every_step_leaves_its_line_of_the_day(system, sessions, world, booked):
    uid = booked()
    walk(sessions, uid, "deliver")
    lines = system.scalars(select(ServiceRecord).order_by(ServiceRecord.id)).all()
    assert [(r.record_type, r.result, r.ref_uid) for r in lines] == [
        ("SR7", "ongoing", uid),
        ("SR7", "done", uid),
    ]
    assert {r.staff_id for r in lines} == {world.accounts["worker_a"].staff_id}
    assert {r.area_id for r in lines} == {world.areas["grid_a11"]}


def test_who_is_to_act_next_hears_of_it_without_personal_data(system, sessions, world, booked):
    uid = booked()
    walk(sessions, uid, "accept")
    notices = system.scalars(select(Notice).order_by(Notice.id)).all()
    told = [(n.user_id, n.message[:4]) for n in notices]
    assert told == [
        (world.accounts["health"].user_id, "Case"),
        (world.accounts["worker_a"].user_id, "News"),
    ]
    assert all(n.link == f"/cases/show/{uid}" for n in notices)
    assert not any("Elder" in f"{n.message}{n.params}" for n in notices)


# --- the chain of hands ---------------------------------------------------------------------------------------------


@pytest.mark.any_database
@pytest.mark.demand("S3-49")
def test_an_original_goes_through_hands_that_are_known(system, sessions, world, booked):
    uid = booked()
    worker, unit = world.accounts["worker_a"].staff_id, world.units["health"]
    walk(sessions, uid, "collect")
    step(sessions["worker"], uid, "submit")
    (custody,) = rows(system, Custody, uid)
    assert (custody.holder_staff_id, custody.holder_unit_id) == (None, unit)
    step(sessions["worker"], uid, "take_back")
    (custody,) = rows(system, Custody, uid)
    assert (custody.holder_staff_id, custody.holder_unit_id) == (worker, None)
    for who, action in (("worker", "submit"), ("department", "receive"), ("department", "return_previous")):
        step(sessions[who], uid, action)
    assert rows(system, Custody, uid)[0].holder_staff_id == worker
    for who, action in (
        ("worker", "submit"), ("department", "receive"), ("department", "accept"), ("department", "process"),
        ("department", "approve"), ("worker", "fetch"),
    ):  # fmt: skip
        step(sessions[who], uid, action)
    (custody,) = rows(system, Custody, uid)
    assert (custody.holder_staff_id, custody.holder_unit_id, custody.returned_at) == (worker, None, None)
    step(sessions["worker"], uid, "set_out")
    step(sessions["worker"], uid, "deliver")
    (custody,) = rows(system, Custody, uid)
    assert (custody.returned_to, custody.returned_at is not None) == ("Elder Li", True)


@pytest.mark.any_database
def test_the_authorization_letter_is_ours_and_no_custody(system, sessions, booked):
    uid = booked()
    walk(sessions, uid, "collect")
    assert [c.material_id for c in rows(system, Custody, uid)] == [case_of(system, uid).materials[0].id]


def test_collecting_again_takes_no_second_receipt(system, sessions, booked):
    uid = booked()
    walk(sessions, uid, "collect")
    step(sessions["worker"], uid, "return_previous")
    step(sessions["worker"], uid, "collect")
    assert len(rows(system, Custody, uid)) == 1


@pytest.mark.any_database
def test_nothing_is_archived_while_an_original_is_out(system, sessions, booked):
    uid = booked()
    walk(sessions, uid, "collect")
    step(sessions["worker"], uid, "withdraw")
    with pytest.raises(Conflict) as refused:
        step(sessions["clerk"], uid, "archive")
    assert refused.value.data["bars"] == ["originals_out"]
    clerk = sessions["clerk"]
    with unit_of_work(clerk):
        give_back(clerk, clerk.info["actor"], clock.now(), open_case(clerk, uid), {"recipient": "Elder Li"})
    assert step(clerk, uid, "archive").state == "archived"
    entry = next(s for s in rows(system, CaseStep, uid) if s.action == "give_back")
    assert (entry.from_state, entry.to_state) == ("cancelled", "cancelled")
    assert entry.data["recipient"] == "Elder Li"


@pytest.mark.any_database
def test_a_withdrawal_may_hand_the_originals_back_at_once(system, sessions, booked):
    uid = booked()
    walk(sessions, uid, "collect")
    step(sessions["worker"], uid, "withdraw", originals_returned=True)
    assert all(c.returned_at for c in rows(system, Custody, uid))
    assert case_of(system, uid).outcome == "withdrawn"
    assert case_of(system, uid).closed_at is not None


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("until", "who", "given", "refusal"),
    [
        ("collect", "department", {"recipient": "x"}, NotAllowed),
        ("collect", "worker", {"recipient": " "}, Invalid),
        ("collect", "worker", {"recipient": "x", "cannot_sign": True}, Invalid),
        ("submit", "worker", {"recipient": "x"}, Conflict),  # the department has them
        ("entrust", "worker", {"recipient": "x"}, Conflict),  # nothing is out
    ],
)
def test_giving_originals_back_is_refused(sessions, booked, until, who, given, refusal):
    uid = booked()
    walk(sessions, uid, "submit" if who == "department" else until)
    session = sessions[who]
    with pytest.raises(refusal), unit_of_work(session):
        give_back(session, session.info["actor"], clock.now(), open_case(session, uid), given)


# --- papers -----------------------------------------------------------------------------------------------------------


def materials(*entries):
    return {"materials": [dict(zip(("seq", "state", "note"), e, strict=False)) for e in entries]}


@pytest.mark.any_database
def test_papers_must_be_complete_before_the_window(system, sessions, booked):
    uid = booked()
    walk(sessions, uid, "entrust")
    step(sessions["worker"], uid, "collect", **materials((1,)))
    with pytest.raises(Conflict) as refused:
        step(sessions["worker"], uid, "submit")
    assert refused.value.data["bars"] == ["missing_materials"]
    assert case_of(system, uid).state == "collected"


@pytest.mark.any_database
@pytest.mark.parametrize("entry", [(9,), (1, "shared"), (1, "waived"), (1, "waived", " "), (1, "eaten")])
def test_what_a_worker_cannot_say_of_a_paper(system, sessions, booked, entry):
    uid = booked()
    walk(sessions, uid, "entrust")
    with pytest.raises(Invalid) as refused:
        step(sessions["worker"], uid, "collect", **materials(entry))
    assert refused.value.field == "materials"
    assert case_of(system, uid).state == "entrusted"
    assert not rows(system, Custody, uid)


@pytest.mark.any_database
def test_shared_and_waived_papers_are_not_missing(system, sessions, booked):
    uid = booked()
    walk(sessions, uid, "entrust")
    step(sessions["worker"], uid, "collect", **materials((1, "waived", "follows on Monday"), (2, "shared")))
    assert step(sessions["worker"], uid, "submit").state == "submitted"
    assert not rows(system, Custody, uid)
    assert [m.state for m in case_of(system, uid).materials] == ["waived", "shared", "collected"]


def conditional_case(system, booked):
    """A case with a conditional paper, and the numbers of these papers."""
    uid = booked("MZ-01")
    return uid, [m.seq for m in case_of(system, uid).materials if m.condition]


@pytest.mark.any_database
def test_an_open_condition_bars_the_window_and_a_no_takes_the_paper_away(system, sessions, booked):
    uid, conditional = conditional_case(system, booked)
    walk(sessions, uid, "entrust")
    plain = [(m.seq,) for m in case_of(system, uid).materials if m.seq not in conditional]
    step(sessions["worker"], uid, "collect", **materials(*plain))
    with pytest.raises(Conflict) as refused:
        step(sessions["worker"], uid, "submit")
    assert "unanswered_conditions" in refused.value.data["bars"]
    step(sessions["worker"], uid, "return_previous")
    answers = dict.fromkeys(map(str, conditional), False)
    step(sessions["worker"], uid, "collect", **materials(*plain), answers=answers)
    assert step(sessions["worker"], uid, "submit").state == "submitted"


@pytest.mark.any_database
def test_a_conditional_paper_that_is_handed_over_answers_its_condition(system, sessions, booked):
    uid, _seqs = conditional_case(system, booked)
    walk(sessions, uid, "collect")  # the factory hands over everything
    assert all(m.applies for m in case_of(system, uid).materials)
    step(sessions["worker"], uid, "return_previous")
    with pytest.raises(Invalid):
        step(sessions["worker"], uid, "collect", answers={"1": False})


@pytest.mark.any_database
def test_an_id_card_never_stays(system, sessions, booked):
    """Resident ID Card Law art. 15: shown and returned, never kept."""
    uid = booked()
    walk(sessions, uid, "entrust")
    card = case_of(system, uid).materials[1]
    card.form = "original"
    system.commit()
    with pytest.raises(Conflict) as refused:
        step(sessions["worker"], uid, "collect")
    assert refused.value.data["bars"] == ["kept_cards"]


# --- asking for more, marks of the department ---------------------------------------------------------------------------


@pytest.mark.any_database
def test_missing_papers_are_asked_for_once_and_the_case_comes_back_to_where_it_was(system, sessions, booked):
    uid = booked()
    walk(sessions, uid, "receive")
    step(sessions["department"], uid, "request_supplement")
    case = case_of(system, uid)
    assert (case.state, case.resume_to) == ("supplement", "prechecking")
    assert (case.materials[0].mark, case.materials[0].mark_note) == ("bad", "blurred")
    with pytest.raises(Conflict) as refused:
        step(sessions["worker"], uid, "supply", **materials((2,)))
    assert refused.value.data["bars"] == ["missing_materials"]
    step(sessions["worker"], uid, "supply", **materials((1,)))
    case = case_of(system, uid)
    assert (case.state, case.resume_to, case.materials[0].mark) == ("prechecking", None, None)
    with pytest.raises(Conflict) as refused:
        step(sessions["department"], uid, "request_supplement")
    assert refused.value.data["bars"] == ["asked_before"]


@pytest.mark.any_database
def test_the_notice_gives_time(sessions, booked):
    uid = booked()
    walk(sessions, uid, "receive")
    with pytest.raises(Invalid) as refused:
        step(sessions["department"], uid, "request_supplement", due_on=clock.today().isoformat())
    assert refused.value.field == "due_on"


def do_mark(session, uid, marks):
    with unit_of_work(session):
        return mark(session, session.info["actor"], clock.now(), open_case(session, uid), marks)


@pytest.mark.any_database
@pytest.mark.demand("S3-50")
def test_the_department_marks_papers_and_accepts_none_that_is_bad(system, sessions, booked):
    uid = booked()
    walk(sessions, uid, "receive")
    do_mark(sessions["department"], uid, {1: ("ok", None), 2: ("bad", "out of focus")})
    with pytest.raises(Conflict) as refused:
        step(sessions["department"], uid, "accept")
    assert refused.value.data["bars"] == ["missing_materials"]
    before = case_of(system, uid).version
    do_mark(sessions["department"], uid, {2: ("ok", "")})
    assert case_of(system, uid).version == before + 1
    assert do_mark(sessions["department"], uid, {2: ("ok", None)}) is None
    assert step(sessions["department"], uid, "accept").state == "accepted"
    entries = [s for s in rows(system, CaseStep, uid) if s.action == "mark"]
    assert entries[0].data["marks"][1] == {"seq": 2, "mark": "bad", "note": "out of focus"}


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("until", "who", "marks", "refusal"),
    [
        ("receive", "worker", {1: ("ok", None)}, NotAllowed),
        ("submit", "department", {1: ("ok", None)}, Conflict),
        ("receive", "department", {9: ("ok", None)}, Invalid),
        ("receive", "department", {1: ("bad", " ")}, Invalid),
        ("receive", "department", {1: ("so-so", None)}, Invalid),
    ],
)
def test_marks_that_are_refused(sessions, booked, until, who, marks, refusal):
    uid = booked()
    walk(sessions, uid, until)
    with pytest.raises(refusal):
        do_mark(sessions[who], uid, marks)


# --- decisions, ways back, ways out ------------------------------------------------------------------------------------


@pytest.mark.any_database
def test_public_notice_and_appearance_come_before_the_approval(system, sessions, booked):
    uid, office = booked("MZ-01"), sessions["department"]
    walk(sessions, uid, "receive")
    with unit_of_work(office) as session:
        fairness.declare(session_actor(session), clock.now(), open_case(session, uid), False, "")
    for name in ("accept", "process"):
        step(office, uid, name)
    with pytest.raises(Conflict) as refused:
        step(office, uid, "approve", appeared=None)
    assert refused.value.data["bars"] == ["publicity_due", "appearance_due"]
    step(office, uid, "publish")
    assert case_of(system, uid).resume_to == "processing"
    step(office, uid, "resume")
    with pytest.raises(Conflict) as refused:
        step(office, uid, "approve", appeared=None)
    assert refused.value.data["bars"] == ["appearance_due"]
    assert step(office, uid, "approve", appeared=True).state == "approved"


@pytest.fixture(autouse=True)
def _civil_affairs(system, world, request):
    """The civil affairs department, whose handler is the health account in these tests."""
    if "public_notice" not in request.node.name:
        return
    from app.areas.models import OrgUnit

    system.get_one(OrgUnit, world.units["health"]).department_code = "MZ"
    system.commit()


@pytest.mark.any_database
def test_a_home_meeting_needs_the_person_at_the_door(sessions, booked):
    uid = booked()
    walk(sessions, uid, "entrust")
    step(sessions["worker"], uid, "collect", met=False)
    for who, action in (("worker", "submit"), *(("department", a) for a in ("receive", "accept", "process"))):
        step(sessions[who], uid, action)
    with pytest.raises(Conflict) as refused:
        step(sessions["department"], uid, "approve", appeared=None)
    assert refused.value.data["bars"] == ["appearance_due"]


@pytest.mark.any_database
def test_a_refusal_names_reason_and_remedies(sessions, booked):
    uid = booked()
    walk(sessions, uid, "process")
    for missing in ("reason", "remedies"):
        with pytest.raises(Invalid) as refused:
            step(sessions["department"], uid, "refuse", **{missing: ""})
        assert refused.value.field == missing
    assert step(sessions["department"], uid, "refuse").outcome == "refused"


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("until", "way", "who"),
    [
        ("approve", "return_previous", "department"),
        ("fetch", "correct", "worker"),
        ("deliver", "correct", "worker"),
    ],
)
def test_a_decision_taken_back_is_none_any_more(system, sessions, booked, until, way, who):
    uid = booked()
    walk(sessions, uid, until)
    step(sessions[who], uid, way)
    case = case_of(system, uid)
    assert (case.state, case.outcome, case.result_no) == ("processing", None, None)
    kept = [s for s in rows(system, CaseStep, uid) if s.action == "approve"]
    assert kept[0].data["result_no"] == "WJ-77"
    step(sessions["department"], uid, "approve", result_no="WJ-78")
    assert case_of(system, uid).result_no == "WJ-78"


@pytest.mark.any_database
def test_a_rejected_case_is_prepared_again(system, sessions, booked):
    uid = booked()
    walk(sessions, uid, "receive")
    step(sessions["department"], uid, "reject")
    assert case_of(system, uid).outcome == "rejected"
    step(sessions["worker"], uid, "rework")
    case = case_of(system, uid)
    assert (case.state, case.outcome) == ("collected", None)
    assert case.custody[0].holder_staff_id is not None
    assert step(sessions["worker"], uid, "submit").state == "submitted"


@pytest.mark.any_database
def test_the_result_not_taken_goes_other_ways(system, sessions, booked):
    uid = booked()
    walk(sessions, uid, "set_out")
    worker = sessions["worker"]
    step(worker, uid, "miss")
    step(worker, uid, "set_out")
    step(worker, uid, "decline")
    step(worker, uid, "deposit")
    with pytest.raises(Invalid) as refused:
        step(worker, uid, "pick_up", recipient="Niece Li")
    assert refused.value.field == "relation"
    step(worker, uid, "pick_up", recipient="Niece Li", relation="niece")
    found = [(d.way, d.success, d.recipient, d.recipient_relation) for d in rows(system, CaseDelivery, uid)]
    assert found == [
        ("hand", False, None, None),
        ("hand", False, None, None),
        ("window", False, None, None),
        ("window", True, "Niece Li", "niece"),
    ]
    assert rows(system, CaseDelivery, uid)[1].details == {"witnesses": ["a neighbour"]}


@pytest.mark.any_database
def test_left_with_two_witnesses(system, sessions, booked):
    uid = booked()
    walk(sessions, uid, "set_out")
    step(sessions["worker"], uid, "decline")
    step(sessions["worker"], uid, "leave")
    last = rows(system, CaseDelivery, uid)[-1]
    assert (last.way, last.success, last.place) == ("left", True, "table in the hall")
    assert last.details == {"witnesses": ["a neighbour", "the chief"]}


@pytest.mark.any_database
@pytest.mark.parametrize("action", ["entrust", "deliver"])
def test_who_cannot_write_has_a_witness(sessions, booked, action):
    uid = booked()
    if action == "deliver":
        walk(sessions, uid, "set_out")
    with pytest.raises(Invalid) as refused:
        step(sessions["worker"], uid, action, cannot_sign=True)
    assert refused.value.field == "witness"
    step(sessions["worker"], uid, action, cannot_sign=True, witness="a neighbour")


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("until", "action", "given", "field"),
    [
        ("deliver", "rate", {"rating": "9"}, "rating"),
        ("process", "approve", {"result_until": "2001-01-01"}, "result_until"),
        ("process", "approve", {"result_until": "soon"}, "result_until"),
        ("fetch", "set_out", {"appointment": "2001-01-01"}, "appointment"),
        ("deliver", "rate", {"rating": ""}, "rating"),
    ],
)
def test_values_that_cannot_be_right(system, sessions, booked, until, action, given, field):
    uid = booked()
    before = walk(sessions, uid, until).state
    who = "department" if action == "approve" else "worker"
    with pytest.raises(Invalid) as refused:
        step(sessions[who], uid, action, **given)
    assert refused.value.field == field
    assert case_of(system, uid).state == before


@pytest.mark.any_database
def test_a_rebooked_case_has_a_new_day(system, sessions, booked):
    uid = booked()
    day = clock.today() + timedelta(days=3)
    step(sessions["worker"], uid, "rebook", appointment=day.isoformat(), slot="14:00-15:00")
    case = case_of(system, uid)
    assert (case.booked_for, case.booked_slot, case.state) == (day, "14:00-15:00", "booked")
    with pytest.raises(Invalid):
        step(sessions["worker"], uid, "rebook", appointment="2001-01-01")


def test_roles_are_asked_on_the_database_too(sessions, booked, acting):
    uid = booked()
    walk(sessions, uid, "submit")
    for role in ("worker", "clerk"):
        with pytest.raises(NotAllowed):
            step(sessions[role], uid, "receive")
    with pytest.raises(NotAllowed):  # a reading role sees the case and moves nothing
        step(acting("supervisor"), uid, "withdraw")
    with pytest.raises(NotAllowed):  # the department has somebody who decides: the town's window does not
        step(sessions["town"], uid, "receive")
    assert step(sessions["department"], uid, "receive").state == "prechecking"


@pytest.mark.any_database
def test_a_step_keeps_what_it_needed_and_nothing_else(system, sessions, booked):
    uid = booked()
    step(sessions["worker"], uid, "entrust", signed_by="Elder Li", colour_of_the_sky="blue")
    data = rows(system, CaseStep, uid)[-1].data
    assert data == {"signature": "paper", "signed_by": "Elder Li"}


def test_a_step_that_is_refused_writes_nothing(system, sessions, elder):
    worker = sessions["worker"]
    person = worker.scalars(select(Person).where(Person.uid == elder)).one()
    case = make_case(worker, person)
    before = (case.version, len(rows(system, CaseStep, case.uid)))
    with pytest.raises(Conflict):
        step(worker, case.uid, "deliver")
    assert (case_of(system, case.uid).version, len(rows(system, CaseStep, case.uid))) == before
