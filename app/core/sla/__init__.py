"""Clocks and deadlines, pure: what is due when, what has been used, which light is on."""

from app.core.sla.clocks import AGREED, EVERY, Clock, Light, Tick, apply_ticks
from app.core.sla.dayparts import overlap, parse_slot
from app.core.sla.deadlines import (
    LOCAL_ZONE,
    Deadline,
    Pause,
    Unit,
    WorkCalendar,
    counts_as_workday,
    deadline,
    due_date,
    elapsed_days,
    elapsed_time,
)
from app.core.sla.remaining import Left, remaining

__all__ = [
    "AGREED",
    "EVERY",
    "LOCAL_ZONE",
    "Clock",
    "Deadline",
    "Left",
    "Light",
    "Pause",
    "Tick",
    "Unit",
    "WorkCalendar",
    "apply_ticks",
    "counts_as_workday",
    "deadline",
    "due_date",
    "elapsed_days",
    "elapsed_time",
    "overlap",
    "parse_slot",
    "remaining",
]
