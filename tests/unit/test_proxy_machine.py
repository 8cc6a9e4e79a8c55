"""The case machine, row by row: who may do what, what is needed, what the clocks do."""

import itertools
from dataclasses import dataclass

import pytest

from app.core.errors import Conflict, Invalid, NotAllowed
from app.core.sla import EVERY, Tick, Unit, apply_ticks
from app.core.workflow import Resume
from app.proxy.choices import NAMES, PROMISE_CLOCKS, STEP_CLOCKS, Action, ClockCode, PauseReason, State
from app.proxy.rules import MACHINE, OPEN_STATES, ROLES, clock_limits, diagram, states_page
from tests.unit.calendars import ToyCalendar, local

W, K, F, T, D = "grid_worker", "workstation", "office_clerk", "town_staff", "department"
C, U, H = "center_operator", "supervisor", "hotline"
DESK, DECIDERS, KEEPERS = {W, K, F}, {D, T}, {K, F, T}
BOOKERS = {W, K, F, T, C, H}
BACK = {"collected": DESK, "submitted": DECIDERS, "prechecking": DECIDERS}

# Who may take which step, said once more and independently of the machine: (state, action) → roles
EXPECTED = {
    ("", "book"): BOOKERS,
    ("booked", "rebook"): BOOKERS,
    ("booked", "entrust"): DESK,
    ("entrusted", "collect"): DESK,
    ("entrusted", "return_previous"): DESK,
    ("collected", "request_supplement"): DESK,
    ("collected", "submit"): DESK,
    ("supplement", "supply"): DESK,
    ("submitted", "receive"): DECIDERS,
    ("submitted", "take_back"): DESK,
    ("prechecking", "accept"): DECIDERS,
    ("prechecking", "request_supplement"): DECIDERS,
    ("prechecking", "reject"): DECIDERS,
    ("precheck_rejected", "rework"): DESK,
    ("precheck_rejected", "return_previous"): DECIDERS,
    ("precheck_rejected", "archive"): KEEPERS,
    ("accepted", "process"): DECIDERS,
    ("accepted", "return_previous"): DECIDERS,
    **{
        ("processing", action): DECIDERS
        for action in (
            "request_supplement",
            "publish",
            "assess",
            "suspend",
            "approve",
            "refuse",
            "return_previous",
        )
    },
    ("suspended", "resume"): DECIDERS,
    ("approved", "return_previous"): DECIDERS,
    ("approved", "fetch"): DESK,
    ("approved", "archive"): KEEPERS,
    ("approved", "rate"): BOOKERS | {U},
    ("refused", "return_previous"): DECIDERS,
    ("refused", "fetch"): DESK,
    ("result_received", "set_out"): {W, K},
    ("result_received", "deposit"): DESK,
    ("result_received", "correct"): DESK,
    ("delivering", "deliver"): {W, K},
    ("delivering", "miss"): {W, K},
    ("delivering", "decline"): {W, K},
    ("delivery_failed", "set_out"): {W, K},
    ("delivery_failed", "deposit"): DESK,
    ("deposited", "pick_up"): DESK,
    ("deposited", "set_out"): {W, K},
    ("deposited", "decline"): DESK,
    ("deposited", "archive"): KEEPERS,
    ("declined", "correct"): DESK,
    ("declined", "leave"): {W, K},
    ("declined", "deposit"): DESK,
    ("declined", "set_out"): {W, K},
    ("declined", "archive"): KEEPERS,
    ("delivered", "rate"): BOOKERS | {U},
    ("delivered", "correct"): DESK,
    ("delivered", "archive"): KEEPERS,
    ("evaluated", "archive"): KEEPERS,
    ("cancelled", "archive"): KEEPERS,
    **{(state, "return_previous"): roles for state, roles in BACK.items()},
    **{(state, "return_to_start"): roles for state, roles in BACK.items()},
    **{
        (state, "withdraw"): DESK | DECIDERS | {C, H}
        for state in (
            "booked",
            "entrusted",
            "collected",
            "supplement",
            "submitted",
            "prechecking",
            "precheck_rejected",
            "accepted",
            "processing",
            "suspended",
        )
    },
    **{
        (state, "lapse"): {K, T, C, U}
        for state in ("booked", "entrusted", "collected", "supplement", "precheck_rejected")
    },
}

NO_BARS = {
    "missing_materials": [],
    "unanswered_conditions": [],
    "asked_before": False,
    "kept_cards": [],
    "originals_out": [],
    "publicity_due": False,
    "appearance_due": False,
}


def everything(to):
    """All that a row could ask for."""
    names = {name for need in to.needs for name in (need if isinstance(need, tuple) else (need,))}
    return {**NO_BARS, **dict.fromkeys(names, "given"), **dict.fromkeys(to.when, True)}


def remembered(to):
    return to.state.allowed[-1] if isinstance(to.state, Resume) else None


def attempt(state, action, role):
    to = MACHINE.table.get((state, action))
    given = everything(to) if to else NO_BARS
    try:
        return MACHINE.apply(state, action, [role], given, resume=to and remembered(to)).target
    except (Conflict, NotAllowed) as refused:
        return type(refused)


def test_every_state_action_and_role():
    """1,000 and more combinations: done exactly where the table above says so, refused everywhere else."""
    wrong = []
    for state, action, role in itertools.product([None, *State], Action, ROLES):
        roles = EXPECTED.get((state.value if state else "", action.value))
        outcome = attempt(state, action, role)
        expected_refusal = Conflict if roles is None else NotAllowed if role not in roles else None
        if (outcome if isinstance(outcome, type) else None) is not expected_refusal:
            wrong.append((state, action, role, outcome))
    assert wrong == []


def test_who_never_moves_a_case():
    for role in ("leader", "system_admin", "security_admin", "auditor", "dispatcher"):
        assert all(role not in to.role for _state, _action, to in MACHINE.rows())


@pytest.mark.parametrize(
    ("state", "next_states"),
    [
        ("booked", "entrusted cancelled"),
        ("entrusted", "collected cancelled"),
        ("collected", "supplement submitted cancelled"),
        ("supplement", "collected cancelled"),
        ("submitted", "prechecking cancelled"),
        ("prechecking", "supplement precheck_rejected accepted cancelled"),
        ("precheck_rejected", "collected archived"),
        ("accepted", "processing cancelled"),
        ("processing", "suspended supplement approved refused cancelled"),
        ("suspended", "processing"),
        ("approved", "result_received archived"),
        ("refused", "result_received"),
        ("result_received", "delivering"),
        ("delivering", "delivered delivery_failed"),
        ("delivery_failed", "delivering"),
        ("delivered", "evaluated archived"),
        ("evaluated", "archived"),
        ("cancelled", "archived"),
    ],
)
def test_every_way_of_the_catalogue_is_open(state, next_states):
    targets = {
        target.value for source, _action, to in MACHINE.rows() if source == state for target in to.targets
    }
    assert set(next_states.split()) <= targets


def test_every_state_but_the_last_has_a_way_out_that_does_not_ask_the_impossible():
    """Even with originals out, cards kept and papers missing no state is a prison, but the file stays open."""
    for state in State:
        open_ways = [
            to for source, _action, to in MACHINE.rows() if source == state and not to.bars and not to.when
        ]
        if state in (State.evaluated, State.cancelled):
            # only the originals are in the way, and giving them back is not a step of the case
            assert {to.bars for source, _a, to in MACHINE.rows() if source == state} == {("originals_out",)}
        elif state is not State.archived:
            assert open_ways, state


def test_every_row_names_what_it_needs():
    for state, action, to in MACHINE.rows():
        given = everything(to)
        for need in to.needs:
            names = need if isinstance(need, tuple) else (need,)
            less = {name: value for name, value in given.items() if name not in names}
            with pytest.raises(Invalid) as refused:
                MACHINE.apply(state, action, to.role[:1], less, resume=remembered(to))
            assert refused.value.data["missing"] == [names[0]]
            assert str(NAMES[names[0]]) in str(refused.value)
            for name in names:  # either of a group will do
                enough = {**less, name: "given"}
                assert MACHINE.apply(state, action, to.role[:1], enough, resume=remembered(to))


def test_every_bar_holds_and_must_be_stated():
    barred = [(state, action, to, bar) for state, action, to in MACHINE.rows() for bar in to.bars]
    assert len(barred) > 10
    for state, action, to, bar in barred:
        given = everything(to)
        with pytest.raises(Conflict) as refused:
            MACHINE.apply(state, action, to.role[:1], {**given, bar: ["x"]}, resume=remembered(to))
        assert refused.value.data["bars"] == [bar]
        del given[bar]
        with pytest.raises(KeyError):
            MACHINE.apply(state, action, to.role[:1], given, resume=remembered(to))


def row(state, action):
    return MACHINE.table[State(state), Action(action)]


def test_nothing_is_archived_while_an_original_is_out():
    archiving = [to for _state, action, to in MACHINE.rows() if action is Action.archive]
    assert len(archiving) == 7
    assert all("originals_out" in to.bars for to in archiving)


@pytest.mark.demand("S3-49")
def test_papers_are_complete_before_they_are_handed_in_or_accepted():
    for place in (("collected", "submit"), ("prechecking", "accept")):
        assert {"missing_materials", "unanswered_conditions"} <= set(row(*place).bars)
    assert "kept_cards" in row("entrusted", "collect").bars
    assert "kept_cards" in row("supplement", "supply").bars


def test_missing_papers_are_told_once_all_together_and_with_a_date():
    asking = [to for _state, action, to in MACHINE.rows() if action is Action.request_supplement]
    assert len(asking) == 3
    for to in asking:
        assert set(to.needs) == {"missing_list", "told_at_once", "due_on"}
        assert to.bars == ("asked_before",)


@pytest.mark.parametrize("origin", [State.collected, State.prechecking, State.processing])
def test_a_supplement_leads_back_to_the_step_that_asked(origin):
    to = row(origin, "request_supplement")
    asked = MACHINE.apply(origin, Action.request_supplement, to.role[:1], everything(to))
    assert (asked.target, asked.resume) == (State.supplement, origin)
    given = everything(row("supplement", "supply"))
    back = MACHINE.apply(State.supplement, Action.supply, [W], given, resume=asked.resume)
    assert (back.target, back.resume) == (origin, None)


def test_without_delivery_a_result_is_filed_or_rated_at_once():
    given = {**NO_BARS, "rating": "5"}
    for action, target in ((Action.archive, State.archived), (Action.rate, State.evaluated)):
        assert MACHINE.apply(State.approved, action, [K], {**given, "no_delivery": True}).target is target
        with pytest.raises(Conflict):
            MACHINE.apply(State.approved, action, [K], {**given, "no_delivery": False})


def test_the_papers_that_steps_print():
    assert row("booked", "entrust").paper == ("F10",)
    assert "F11" in row("entrusted", "collect").paper
    assert row("prechecking", "accept").paper == ("F11",)
    assert row("delivering", "deliver").paper == ("F12",)


# Clocks -----------------------------------------------------------------------------------------


@dataclass
class Case:
    """A case that walks through the machine; each step takes an hour of office time on consecutive days."""

    state: State | None = None
    resume: State | None = None

    def __post_init__(self):
        self.clocks = {}
        self.calendar = ToyCalendar()
        self.at = local(2026, 11, 2, 9)

    def do(self, *actions):
        for action in actions:
            to = MACHINE.table[self.state, Action(action)]
            step = MACHINE.apply(self.state, Action(action), to.role[:1], everything(to), resume=self.resume)
            self.state, self.resume = step.target, step.resume
            limits = clock_limits(20, 5)
            self.clocks = apply_ticks(self.clocks, step.clocks, self.at, self.calendar, limits)
            self.at = self.at.replace(day=self.at.day + 1)
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


def test_every_pause_has_a_reason_of_the_list_and_every_tick_a_clock():
    ticks = [tick for _state, _action, to in MACHINE.rows() for tick in to.clocks]
    assert {tick.reason for tick in ticks if tick.op == "pause"} == set(PauseReason)
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


def test_open_states_are_all_but_the_ends():
    assert set(State) - set(OPEN_STATES) == {State.archived, State.cancelled}


def test_the_page_of_states_is_made_from_the_machine():
    page = states_page()
    assert diagram() in page + "\n"
    assert page.count("\n| ") == len(MACHINE.table) + 1
    for state in State:
        assert f"{state.name} : {state.label}" in page
