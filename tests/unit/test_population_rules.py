"""Kinds of residents and their stays; the unified credit code; fields of organisations by kind."""

from __future__ import annotations

import pytest

from app.core.errors import Invalid
from app.registry.rules.credit_code import check_credit_code, check_of
from app.registry.rules.population import kind_of_stays, stays_of_kind
from app.registry.rules.units import COLUMNS_OF, OWN_COLUMNS

FIRST = "91430281MA4L1XY3Q"


@pytest.mark.parametrize(
    ("kind", "stays", "here", "found"),
    [
        (None, {"floating"}, False, "floating"),
        ("registered", {"floating", "overseas"}, True, "overseas"),
        ("registered", {"left_behind"}, True, "registered"),
        ("floating", {"left_behind"}, False, "left_behind"),
        ("floating", set(), True, "registered"),
        ("floating", set(), False, None),
        ("left_behind", set(), False, "registered"),
        ("unregistered", set(), False, "unregistered"),
    ],
)
def test_the_kind_that_agrees_with_the_stays(kind, stays, here, found):
    assert kind_of_stays(kind, frozenset(stays), is_registered_here=here) == found


@pytest.mark.parametrize(
    ("kind", "stays", "opened", "ended"),
    [
        (None, {"floating"}, set(), set()),
        ("floating", set(), {"floating"}, set()),
        ("floating", {"floating"}, set(), set()),
        ("overseas", {"floating"}, {"overseas"}, {"floating"}),
        ("registered", {"floating", "left_behind"}, set(), {"floating"}),
        ("unregistered", {"left_behind"}, set(), {"left_behind"}),
    ],
)
def test_the_stays_that_agree_with_a_chosen_kind(kind, stays, opened, ended):
    assert stays_of_kind(kind, frozenset(stays)) == (opened, ended)


class TestCreditCode:
    def test_a_code_as_people_type_it(self):
        code = FIRST + check_of(FIRST)
        assert check_credit_code(f" {code[:8].lower()} {code[8:].lower()} ") == code
        assert check_credit_code("") is None
        assert check_credit_code(None) is None

    @pytest.mark.parametrize(
        "text", ["123", FIRST + "I", FIRST + ("1" if check_of(FIRST) != "1" else "2"), FIRST[:-1] + "O1"]
    )
    def test_what_is_no_code_is_refused(self, text):
        with pytest.raises(Invalid):
            check_credit_code(text)


def test_each_kind_of_organisation_has_fields_of_its_own():
    assert COLUMNS_OF.keys() == {"public", "company", "social"}
    assert "is_foreign" in COLUMNS_OF["social"] - COLUMNS_OF["company"]
    assert "union_members" in COLUMNS_OF["company"] - COLUMNS_OF["social"]
    assert frozenset.union(*COLUMNS_OF.values()) == OWN_COLUMNS
