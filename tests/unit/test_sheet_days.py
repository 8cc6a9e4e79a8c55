"""Dates as they stand in sheets, however Excel or a clerk wrote them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.sheets.days import read_day
from app.core.sheets.intake.cells import from_serial, is_date_format

TODAY = date(2026, 11, 22)
DAYS = st.dates(date(1900, 3, 1), date(2173, 10, 13))
WAYS = (
    "{0:%Y-%m-%d}",
    "{0:%Y%m%d}",
    "{0.year}.{0.month}.{0.day}",
    "{0.year}/{0.month}/{0.day}",
    "{0.year}\u5e74{0.month}\u6708{0.day}\u65e5",
    "{0:%Y-%m-%d} 08:30:00",
    "{0:%Y-%m-%d}T00:00:00",
    " {0.year}\uff0e{0.month}\uff0e{0.day}\u3000",
)


def read(raw: Any, **how: Any) -> str | None:
    return read_day(raw, today=TODAY, **how)[0]


@given(DAYS, st.sampled_from(WAYS))
def test_every_way_to_write_a_whole_day_is_read_without_a_remark(day, way):
    assert read_day(way.format(day), today=TODAY) == (day.isoformat(), [])


@given(DAYS)
def test_a_number_and_a_cell_with_a_date_format_are_the_same_day(day):
    serial = (day - date(1899, 12, 30)).days
    whole = {"d": day.isoformat()}
    assert from_serial(serial, since_1904=False) == whole
    assert from_serial(serial - 1462, since_1904=True) == whole or serial < 1462
    assert read(whole) == day.isoformat()
    if not (len(str(serial)) == 4 and 1800 <= serial <= 2200):  # 1985 is a year before it is a day of 1905
        assert read(serial) == read(str(serial)) == day.isoformat()


@given(DAYS)
def test_years_of_two_figures_are_never_later_than_this_one_and_always_told(day):
    text = f"{day:%y}/{day.month}/{day.day}"
    iso, remarks = read_day(text, today=TODAY)
    if iso is not None:
        assert iso[:4] <= "2026"
        assert iso[2:] == day.isoformat()[2:]
        assert date.fromisoformat(iso) > TODAY - timedelta(days=366 * 101)
    assert len(remarks) == 1
    assert remarks[0][2] is (iso is None)


@given(st.one_of(st.text(max_size=20), st.integers(), st.floats(allow_nan=False, allow_infinity=False)))
def test_anything_else_is_a_date_of_the_calendar_or_a_grave_finding(raw):
    iso, remarks = read_day(raw, today=TODAY)
    if iso is None:
        assert [grave for _text, _params, grave in remarks] == [True]
    else:
        parts = [int(part) for part in iso.split("-")]
        assert date(*[*parts, 1, 1][:3])
        assert 1800 <= parts[0] <= 2200


@pytest.mark.parametrize(
    ("raw", "iso"),
    [
        (1985, "1985"),
        ("1985", "1985"),
        (1985.2, "1985-02"),
        (1985.12, "1985-12"),
        ("1985.10", "1985-10"),
        ("1985\u5e742\u6708", "1985-02"),
        (198502, "1985-02"),
        (850221, "1985-02-21"),
        (1985.13, None),
        (19851301, None),
        (200512, None),
        (1985221, None),
        ("13/2/1985", "1985-02-13"),
        ("2/2/1985", "1985-02-02"),
        ("3/2/1985", None),
        (0, None),
        (-5, None),
        (True, None),
        (59, "1900-02-28"),
        (61, "1900-03-01"),
    ],
)
def test_what_stands_for_a_month_a_year_or_nothing(raw, iso):
    assert read(raw) == iso


def test_a_zero_that_excel_dropped_is_not_guessed():
    for raw, shown in ((1985.1, False), ("1985.1", True)):
        iso, [(text, _params, grave)] = read_day(raw, today=TODAY, shown=shown)
        assert (iso, grave) == ("1985", False)
        assert "January or October" in text
    assert read("1985.1") == "1985-01"  # somebody typed it as a text


@pytest.mark.parametrize(
    ("code", "is_date"),
    [
        ("yyyy-mm-dd", True),
        ('yyyy"\u5e74"m"\u6708"d"\u65e5";@', True),
        ("[$-804]yyyy\\-m\\-d", True),
        ("h:mm", True),
        ("[h]:mm:ss", True),
        ("General", False),
        ("0.00_ ", False),
        ('#,##0"\u5143"', False),
        ("[Red]0.00", False),
        ("@", False),
        ('0"day"', False),
    ],
)
def test_formats_that_show_dates(code, is_date):
    assert is_date_format(code) is is_date
