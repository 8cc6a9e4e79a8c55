"""Rules of reminders: what they are about, when they speak, and which cannot be."""

from datetime import timedelta

import pytest

from app.core.errors import Invalid
from app.core.sla import Unit
from app.proxy.choices import PROMISE_CLOCKS, STEP_CLOCKS, ClockCode, State
from app.proxy.rules import escalation
from tests.unit.calendars import ToyCalendar, local

DUE = local(2026, 11, 6, 17, 30)  # a Friday


def test_what_a_rule_is_about():
    assert escalation.clocks_of("steps") == {c.value for c in STEP_CLOCKS}
    assert escalation.clocks_of("promises") == {c.value for c in PROMISE_CLOCKS}
    assert escalation.clocks_of(ClockCode.deliver.value) == {"deliver"}
    assert escalation.clocks_of("custody") == frozenset()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"subject": "moon"}, "clock"),
        ({"moment": "never"}, "moment"),
        ({"tells": "nobody"}, "tells"),
        ({"unit": "moons"}, "unit"),
        ({"after": -1}, "after"),
        ({"after": 61}, "after"),
        ({"after": None}, "after"),
        ({"moment": "warn", "after": 1}, "after"),
    ],
)
def test_a_rule_that_could_not_speak_is_refused(changed, field):
    rule = {"subject": "steps", "moment": "late", "after": 1, "unit": "work_day", "tells": "town"}
    escalation.check_rule(**rule)
    with pytest.raises(Invalid) as refused:
        escalation.check_rule(**rule | changed)
    assert refused.value.field == field


def test_when_it_speaks():
    assert escalation.speaks_at(DUE, 0, Unit.work_day, ToyCalendar()) == DUE
    later = escalation.speaks_at(DUE, 1, Unit.work_day, ToyCalendar())
    assert later == local(2026, 11, 9, 17, 30)  # the next working day, a Monday
    assert later - DUE == timedelta(days=3)


def test_where_a_case_lies():
    assert escalation.at_department(State.processing.value, 7) is True
    assert escalation.at_department(State.processing.value, None) is False
    assert escalation.at_department(State.collected.value, 7) is False


def test_what_has_no_clock_is_short_of_time_in_its_last_fifth():
    """An opinion that is asked for ten hours before it is due."""
    asked = local(2026, 11, 6, 7, 30)
    assert escalation.short_at(asked, DUE) == local(2026, 11, 6, 15, 30)
