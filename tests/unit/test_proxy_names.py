"""Keys of questions, codes of services, limits of steps: what may be written, and what is said of the rest."""

import pytest

from app.core.errors import Invalid
from app.proxy.rules import check_item_code, check_key, check_limit


@pytest.mark.parametrize("key", ["income", "a", "heads_2", "x" * 24])
def test_keys_of_questions(key):
    check_key(key)


@pytest.mark.parametrize("key", [None, "", "Income", "2nd", "in come", "x" * 25, "\u4e00"])
def test_keys_that_are_none(key):
    with pytest.raises(Invalid) as refused:
        check_key(key)
    assert refused.value.field == "key"


def test_codes_of_services():
    assert check_item_code(" rs-13 ") == "RS-13"
    for code in (None, "", "R-1", "RS13", "RS-1", "RS-12345", "RS-\uff11\uff12"):
        with pytest.raises(Invalid) as refused:
            check_item_code(code)
        assert refused.value.field == "code"


def test_limits_of_steps():
    assert check_limit("submit", 0, "work_day") == (0, "work_day")
    assert check_limit("submit", 1, "work_hour") == (1, "work_hour")
    for amount, unit in ((-1, "work_day"), (91, "work_day"), (0, "work_hour"), (1.5, "day"), (None, "day")):
        with pytest.raises(Invalid) as refused:
            check_limit("submit", amount, unit)
        assert refused.value.field == "amount"
    with pytest.raises(Invalid) as refused:
        check_limit("promise", 1, "work_day")
    assert refused.value.field == "clock"
