"""Random people do random things with a case over random calendars, by the real services: what must hold at any time.

Each failure is told as a story of a few lines: who did what, when, under which calendar.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine
from sqlalchemy import select

from app.areas.actors import build_actor
from app.areas.models import CalendarDay
from app.areas.service import calendars
from app.areas.service.calendars import calendar_for
from app.core import clock
from app.core.errors import DomainError
from app.core.scope import acting_as, session_actor, unscoped
from app.core.session import unit_of_work
from app.core.sla import LOCAL_ZONE
from app.core.workdays import last_published_year
from app.proxy.choices import PROMISE_CLOCKS, Action, Entry, State
from app.proxy.models import ProxyCase
from app.proxy.queries import case_page
from app.proxy.rules.escalation import at_department
from app.proxy.service import act, book, clocks, give_back, offers, open_case
from app.proxy.service.cases import CLOSED, WHOLE
from app.proxy.service.clocks import as_clock
from app.registry.models import Person
from tests.factories.proxy import given_for, years_before
from tests.factories.registry import ResidentFactory, make_home, make_household

WHO = {
    "worker": "worker_a",
    "station": "clerk_a",
    "office": "office_a",
    "department": "health",
    "town": "town_clerk_a",
    "county": "operator",
}
ITEMS = ("WJ-02", "WJ-06", "WJ-08")  # an original and a home visit; a public notice; five papers
NO_DATA = last_published_year() + 1
BEGINS = (
    datetime(2026, 11, 23, 10, tzinfo=LOCAL_ZONE),  # an ordinary Monday
    datetime(2026, 11, 20, 17, 29, tzinfo=LOCAL_ZONE),  # Friday, a minute before the close
    datetime(2026, 11, 22, 23, 30, tzinfo=LOCAL_ZONE),  # a Sunday at night
    datetime(2026, 9, 29, 20, tzinfo=LOCAL_ZONE),  # before a long holiday
    datetime(2026, 2, 13, 9, tzinfo=LOCAL_ZONE),  # a Saturday is worked in exchange, then a week is off
    datetime(NO_DATA - 1, 12, 30, 16, tzinfo=LOCAL_ZONE),  # into a year without data
)
AFTER = {
    "a minute": timedelta(minutes=1),
    "three hours": timedelta(hours=3),
    "a night": timedelta(hours=16),
    "three days": timedelta(days=3),
    "nine days": timedelta(days=9),
}
WAY = (
    ("worker", "entrust"), ("worker", "collect"), ("worker", "submit"), ("department", "receive"),
    ("department", "accept"), ("department", "process"), ("department", "approve"), ("worker", "fetch"),
    ("worker", "set_out"), ("worker", "deliver"),
)  # fmt: skip
BACK = (Action.reopen, Action.take_back, Action.return_previous, Action.correct, Action.rework)
DAYS_AHEAD = (0, 1, 4, 12)
LATER, PEOPLE = st.sampled_from(list(AFTER)), st.sampled_from(list(WHO))


def shape(case: ProxyCase) -> tuple:
    """Everything about a case that a refused step must leave alone."""
    rows = [(c.kind, c.started_at, c.due_at, c.stopped_at, len(c.pauses)) for c in case.clocks]
    held = [(c.name, c.returned_at, c.holder_staff_id, c.holder_unit_id) for c in case.custody]
    return case.state, case.version, len(case.steps), rows, held, [(m.name, m.state) for m in case.materials]


class Story(RuleBasedStateMachine):
    """One case from its booking on. ``place`` (app, database, world) is set by the test."""

    place: tuple

    def __init__(self) -> None:
        super().__init__()
        app, database, self.world = self.place
        self.stack = ExitStack()
        database.restore(app)
        self.stack.enter_context(app.app_context())
        self.uid, self.seen, self.ended, self.out = None, {}, 0, 0

    def teardown(self) -> None:
        self.stack.close()

    # --- the beginning ------------------------------------------------------------------------------------------

    @initialize(
        begin=st.sampled_from(BEGINS),
        item=st.sampled_from(ITEMS),
        steps=st.integers(0, len(WAY)),
        ahead=st.sampled_from(DAYS_AHEAD),
    )
    def book(self, begin: datetime, item: str, steps: int, ahead: int) -> None:
        self.watch = self.stack.enter_context(clock.frozen(begin))
        self.system = self.stack.enter_context(unscoped("tests arrange and assert"))
        self.sessions = {}
        for name, account in WHO.items():
            actor, _seats = build_actor(self.world.accounts[account].user_id, clock.today())
            self.sessions[name] = self.stack.enter_context(acting_as(actor))
        home = make_home(self.system, self.world.areas["grid_a11"], "21")
        make_household(self.system, home, [ResidentFactory(name="Elder Li", birth=years_before(70))])
        self.system.commit()
        worker = self.sessions["worker"]
        with unit_of_work(worker) as session:
            person = session.scalars(select(Person).where(Person.name == "Elder Li")).one()
            day = clock.today() + timedelta(days=ahead)
            case = book(
                session, session_actor(session), clock.now(), person=person, item_code=item, appointment=day
            )
            self.uid = case.uid
        for who, action in WAY[:steps]:
            if action == "approve" and self.case().item_version.publicity_days:
                self.act("department", Action.publish)
                self.act("department", Action.resume)
            self.act(who, Action(action))

    # --- what people do -----------------------------------------------------------------------------------------

    def case(self) -> ProxyCase:
        self.system.rollback()
        return self.system.scalars(select(ProxyCase).where(ProxyCase.uid == self.uid).options(*WHOLE)).one()

    def act(self, who: str, action: Action) -> None:
        session = self.sessions[who]
        with unit_of_work(session):
            case = open_case(session, self.uid)
            given = given_for(case, action, **self.more(case, action))
            act(session, session_actor(session), clock.now(), case, action, given)

    def take(self, who: str, action: Action) -> None:
        """One step; a refusal is a sentence and changes nothing."""
        before = shape(self.now_case)
        try:
            self.act(who, action)
        except DomainError as refused:
            self.said(refused)
        else:
            return
        assert shape(self.case()) == before, f"{action} was refused and left something behind"

    @staticmethod
    def said(refused: DomainError) -> None:
        """A refusal is a sentence."""
        assert str(refused)

    def more(self, case: ProxyCase, action: Action) -> dict:
        """Days that lie ahead, and what this item needs."""
        today = clock.today()
        soon = (today + timedelta(days=5)).isoformat()
        given: dict = {}
        if action in {Action.assess, Action.suspend, Action.request_supplement}:
            given["due_on"] = soon
        if action is Action.publish:
            given["from_until"] = [today.isoformat(), soon]
        if action is Action.rebook:
            given["appointment"] = soon
        if action is Action.collect:
            given["answers"] = {str(m.seq): False for m in case.materials if m.condition}
        return given | ({"reason": "a slip"} if action is Action.reopen else {})

    @rule(after=LATER, who=PEOPLE, data=st.data())
    def somebody_takes_a_step(self, after: str, who: str, data: st.DataObject) -> None:
        """One of those that the page of the case offers."""
        self.watch.at += AFTER[after]
        offered = self.offered(who)
        if offered:
            self.take(who, data.draw(st.sampled_from(offered), label=f"step of the {who}"))

    @rule(after=LATER)
    def it_goes_on(self, after: str) -> None:
        """The obvious next step, by whoever may take it."""
        self.somebody_takes(after, case_page.MAIN)

    @rule(after=LATER)
    def it_goes_back(self, after: str) -> None:
        self.somebody_takes(after, BACK)

    def somebody_takes(self, after: str, wanted: tuple[Action, ...]) -> None:
        self.watch.at += AFTER[after]
        may = [(wanted.index(a), who) for who in WHO for a in self.offered(who, ready=True) if a in wanted]
        if may:
            number, who = min(may)
            self.take(who, wanted[number])

    @rule(after=LATER, who=PEOPLE, action=st.sampled_from([a for a in Action if a is not Action.book]))
    def somebody_tries_anything(self, after: str, who: str, action: Action) -> None:
        self.watch.at += AFTER[after]
        self.take(who, action)

    @precondition(lambda self: self.out)
    @rule()
    def originals_go_home(self) -> None:
        session = self.sessions["worker"]
        try:
            with unit_of_work(session):
                case = open_case(session, self.uid)
                give_back(session, session_actor(session), clock.now(), case, {"recipient": case.party_name})
        except DomainError as refused:
            self.said(refused)

    def offered(self, who: str, *, ready: bool = False) -> list[Action]:
        """What the page of the case offers; an office to which it was not handed is refused when it tries."""
        found = offers(self.now_case, session_actor(self.sessions[who]), clock.now())
        return sorted({Action(o.action) for o in found if o.ready or not ready}, key=str)

    @rule(ahead=st.integers(-2, 12), work=st.booleans())
    def the_county_changes_a_day(self, ahead: int, work: bool) -> None:
        """A day off, or a weekend that is worked: open clocks count anew."""
        session = self.sessions["county"]
        day = clock.today() + timedelta(days=ahead)
        try:
            with unit_of_work(session):
                row = CalendarDay(area_id=self.world.areas["town_a"], day=day, is_workday=work, name="moved")
                calendars.save_day(session, row, session_actor(session), clock.now())
        except DomainError as refused:
            self.said(refused)

    # --- what must hold at any time -----------------------------------------------------------------------------

    @precondition(lambda self: self.uid)
    @invariant()
    def all_is_well(self) -> None:
        case = self.now_case = self.case()
        self.one_owner_and_nothing_left_behind(case)
        self.every_move_has_its_row(case)
        self.clocks_never_lie(case)
        self.no_clock_begins_again(case)

    def one_owner_and_nothing_left_behind(self, case: ProxyCase) -> None:
        with_office = at_department(case.state, case.department_id)
        if case.state not in CLOSED:
            assert (case.department_id if with_office else case.staff_id) is not None, "nobody owns the case"
            assert case.submitted_to_department or not with_office
            assert case.closed_at is None
        out = [c for c in case.custody if c.returned_at is None]
        self.out = len(out)
        for held in out:
            assert (held.holder_staff_id is None) != (held.holder_unit_id is None), (
                "an original has two hands or none"
            )
            if held.holder_unit_id:
                assert held.holder_unit_id == case.department_id
        if case.state == State.archived:
            assert not out, "archived with an original out"

    def every_move_has_its_row(self, case: ProxyCase) -> None:
        at = None
        moves = [s for s in case.steps if s.action not in Entry.__members__]
        for step in moves:
            assert step.from_state == at, f"{step.action} begins at {step.from_state}, the case stood at {at}"
            at = step.to_state
        assert at == case.state
        assert [s.at for s in case.steps] == sorted(s.at for s in case.steps)

    def clocks_never_lie(self, case: ProxyCase) -> None:
        calendar = calendar_for(self.system, case.area_id)
        for row in case.clocks:
            measured = as_clock(row)
            assert row.started_at <= row.warn_at <= row.due_at, row.kind
            assert row.stopped_at is None or row.started_at <= row.stopped_at
            assert timedelta(0) <= measured.used(clock.now(), calendar) <= clock.now() - row.started_at
            assert row.provisional or clock.to_local(row.due_at).year < NO_DATA
            ends = [(p.from_at, p.to_at) for p in row.pauses]
            assert all(end is None or begin <= end for begin, end in ends)
            assert all(a[1] is not None and a[1] <= b[0] for a, b in pairwise(ends)), "pauses overlap"
        for kind in PROMISE_CLOCKS:
            assert sum(c.kind == kind for c in case.clocks) <= 1, "a promise was given twice"
        running = {c.kind for c in case.clocks if c.stopped_at is None}
        assert sum(1 for c in case.clocks if c.stopped_at is None) == len(running), "a clock runs twice"
        assert not running or case.state not in CLOSED, "a closed case has a running clock"

    def no_clock_begins_again(self, case: ProxyCase) -> None:
        """What has begun keeps its beginning and its limit; what has stopped is opened by a reopening alone."""
        reopened = sum(s.action == Action.reopen for s in case.steps)
        for row in case.clocks:
            old = self.seen.get(row.uid)
            if old is not None:
                assert (row.started_at, row.amount, row.unit) == old[:3], "a clock was begun again"
                if old[3] is not None and row.stopped_at != old[3]:
                    assert reopened > self.ended, "a stopped clock was opened without a reopening"
            self.seen[row.uid] = (row.started_at, row.amount, row.unit, row.stopped_at)
        self.ended = reopened
        due = [c.due_at for c in case.clocks if as_clock(c).is_running and c.kind in PROMISE_CLOCKS]
        assert case.promise_due_at == min(due, default=None)


@pytest.fixture
def ground(app, _database):
    """App, database and world: each story begins on the database as it was."""
    return app, _database, _database.world


@pytest.mark.any_database
@pytest.mark.demand("S3-49", "S3-50", "S3-51")
def test_a_case_never_goes_wrong_whatever_people_do(ground):
    """The same stories at each run, so that everybody sees a failure; a longer run finds more (max_examples)."""
    run_machine(
        type("TheStory", (Story,), {"place": ground}),
        settings=settings(
            max_examples=14,
            stateful_step_count=14,
            deadline=None,
            derandomize=True,
            database=None,
            report_multiple_bugs=False,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.any_database
def test_a_clock_that_is_begun_again_on_its_old_row_is_found(ground, monkeypatch):
    """The story by hand, with a service that opens what has stopped."""
    monkeypatch.setattr(clocks, "_began_anew", lambda old, clock: False)
    story = type("TheStory", (Story,), {"place": ground})()
    story.book(begin=BEGINS[0], item="WJ-02", steps=2, ahead=0)
    story.all_is_well()
    story.it_goes_back("a night")
    try:
        with pytest.raises(AssertionError, match="a stopped clock was opened without a reopening"):
            story.all_is_well()
    finally:
        story.teardown()
