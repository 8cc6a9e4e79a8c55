"""When somebody comes, and for whom a service is meant."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.core.errors import Invalid
from app.proxy.rules import MOST_AHEAD, age_finding, age_limits, check_appointment, parse_slot

TODAY = date(2026, 11, 2)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("", None),
        (None, None),
        (" 09:00-11:00 ", "09:00-11:00"),
        ("9:00-11:00", "09:00-11:00"),
        ("9\uff1a00\u201411\uff1a30", "09:00-11:30"),
        ("14:00\uff5e16:00", "14:00-16:00"),
        ("8:30 ~ 9:05", "08:30-09:05"),
    ],
)
def test_a_time_of_day_is_kept_in_one_way(typed, kept):
    assert parse_slot(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "25:00-99:99",
        "11:00-09:00",
        "09:00-09:00",
        "\u4e0a\u5348",
        "09:00",
        "9-11",
        "\u2460:00-11:00",
        "x" * 99,
    ],
)
def test_what_is_no_time_of_day_is_refused_at_its_field(typed):
    with pytest.raises(Invalid) as refused:
        parse_slot(typed, field="again_slot")
    assert refused.value.field == "again_slot"


@pytest.mark.parametrize(
    ("days", "fits"), [(-1, False), (0, True), (MOST_AHEAD, True), (MOST_AHEAD + 1, False), (730, False)]
)
def test_an_appointment_is_neither_past_nor_far_off(days, fits):
    day = TODAY + timedelta(days=days)
    if fits:
        check_appointment(day, TODAY)
        return
    with pytest.raises(Invalid) as refused:
        check_appointment(day, TODAY)
    assert refused.value.field == "appointment"


@pytest.mark.parametrize(
    ("limits", "age", "told"),
    [
        ({"from": 65}, 56, "people of 65 and older; the resident is 56"),
        ({"from": 65}, 65, None),
        ({"to": 15}, 15, None),
        ({"to": 15}, 16, "people up to 15; the resident is 16"),
        ({"from": 16, "to": 59}, 15, "people of 16 and older"),
        ({"from": 16, "to": 59}, 60, "people up to 59"),
        ({"from": 0}, 0, None),
        ({}, 5, None),
        (None, 5, None),
        ({"from": 65}, None, None),
    ],
)
def test_the_age_of_a_service_is_a_warning(limits, age, told):
    found = age_finding(limits, age)
    if told is None:
        assert found is None
    else:
        assert told in str(found.message)
        assert not found.is_error


@pytest.mark.parametrize(
    ("low", "high", "kept"),
    [(65, None, {"from": 65}), (None, 15, {"to": 15}), (16, 59, {"from": 16, "to": 59}), (None, None, {})],
)
def test_ages_of_a_service_are_kept_as_bookings_read_them(low, high, kept):
    assert age_limits(low, high) == kept


@pytest.mark.parametrize(
    ("low", "high", "field"), [(-1, None, "age_from"), (None, 121, "age_to"), (60, 59, "age_to")]
)
def test_ages_that_nobody_has_are_refused(low, high, field):
    with pytest.raises(Invalid) as refused:
        age_limits(low, high)
    assert refused.value.field == field
