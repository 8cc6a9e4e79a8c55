"""Open cases follow their grid when areas are divided anew, their clocks follow the calendar (ADR 0003, S0-15)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from app.areas.service import live
from app.areas.service.calendars import calendar_for, register_clocks
from app.core import clock, counters
from app.core.actor import Actor
from app.proxy.choices import Entry
from app.proxy.models import CaseClock, ProxyCase
from app.proxy.service.cases import write_entry
from app.proxy.service.clocks import recount
from app.registry.choices import ResidenceKind
from app.registry.models import Person, Residence

OPEN_CASES = "proxy_case.open"


def _homes_of_cases() -> Select[Any]:
    """The home of the person a case is for; somebody who has moved away has none on this ground."""
    homes: Select[Any] = (
        select(ProxyCase.id, Residence.dwelling_id)
        .join(Person, Person.uid == ProxyCase.person_uid)
        .join(Residence, Residence.person_id == Person.id)
        .where(
            Residence.valid_to.is_(None),
            Residence.kind == ResidenceKind.living,
            Residence.dwelling_id.is_not(None),
        )
    )
    return homes


def _running(areas: Select[Any], first_day: date) -> Select[Any]:
    """Ids of open cases in areas with a clock that has not stopped and ends on the day or later."""
    since, _end = clock.day_bounds(max(first_day, date(1970, 1, 2)))
    return (
        select(CaseClock.case_id)
        .join(ProxyCase, ProxyCase.id == CaseClock.case_id)
        .where(ProxyCase.area_id.in_(areas), ProxyCase.closed_at.is_(None))
        .where(CaseClock.stopped_at.is_(None), CaseClock.due_at >= since)
    )


def affected(session: Session, areas: Select[Any], first_day: date) -> int:
    """How many open clocks a change of the calendar from a day on may move."""
    return session.scalar(select(func.count()).select_from(_running(areas, first_day).subquery())) or 0


def reschedule(session: Session, areas: Select[Any], first_day: date, actor: Actor, now: datetime) -> int:
    """Count open clocks anew; each case whose deadline moved gets a row in its history. Returns how many moved."""
    query = (
        select(ProxyCase)
        .where(ProxyCase.id.in_(_running(areas, first_day)))
        .order_by(ProxyCase.id)
        .options(
            joinedload(ProxyCase.item_version, innerjoin=True),
            selectinload(ProxyCase.clocks).selectinload(CaseClock.pauses),
            selectinload(ProxyCase.steps),
        )
        .execution_options(populate_existing=True)
    )
    moved = 0
    for case in session.scalars(query).all():
        changed = recount(case, calendar_for(session, case.area_id))
        if changed:
            moved += len(changed)
            write_entry(actor, now, case, Entry.recount, {"clocks": changed})
    session.flush()
    return moved


def register() -> None:
    """Tell the areas which rows of ours move, and which clocks count by their calendars."""
    live.register_live(
        "proxy_case",
        ProxyCase,
        label=_("Open proxy cases"),
        where=ProxyCase.closed_at.is_(None),
        via=_homes_of_cases(),
    )
    counters.refine(ProxyCase, {OPEN_CASES: {"closed_at": None}})
    live.register_count(OPEN_CASES, label=_("Open proxy cases"))
    register_clocks("case_clock", label=_("Clocks of proxy cases"), affected=affected, reschedule=reschedule)


register()
