"""Which rating asks for a call-back, and how one is closed."""

import pytest

from app.core.errors import Invalid, NotAllowed
from app.proxy.rules.callbacks import check_closing, days_for, need_other


@pytest.mark.parametrize(
    ("rating", "levels", "days"),
    [
        ("1", {}, 15),
        ("2", {"2": {}}, 15),
        ("3", {}, None),
        ("3", {"3": {"callback_days": 5}}, 5),
        ("1", {"3": {"callback_days": 5}}, None),  # the list says which levels are bad
        ("1", {"1": {"callback_days": 0}}, 15),
        ("1", {"1": {"callback_days": "soon"}}, 15),
        ("1", {"1": {"callback_days": True}}, 15),
    ],
)
def test_the_list_says_which_rating_is_called_back_and_within_how_many_days(rating, levels, days):
    assert days_for(rating, levels) == days


def test_nobody_looks_into_a_rating_of_the_own_work():
    need_other(7, {8, 9})
    for staff in (8, None):
        with pytest.raises(NotAllowed):
            need_other(staff, {8, 9})


def test_a_call_back_is_closed_with_words_and_not_after_one_try():
    assert check_closing("settled", "had a talk", 1) == "settled"
    assert check_closing("unreachable", "three times in vain", 3) == "unreachable"
    for outcome, answer, attempts, field in (
        ("settled", " ok ", 1, "answer"),
        ("unreachable", "rang twice", 2, "outcome"),
        ("forgotten", "had a talk", 1, "outcome"),
    ):
        with pytest.raises(Invalid) as refused:
            check_closing(outcome, answer, attempts)
        assert refused.value.field == field
