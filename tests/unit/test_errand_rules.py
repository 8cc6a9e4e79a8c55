"""Errands by name and kind."""

import pytest

from app.core.errors import Invalid
from app.proxy.choices import State
from app.proxy.rules.errands import ErrandKind, key_of, kind_of, parse_key


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (State.booked, "collect"),
        (State.supplement, "collect"),
        (State.result_received, "deliver"),
        (State.delivery_failed, "deliver"),
    ],
)
def test_a_result_that_was_fetched_is_brought_anything_else_is_collected(state, kind):
    assert kind_of(state.value) == kind


def test_a_key_names_kind_and_record():
    assert parse_key(key_of(ErrandKind.care, "a-b")) == (ErrandKind.care, "a-b")
    with pytest.raises(Invalid) as refused:
        parse_key("steal:a-b")
    assert refused.value.field == "errands"
