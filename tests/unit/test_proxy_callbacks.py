"""Which rating asks for a call-back, and how one is closed."""

import pytest

from app.core.errors import Invalid, NotAllowed
from app.proxy.rules.callbacks import check_closing, need_other, time_for
from app.proxy.rules.limits import check_site_limit


@pytest.mark.parametrize(
    ("rating", "site", "limit"),
    [
        ("1", None, (15, "work_day")),
        ("2", (5, "day"), (5, "day")),
        ("3", (5, "day"), None),
        ("5", None, None),
    ],
)
def test_the_two_lowest_ratings_are_called_back_by_the_limit_of_the_site(rating, site, limit):
    assert time_for(rating, site) == limit


def test_a_call_back_has_some_time():
    assert check_site_limit("callback", 1, "work_day") == (1, "work_day")
    assert check_site_limit("submit", 0, "work_day") == (0, "work_day")
    for clock, amount, field in (
        ("callback", 0, "amount"),
        ("callback", 91, "amount"),
        ("opinion", 3, "clock"),
    ):
        with pytest.raises(Invalid) as refused:
            check_site_limit(clock, amount, "work_day")
        assert refused.value.field == field


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
