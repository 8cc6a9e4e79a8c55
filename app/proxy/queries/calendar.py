"""The calendar of workers: who is expected when, what is free, who is away and who stands in (S3-63).

Everything is read for many workers and days at once: times, absences, cases, visits with their doors, working days.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.areas.models import Area, Post, Staff
from app.areas.queries import below, holders, in_force
from app.areas.service.calendars import calendars_for
from app.core.actor import Actor
from app.core.clock import to_local
from app.proxy.models import ProxyCase, ServiceItemVersion
from app.proxy.rules import MOST_AHEAD
from app.proxy.rules.stages import APPOINTED
from app.worklog import queries as worklog
from app.worklog.models import StaffAbsence, Visit
from app.worklog.rules import DayPlaces, Place, Taken, day_places, slots_on

AHEAD = 10  # working days that are offered to somebody who calls
MOST_WORKERS = 60
WORKER = "grid_worker"
FARTHEST = 60  # calendar days within which they are looked for


@dataclass(frozen=True)
class Expected:
    """One appointment of a day: the cases of one resident, or a visit with its doors. ``staff_id`` is whose it is,
    also where somebody stands in.
    """

    staff_id: int
    day: date
    slot: str | None
    doors: tuple[str, ...]
    visit: Visit | None = None
    cases: tuple[ProxyCase, ...] = ()


@dataclass
class Day:
    """A day of a worker. ``covers`` are the absences in which the worker stands in for somebody."""

    places: DayPlaces
    expected: list[Expected] = field(default_factory=list)
    absence: StaffAbsence | None = None
    covers: list[StaffAbsence] = field(default_factory=list)


@dataclass(frozen=True)
class Offer:
    """A free part of a day to offer on the phone, and who would come: the worker, or who stands in."""

    day: date
    place: Place
    staff: Staff
    stands_in: bool


def days_between(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


# --- who is expected where ---------------------------------------------------------------------------------------


def appointments(session: Session, staff_ids: Sequence[int], first: date, last: date) -> list[Expected]:
    """What is agreed with these workers on days, in order: visits, and cases that no visit of that day holds. Two
    statements, and one for the doors.
    """
    if not staff_ids:
        return []
    visits = worklog.visits_of(session, staff_ids, first, last)
    on_visit = {(visit.id, visit.planned_on) for _staff, visit in visits}
    found = [
        Expected(
            staff_id, visit.planned_on, visit.slot, tuple(sorted({door_of(s) for s in visit.stops})), visit
        )
        for staff_id, visit in visits
    ]
    query = (
        select(ProxyCase)
        .where(ProxyCase.staff_id.in_(staff_ids), ProxyCase.booked_for.between(first, last))
        .where(ProxyCase.state.in_(APPOINTED))
        .options(
            joinedload(ProxyCase.item_version, innerjoin=True).load_only(
                ServiceItemVersion.name, ServiceItemVersion.sensitivity
            )
        )
        .order_by(ProxyCase.booked_for, ProxyCase.booked_slot, ProxyCase.id)
    )
    together: dict[tuple[Any, ...], list[ProxyCase]] = defaultdict(list)
    for case in session.scalars(query):
        if (case.visit_id, case.booked_for) not in on_visit:
            together[case.staff_id, case.booked_for, case.booked_slot, case.person_uid].append(case)
    for (staff_id, day, slot, person), cases in together.items():
        found.append(Expected(staff_id, day, slot, (f"person:{person}",), None, tuple(cases)))
    return sorted(found, key=lambda e: (e.day, e.slot or "~"))


def door_of(stop: Any) -> str:
    """A door by its home, else by who lives there."""
    for name in ("dwelling", "household", "person"):
        key = getattr(stop, f"{name}_id")
        if key is not None:
            return f"{name}:{key}"
    return f"stop:{stop.id}"


# --- calendars ---------------------------------------------------------------------------------------------------


def calendars(session: Session, staff: Sequence[Staff], first: date, last: date) -> dict[int, list[Day]]:
    """Staff id → the days from ``first`` to ``last``. Workers need their area loaded. Five statements, however many
    workers and days, and three more after the working calendar was changed.

    Whoever stands in has the appointments of the absent worker on those days, and they take the places.
    """
    ids = [worker.id for worker in staff]
    away = worklog.absences(session, ids, first, last)
    expected = appointments(session, sorted({*ids, *(a.staff_id for a in away)}), first, last)
    kept = worklog.times_of(session, staff)
    working = calendars_for(session, [worker.area for worker in staff])
    by_day: dict[tuple[int, date], list[Expected]] = defaultdict(list)
    for one in expected:
        by_day[one.staff_id, one.day].append(one)
    return {
        worker.id: [
            _day(worker, day, kept[worker.id], working[worker.area.id], away, by_day)
            for day in days_between(first, last)
        ]
        for worker in staff
    }


def _day(
    worker: Staff,
    day: date,
    kept: worklog.Kept,
    calendar: Any,
    away: Sequence[StaffAbsence],
    by_day: dict[tuple[int, date], list[Expected]],
) -> Day:
    today = [a for a in away if a.from_day <= day <= a.to_day]
    absence = next((a for a in today if a.staff_id == worker.id), None)
    covers = [a for a in today if a.substitute_id == worker.id]
    mine = [*by_day[worker.id, day], *(e for a in covers for e in by_day[a.staff_id, day])]
    mine.sort(key=lambda e: e.slot or "~")
    taken = [Taken(e.slot, door) for e in mine for door in e.doors]
    places = day_places(
        day,
        slots_on(day, kept.own, kept.area, calendar.is_workday),
        taken,
        is_away=absence is not None,
        keeps=bool(kept),
        works=calendar.is_workday(day),
    )
    return Day(places, mine, absence, covers)


def day_of(session: Session, worker: Staff, day: date) -> Day:
    """One day of a worker: appointments, free places, absence."""
    return calendars(session, [worker], day, day)[worker.id][0]


def with_area(session: Session, staff_id: int) -> Staff | None:
    """A worker within reach, with the area."""
    query = select(Staff).where(Staff.id == staff_id).options(joinedload(Staff.area))
    return session.scalars(query).one_or_none()


# --- free places -------------------------------------------------------------------------------------------------


def free_places(session: Session, worker: Staff, now: datetime, ahead: int = AHEAD) -> list[Offer]:
    """What may be offered of a worker's time in the next working days, parts of today that have begun left out. On days
    on which the worker is away the time of who stands in is offered.
    """
    local = to_local(now)
    calendar = calendars_for(session, [worker.area])[worker.area.id]
    days = list(_next(calendar, local.date(), ahead))
    own = calendars(session, [worker], days[0], days[-1])[worker.id]
    helpers = {
        d.absence.substitute.id: d.absence.substitute for d in own if d.absence and d.absence.substitute
    }
    others = calendars(session, list(helpers.values()), days[0], days[-1]) if helpers else {}
    found = []
    for n, day in enumerate(own):
        staff, of = worker, day
        if day.absence is not None and day.absence.substitute is not None:
            staff = day.absence.substitute
            of = others[staff.id][n]
        for place in of.places.offered():
            if of.places.day > local.date() or place.slot[:5] > local.strftime("%H:%M"):
                found.append(Offer(of.places.day, place, staff, staff.id != worker.id))
    return found


def _next(calendar: Any, today: date, ahead: int) -> Iterator[date]:
    """Today and the days until so many of them were worked."""
    worked = 0
    for n in range(FARTHEST):
        day = today + timedelta(days=n)
        yield day
        worked += calendar.is_workday(day)
        if worked >= ahead:
            return


def keeps_times(session: Session, worker: Staff) -> bool:
    """Whether times are kept for a worker at all."""
    return bool(worklog.times_of(session, [worker])[worker.id])


def may_be_full(session: Session, worker: Staff, today: date) -> bool:
    """Whether a new day of this worker may need a second thought: times are kept, or an absence is known."""
    until = today + timedelta(days=MOST_AHEAD)
    return keeps_times(session, worker) or bool(worklog.absences(session, [worker.id], today, until))


# --- who would come ----------------------------------------------------------------------------------------------


def worker_for(session: Session, area_id: int, day: date) -> Staff | None:
    """The worker of the grid a resident belongs to: who holds the post there, else in the nearest area above; the first
    responsible before the others. None where the post is vacant or out of reach.
    """
    area = session.get(Area, area_id)
    while area is not None:
        found = [h for h in holders(session, [area.id], day).get(area.id, []) if h.role == WORKER]
        if found:
            query = select(Staff).where(Staff.uid == found[0].staff_uid).options(joinedload(Staff.area))
            return session.scalars(query).one_or_none()
        area = area.parent if area.level.kind in {"cell", "grid"} else None
    return None


def workers(session: Session, actor: Actor, day: date, area: Area | None) -> tuple[list[Staff], bool]:
    """The grid workers in post of the actor's areas, or of one area among them, by name; and whether there are more."""
    held = select(Post.staff_id).where(Post.role == WORKER, *in_force(Post, day))
    if area is not None:
        held = held.join(Area, Area.id == Post.area_id).where(below(area.path))
    query = (
        select(Staff)
        .where(Staff.id.in_(held))
        .options(joinedload(Staff.area))
        .order_by(Staff.name_pinyin, Staff.name, Staff.id)
        .limit(MOST_WORKERS + 1)
    )
    found = list(session.scalars(query))
    return found[:MOST_WORKERS], len(found) > MOST_WORKERS
