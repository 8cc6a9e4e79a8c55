"""When a worker may be booked: times of the week, working days, absences, what is taken (S3-63)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.core.errors import Invalid
from app.core.sla import overlap
from app.worklog.rules import (
    DayPlaces,
    Obstacle,
    Place,
    SlotOf,
    Taken,
    check_absence,
    check_slot,
    day_places,
    obstacle,
    slots_on,
)

MON, FRI, SAT, SUN = date(2026, 11, 23), date(2026, 11, 27), date(2026, 11, 28), date(2026, 11, 29)
AREA = [SlotOf(n, slot, 2) for n in range(5) for slot in ("14:30-16:00", "09:00-10:30")]
MINE = [SlotOf(0, "08:00-09:00", 1), SlotOf(4, "08:30-09:30", 1), SlotOf(5, "10:00-11:00", 1)]


def works(*free, also=()):
    """A calendar of Monday to Friday without some days and with others."""
    return lambda day: day in also or (day.weekday() < 5 and day not in free)


def parts(day, own, area, calendar):
    return [s.slot for s in slots_on(day, own, area, calendar)]


def test_own_times_take_the_place_of_those_of_the_area():
    assert parts(MON, [], AREA, works()) == ["09:00-10:30", "14:30-16:00"]
    assert parts(MON, MINE, AREA, works()) == ["08:00-09:00"]
    assert parts(MON + timedelta(1), MINE, AREA, works()) == []
    assert parts(MON, [], [], works()) == []


@pytest.mark.parametrize(
    ("day", "calendar", "expected"),
    [
        (MON, works(MON), []),  # a holiday
        (SAT, works(), ["10:00-11:00"]),  # an ordinary weekend: what is kept for it
        (SUN, works(), []),
        (SAT, works(FRI), []),  # part of a holiday
        (SAT, works(MON + timedelta(7)), []),
        (SAT, works(also=[SAT]), ["10:00-11:00"]),  # worked in exchange
        (SUN, works(also=[SUN]), ["08:00-09:00"]),  # nothing kept: as on Monday
    ],
)
def test_holidays_weekends_and_exchanged_days(day, calendar, expected):
    assert parts(day, MINE, AREA, calendar) == expected


def test_a_saturday_that_is_worked_goes_by_friday_where_nothing_is_kept_for_it():
    assert parts(SAT, [], AREA, works(also=[SAT])) == ["09:00-10:30", "14:30-16:00"]


def day(*taken, slots=None, **how):
    found = slots if slots is not None else [SlotOf(0, "09:00-10:00", 2), SlotOf(0, "10:00-11:00", 1)]
    return day_places(MON, found, [Taken(*one) for one in taken], **how)


def test_a_door_takes_one_place_in_each_part_it_touches():
    found = day(("09:30-10:30", "a"), ("09:30-10:30", "a"), ("09:00-10:00", "b"), (None, "c"))
    assert [(p.taken, p.free, p.is_over) for p in found.places] == [(2, 0, False), (1, 0, False)]
    assert (found.doors, found.untimed, found.total, found.free) == (3, 1, 3, 0)
    assert found.is_over  # the one without a time has no place left
    assert not found.offered()


def test_what_is_over_is_said_and_never_counts_as_free():
    found = day(("10:00-11:00", "a"), ("10:00-11:00", "b"))
    assert found.places[1] == Place("10:00-11:00", 1, 2)
    assert found.is_over
    assert found.places[1].is_over
    assert found.places[1].free == 0
    assert [p.slot for p in found.offered()] == ["09:00-10:00"]
    assert not day(("09:00-10:00", "a")).is_over
    assert not day(("09:00-10:00", "a"), is_away=True).offered()
    assert not day((None, "a"), slots=[], keeps=False).is_over


@pytest.mark.parametrize(
    ("found", "slot", "expected"),
    [
        (day(), "09:00-10:00", None),
        (day(), None, None),
        (day(is_away=True, keeps=False), "09:00-10:00", Obstacle.away),
        (day(slots=[], keeps=False), "09:00-10:00", None),
        (day(slots=[]), "09:00-10:00", Obstacle.closed),
        (day(), "15:00-16:00", Obstacle.outside),
        (day(("10:00-11:00", "a")), "09:30-10:30", Obstacle.full),
        (day(("10:00-11:00", "a"), (None, "b"), (None, "c")), "09:00-10:00", Obstacle.full_day),
        (day((None, "a"), (None, "b"), (None, "c")), None, Obstacle.full_day),
    ],
)
def test_what_needs_a_second_thought(found, slot, expected):
    assert isinstance(found, DayPlaces)
    assert obstacle(found, slot) is expected


def test_parts_of_a_day_that_only_meet_do_not_touch():
    assert overlap("09:00-10:00", "09:59-11:00")
    assert not overlap("09:00-10:00", "10:00-11:00")


@pytest.mark.parametrize(
    ("weekday", "places", "field"),
    [(None, 1, "weekday"), (7, 1, "weekday"), (0, 0, "places"), (0, None, "places"), (0, 21, "places")],
)
def test_times_that_cannot_be_meant(weekday, places, field):
    with pytest.raises(Invalid) as refused:
        check_slot(weekday, places)
    assert refused.value.field == field
    check_slot(6, 20)


@pytest.mark.parametrize(
    ("first", "last", "substitute", "field"),
    [
        (None, MON, 2, "from_day"),
        (MON, None, 2, "to_day"),
        (SAT, MON, 2, "to_day"),
        (MON, MON + timedelta(366), 2, "to_day"),
        (MON, MON, 1, "substitute"),
    ],
)
def test_absences_that_cannot_be_meant(first, last, substitute, field):
    with pytest.raises(Invalid) as refused:
        check_absence(first, last, 1, substitute)
    assert refused.value.field == field
    check_absence(MON, MON, 1, None)
