"""Deadlines and used time, against examples of the calendar year 2026 and against a slow oracle."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.core.sla import Pause, Unit, deadline, due_date, elapsed_days, elapsed_time
from app.core.workdays import calendar_from
from tests.unit.calendars import ToyCalendar, local

CHINA = calendar_from(None)
SLOT = timedelta(minutes=10)
HOUR = timedelta(hours=1)


def due(start, amount, unit, calendar=CHINA, pauses=()):
    return deadline(start, amount, unit, calendar, pauses).at.astimezone(start.tzinfo)


@pytest.mark.demand("S3-26")
@pytest.mark.parametrize(
    ("start", "end"),
    [
        (local(2026, 11, 2, 9), local(2026, 11, 11, 17, 30)),  # Monday, over one weekend
        (local(2026, 11, 6, 23), local(2026, 11, 17, 17, 30)),  # Friday night
        (local(2026, 11, 7, 10), local(2026, 11, 17, 17, 30)),  # Saturday
        (local(2026, 9, 28, 9), local(2026, 10, 13, 17, 30)),  # National Day; Saturday 10 October is worked
        (
            local(2026, 2, 12, 9),
            local(2026, 2, 28, 17, 30),
        ),  # Spring Festival; both Saturdays 14 and 28 are worked
    ],
)
def test_seven_working_days(start, end):
    assert due(start, 7, Unit.work_day) == end


@pytest.mark.demand("S3-29", "S3-30")
def test_utility_events_24_clock_hours_on_site_and_three_working_days():
    friday = local(2026, 11, 6, 16)
    assert due(friday, 24, Unit.urgent_hour) == local(2026, 11, 7, 16)
    assert due(friday, 3, Unit.work_day) == local(2026, 11, 11, 17, 30)


def test_working_hours_run_in_office_hours_only():
    assert due(local(2026, 11, 6, 11), 4, Unit.work_hour) == local(2026, 11, 6, 16, 30)
    assert due(local(2026, 11, 6, 17), 2, Unit.work_hour) == local(2026, 11, 9, 10)
    assert due(local(2026, 11, 7, 3), 7.5, Unit.work_hour) == local(2026, 11, 9, 17, 30)
    assert due(local(2026, 11, 6, 12, 30), 0.5, Unit.work_hour) == local(2026, 11, 6, 14)


def test_calendar_days_end_at_midnight_and_are_read_as_the_day_before():
    at = due(local(2026, 11, 6, 16), 7, Unit.day)
    assert at == local(2026, 11, 14)
    assert due_date(at) == date(2026, 11, 13)
    assert due_date(local(2026, 11, 13, 17, 30)) == date(2026, 11, 13)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (local(2026, 11, 6, 9), local(2026, 11, 6, 17, 30)),
        (local(2026, 11, 6, 17, 30), local(2026, 11, 6, 17, 30)),
        (local(2026, 11, 6, 17, 31), local(2026, 11, 9, 17, 30)),
        (local(2026, 11, 7, 9), local(2026, 11, 9, 17, 30)),
    ],
)
def test_no_days_at_all_means_the_same_working_day(start, end):
    assert due(start, 0, Unit.work_day) == end


def test_no_hours_at_all_are_due_at_once():
    start = local(2026, 11, 6, 20)
    result = deadline(start, 0, Unit.work_hour, CHINA)
    assert result.at == result.warn_at == start


def test_a_pause_takes_away_the_days_whose_close_lies_in_it():
    monday = local(2026, 11, 2, 9)
    assert due(monday, 5, Unit.work_day) == local(2026, 11, 9, 17, 30)
    tuesday_to_thursday = [Pause(local(2026, 11, 3, 10), local(2026, 11, 5, 10), "supplement")]
    assert due(monday, 5, Unit.work_day, pauses=tuesday_to_thursday) == local(2026, 11, 11, 17, 30)
    lunch = [Pause(local(2026, 11, 3, 12), local(2026, 11, 3, 17, 29), "supplement")]
    assert due(monday, 5, Unit.work_day, pauses=lunch) == local(2026, 11, 9, 17, 30)
    weekend = [Pause(local(2026, 11, 6, 17, 30), local(2026, 11, 9, 8), "supplement")]
    assert due(monday, 5, Unit.work_day, pauses=weekend) == local(2026, 11, 9, 17, 30)
    up_to_the_close = [Pause(local(2026, 11, 6, 17), local(2026, 11, 6, 17, 30), "supplement")]
    assert due(monday, 5, Unit.work_day, pauses=up_to_the_close) == local(2026, 11, 10, 17, 30)


def test_pauses_may_overlap_touch_or_be_empty():
    start = local(2026, 11, 2, 8, 30)
    pauses = [
        Pause(local(2026, 11, 2, 10), local(2026, 11, 2, 11), "b"),
        Pause(local(2026, 11, 2, 9), local(2026, 11, 2, 10), "a"),
        Pause(local(2026, 11, 2, 9, 30), local(2026, 11, 2, 10, 30), "c"),
        Pause(local(2026, 11, 2, 14), local(2026, 11, 2, 14), "empty"),
    ]
    assert due(start, 2, Unit.work_hour, pauses=pauses) == local(2026, 11, 2, 14)
    assert elapsed_time(start, local(2026, 11, 2, 12), Unit.work_hour, CHINA, pauses) == 1.5 * HOUR


def test_an_open_pause_has_no_deadline_but_a_used_time():
    start = local(2026, 11, 2, 8, 30)
    pauses = [Pause(local(2026, 11, 2, 10), None, "supplement")]
    with pytest.raises(ValueError, match="paused"):
        deadline(start, 2, Unit.work_hour, CHINA, pauses)
    assert elapsed_time(start, local(2026, 11, 4, 10), Unit.work_hour, CHINA, pauses) == 1.5 * HOUR
    assert elapsed_days(start, local(2026, 11, 4, 18), Unit.work_day, CHINA, pauses) == 0
    assert elapsed_days(start, local(2026, 11, 4, 18), Unit.work_day, CHINA) == 2


def test_beyond_the_published_year_weekdays_are_counted_and_the_result_is_provisional():
    calendar = ToyCalendar(until=date(2026, 12, 31))
    inside = deadline(local(2026, 12, 21, 9), 8, Unit.work_day, calendar)
    assert (inside.at, inside.provisional) == (local(2026, 12, 31, 17, 30), False)
    across = deadline(local(2026, 12, 21, 9), 9, Unit.work_day, calendar)
    assert (across.at, across.provisional) == (local(2027, 1, 1, 17, 30), True)
    hours = deadline(local(2026, 12, 31, 17), 1, Unit.work_hour, calendar)
    assert (hours.at, hours.provisional) == (local(2027, 1, 1, 9), True)
    # hours and days of the wall clock need no calendar
    assert not deadline(local(2026, 12, 31, 17), 48, Unit.urgent_hour, calendar).provisional
    assert not deadline(local(2026, 12, 31, 17), 7, Unit.day, calendar).provisional


def test_eighty_percent_of_five_days_that_begin_at_a_close_last_until_the_fifth_morning():
    result = deadline(local(2026, 11, 6, 18), 5, Unit.work_day, CHINA)
    assert result.at == local(2026, 11, 13, 17, 30)
    assert result.warn_at == local(2026, 11, 13, 8, 30)
    assert result.warn_at.tzinfo is UTC
    assert result.version == CHINA.version


@pytest.mark.parametrize(
    ("amount", "unit", "field"),
    [(-1, "work_day", "amount"), (1.5, "day", "amount"), (-0.5, "work_hour", "amount"), (1, "week", "unit")],
)
def test_limits_that_make_no_sense(amount, unit, field):
    with pytest.raises(Invalid) as refused:
        deadline(local(2026, 11, 2, 9), amount, unit, CHINA)
    assert refused.value.field == field


def test_hours_are_not_counted_in_days():
    with pytest.raises(Invalid):
        elapsed_days(local(2026, 11, 2, 9), local(2026, 11, 3, 9), Unit.work_hour, CHINA)


@pytest.mark.parametrize(("amount", "unit"), [(1, Unit.work_day), (1, Unit.work_hour)])
def test_a_calendar_without_working_time_is_refused(amount, unit):
    class Never(ToyCalendar):
        def is_workday(self, day):
            return False

    with pytest.raises(Invalid):
        deadline(local(2026, 11, 2, 9), amount, unit, Never())


def test_naive_moments_are_refused():
    with pytest.raises(ValueError, match="naive"):
        deadline(datetime(2026, 11, 2, 9), 1, Unit.day, CHINA)  # noqa: DTZ001


def test_nothing_has_run_before_the_start():
    start = local(2026, 11, 2, 9)
    assert elapsed_time(start, start - HOUR, Unit.work_hour, CHINA) == timedelta(0)
    assert elapsed_time(start, start - timedelta(days=9), Unit.urgent_hour, CHINA) == timedelta(0)
    assert elapsed_days(start, start - timedelta(days=9), Unit.work_day, CHINA) == 0


# The oracle: walk in slots of ten minutes and look at each ---------------------------------------

BASE = local(2026, 11, 2)
DAYS = [date(2026, 11, 2) + timedelta(days=offset) for offset in range(40)]
slots = st.integers(0, 4 * 144)
calendars = st.builds(
    ToyCalendar,
    closed=st.sets(st.sampled_from(DAYS), max_size=4),
    open_=st.sets(st.sampled_from(DAYS), max_size=3),
    until=st.sampled_from([*DAYS[3:9], date(2099, 1, 1)]),
)
pause_lists = st.lists(
    st.tuples(slots, st.integers(0, 250)).map(
        lambda pair: Pause(BASE + pair[0] * SLOT, BASE + (pair[0] + pair[1]) * SLOT, "supplement")
    ),
    max_size=3,
)


def is_workday(day, calendar):
    return calendar.is_workday(day) if day <= calendar.until else day.weekday() < 5


def slot_counts(at, unit, calendar, pauses):
    """Whether the ten minutes from `at` on count."""
    if any(pause.start <= at < pause.end for pause in pauses):
        return False
    if unit in ("urgent_hour", "day"):
        return True
    return is_workday(at.date(), calendar) and any(a <= at.time() < b for a, b in calendar.hours)


def close_of(day, unit, calendar):
    if unit == "day":
        return datetime.combine(day + timedelta(days=1), datetime.min.time(), BASE.tzinfo)
    if not is_workday(day, calendar):
        return None
    return datetime.combine(day, calendar.hours[-1][1], BASE.tzinfo)


def oracle_hours(start, slots_needed, unit, calendar, pauses):
    at = start
    while slots_needed:
        slots_needed -= slot_counts(at, unit, calendar, pauses)
        at += SLOT
    return at


def oracle_days(start, amount, unit, calendar, pauses):
    day = start.date()
    while amount:
        day += timedelta(days=1)
        close = close_of(day, unit, calendar)
        # the last ten minutes of the day decide
        amount -= close is not None and not any(p.start <= close - SLOT < p.end for p in pauses)
    return close


@settings(max_examples=40, deadline=None)
@given(slots, st.integers(1, 120), st.sampled_from(["urgent_hour", "work_hour"]), calendars, pause_lists)
def test_hours_agree_with_the_oracle(first, amount, unit, calendar, pauses):
    start = BASE + first * SLOT
    expected = oracle_hours(start, amount, unit, calendar, pauses)
    assert due(start, amount / 6, unit, calendar, pauses) == expected
    assert elapsed_time(start, expected, unit, calendar, pauses) == amount * SLOT


@settings(max_examples=40, deadline=None)
@given(slots, st.integers(1, 12), st.sampled_from(["work_day", "day"]), calendars, pause_lists)
def test_days_agree_with_the_oracle(first, amount, unit, calendar, pauses):
    start = BASE + first * SLOT
    expected = oracle_days(start, amount, unit, calendar, pauses)
    result = deadline(start, amount, unit, calendar, pauses)
    assert result.at == expected
    assert elapsed_days(start, expected, unit, calendar, pauses) == amount
    assert elapsed_days(start, expected - SLOT, unit, calendar, pauses) == amount - 1
    assert result.provisional is (unit == "work_day" and expected.date() > calendar.until)


@settings(max_examples=30, deadline=None)
@given(slots, st.integers(1, 8), st.sampled_from(list(Unit)), calendars, pause_lists)
def test_the_warning_comes_when_eighty_percent_are_used_and_not_before(first, amount, unit, calendar, pauses):
    start = BASE + first * SLOT
    result = deadline(start, amount, unit, calendar, pauses)
    total = elapsed_time(start, result.at, unit, calendar, pauses)
    tick = timedelta(microseconds=1)
    assert start <= result.warn_at <= result.at
    assert elapsed_time(start, result.warn_at, unit, calendar, pauses) <= total * 0.8 + tick
    if result.warn_at < result.at:
        assert elapsed_time(start, result.warn_at + 2 * tick, unit, calendar, pauses) > total * 0.8


@settings(max_examples=30, deadline=None)
@given(slots, st.integers(0, 700), st.sampled_from(["urgent_hour", "work_hour"]), calendars, pause_lists)
def test_used_time_agrees_with_the_oracle(first, length, unit, calendar, pauses):
    start = BASE + first * SLOT
    count = sum(slot_counts(start + n * SLOT, unit, calendar, pauses) for n in range(length))
    assert elapsed_time(start, start + length * SLOT, unit, calendar, pauses) == count * SLOT
