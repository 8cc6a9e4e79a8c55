"""What is left of a limit in words of days and hours."""

from datetime import date

import pytest

from app.core.sla import Left, Unit, remaining
from tests.unit.calendars import ToyCalendar, local

CALENDAR = ToyCalendar(closed=[date(2026, 11, 5)])
WEDNESDAY = local(2026, 11, 4, 17, 30)  # Thursday is closed


@pytest.mark.parametrize(
    ("now", "days", "hours", "over"),
    [
        ((2026, 11, 2, 14, 30), 2, 3, False),
        ((2026, 11, 2, 20, 0), 2, 0, False),
        ((2026, 11, 1, 9, 0), 3, 0, False),
        ((2026, 11, 4, 15, 45), 0, 1, False),
        ((2026, 11, 4, 17, 30), 0, 0, False),
        ((2026, 11, 4, 18, 0), 0, 0, True),
        ((2026, 11, 5, 12, 0), 0, 0, True),
        ((2026, 11, 6, 10, 30), 0, 2, True),
        ((2026, 11, 6, 18, 0), 1, 0, True),
        ((2026, 11, 9, 9, 30), 1, 1, True),
    ],
)
def test_working_days_and_hours_to_the_close_of_a_day(now, days, hours, over):
    assert remaining(WEDNESDAY, local(*now), Unit.work_day, CALENDAR) == Left(days, hours, over, True)


def test_hours_that_end_within_a_day_are_added_up():
    due = local(2026, 11, 4, 10, 30)
    assert remaining(due, local(2026, 11, 3, 16, 30), Unit.work_hour, CALENDAR) == Left(0, 3, False, True)
    assert remaining(due, local(2026, 11, 4, 12), Unit.work_hour, CALENDAR) == Left(0, 1, True, True)


def test_clock_hours_and_calendar_days_run_day_and_night():
    due = local(2026, 11, 8, 0)
    assert remaining(due, local(2026, 11, 6, 20), Unit.day, CALENDAR) == Left(1, 4, False, False)
    assert remaining(due, local(2026, 11, 9, 6), Unit.day, CALENDAR) == Left(1, 6, True, False)
    assert remaining(due, local(2026, 11, 6, 20), Unit.urgent_hour, CALENDAR) == Left(1, 4, False, False)
