"""What the clocks of a case do on its way: the steps, the two promises, the pauses."""

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from app.core.errors import Invalid
from app.core.sla import AGREED, EVERY, Tick, Unit, apply_ticks
from app.proxy.choices import PROMISE_CLOCKS, STEP_CLOCKS, Action, ClockCode, PauseReason, State
from app.proxy.rules import MACHINE, agreed_until, check_limit, clock_limits, limits_of_item
from tests.unit.calendars import ToyCalendar, local
from tests.unit.proxy_steps import everything


@dataclass
class Case:
    """A case that walks through the machine; each step takes an hour of office time on consecutive days."""

    state: State | None = None
    resume: State | None = None

    def __post_init__(self):
        self.clocks = {}
        self.ended = None
        self.calendar = ToyCalendar()
        self.at = local(2026, 11, 2, 9)

    def do(self, *actions):
        for action in actions:
            to = MACHINE.table[self.state, Action(action)]
            step = MACHINE.apply(self.state, Action(action), to.role[:1], everything(to), resume=self.resume)
            self.state, self.resume = step.target, step.resume
            limits = clock_limits(20, 5)
            self.clocks = apply_ticks(
                self.clocks, step.clocks, self.at, self.calendar, limits, since=self.ended
            )
            self.ended = self.at if self.state is State.cancelled else self.ended
            self.at += timedelta(days=1)
        return self

    @property
    def running(self):
        return {str(code) for code, clock in self.clocks.items() if clock.is_running}

    @property
    def paused(self):
        return {str(code): clock.pauses[-1].reason for code, clock in self.clocks.items() if clock.is_paused}


@pytest.mark.demand("S3-50", "S3-51", "S3-66")
def test_the_straight_way_runs_one_clock_after_the_other():
    case = Case()
    for action, running in (
        ("book", {"collect"}),
        ("entrust", {"collect"}),
        ("collect", {"submit"}),
        ("submit", {"precheck"}),
        ("receive", {"precheck"}),
        ("accept", {"statutory", "promise"}),
        ("process", {"statutory", "promise"}),
        ("approve", set()),
        ("fetch", {"deliver"}),
        ("set_out", {"deliver"}),
        ("deliver", set()),
        ("rate", set()),
        ("archive", set()),
    ):
        assert case.do(action).running == running, action
    assert case.state is State.archived
    assert all(clock.stopped for clock in case.clocks.values())


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        ("publish", "publicity"),
        ("assess", "assessment"),
        ("suspend", "suspension"),
        ("request_supplement", "supplement"),
    ],
)
def test_both_promises_stand_while_the_law_says_so(action, reason):
    case = Case().do("book", "entrust", "collect", "submit", "receive", "accept", "process")
    before = case.clocks["promise"].due_at
    case.do(action)
    assert case.paused == {"statutory": reason, "promise": reason}
    case.do("supply" if action == "request_supplement" else "resume")
    assert case.paused == {}
    assert case.state is State.processing
    assert case.running == {"statutory", "promise"}
    assert case.clocks["promise"].due_at > before


def test_the_step_clock_stands_while_papers_are_missing():
    case = Case().do("book", "entrust", "collect", "request_supplement")
    assert case.paused == {"submit": "supplement"}
    assert case.do("supply").running == {"submit"}
    case.do("submit", "receive", "request_supplement")
    assert case.paused == {"precheck": "supplement"}
    assert case.do("supply").running == {"precheck"}


@pytest.mark.parametrize(
    "way",
    [
        ["withdraw"],
        ["entrust", "collect", "request_supplement", "withdraw"],
        ["entrust", "collect", "submit", "receive", "accept", "process", "suspend", "withdraw"],
        ["entrust", "collect", "submit", "receive", "accept", "process", "withdraw"],
        ["entrust", "lapse"],
    ],
)
def test_an_end_stops_every_clock(way):
    case = Case().do("book", *way)
    assert case.state is State.cancelled
    assert all(clock.stopped for clock in case.clocks.values())


def test_going_back_before_the_acceptance_gives_no_time_back():
    case = Case().do("book", "entrust", "collect", "submit", "receive", "accept")
    first = case.clocks["promise"].started
    case.do("return_previous")
    assert case.state is State.prechecking
    assert case.running == {"precheck", "statutory", "promise"}
    case.do("accept")
    assert case.clocks["promise"].started == first
    assert case.running == {"statutory", "promise"}


def test_a_revoked_acceptance_that_ends_in_the_archive_leaves_no_clock_running():
    case = Case().do("book", "entrust", "collect", "submit", "receive", "accept", "return_previous", "reject")
    assert case.running == PROMISES
    assert case.do("archive").running == set()


def test_a_rejected_pre_check_begins_the_step_anew():
    case = Case().do("book", "entrust", "collect", "submit", "receive", "reject")
    assert case.running == set()
    first = case.clocks["submit"].started
    case.do("rework")
    assert (case.state, case.running) == (State.collected, {"submit"})
    assert case.clocks["submit"].started > first


def test_a_wrong_result_goes_back_to_the_office_under_a_clock_of_its_own():
    case = Case().do("book", "entrust", "collect", "submit", "receive", "accept", "process", "approve")
    promise = case.clocks["promise"]
    case.do("fetch", "set_out", "decline", "correct")
    assert (case.state, case.running) == (State.processing, {"correct"})
    assert case.clocks["promise"] == promise
    case.do("approve", "fetch")
    assert case.running == {"deliver"}


def test_a_case_that_is_reopened_counts_on_where_it_stood():
    case = Case().do("book", "entrust", "collect", "submit", "receive", "accept", "process")
    before = dict(case.clocks)
    case.do("withdraw", "reopen")
    assert (case.state, case.running) == (State.processing, PROMISES)
    for code in PROMISES:
        clock = case.clocks[code]
        assert (clock.started, clock.pauses[-1].reason) == (before[code].started, "withdrawn")
        # the Monday between did not count, and Monday comes after Friday
        assert clock.due_at == before[code].due_at + timedelta(days=3)
    # a clock that had stopped earlier stays as it was
    assert case.clocks["precheck"] == before["precheck"]
    assert case.do("suspend", "withdraw", "reopen").running == PROMISES


def test_nobody_reached_then_the_window():
    case = Case().do(
        "book", "entrust", "collect", "submit", "receive", "accept", "process", "refuse", "fetch"
    )
    case.do("set_out", "miss")
    assert case.running == {"deliver"}
    case.do("deposit")
    assert (case.state, case.running) == (State.deposited, set())
    case.do("pick_up", "archive")
    assert case.state is State.archived


PROMISES = {"statutory", "promise"}
RUNNING = {
    **{key: {"collect"} for key in ("booked", "entrusted")},
    "collected": {"submit"},
    **{key: {"precheck"} for key in ("submitted", "prechecking")},
    **dict.fromkeys(("accepted", "processing"), PROMISES),
    **{key: {"deliver"} for key in ("result_received", "delivering", "delivery_failed")},
}
# steps after which other clocks run than on the straight way: back before an acceptance, or to the office
OTHERWISE = {
    ("accepted", "return_previous"): {"precheck"} | PROMISES,
    **{
        (state, action): {"correct"}
        for state, action in (
            ("approved", "return_previous"),
            ("refused", "return_previous"),
            ("result_received", "correct"),
            ("declined", "correct"),
            ("delivered", "correct"),
            ("archived", "reopen"),
        )
    },
}


def ways_to_every_state():
    """State → actions of a shortest way to it."""
    ways, todo = {None: []}, [None]
    for state in todo:
        for source, action, to in MACHINE.rows():
            if to.reopens:
                continue
            if source == state and to.targets[0] not in ways and len(to.targets) == 1:
                ways[to.targets[0]] = [*ways[state], action]
                todo.append(to.targets[0])
    return ways


def test_after_every_step_exactly_the_clocks_of_the_state_run():
    ways = ways_to_every_state()
    assert set(ways) == {None, *State}
    for state, action, _to in MACHINE.rows():
        case = Case().do(*ways[state], action)
        expected = OTHERWISE.get((state, action), RUNNING.get(case.state, set()))
        assert case.running == expected, (state, action)
        if case.state in (State.cancelled, State.archived):
            assert case.paused == {}, (state, action)


def test_every_pause_has_a_reason_of_the_list_and_every_tick_a_clock():
    ticks = [tick for _state, _action, to in MACHINE.rows() for tick in to.clocks]
    reasons = {AGREED if tick.op == "wait" else tick.reason for tick in ticks}
    assert reasons - {""} == set(PauseReason)
    assert {tick.clock for tick in ticks} == {EVERY, *ClockCode}
    assert not any(tick.anew for tick in ticks if tick.clock in PROMISE_CLOCKS)
    assert all(tick.anew for tick in ticks if tick.op == "start" and tick.clock in STEP_CLOCKS)
    assert set(STEP_CLOCKS) | set(PROMISE_CLOCKS) == set(ClockCode)


def test_limits_of_the_clocks():
    limits = clock_limits(30, 25)
    assert limits["statutory"] == (30, Unit.work_day)
    assert limits["promise"] == (25, Unit.work_day)
    assert [limits[code][0] for code in ("collect", "submit", "precheck", "deliver")] == [2, 1, 2, 2]
    assert "statutory" not in clock_limits(None, 25)
    assert clock_limits(0, None)["statutory"] == (0, Unit.work_day)
    assert clock_limits(3, 3, {"submit": (4, "work_hour")})["submit"] == (4, "work_hour")
    clocks = apply_ticks(
        {}, [Tick("start", "promise")], local(2026, 11, 2, 9), ToyCalendar(), clock_limits(30, 0)
    )
    assert clocks["promise"].due_at == local(2026, 11, 2, 17, 30)
    assert clock_limits(3, 3, {"submit": (4, "work_hour")}, {"submit": (1, "day")})["submit"] == (1, "day")


@pytest.mark.parametrize(
    ("clock", "amount", "unit", "field"),
    [
        ("promise", 5, "work_day", "clock"),
        ("callback", 5, "work_day", "clock"),  # the site's, never an item's
        ("unknown", 5, "work_day", "clock"),
        ("collect", 5, "fortnight", "unit"),
        ("collect", -1, "work_day", "amount"),
        ("collect", 0, "work_hour", "amount"),
        ("collect", 91, "work_day", "amount"),
        ("collect", "2", "work_day", "amount"),
        ("collect", None, "work_day", "amount"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(clock, amount, unit, field):
    with pytest.raises(Invalid) as refused:
        check_limit(clock, amount, unit)
    assert refused.value.field == field


def test_limits_of_an_item_are_kept_with_its_version():
    assert limits_of_item({"collect": [0, "work_day"], "deliver": (8, "work_hour")}) == {
        "collect": (0, "work_day"),
        "deliver": (8, "work_hour"),
    }
    assert limits_of_item(None) == {}
    for wrong in ({"collect": 5}, {"collect": "2d"}, {"collect": [1]}, {"promise": [1, "work_day"]}):
        with pytest.raises(Invalid):
            limits_of_item(wrong)


@pytest.mark.parametrize(
    ("slot", "amount", "unit", "expected"),
    [
        (None, 2, "work_day", (2026, 11, 7, 0, 0)),
        ("09:00-11:00", 2, "day", (2026, 11, 7, 0, 0)),
        (None, 0, "work_day", (2026, 11, 6, 0, 0)),
        ("09:30-11:00", 0, "work_day", (2026, 11, 6, 9, 30)),
        ("14:00-15:00", 4, "work_hour", (2026, 11, 6, 14, 0)),
    ],
)
def test_until_when_a_clock_waits_for_the_agreed_day(slot, amount, unit, expected):
    assert agreed_until(date(2026, 11, 6), slot, amount, unit) == local(*expected)
    assert agreed_until(None, slot, amount, unit) is None
