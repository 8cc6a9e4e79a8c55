"""A clock starts once, pauses with a reason, stops once."""

from datetime import date, timedelta

import pytest

from app.core.errors import Conflict, Invalid
from app.core.sla import AGREED, EVERY, Clock, Light, Tick, Unit, apply_ticks
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


def run(clocks, at, *ticks, **more):
    return apply_ticks(clocks, ticks, at, CALENDAR, LIMITS, **more)


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


# --- a visit that is agreed for a later day (S3-49) ---------------------------------------------------------------

FRIDAY_ENDS = local(2026, 11, 7, 0)
TWO_DAYS_AFTER = local(2026, 11, 10, 17, 30)  # Friday's visit: Monday, Tuesday


@pytest.fixture
def visit():
    """Two working days from Monday, agreed for Friday."""
    return Clock.start("collect", MONDAY, 2, Unit.work_day, CALENDAR).wait(MONDAY, FRIDAY_ENDS, CALENDAR)


def test_a_clock_waits_for_the_agreed_day_and_counts_from_it(visit):
    assert visit.due_at == TWO_DAYS_AFTER
    assert visit.started == MONDAY
    assert visit.is_running  # it has a light, and the light is green
    assert visit.light(local(2026, 11, 6, 17)) is Light.green
    assert visit.used(local(2026, 11, 6, 17), CALENDAR) == timedelta(0)
    assert [p.reason for p in visit.pauses] == [AGREED]


def test_another_day_takes_the_place_of_the_agreed_one(visit):
    later = visit.wait(local(2026, 11, 4, 9), local(2026, 11, 13, 0), CALENDAR)
    assert later.due_at == local(2026, 11, 16, 17, 30)
    assert [p.end for p in later.pauses] == [local(2026, 11, 4, 9), local(2026, 11, 13, 0)]
    sooner = later.wait(local(2026, 11, 4, 10), local(2026, 11, 6, 0), CALENDAR)
    assert sooner.due_at == local(2026, 11, 9, 17, 30)
    today = visit.wait(local(2026, 11, 4, 9), local(2026, 11, 4, 0), CALENDAR)
    assert today.due_at == local(2026, 11, 5, 17, 30)  # Wednesday counts, and Thursday
    assert visit.wait(local(2026, 11, 4, 9), None, CALENDAR).due_at == today.due_at


def test_a_new_day_does_not_make_a_late_clock_timely(visit):
    late = visit.wait(local(2026, 11, 12, 9), local(2026, 11, 21, 0), CALENDAR)
    assert late.due_at == TWO_DAYS_AFTER
    assert late.is_overdue(local(2026, 11, 12, 9))


def test_who_comes_before_the_agreed_day_ends_the_wait(visit):
    early = local(2026, 11, 4, 9)
    stopped = visit.stop(early, CALENDAR)
    assert (stopped.stopped, stopped.pauses[0].end) == (early, early)
    assert stopped.started <= stopped.stopped <= stopped.due_at
    again = stopped.reopen(local(2026, 11, 4, 15), "withdrawn", CALENDAR).wait(
        local(2026, 11, 4, 15), FRIDAY_ENDS, CALENDAR
    )
    assert again.due_at == TWO_DAYS_AFTER
    paused = visit.pause(early, "supplement")
    assert (paused.pauses[0].end, paused.is_paused) == (early, True)
    with pytest.raises(Conflict):
        paused.wait(early, FRIDAY_ENDS, CALENDAR)
    with pytest.raises(Conflict):
        visit.stop(MONDAY - HOUR, CALENDAR)


def test_a_wait_is_for_clocks_that_run_and_have_a_day():
    clocks = run({}, MONDAY, Tick("start", "step"))
    days = {"step": lambda clock: FRIDAY_ENDS}
    assert run(clocks, MONDAY, Tick("wait", "step"))["step"].pauses == ()
    assert run({}, MONDAY, Tick("wait", "step"), agreed=days) == {}
    assert run(clocks, MONDAY, Tick("wait", "step"), agreed=days)["step"].pauses[0].end == FRIDAY_ENDS
    stopped = run(clocks, MONDAY, Tick("stop", "step"))
    assert run(stopped, MONDAY, Tick("wait", "step"), agreed=days) == stopped


def test_a_stop_is_taken_back_once_and_not_before_it(clock):
    running = clock
    with pytest.raises(Conflict):
        running.reopen(MONDAY + HOUR, "withdrawn", CALENDAR)
    stopped = running.stop(MONDAY + 3 * HOUR, CALENDAR)
    with pytest.raises(Conflict):
        stopped.reopen(MONDAY + HOUR, "withdrawn", CALENDAR)
    again = stopped.reopen(MONDAY + 5 * HOUR, "withdrawn", CALENDAR)
    assert (again.started, again.is_running, again.pauses[-1].reason) == (stopped.started, True, "withdrawn")
