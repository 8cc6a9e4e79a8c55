"""Birth dates, ages, phones and names as clerks type them."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.registry.rules import (
    Birth,
    Phone,
    Precision,
    age_on,
    check_name,
    name_birth_key,
    name_key,
    normalise_phone,
    parse_birth,
)

TODAY = date(2026, 11, 21)
YEAR, MONTH, DAY = "\u5e74", "\u6708", "\u65e5"


@pytest.mark.parametrize(
    "typed",
    [
        "19850221",
        "1985.2.21",
        "1985-02-21",
        "1985/2/21",
        "1985 2 21",
        f"1985{YEAR}2{MONTH}21{DAY}",
        f"1985{YEAR}02{MONTH}21\u53f7",
        " 1985-2-21 ",
        "\uff11\uff19\uff18\uff15\uff0e\uff12\uff0e\uff12\uff11",
        "1985\u30012\u300121",
    ],
)
def test_one_day_many_ways_to_type_it(typed):
    assert parse_birth(typed, TODAY) == Birth(date(1985, 2, 21))


@pytest.mark.parametrize(
    ("typed", "birth", "shown"),
    [
        ("1985-2", Birth(date(1985, 2, 1), Precision.month), "1985-02"),
        (f"1985{YEAR}2{MONTH}", Birth(date(1985, 2, 1), Precision.month), "1985-02"),
        ("1985", Birth(date(1985, 1, 1), Precision.year), "1985"),
        (f"1931{YEAR}", Birth(date(1931, 1, 1), Precision.year), "1931"),
        ("20261121", Birth(date(2026, 11, 21)), "2026-11-21"),
    ],
)
def test_month_or_year_alone_keep_their_precision(typed, birth, shown):
    parsed = parse_birth(typed, TODAY)
    assert (parsed, parsed.precision) == (birth, birth.precision)
    assert str(parsed) == shown


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("85/2/1", "four digits"),
        (f"85{YEAR}2{MONTH}1{DAY}", "four digits"),
        ("850221", "four digits"),
        ("198502", "four digits"),
        ("21.2.1985", "four digits"),
        ("1985-2-30", "no such day"),
        ("19850231", "no such day"),
        ("1985-13", "no such day"),
        ("2027-01-01", "future"),
        ("2026-11-22", "future"),
        ("1849", "too far"),
        ("", "like 1985-02-21"),
        (None, "like 1985-02-21"),
        ("1985-2-3-4", "like 1985-02-21"),
        ("February 1985", "like 1985-02-21"),
        ("\u4e00\u4e5d\u516b\u4e94", "like 1985-02-21"),
        ("1985-\u0662-1", "like 1985-02-21"),
        ("-", "like 1985-02-21"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(typed, sentence):
    with pytest.raises(Invalid, match=sentence) as refused:
        parse_birth(typed, TODAY)
    assert refused.value.field == "birth_date"


@given(st.dates(date(1850, 1, 1), TODAY), st.sampled_from(["%Y%m%d", "%Y-%m-%d", "%Y.%m.%d", "%Y/%m/%d"]))
@settings(max_examples=30, deadline=None)
def test_every_day_that_is_written_is_read(day, form):
    assert parse_birth(day.strftime(form), TODAY) == Birth(day)


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        (date(2012, 11, 21), date(2026, 11, 20), 13),
        (date(2012, 11, 21), date(2026, 11, 21), 14),
        (date(2012, 11, 21), date(2012, 11, 21), 0),
        (date(2012, 11, 21), date(2013, 11, 20), 0),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2008, 2, 29), date(2028, 2, 29), 20),
        (date(2012, 11, 21), date(2012, 11, 20), None),
        (None, date(2026, 11, 21), None),
        (Birth(date(1960, 3, 1), Precision.month), date(2026, 3, 15), 65),
        (Birth(date(1960, 3, 1), Precision.month), date(2026, 3, 31), 66),
        (Birth(date(1960, 3, 1), Precision.month), date(2026, 4, 1), 66),
        (Birth(date(1960, 1, 1), Precision.year), date(2026, 6, 1), 65),
        (Birth(date(1960, 1, 1), Precision.year), date(2026, 12, 31), 66),
        (Birth(date(2026, 1, 1), Precision.year), date(2026, 6, 1), 0),
    ],
)
def test_completed_years(born, on, age):
    assert age_on(born, on) == age


@pytest.mark.parametrize(
    ("typed", "number", "kind"),
    [
        ("13812345678", "13812345678", "mobile"),
        ("138 1234 5678", "13812345678", "mobile"),
        ("138-1234-5678", "13812345678", "mobile"),
        ("+86 13812345678", "13812345678", "mobile"),
        ("0086-138-1234-5678", "13812345678", "mobile"),
        ("\uff11\uff13\uff18\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18", "13812345678", "mobile"),
        ("19912345678", "19912345678", "mobile"),
        ("0731-83881234", "0731-83881234", "fixed"),
        ("(0731) 83881234", "0731-83881234", "fixed"),
        ("\uff080731\uff0983881234", "0731-83881234", "fixed"),
        ("073183881234", "0731-83881234", "fixed"),
        ("0731\u201483881234", "0731-83881234", "fixed"),
        ("01062345678", "010-62345678", "fixed"),
        ("021-62345678-801", "021-62345678-801", "fixed"),
        ("+86 731 83881234", "0731-83881234", "fixed"),
        ("+86-10-62345678", "010-62345678", "fixed"),
        ("0427-6522222", "0427-6522222", "fixed"),
        ("6522222", "6522222", "fixed"),
        ("83881234#12", "83881234-12", "fixed"),
        ("400-123-4567", "4001234567", "fixed"),
        ("8001234567", "8001234567", "fixed"),
        ("+852 9123 4567", "+85291234567", "foreign"),
        ("00852-91234567", "+85291234567", "foreign"),
        ("+49 (30) 1234567", "+49301234567", "foreign"),
        ("+677 1234", "+6771234", "foreign"),
        ("+123456789012345", "+123456789012345", "foreign"),
    ],
)
def test_phones_have_one_written_form(typed, number, kind):
    assert normalise_phone(typed) == Phone(number, kind)
    # what is stored is read as itself
    assert normalise_phone(number) == Phone(number, kind)


def test_a_local_number_gets_the_area_code_of_the_place():
    assert normalise_phone("83881234", area_code="0731").number == "0731-83881234"
    assert normalise_phone("83881234-8", area_code="0731").number == "0731-83881234-8"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        None,
        "1381234567",
        "138123456789",
        "12812345678",
        "+8613812345",
        "0086123",
        "+86128123456789",
        "0731-838812",
        "0731-838812345",
        "0131-83881234",
        "12345",
        "abc",
        "+85",
        "+8529123456789012",
        "+677 123",
        "13812345678/13912345678",
    ],
)
def test_what_is_no_phone_number_is_refused(typed):
    with pytest.raises(Invalid, match="11 digits") as refused:
        normalise_phone(typed, field="owner_phone")
    assert refused.value.field == "owner_phone"


DOT = "\u00b7"


@pytest.mark.parametrize(
    "name",
    [
        "\u674e\u56db",
        "\u4e70\u4e70\u63d0\u00b7\u827e\u529b",
        "\u4e70\u4e70\u63d0\u2022\u827e\u529b",
        "\U00020bb7\u91ce\u5bb6",
        "\U0002b81c",
        "\U00030000",
        "\ue863\u56db",
        "\u738b\u3007",
        "\uf9dc\u4e8c",
        "John O'Neill-Smith Jr.",
        "Zo\u00eb",
        "Zoe\u0308",
        "\u674e\u56db\uff08\u5c0f\uff09",
        "A",
        "\u674e" * 50,
    ],
)
def test_names_are_kept_as_given(name):
    assert check_name(f"  {name}\u3000") == name


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "give a name"),
        ("   ", "give a name"),
        (None, "give a name"),
        ("\u674e" * 51, "50"),
        ("\u674e4", "letters only"),
        ("\u674e\uff14", "letters only"),
        ("\u674e\n\u56db", "letters only"),
        ("\u674e\u200b\u56db", "letters only"),
        ("\u674e\ud800", "letters only"),
        ("<b>", "letters only"),
        ("=1+1", "letters only"),
        ("\u2605\u674e", "letters only"),
        ("\u674e\U0001f600", "letters only"),
        ("--", "letters only"),
        ("\u00b7", "letters only"),
        ("\u0301", "letters only"),
    ],
)
def test_what_cannot_be_a_name_is_refused(name, sentence):
    with pytest.raises(Invalid, match=sentence) as refused:
        check_name(name, field="owner_name")
    assert refused.value.field == "owner_name"


@pytest.mark.parametrize(
    "dot", list("\u00b7\u2022\u2027\u2219\u22c5\u30fb\uff65\u16eb\u0387\u25cf\u3002.\uff0e") + ["", " "]
)
def test_the_dot_of_a_name_makes_no_difference_in_matching(dot):
    assert name_key(f"\u4e70\u4e70\u63d0{dot}\u827e\u529b") == name_key(
        "\u4e70\u4e70\u63d0\u00b7\u827e\u529b"
    )


def test_blanks_width_and_case_make_no_difference_but_characters_do():
    assert name_key(" \u674e \u3000\u56db ") == name_key("\u674e\u56db")
    assert name_key("\uff2a\uff4f\uff48\uff4e SMITH") == name_key("john smith")
    assert name_key("\u674e\u56db") != name_key("\u674e\u4e94")
    assert name_key("\U00020bb7\u91ce") != name_key("\u5409\u91ce")
    assert name_key(None) == ""


@pytest.mark.demand("S0-69")
def test_a_name_matches_only_together_with_an_exact_birth_date():
    born = date(1985, 2, 21)
    assert (
        name_birth_key("\u674e \u56db", born)
        == name_birth_key("\u674e\u56db", Birth(born))
        == "\u674e\u56db|1985-02-21"
    )
    assert name_birth_key("\u674e\u56db", date(1985, 2, 22)) != name_birth_key("\u674e\u56db", born)
    assert name_birth_key("\u674e\u56db", Birth(born, Precision.month)) is None
    assert name_birth_key("\u674e\u56db", None) is None
    assert name_birth_key(" ", born) is None
