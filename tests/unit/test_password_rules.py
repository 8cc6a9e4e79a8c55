"""What a password must be."""

from __future__ import annotations

import pytest

from app.areas.accounts.passwords import ALPHABET, random_password, weak_list
from app.areas.rules.passwords import LONGEST, kinds, password_findings


def codes(password, **more):
    return {f.code for f in password_findings(password, shortest=10, weak=weak_list(), **more)}


@pytest.mark.parametrize(
    "password",
    [
        "Lantern-harbour-7391",
        "three blue kettles",
        "plum8orchard",
        "k3x9-mw2p-q7",
        "\u7f51\u683c-tea-2026-kettle",
    ],
)
def test_good_ones(password):
    assert codes(password) == set()


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("Plum-28ab", "short"),
        ("x1" * (LONGEST // 2 + 1), "long"),
        ("plumorchardgarden", "kinds"),
        ("8203719462", "kinds"),
        ("password2026", "weak"),
        ("Geban@2026!!", "weak"),
        ("20260101wangge", "weak"),
        ("1234567890ab", "weak"),
        ("abcdefgh-19", "weak"),
        ("qwertyuiop1!", "weak"),
        ("poiuytrewq1!", "weak"),
        ("ababababab1", "weak"),
        ("0987654321x", "weak"),
    ],
)
def test_bad_ones(password, code):
    assert code in codes(password)


def test_own_words_are_refused_whatever_their_case():
    assert "own_word" in codes("xx-LIuFang-2026", words=["liufang"])
    assert "own_word" not in codes("xx-kettle-2026", words=["li", ""])


def test_letters_digits_signs_are_three_kinds():
    assert [kinds(p) for p in ("abcABC", "abc1", "abc1!", "")] == [1, 2, 3, 0]


def test_the_list_is_lower_case_without_blanks():
    assert all(word == word.strip().lower() for word in weak_list())
    assert len(weak_list()) > 100


def test_made_passwords_are_good_and_differ():
    made = {random_password() for _n in range(50)}
    assert len(made) == 50
    assert all(codes(p) <= {"kinds"} and set(p) <= set(ALPHABET) | {"-"} for p in made)
