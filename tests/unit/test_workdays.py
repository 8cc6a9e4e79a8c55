"""The working days of the nation, and what an area changes of them."""

from datetime import date, time

import pytest

from app.core.errors import Invalid
from app.core.sla import Unit, counts_as_workday, deadline
from app.core.workdays import DEFAULT_HOURS, calendar_from, last_published_year, national_version
from tests.unit.calendars import local

NATION = calendar_from(None)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 10, 1), False),
        (date(2026, 10, 7), False),
        (date(2026, 9, 20), True),  # Sunday worked for National Day
        (date(2026, 10, 10), True),  # Saturday worked for National Day
        (date(2026, 2, 14), True),
        (date(2026, 2, 17), False),
        (date(2026, 11, 7), False),
        (date(2026, 11, 9), True),
    ],
)
def test_holidays_and_the_weekends_worked_for_them(day, works):
    assert NATION.is_workday(day) is works
    assert NATION.has_data(day)


def test_outside_the_published_years_there_is_no_data():
    beyond = date(last_published_year() + 1, 5, 3)
    assert not NATION.has_data(beyond)
    assert not NATION.has_data(date(2003, 5, 5))
    monday, saturday = date(2099, 5, 4), date(2099, 5, 2)
    assert NATION.is_workday(monday)
    assert not NATION.is_workday(saturday)
    assert counts_as_workday(monday, NATION)
    assert not counts_as_workday(saturday, NATION)


def test_an_area_has_days_of_its_own():
    area = calendar_from(
        {
            "days": {
                "2026-11-09": {"work": False},
                "2026-11-07": {"work": True, "hours": [["09:00", "12:00"]]},
                "2099-05-04": {"work": False},
                "2026-11-10": {"hours": [["08:30", "11:30"]]},
            }
        }
    )
    assert not area.is_workday(date(2026, 11, 9))
    assert area.is_workday(date(2026, 11, 7))
    assert area.office_hours(date(2026, 11, 7)) == ((time(9), time(12)),)
    assert area.has_data(date(2099, 5, 4))
    assert not area.has_data(date(2099, 5, 5))
    # hours alone say nothing of whether the day is worked
    assert area.is_workday(date(2026, 11, 10))
    assert area.office_hours(date(2026, 11, 11)) == DEFAULT_HOURS
    assert ((time(8, 30), time(12)), (time(13, 30), time(17, 30))) == DEFAULT_HOURS
    due = deadline(local(2026, 11, 6, 9), 1, Unit.work_day, area)
    assert due.at == local(2026, 11, 7, 12)


def test_office_hours_by_season():
    summer, winter = [["08:00", "12:00"], ["15:00", "18:00"]], [["09:00", "12:00"], ["13:00", "17:00"]]
    area = calendar_from(
        {
            "hours": [["08:30", "17:00"]],
            "seasons": [
                {"from": "06-01", "to": "09-30", "hours": summer},
                {"from": "12-01", "to": "02-29", "hours": winter},
            ],
        }
    )
    assert area.office_hours(date(2026, 6, 1)) == area.office_hours(date(2026, 9, 30))
    assert area.office_hours(date(2026, 6, 1))[1] == (time(15), time(18))
    for day in (date(2026, 12, 1), date(2027, 1, 15), date(2026, 2, 28), date(2028, 2, 29)):
        assert area.office_hours(day)[0] == (time(9), time(12))
    for day in (date(2026, 3, 1), date(2026, 5, 31), date(2026, 11, 30)):
        assert area.office_hours(day) == ((time(8, 30), time(17)),)


def test_the_version_names_the_content():
    assert NATION.version == national_version()
    assert national_version().startswith(f"cn{last_published_year()}.")
    one = calendar_from({"days": {"2026-11-09": {"work": False}}})
    same = calendar_from({"days": {"2026-11-09": {"work": False}}})
    other = calendar_from({"days": {"2026-11-09": {"work": True}}})
    assert one.version == same.version
    assert len({NATION.version, one.version, other.version}) == 3


@pytest.mark.parametrize(
    "data",
    [
        {"days": {"2026-13-01": {"work": True}}},
        {"days": {"2026-11-09": {"work": "no"}}},
        {"days": {"2026-11-09": None}},
        {"days": []},
        {"hours": []},
        {"hours": [["12:00", "08:30"]]},
        {"hours": [["08:30", "12:00"], ["12:00", "17:00"]]},
        {"hours": [["8.30", "12:00"]]},
        {"seasons": [{"from": "06-01", "hours": [["08:30", "12:00"]]}]},
        {"seasons": [{"from": "06-31", "to": "09-30", "hours": [["08:30", "12:00"]]}]},
    ],
)
def test_data_that_cannot_be_read_is_refused(data):
    with pytest.raises(Invalid) as refused:
        calendar_from(data)
    assert refused.value.field == "calendar"
