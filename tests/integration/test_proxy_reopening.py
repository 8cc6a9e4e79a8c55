"""A case that was withdrawn by a slip, or whose result turns out wrong after the archive, goes on (issue 5, line 1)."""

import pytest
from sqlalchemy import select

from app.core.errors import Conflict, NotAllowed
from app.proxy.models import CaseClock, CaseStep, ProxyCase
from tests.factories.proxy import step, walk

pytest_plugins = ("tests.support.proxy",)
WHY = {"reason": "the wrong case was withdrawn"}


def case_of(session, uid):
    session.rollback()
    return session.scalars(select(ProxyCase).where(ProxyCase.uid == uid)).one()


def clocks(session, uid):
    case = case_of(session, uid)
    return {c.kind: c for c in session.scalars(select(CaseClock).where(CaseClock.case_id == case.id))}


def test_a_withdrawal_is_taken_back_and_the_clocks_run_on(system, sessions, booked):
    uid = booked()
    walk(sessions, uid, "process")
    before = {kind: (c.id, c.started_at) for kind, c in clocks(system, uid).items()}
    step(sessions["worker"], uid, "withdraw")
    assert (case_of(system, uid).outcome, case_of(system, uid).resume_to) == ("withdrawn", "processing")
    step(sessions["clerk"], uid, "reopen", **WHY)
    case = case_of(system, uid)
    assert (case.state, case.outcome, case.closed_at) == ("processing", None, None)
    assert case.promise_due_at is not None
    after = clocks(system, uid)
    # the same rows: nothing began anew, and what had stopped before the withdrawal still stands
    assert {kind: (c.id, c.started_at) for kind, c in after.items()} == before
    assert {kind for kind, c in after.items() if c.stopped_at is None} == {"promise", "statutory"}
    assert [p.reason for p in after["promise"].pauses] == ["withdrawn"]
    assert system.scalars(select(CaseStep.reason).where(CaseStep.action == "reopen")).one() == WHY["reason"]


def test_originals_that_went_home_are_asked_for_again(system, sessions, booked):
    uid = booked()
    walk(sessions, uid, "collect")
    kept = [m.seq for m in case_of(system, uid).materials if m.form == "original" and not m.is_authorization]
    assert kept
    step(sessions["worker"], uid, "withdraw", originals_returned=True)
    step(sessions["clerk"], uid, "reopen", **WHY)
    states = {m.seq: m.state for m in case_of(system, uid).materials}
    assert {states[seq] for seq in kept} == {"asked"}
    with pytest.raises(Conflict):
        step(sessions["worker"], uid, "submit")


def test_a_closed_file_with_a_mistake_goes_back_to_the_office(system, sessions, booked):
    uid = booked()
    walk(sessions, uid, "deliver")
    step(sessions["clerk"], uid, "archive")
    for who in ("worker", "department"):
        with pytest.raises(NotAllowed):
            step(sessions[who], uid, "reopen", **WHY)
    step(sessions["clerk"], uid, "reopen", **WHY)
    case = case_of(system, uid)
    assert (case.state, case.result_no, case.closed_at) == ("processing", None, None)
    assert {k for k, c in clocks(system, uid).items() if c.stopped_at is None} == {"correct"}


def test_what_was_withdrawn_and_archived_is_applied_for_anew(sessions, booked):
    uid = booked()
    step(sessions["worker"], uid, "withdraw")
    step(sessions["clerk"], uid, "archive")
    with pytest.raises(Conflict):
        step(sessions["clerk"], uid, "reopen", **WHY)


def test_not_while_the_same_service_is_open_in_another_case(sessions, booked):
    uid = booked()
    step(sessions["worker"], uid, "withdraw")
    other = booked()
    with pytest.raises(Conflict) as refused:
        step(sessions["clerk"], uid, "reopen", **WHY)
    assert refused.value.data["case"] == other
