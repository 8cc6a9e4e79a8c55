"""When the demo station's workers may be visited, who is away next week, and what is agreed by phone (S3-63)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from app.core.clock import frozen
from app.core.sla import WorkCalendar
from app.demo.acting import Cast
from app.proxy.service import book
from app.registry.models import Person
from app.worklog.models import StaffAbsence, WorkSlot
from app.worklog.service import absences, slots

# part of a weekday → homes that can be visited in it
TIMES = {"08:30-10:00": 6, "10:00-11:30": 4, "14:30-16:00": 6, "16:00-17:30": 3}
AWAY = (2, 4)  # Wednesday to Friday of next week
ITEM = "WJ-02"


def keep_times(
    cast: Cast,
    words: dict[str, Any],
    people: Sequence[Person],
    calendar: WorkCalendar,
    now: datetime,
    today: date,
) -> None:
    """Times of the clerk's community, an absence with somebody who stands in, appointments of the coming days."""
    worker, helper = cast.actors["worker2"], cast.actors["worker"]
    monday = today + timedelta(days=7 - today.weekday())
    with cast.playing("clerk") as (session, actor):
        area_id = people[0].area.parent_id
        for slot, places in TIMES.items():
            slots.save_week(session, actor, WorkSlot(area_id=area_id, slot=slot, places=places))
        first, last = (monday + timedelta(days=n) for n in AWAY)
        away = StaffAbsence(staff_id=worker.staff_id, from_day=first, to_day=last, reason=words["absence"])
        away.substitute_id = helper.staff_id
        absences.save_absence(session, actor, away, now)
    days = [d for n in range(1, 15) if calendar.is_workday(d := today + timedelta(days=n))]
    for n, person in enumerate(people):
        booked_at = now - timedelta(hours=n + 1)
        with frozen(booked_at), cast.playing("clerk") as (session, actor):
            asked = {"person": person, "item_code": ITEM, "staff_id": helper.staff_id, "again": True}
            slot = [*TIMES, None][n % (len(TIMES) + 1)]
            book(session, actor, booked_at, **asked, appointment=days[n // 2 % len(days)], slot=slot)
