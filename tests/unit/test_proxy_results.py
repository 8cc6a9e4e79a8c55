"""Which steps a row of a result list takes, and when it says what stands in the case already."""

import pytest

from app.core.errors import Conflict
from app.proxy.choices import Action, State
from app.proxy.rules.machine import MACHINE
from app.proxy.rules.results import READY, Decision, is_same, steps_to


@pytest.mark.parametrize(
    ("decision", "last"), [("approved", "approve"), ("partly", "approve"), ("refused", "refuse")]
)
def test_the_steps_lead_to_the_decision(decision, last):
    for state in READY:
        steps = steps_to(state, None, Decision(decision))
        assert steps[-1] is Action(last)
        for action in steps:
            state = MACHINE.table[state, action].state
        assert state.value == ("refused" if decision == "refused" else "approved")


@pytest.mark.parametrize("state", [s for s in State if s not in READY])
def test_elsewhere_no_result_is_entered(state):
    with pytest.raises(Conflict) as no:
        steps_to(state, None, Decision.approved)
    assert no.value.field is None


@pytest.mark.parametrize("outcome", ["approved", "refused"])
def test_what_is_decided_is_not_decided_again(outcome):
    with pytest.raises(Conflict) as no:
        steps_to(State.result_received, outcome, Decision.approved)
    assert no.value.field == "decision"


@pytest.mark.parametrize(
    ("outcome", "known", "decision", "wanted", "same"),
    [
        ("approved", "W1", "approved", "W1", True),
        ("approved", "W1", "partly", None, True),
        ("approved", "W1", "approved", "W2", False),
        ("approved", "W1", "refused", "W1", False),
        ("refused", None, "refused", None, True),
        (None, None, "approved", None, False),
    ],
)
def test_a_row_brought_once_more_changes_nothing(outcome, known, decision, wanted, same):
    assert is_same(outcome, known, Decision(decision), wanted) is same
