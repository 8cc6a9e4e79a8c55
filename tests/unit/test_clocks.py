"""A clock starts once, pauses with a reason, stops once."""

from datetime import date, timedelta

import pytest

from app.core.errors import Conflict, Invalid
from app.core.sla import EVERY, Clock, Light, Tick, Unit, apply_ticks
from tests.unit.calendars import ToyCalendar, local

CALENDAR = ToyCalendar()
MONDAY = local(2026, 11, 2, 8, 30)
HOUR = timedelta(hours=1)


@pytest.fixture
def clock():
    """Five working days from Monday morning: due on the next Monday."""
    return Clock.start("promise", MONDAY, 5, Unit.work_day, CALENDAR)


def test_a_clock_knows_its_deadline_and_its_calendar(clock):
    assert clock.due_at == local(2026, 11, 9, 17, 30)
    assert (clock.version, clock.provisional) == ("toy", False)
    assert clock.is_running
    assert not clock.is_paused


def test_lights_green_to_eighty_percent_then_yellow_then_red(clock):
    # six days of office time in all, 45 hours; 80 % are four days and six hours
    assert clock.warn_at == local(2026, 11, 6, 16)
    assert clock.light(clock.warn_at) is Light.green
    assert clock.light(clock.warn_at + timedelta(seconds=1)) is Light.yellow
    assert clock.light(clock.due_at) is Light.yellow
    assert not clock.is_overdue(clock.due_at)
    assert clock.light(clock.due_at + timedelta(seconds=1)) is Light.red
    assert clock.is_overdue(clock.due_at + timedelta(seconds=1))


def test_a_pause_moves_the_deadline_by_the_days_it_took(clock):
    paused = clock.pause(local(2026, 11, 3, 10), "supplement")
    assert paused.is_paused
    assert not paused.is_running
    assert paused.paused_since == local(2026, 11, 3, 10)
    resumed = paused.resume(local(2026, 11, 5, 10), CALENDAR)
    assert resumed.due_at == local(2026, 11, 11, 17, 30)
    assert resumed.is_running
    assert resumed.pauses[0].reason == "supplement"
    assert resumed.started == clock.started
    # a second pause adds to the first
    again = resumed.pause(local(2026, 11, 6, 10), "publicity").resume(local(2026, 11, 9, 10), CALENDAR)
    assert again.due_at == local(2026, 11, 12, 17, 30)


def test_a_paused_clock_keeps_the_light_it_had(clock):
    paused = clock.pause(local(2026, 11, 3, 10), "supplement")
    assert paused.light(local(2027, 5, 1, 9)) is Light.green
    late = clock.pause(local(2026, 11, 10, 9), "supplement")
    assert late.light(local(2026, 11, 10, 9)) is Light.red
    # a pause after the deadline does not bring it back
    assert late.resume(local(2026, 11, 20, 9), CALENDAR).due_at == clock.due_at


@pytest.mark.parametrize("reason", ["", "  ", None])
def test_no_pause_without_a_reason(clock, reason):
    with pytest.raises(Invalid) as refused:
        clock.pause(local(2026, 11, 3, 10), reason)
    assert refused.value.field == "reason"


def test_what_a_clock_refuses(clock):
    later = local(2026, 11, 3, 10)
    paused = clock.pause(later, "supplement")
    stopped = clock.stop(later, CALENDAR)
    refused = [
        lambda: paused.pause(later + HOUR, "publicity"),
        lambda: clock.resume(later, CALENDAR),
        lambda: paused.resume(later + HOUR, CALENDAR).resume(later + HOUR, CALENDAR),
        lambda: stopped.stop(later + HOUR, CALENDAR),
        lambda: stopped.pause(later + HOUR, "publicity"),
        lambda: stopped.resume(later + HOUR, CALENDAR),
        lambda: clock.pause(MONDAY - HOUR, "publicity"),
        lambda: paused.resume(later - HOUR, CALENDAR),
        lambda: paused.resume(later + HOUR, CALENDAR).stop(later, CALENDAR),
    ]
    for attempt in refused:
        with pytest.raises(Conflict):
            attempt()
    assert not hasattr(clock, "restart")


def test_a_stopped_clock_keeps_its_light_for_ever(clock):
    in_time = clock.stop(local(2026, 11, 4, 9), CALENDAR)
    late = clock.stop(local(2026, 11, 10, 9), CALENDAR)
    assert in_time.light(local(2027, 1, 1)) is Light.green
    assert late.light(local(2027, 1, 1)) is Light.red
    assert not in_time.is_running


def test_stopping_a_paused_clock_ends_the_pause(clock):
    stopped = clock.pause(local(2026, 11, 3, 10), "supplement").stop(local(2026, 11, 5, 10), CALENDAR)
    assert stopped.pauses[0].end == local(2026, 11, 5, 10)
    assert stopped.stopped == local(2026, 11, 5, 10)
    assert stopped.due_at == local(2026, 11, 11, 17, 30)


def test_used_time_stands_in_a_pause_and_after_the_stop(clock):
    paused = clock.pause(local(2026, 11, 2, 10, 30), "supplement")
    assert paused.used(local(2026, 11, 9, 9), CALENDAR) == 2 * HOUR
    stopped = clock.stop(local(2026, 11, 2, 9, 30), CALENDAR)
    assert stopped.used(local(2026, 11, 9, 9), CALENDAR) == HOUR


def test_when_a_year_is_published_the_deadline_is_counted_again():
    guess = ToyCalendar(until=date(2026, 12, 31), version="2026")
    known = ToyCalendar(closed=[date(2027, 1, 1)], version="2027")
    clock = Clock.start("statutory", local(2026, 12, 28, 9), 5, Unit.work_day, guess)
    assert (clock.due_at, clock.provisional) == (local(2027, 1, 4, 17, 30), True)
    paused = clock.pause(local(2026, 12, 28, 10), "publicity")
    for recounted in (clock.recompute(known), paused.recompute(known)):
        assert recounted.due_at == local(2027, 1, 5, 17, 30)
        assert (recounted.provisional, recounted.version) == (False, "2027")
        assert recounted.started == clock.started


LIMITS = {"step": (1, Unit.work_day), "promise": (5, Unit.work_day)}


def run(clocks, at, *ticks):
    return apply_ticks(clocks, ticks, at, CALENDAR, LIMITS)


def test_ticks_start_what_has_a_limit_and_leave_the_rest():
    clocks = run({}, MONDAY, Tick("start", "promise"), Tick("start", "statutory"))
    assert set(clocks) == {"promise"}
    # stop, pause and go on of what is not there change nothing
    assert run({}, MONDAY, Tick("stop", "step"), Tick("resume", "step"), Tick("pause", "step", "x")) == {}


def test_ticks_never_restart_a_promise_but_begin_a_step_anew():
    clocks = run({}, MONDAY, Tick("start", "promise"), Tick("start", "step"))
    later = MONDAY + timedelta(days=1)
    assert run(clocks, later, Tick("start", "promise"), Tick("start", "step", anew=True)) == clocks
    stopped = run(clocks, later, Tick("stop", EVERY))
    assert all(clock.stopped for clock in stopped.values())
    assert run(stopped, later, Tick("start", "promise"))["promise"].stopped
    anew = run(stopped, later, Tick("start", "step", anew=True))["step"]
    assert (anew.started, anew.stopped) == (later, None)
    # what has been stopped stays as it is
    assert (
        run(stopped, later, Tick("pause", EVERY, "x"), Tick("resume", EVERY), Tick("stop", EVERY)) == stopped
    )


def test_ticks_pause_and_go_on():
    clocks = run({}, MONDAY, Tick("start", "promise"), Tick("start", "step"))
    paused = run(clocks, MONDAY + HOUR, Tick("pause", "promise", "supplement"))
    assert (paused["promise"].is_paused, paused["step"].is_paused) == (True, False)
    twice = run(paused, MONDAY + 2 * HOUR, Tick("pause", EVERY, "publicity"))
    assert twice["promise"].pauses[0].reason == "supplement"
    resumed = run(twice, MONDAY + 3 * HOUR, Tick("resume", EVERY))
    assert all(clock.is_running for clock in resumed.values())
    assert run(resumed, MONDAY + 4 * HOUR, Tick("resume", "step")) == resumed


@pytest.mark.parametrize(
    "wrong",
    [
        {"op": "restart", "clock": "promise"},
        {"op": "pause", "clock": "promise"},
        {"op": "stop", "clock": "promise", "reason": "x"},
        {"op": "start", "clock": EVERY},
        {"op": "reopen", "clock": EVERY},
    ],
)
def test_a_tick_that_makes_no_sense_is_a_mistake_of_the_table(wrong):
    with pytest.raises(ValueError, match=r"clock|count"):
        Tick(**wrong)
