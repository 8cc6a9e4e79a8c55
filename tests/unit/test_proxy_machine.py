"""The case machine, row by row: who may do what, and what is needed."""

import itertools

import pytest

from app.core.errors import Conflict, Invalid, NotAllowed
from app.proxy.choices import NAMES, Action, State
from app.proxy.rules import MACHINE, OPEN_STATES, ROLES, diagram, states_page
from tests.unit.proxy_steps import NO_BARS, everything, remembered

W, K, F, T, D = "grid_worker", "workstation", "office_clerk", "town_staff", "department"
C, H = "center_operator", "hotline"
DESK, DECIDERS, KEEPERS = {W, K, F}, {D, T}, {K, F, T}
BOOKERS = {W, K, F, T, C}
BACK = {"collected": DESK, "submitted": DECIDERS, "prechecking": DECIDERS}

# Who may take which step, said once more and independently of the machine: (state, action) → roles
EXPECTED = {
    ("", "book"): BOOKERS,
    ("booked", "rebook"): BOOKERS | {H},
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
    ("approved", "rate"): BOOKERS | {H},
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
    ("delivered", "rate"): BOOKERS | {H},
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
        (state, "lapse"): {K, T, C}
        for state in ("booked", "entrusted", "collected", "supplement", "precheck_rejected")
    },
    **{(state, "reopen"): KEEPERS | {C} for state in ("cancelled", "archived")},
}


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
        if state is State.evaluated:
            # giving originals back and closing a call-back are not steps of the case
            bars = {to.bars for source, _a, to in MACHINE.rows() if source == state}
            assert bars == {("originals_out", "callbacks_open")}
        elif state is not State.archived:
            assert open_ways, state


def test_a_withdrawal_is_taken_back_to_where_the_case_stood():
    for origin, resume in ((State.processing, None), (State.supplement, State.prechecking)):
        gone = MACHINE.apply(origin, Action.withdraw, [W], everything(row(origin, "withdraw")), resume=resume)
        back = MACHINE.apply(State.cancelled, Action.reopen, [K], {"reason": "a slip"}, resume=gone.resume)
        assert back.target is (resume or origin)


def test_the_archive_is_opened_only_for_what_was_decided():
    given = {"reason": "wrong name on the card"}
    with pytest.raises(Conflict):
        MACHINE.apply(State.archived, Action.reopen, [K], {**given, "decided": False})
    step = MACHINE.apply(State.archived, Action.reopen, [K], {**given, "decided": True})
    assert step.target is State.processing


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
    assert all({"originals_out", "callbacks_open"} <= set(to.bars) for to in archiving)


@pytest.mark.demand("S3-49")
def test_papers_are_complete_before_they_are_handed_in_or_accepted():
    for place in (("collected", "submit"), ("prechecking", "accept")):
        assert {"missing_materials", "unanswered_conditions"} <= set(row(*place).bars)
    assert "kept_cards" in row("entrusted", "collect").bars
    assert "kept_cards" in row("supplement", "supply").bars
    assert "consent_refused" in row("collected", "submit").bars


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


# What each action asks for, wherever it is taken; a tuple means either
NEEDS = {
    "book": {"applicant", "item", "appointment"},
    "rebook": {"appointment", "reason"},
    "entrust": {("authorization_letter", "signature")},
    "collect": {"materials"},
    "request_supplement": {"missing_list", "told_at_once", "due_on"},
    "supply": {"materials"},
    "submit": {"window"},
    "publish": {"place", "from_until"},
    "assess": {"expert", "due_on"},
    "suspend": {"reason", "due_on"},
    "resume": {"outcome"},
    "approve": {"decision"},
    "refuse": {"reason", "remedies"},
    "fetch": {"result"},
    "deliver": {"recipient", ("signature", "receipt")},
    "pick_up": {"recipient", ("signature", "receipt")},
    "leave": {"witness", "second_witness", "place"},
    "miss": {"reason", "attempted_at"},
    "decline": {"reason", "witness"},
    "rate": {"rating"},
    "withdraw": {"reason", "applicant"},
    **{
        key: {"reason"}
        for key in ("take_back", "reject", "correct", "return_previous", "return_to_start", "lapse", "reopen")
    },
    **{key: set() for key in ("receive", "rework", "accept", "process")},
}
# … and where it depends on the state
NEEDS_HERE = {
    ("result_received", "set_out"): set(),
    ("delivery_failed", "set_out"): {"appointment"},
    ("deposited", "set_out"): {"appointment"},
    ("declined", "set_out"): {"appointment"},
    ("result_received", "deposit"): {"place", "reason"},
    ("delivery_failed", "deposit"): {"place", "notice_left"},
    ("declined", "deposit"): {"place"},
    ("precheck_rejected", "archive"): {"reason"},
    ("deposited", "archive"): {"reason"},
    ("declined", "archive"): {"reason"},
}
PAPERS = {
    "entrust": ("F10",),
    "collect": ("F11", "F13"),
    **dict.fromkeys(("request_supplement", "supply", "accept"), ("F11",)),
    **dict.fromkeys(("deliver", "pick_up", "leave", "decline"), ("F12",)),
    **dict.fromkeys(("reject", "refuse"), ("F32",)),
    **dict.fromkeys(("withdraw", "lapse"), ("F33",)),
}


def test_what_every_action_asks_for_and_prints():
    for state, action, to in MACHINE.rows():
        needs = NEEDS_HERE.get((state, action), NEEDS.get(action, set()))
        assert set(to.needs) == needs, (state, action)
        papers = ("F12",) if (state, action) == ("result_received", "set_out") else PAPERS.get(action, ())
        assert to.paper == papers, (state, action)
    assert row("processing", "approve").bars == (
        "publicity_due",
        "appearance_due",
        "opinions_open",
        "verification_due",
    )
    assert "declaration_due" in row("prechecking", "accept").bars


def test_open_states_are_all_but_the_ends():
    assert set(State) - set(OPEN_STATES) == {State.archived, State.cancelled}


def test_the_page_of_states_is_made_from_the_machine():
    page = states_page()
    assert diagram() in page + "\n"
    assert page.count("\n| ") == len(MACHINE.table) + 1
    for state in State:
        assert f"{state.name} : {state.label}" in page
