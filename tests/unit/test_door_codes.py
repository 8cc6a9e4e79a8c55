"""Numbers on doors: every wrong digit and every swap is found; an address of any host leads to the same home (S3-61)."""

import pytest

from app.registry.rules.door_codes import code_of, key_of, spoken


@pytest.mark.parametrize("key", [1, 7, 96, 97, 98, 1234, 2_000_000, 2**53])
def test_a_number_leads_back_however_it_is_typed(key):
    code = code_of(key)
    assert key_of(code) == key
    assert key_of(f" {spoken(code)} ") == key
    assert key_of(f"https://grid.example:8443/d/{code}?from=camera") == key
    assert key_of(f"/d/{code}/") == key


def test_every_wrong_digit_and_every_swap_is_found():
    code = code_of(482_915)
    wrong = {code[:at] + digit + code[at + 1 :] for at in range(len(code)) for digit in "0123456789"} - {code}
    swapped = {code[:at] + code[at + 1] + code[at] + code[at + 2 :] for at in range(len(code) - 1)} - {code}
    assert len(wrong | swapped) > 50
    assert {key_of(other) for other in wrong | swapped} == {None}


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "abc",
        "12",
        "9" * 21,
        "https://pay.example/q/123402",
        "https://pay.example/d/",
        "１２３４０２",
        "-1",
    ],
)
def test_what_is_no_number_of_ours_leads_nowhere(typed):
    assert key_of(typed) is None
