"""Whole numbers from forms and addresses."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.core.numbers import whole_number


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), (" 12 ", 12), ("007", 7), ("\uff13\uff10", 30), (5, 5)]
)
def test_figures_are_read_as_they_are_typed(text, number):
    assert whole_number(text, 0, 30) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "-1",
        "1.0",
        "1e1",
        "1_0",
        "31",
        "\u2460",
        "\u00b2",
        "\u0663",
        "9" * 5000,
        "0" * 5000,
        True,
        None,
    ],
)
def test_all_else_is_refused_at_its_field(text):
    with pytest.raises(Invalid) as refused:
        whole_number(text, 0, 30, field="page")
    assert refused.value.field == "page"


def test_the_lower_bound_counts_too():
    assert whole_number("1", 1, 9) == 1
    with pytest.raises(Invalid):
        whole_number("0", 1, 9)


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_refused(text):
    with contextlib.suppress(Invalid):
        assert 0 <= whole_number(text, 0, 400) <= 400
