"""Dates and times as clerks type them."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.dates import ZONE, date_parts, parse_day, parse_moment
from app.core.errors import Invalid

DAY = date(1985, 2, 21)
FULL_WIDTH = "\uff11\uff19\uff18\uff15\uff10\uff12\uff12\uff11"


@pytest.mark.parametrize(
    "text",
    [
        "19850221",
        "1985.2.21",
        "1985-02-21",
        "1985/2/21",
        "1985 2 21",
        "1985\u5e742\u670821\u65e5",
        FULL_WIDTH,
    ],
)
def test_every_way_to_write_a_day_is_read(text):
    assert parse_day(text) == DAY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "85-02-21",
        "1985-02",
        "1985",
        "1985-02-30",
        "1985-13-01",
        "9999-01-01",
        "0985-01-01",
        "1985-2-21-1",
    ],
)
def test_what_is_no_day_is_refused_with_its_field(text):
    with pytest.raises(Invalid) as refused:
        parse_day(text, field="born")
    assert refused.value.field == "born"


@given(st.dates(date(1850, 1, 1), date(2150, 1, 1)))
def test_what_the_screen_shows_is_read_back(day):
    assert parse_day(day.isoformat()) == day
    assert parse_day(f"{day:%Y%m%d}") == day


@given(st.text(max_size=30))
def test_any_text_is_a_date_or_refused(text):
    parts = date_parts(text)
    assert parts is None or 1 <= len(parts) <= 3


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-03 14:30", datetime(2026, 11, 3, 14, 30, tzinfo=ZONE)),
        ("20261103 9:05", datetime(2026, 11, 3, 9, 5, tzinfo=ZONE)),
        ("2026\u5e7411\u67083\u65e5 14\u65f630\u5206", datetime(2026, 11, 3, 14, 30, tzinfo=ZONE)),
        ("2026\u5e7411\u67083\u65e5 9\u70b9", datetime(2026, 11, 3, 9, 0, tzinfo=ZONE)),
        ("2026-11-03", datetime(2026, 11, 3, tzinfo=ZONE)),
    ],
)
def test_a_time_of_day_may_follow(text, moment):
    assert parse_moment(text) == moment


@pytest.mark.parametrize("text", ["2026-11-03 25:00", "2026-11-03 12:61", "14:30"])
def test_a_time_that_does_not_exist_is_refused(text):
    with pytest.raises(Invalid):
        parse_moment(text)
