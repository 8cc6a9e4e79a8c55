"""Resident ID numbers. All numbers are invented; the check characters are right where the test says so."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.registry.rules import (
    Birth,
    Precision,
    birth_of,
    check_character,
    derive,
    document_key,
    has_right_check,
    inspect_document,
    normalise_number,
    sex_of,
    to_18,
)

TODAY = date(2026, 11, 21)


def number(region="430281", birth="19850221", sequence="001"):
    first = region + birth + sequence
    return first + check_character(first)


def codes(findings):
    return [finding.code for finding in findings]


def test_the_example_of_the_standard():
    # GB 11643-1999, annex: both examples are printed in the standard
    assert check_character("11010519491231002") == "X"
    assert has_right_check("440524188001010014")


@given(st.from_regex(r"[0-9]{17}", fullmatch=True), st.integers(0, 16), st.integers(1, 9))
@settings(max_examples=40, deadline=None)
def test_one_wrong_digit_is_always_noticed(first, place, shift):
    right = first + check_character(first)
    wrong_digit = str((int(right[place]) + shift) % 10)
    assert has_right_check(right)
    assert not has_right_check(right[:place] + wrong_digit + right[place + 1 :])


@given(st.from_regex(r"[0-9]{17}", fullmatch=True), st.integers(0, 15))
@settings(max_examples=40, deadline=None)
def test_two_neighbours_changed_about_are_always_noticed(first, place):
    right = first + check_character(first)
    swapped = right[:place] + right[place + 1] + right[place] + right[place + 2 :]
    assert has_right_check(swapped) is (swapped == right)


@pytest.mark.parametrize("text", ["", "4302811985022100", "43028119850221001Y", "4302811985022100123"])
def test_what_is_not_18_characters_has_no_right_check(text):
    assert not has_right_check(text)


@pytest.mark.parametrize(
    "typed",
    [
        "11010519491231002x",
        " 110105 19491231 002X ",
        "110105-19491231-002X",
        "\uff11\uff11\uff10\uff11\uff10\uff15\uff11\uff19\uff14\uff19\uff11\uff12\uff13\uff11\uff10\uff10\uff12\uff38",
        "11010519491231002\u0425",
        "11010519491231002\u0445",
        "11010519491231002\u00d7",
        "11010519491231002\u2169",
        "\u200b11010519491231002X\ufeff",
        "110105\u301419491231\u3015002X".replace("\u3014", "\u3000").replace("\u3015", "\u2014"),
    ],
)
def test_the_same_number_however_it_is_typed(typed):
    assert normalise_number(typed) == "11010519491231002X"


def test_no_number_is_an_empty_one():
    assert normalise_number(None) == normalise_number("  ") == ""


def test_old_numbers_become_new_ones():
    new = to_18("430281850221001")
    assert new[:17] == "43028119850221001"
    assert has_right_check(new)
    # sequences 996 to 999 were given to people born in the 1800s
    assert to_18("430281950221998")[6:14] == "18950221"
    assert to_18("430281950221995")[6:14] == "19950221"
    for wrong in ("43028185022100", number(), "43028185022100X"):
        with pytest.raises(ValueError, match="15"):
            to_18(wrong)


def test_birth_date_and_sex_inside_the_number():
    assert birth_of(number()) == date(1985, 2, 21)
    assert birth_of(number(birth="19850231")) is None
    assert birth_of(number(birth="00000101")) is None
    assert (sex_of(number(sequence="001")), sex_of(number(sequence="002"))) == ("1", "2")


@pytest.mark.parametrize("kind", ["111", "112", "Z10", "Z20", "553"])
def test_five_kinds_of_document_tell_birth_date_and_sex(kind):
    found = derive(kind, number(region="810000"))
    assert (found.birth, found.sex) == (date(1985, 2, 21), "1")
    assert found.number == number(region="810000")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("414", number()),
        ("114", number()),
        ("113", number()),
        ("111", "E12345678"),
        ("111", ""),
        ("111", None),
        ("Z10", "430281850221001"),
        ("111", number(birth="19850231")),
    ],
)
def test_other_documents_tell_nothing(kind, text):
    assert derive(kind, text) is None


def test_an_old_number_tells_as_well():
    assert derive("111", "430281850221001").birth == date(1985, 2, 21)


def test_a_region_that_no_longer_exists_is_no_finding():
    # 350402 was merged into another district in 2021; 999999 never was one
    for region in ("350402", "999999", "000000"):
        assert inspect_document("111", number(region=region), TODAY) == []


def test_a_wrong_check_character_is_a_warning_with_a_reason_and_no_wall():
    right = number()
    wrong = right[:17] + ("0" if right[17] != "0" else "1")
    (finding,) = inspect_document("111", wrong, TODAY)
    assert (finding.code, finding.severity, finding.needs_reason) == ("check_digit", "warning", True)
    assert finding.field == "number"
    # the right character is not told: it would be typed in without a look at the card
    assert right[17] not in str(finding.message)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (number()[:17], "length"),
        (number() + "1", "length"),
        ("A" + number()[1:], "characters"),
        ("12", "length"),
    ],
)
def test_a_number_of_another_shape_is_an_error(text, code):
    (finding,) = inspect_document("111", text, TODAY, field="document_no")
    assert (finding.code, finding.is_error, finding.field) == (code, True, "document_no")
    if code == "length":
        assert str(len(text)) in str(finding.message)


def test_fifteen_digits_are_known_for_resident_cards_only():
    (finding,) = inspect_document("111", "430281850221001", TODAY)
    assert (finding.code, finding.is_error, finding.needs_reason) == ("old_number", False, False)
    assert codes(inspect_document("Z10", "430281850221001", TODAY)) == ["length"]
    # the permanent residence card before 2023 is built otherwise
    assert inspect_document("553", "CHN310054022201", TODAY) == []


@pytest.mark.parametrize(
    "birth",
    [
        "19850231",
        "20991231",
        "19001301",
        "19051121",
        (TODAY + timedelta(1)).strftime("%Y%m%d"),
    ],
)
def test_an_unlikely_birth_date_inside_asks_for_a_reason(birth):
    (finding,) = inspect_document("111", number(birth=birth), TODAY)
    assert (finding.code, finding.needs_reason) == ("number_birth", True)


def test_a_child_born_today_is_fine():
    assert inspect_document("111", number(birth=TODAY.strftime("%Y%m%d")), TODAY) == []
    # and so is somebody who will be 121 tomorrow
    assert inspect_document("111", number(birth="19051122"), TODAY) == []


def test_typed_values_that_differ_are_shown_beside_those_of_the_number():
    found = inspect_document("111", number(), TODAY, birth=Birth(date(1985, 2, 12)), sex="2")
    assert codes(found) == ["birth_differs", "sex_differs"]
    assert [finding.field for finding in found] == ["birth_date", "sex"]
    assert "1985-02-12" in str(found[0].message)
    assert "1985-02-21" in str(found[0].message)
    assert ("female" in str(found[1].message), "says male" in str(found[1].message)) == (True, True)
    assert all(finding.needs_reason and not finding.is_error for finding in found)


def test_typed_values_that_agree_are_no_finding():
    exact = inspect_document("111", number(), TODAY, birth=Birth(date(1985, 2, 21)), sex="1")
    month = inspect_document("111", number(), TODAY, birth=Birth(date(1985, 2, 1), Precision.month))
    unknown_sex = inspect_document("111", number(), TODAY, sex="0")
    assert exact == month == unknown_sex == []
    year = inspect_document("111", number(), TODAY, birth=Birth(date(1986, 1, 1), Precision.year))
    assert codes(year) == ["birth_differs"]
    # a number without a birth date says nothing about the typed one
    assert codes(inspect_document("111", number(birth="19850231"), TODAY, birth=Birth(date(1985, 2, 1)))) == [
        "number_birth"
    ]


@pytest.mark.parametrize(("kind", "text"), [("111", ""), ("111", None), ("414", "X1"), ("117", "anything")])
def test_no_number_and_other_documents_have_no_findings(kind, text):
    assert inspect_document(kind, text, TODAY) == []


def test_the_same_card_has_one_key():
    keys = {
        document_key("111", number()),
        document_key("112", number().lower()),
        document_key("111", f" {number()} "),
        document_key("111", "430281850221001"),
    }
    assert keys == {("111", number())}
    assert document_key("414", "e 123-456") == ("414", "E123456")
    assert document_key("111", "odd 1") == ("111", "ODD1")
    assert document_key("111", " ") is None
