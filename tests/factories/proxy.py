"""Invented cases for tests, booked and moved by the real services."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.core import clock
from app.core.scope import session_actor
from app.core.session import unit_of_work
from app.proxy.choices import Action
from app.proxy.models import ProxyCase
from app.proxy.service import act, book, open_case
from app.registry.models import Person

# what each action needs, in the simplest form that passes
GIVEN: dict[Action, dict[str, Any]] = {
    Action.rebook: {"reason": "asked for it"},
    Action.entrust: {"signature": "paper"},
    Action.submit: {"window": "Window 3"},
    Action.take_back: {"reason": "a page was forgotten"},
    Action.reject: {"reason": "the form is the old one"},
    Action.publish: {"place": "notice board", "from_until": ["2099-01-01", "2099-01-08"]},
    Action.assess: {"expert": "city hospital", "due_on": "2099-01-08"},
    Action.suspend: {"reason": "waiting for the court", "due_on": "2099-01-08"},
    Action.resume: {"outcome": "no objection"},
    Action.approve: {"decision": "approved", "result_no": "WJ-77", "appeared": True},
    Action.refuse: {"reason": "not of age", "remedies": "appeal within 60 days"},
    Action.fetch: {"result": "stamped card"},
    Action.deliver: {"receipt": "paper"},
    Action.pick_up: {"receipt": "paper"},
    Action.miss: {"reason": "nobody home", "attempted_at": "2099-01-09 10:00"},
    Action.decline: {"reason": "wants another date on it", "witness": "a neighbour"},
    Action.leave: {"witness": "a neighbour", "second_witness": "the chief", "place": "table in the hall"},
    Action.deposit: {"place": "Window 3", "reason": "away for a month", "notice_left": True},
    Action.correct: {"reason": "the name is misspelt"},
    Action.rate: {"rating": "5"},
    Action.withdraw: {"reason": "no longer needed"},
    Action.lapse: {"reason": "moved abroad"},
    Action.return_previous: {"reason": "one step too far"},
    Action.return_to_start: {"reason": "all over again"},
    Action.archive: {"reason": "nobody came"},
}
WAY = (
    "entrust",
    "collect",
    "submit",
    "receive",
    "accept",
    "process",
    "approve",
    "fetch",
    "set_out",
    "deliver",
)


def given_for(case: ProxyCase, action: Action, **more: Any) -> dict[str, Any]:
    """Everything an action asks for in a case."""
    given = dict(GIVEN.get(action, {}))
    if action in {Action.rebook, Action.set_out}:
        given["appointment"] = (clock.today() + timedelta(days=9)).isoformat()
    if action in {Action.collect, Action.supply}:
        given["materials"] = [{"seq": m.seq} for m in case.materials if m.applies is not False]
    if action is Action.request_supplement:
        given |= {
            "missing_list": [{"seq": 1, "note": "blurred"}],
            "told_at_once": True,
            "due_on": "2099-01-08",
        }
    if action in {Action.deliver, Action.pick_up}:
        given["recipient"] = case.party_name
    if action is Action.withdraw:
        given["applicant"] = case.party_name
    return given | more


def make_case(session: Session, person: Person, item: str = "WJ-02", **asked: Any) -> ProxyCase:
    """A booked case, committed; the session's actor books it."""
    asked.setdefault("appointment", clock.today())
    with unit_of_work(session):
        person = session.merge(person, load=True) if person not in session else person
        return book(session, session_actor(session), clock.now(), person=person, item_code=item, **asked)


def step(session: Session, uid: str, action: Action | str, **more: Any) -> ProxyCase:
    """One step by the session's actor in a unit of work of its own."""
    action = Action(action)
    with unit_of_work(session):
        case = open_case(session, uid)
        act(session, session_actor(session), clock.now(), case, action, given_for(case, action, **more))
    return case


def walk(sessions: dict[str, Session], uid: str, until: str) -> ProxyCase:
    """Along the straight way up to and with an action: field steps by ``worker``, the rest by ``department``."""
    for name in WAY[: WAY.index(until) + 1]:
        who = "department" if name in {"receive", "accept", "process", "approve"} else "worker"
        case = step(sessions[who], uid, name)
    return case


def years_before(years: int) -> date:
    """A birth date that makes somebody this old."""
    today = clock.today()
    return today.replace(year=today.year - years, day=1) - timedelta(days=1)
