"""The working calendar of an area: national days, own days and office hours handed down the tree, the nearest wins.

A change of a day or of hours makes the open clocks of the areas below count anew; their tables belong to upper
domains, which register here what they have (ADR 0003).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from app.areas import queries
from app.areas.models import Area, CalendarDay, OfficeHours
from app.areas.rules import range_of
from app.areas.service.rights import area_of, need_area
from app.core import clock
from app.core.actor import Actor
from app.core.errors import Invalid
from app.core.workdays import AreaCalendar, calendar_from

HOUR = re.compile(r"([01]?[0-9]|2[0-3]):?([0-5][0-9])")
TIMES = ("morning_from", "morning_to", "afternoon_from", "afternoon_to")
EARLIEST = date(1, 1, 1)


@dataclass(frozen=True)
class Clocks:
    """Open clocks of an upper domain. ``affected(session, areas, first_day)`` counts those that may change,
    ``reschedule(session, areas, first_day, actor, now)`` counts them anew, with a history row each, and returns how
    many due times moved. ``areas`` is a select of area ids.
    """

    key: str
    label: Any
    affected: Callable[[Session, Select[Any], date], int]
    reschedule: Callable[[Session, Select[Any], date, Actor, datetime], int]


@dataclass(frozen=True)
class Effect:
    """What a change of the calendar did: (label, clocks looked at, due times that moved) by kind of clock."""

    rows: tuple[tuple[Any, int, int], ...] = ()

    @property
    def looked_at(self) -> int:
        return sum(row[1] for row in self.rows)

    @property
    def moved(self) -> int:
        return sum(row[2] for row in self.rows)


_clocks: dict[str, Clocks] = {}
_cache: dict[tuple[str, int], tuple[Any, AreaCalendar]] = {}
MOST_CACHED = 4096


def register_clocks(
    key: str,
    *,
    label: Any,
    affected: Callable[[Session, Select[Any], date], int],
    reschedule: Callable[[Session, Select[Any], date, Actor, datetime], int],
) -> None:
    """Let an upper domain's clocks follow the calendar (see `Clocks`)."""
    _clocks[key] = Clocks(key, label, affected, reschedule)


def forget_clocks(*keys: str) -> None:
    """Take registrations back (tests)."""
    for key in keys:
        _clocks.pop(key, None)


# --- reading -----------------------------------------------------------------------------------------------------


def calendar_for(session: Session, area_id: int) -> AreaCalendar:
    """The calendar by which deadlines of an area run.

    Kept per (area, newest change): a process reads the rows again only after somebody changed a day or hours.
    """
    key, stamp = (_where(session), area_id), _stamp(session)
    found = _cache.get(key)
    if found is not None and found[0] == stamp:
        return found[1]
    return _keep(key, stamp, calendar_data(session, area_id))


def calendars_for(session: Session, areas: Iterable[Area]) -> dict[int, AreaCalendar]:
    """The calendars of the areas of a list by area id: one statement, three after a change, however many areas."""
    stamp, where = _stamp(session), _where(session)
    made: dict[int, AreaCalendar] = {}
    for area in areas:
        if area.id in made:
            continue
        found = _cache.get((where, area.id))
        if found is None or found[0] != stamp:
            rows = _all_rows(session, stamp)
            above = [[(row, len(path)) for row, path in kind if area.path.startswith(path)] for kind in rows]
            found = (stamp, _keep((where, area.id), stamp, _data(above[0], above[1])))
        made[area.id] = found[1]
    return made


def _where(session: Session) -> str:
    return str(session.get_bind().engine.url)  # type: ignore[union-attr]


def _keep(key: tuple[str, int], stamp: Any, data: dict[str, Any]) -> AreaCalendar:
    calendar = calendar_from(data)
    if len(_cache) >= MOST_CACHED:
        _cache.clear()
    _cache[key] = (stamp, calendar)
    return calendar


def _all_rows(session: Session, stamp: Any) -> Any:
    """Every day and all hours with the path of their area, empty for those that hold everywhere; once a session."""
    known = session.info.get("calendar_rows")
    if known is not None and known[0] == stamp:
        return known[1]

    def read(table: Any, *order: Any) -> list[tuple[Any, str]]:
        query = select(table, func.coalesce(Area.path, "")).outerjoin(Area, Area.id == table.area_id)
        return [(row, path) for row, path in session.execute(query.order_by(*order))]

    rows = read(CalendarDay, CalendarDay.id), read(OfficeHours, OfficeHours.from_day, OfficeHours.id)
    session.info["calendar_rows"] = (stamp, rows)
    return rows


def calendar_data(session: Session, area_id: int) -> dict[str, Any]:
    """The plain data of `core.workdays` for an area: own rows before those of the areas above, those before all."""
    line = _line(session, area_id)
    days = session.scalars(
        select(CalendarDay).where(or_(CalendarDay.area_id.is_(None), CalendarDay.area_id.in_(line)))
    )
    hours = session.scalars(
        select(OfficeHours)
        .where(or_(OfficeHours.area_id.is_(None), OfficeHours.area_id.in_(line)))
        .order_by(OfficeHours.from_day, OfficeHours.id)
    )
    return _data(*([(row, line.get(row.area_id or 0, 0)) for row in rows] for rows in (days, hours)))


def _data(days: list[tuple[CalendarDay, int]], hours: list[tuple[OfficeHours, int]]) -> dict[str, Any]:
    """Of rows with their nearness the nearest ones."""
    nearest: dict[str, tuple[int, bool]] = {}
    for day, near in days:
        key = day.day.isoformat()
        if key not in nearest or near > nearest[key][0]:
            nearest[key] = (near, day.is_workday)
    data: dict[str, Any] = {}
    if nearest:
        data["days"] = {key: {"work": work} for key, (_near, work) in nearest.items()}
    # the first season that covers a day is taken: the nearest area's stand first
    seasons = [row for row, near in sorted(hours, key=lambda found: -found[1])]
    if seasons:
        data["seasons"] = [_season(row) for row in seasons]
    return data


def _line(session: Session, area_id: int) -> dict[int, int]:
    """Ids of an area and those above it, with their nearness (1 is the top)."""
    area = area_of(session, area_id)
    return {row.id: near for near, row in enumerate([*queries.ancestors(session, area.path), area], 1)}


def _season(row: OfficeHours) -> dict[str, Any]:
    hours = [[row.morning_from, row.morning_to], [row.afternoon_from, row.afternoon_to]]
    return {"from": row.from_day, "to": row.to_day, "hours": hours}


def _stamp(session: Session) -> Any:
    """Newest change and number of rows of the tables behind a calendar; asked once in a transaction."""
    known = session.info.get("calendar_stamp")
    if known is None or known[0] is not session.get_transaction():
        asked = [func.max(CalendarDay.updated_at), func.max(CalendarDay.id), func.count(CalendarDay.id)]
        asked += [func.max(OfficeHours.updated_at), func.max(OfficeHours.id), func.count(OfficeHours.id)]
        asked += [func.max(Area.updated_at), func.count(Area.id)]
        parts = [select(one).scalar_subquery() for one in asked]
        newest = tuple(session.execute(select(*parts)).one())
        known = (session.get_transaction(), newest)
        session.info["calendar_stamp"] = known
    return known[1]


# --- changing ----------------------------------------------------------------------------------------------------


def save_day(
    session: Session, day: CalendarDay, actor: Actor, now: datetime, *, was: date | None = None
) -> Effect:
    """Keep a day that differs from the national calendar; open clocks of its areas count anew.

    Raises Invalid when the area has that day already. A day for everywhere (no area) needs the whole site.
    """
    with session.no_autoflush:
        path = _need(session, actor, day.area_id)
        if day.day is None:
            raise Invalid(_("Please give the day."), field="day")
        day.name = (day.name or "").strip()
        if not day.name:
            raise Invalid(_("Please say what day it is."), field="name")
        place = CalendarDay.area_id.is_(None) if day.area_id is None else CalendarDay.area_id == day.area_id
        same = select(CalendarDay.id).where(place, CalendarDay.day == day.day)
        if day.id is not None:
            same = same.where(CalendarDay.id != day.id)
        if session.scalar(same.limit(1)) is not None:
            raise Invalid(_("There is an entry for this day already."), field="day")
    session.add(day)
    session.flush()
    return _changed(session, path, min(day.day, was or day.day), actor, now)


def drop_day(session: Session, day: CalendarDay, actor: Actor, now: datetime) -> Effect:
    """Take a day out again; the national calendar holds."""
    path, first = _need(session, actor, day.area_id), day.day
    session.delete(day)
    session.flush()
    return _changed(session, path, first, actor, now)


def save_hours(session: Session, hours: OfficeHours, actor: Actor, now: datetime) -> Effect:
    """Keep the office hours of a season (months and days, both included; times are local)."""
    with session.no_autoflush:
        path = _need(session, actor, hours.area_id)
        for name in ("from_day", "to_day"):
            setattr(hours, name, month_day(getattr(hours, name), name))
        for name in TIMES:
            setattr(hours, name, hour(getattr(hours, name), name))
        moments = [getattr(hours, name) for name in TIMES]
        if moments != sorted(set(moments)):
            raise Invalid(_("The hours of a day must follow one another."), field="afternoon_to")
    session.add(hours)
    session.flush()
    return _changed(session, path, clock.to_local(now).date(), actor, now)


def drop_hours(session: Session, hours: OfficeHours, actor: Actor, now: datetime) -> Effect:
    """Take a season out again; those of the areas above hold, at last the usual ones."""
    path = _need(session, actor, hours.area_id)
    session.delete(hours)
    session.flush()
    return _changed(session, path, clock.to_local(now).date(), actor, now)


def month_day(text: str | None, field: str) -> str:
    """``MM-DD`` of what was typed (``5-1``, ``0501``, ``05-01``). Raises Invalid."""
    digits = re.fullmatch(r"\s*(\d{1,2})[-./]?(\d{1,2})\s*", text or "")
    plain = f"{int(digits[1]):02d}-{int(digits[2]):02d}" if digits else ""
    try:
        date.fromisoformat(f"2024-{plain}")  # a leap year: 02-29 may begin or end a season
    except ValueError:
        raise Invalid(_("A month and a day, such as 05-01."), field=field) from None
    return plain


def hour(text: str | None, field: str) -> str:
    """``HH:MM`` of what was typed (``8:30``, ``830``). Raises Invalid."""
    found = HOUR.fullmatch((text or "").strip().replace("\uff1a", ":"))
    if found is None:
        raise Invalid(_("A time of day, such as 08:30."), field=field)
    return time(int(found[1]), int(found[2])).strftime("%H:%M")


def recount_all(session: Session, actor: Actor, now: datetime) -> Effect:
    """Count all open clocks anew: after the package brought a newly published year."""
    return _changed(session, "", EARLIEST, actor, now)


def _need(session: Session, actor: Actor, area_id: int | None) -> str:
    path = area_of(session, area_id).path if area_id else ""
    need_area(actor, path)
    return path


def _areas(path: str) -> Select[Any]:
    return select(Area.id).where(Area.path.between(*range_of(path)))


def _changed(session: Session, path: str, first_day: date, actor: Actor, now: datetime) -> Effect:
    session.info.pop("calendar_stamp", None)
    areas = _areas(path)
    rows = []
    for one in _clocks.values():
        looked_at = one.affected(session, areas, first_day)
        moved = one.reschedule(session, areas, first_day, actor, now) if looked_at else 0
        rows.append((one.label, looked_at, moved))
    return Effect(tuple(rows))
