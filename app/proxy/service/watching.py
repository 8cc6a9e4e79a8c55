"""What is short of time or over it, by index and in chunks: clocks, notices, missing papers, originals, call-backs,
opinions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.core.clock import day_bounds, to_local
from app.proxy.choices import State
from app.proxy.models import (
    CaseAssist,
    CaseCallback,
    CaseClock,
    ClockPause,
    Custody,
    EscalationRule,
    ProxyCase,
    ServiceItemVersion,
)
from app.proxy.rules.escalation import Moment, Watched, clocks_of, short_at

CHUNK = 500
PAUSE, SUPPLEMENT = "pause", "supplement"


@dataclass(frozen=True)
class Due:
    """One thing with an end. ``about`` names it in `CaseAlarm`; ``subject`` is a clock or a `Watched`; ``key`` is where the
    next chunk begins. The last two say who has it in hand where that is not who has the case.
    """

    key: int
    case_id: int
    case_uid: str
    number: str
    state: str
    staff_id: int | None
    department_id: int | None
    area_id: int
    path: str
    checked_by: str
    about: str
    subject: str
    due_at: datetime
    holder_staff: int | None = None
    holder_unit: int | None = None
    is_quiet: bool = False


CASE = (
    ProxyCase.id,
    ProxyCase.uid,
    ProxyCase.number,
    ProxyCase.state,
    ProxyCase.staff_id,
    ProxyCase.department_id,
    ProxyCase.area_id,
    Area.path,
    ServiceItemVersion.checked_by,
)

CUSTODY = (
    Custody.id,
    Custody.uid,
    Custody.due_back_on,
    Custody.holder_staff_id,
    Custody.holder_unit_id,
)
OPINION = (CaseAssist.id, CaseAssist.uid, CaseAssist.asked_at, CaseAssist.due_at, CaseAssist.org_unit_id)
CALLBACK = (
    CaseCallback.id,
    CaseCallback.uid,
    CaseCallback.opened_at,
    CaseCallback.due_at,
    CaseCallback.staff_id,
)


def _of_cases(*columns: Any) -> Select[Any]:
    """A select of a thing that hangs on a case, with what `Due` says of the case."""
    return (
        select(*columns, *CASE)
        .select_from(ProxyCase)
        .join(Area, Area.id == ProxyCase.area_id)
        .join(ServiceItemVersion, ServiceItemVersion.id == ProxyCase.item_version_id)
    )


def end_of(day: date) -> datetime:
    """The instant at which a day is over."""
    return day_bounds(day)[1]


def due_ones(session: Session, rule: EscalationRule, now: datetime, *, after: int = 0) -> Iterator[list[Due]]:
    """Everything a rule is about, told or not, in chunks by key. Between two chunks the session may be committed."""
    read = _READ.get(rule.clock, _clocks)
    while True:
        found = read(session, rule, now, after)
        if found:
            yield [one for one in found if not one.is_quiet]
        if len(found) < CHUNK:
            return
        after = found[-1].key


def _page(query: Select[Any], key: Any, after: int) -> Select[Any]:
    return query.where(key > after).order_by(key).limit(CHUNK)


def _clocks(session: Session, rule: EscalationRule, now: datetime, after: int) -> list[Due]:
    """Clocks that run, by the index on what has not stopped."""
    standing = exists().where(ClockPause.clock_id == CaseClock.id, ClockPause.to_at.is_(None))
    query = (
        _of_cases(CaseClock.id, CaseClock.uid, CaseClock.kind, CaseClock.due_at)
        .join(CaseClock, CaseClock.case_id == ProxyCase.id)
        .where(CaseClock.stopped_at.is_(None), CaseClock.kind.in_(clocks_of(rule.clock)), ~standing)
        .where(ProxyCase.closed_at.is_(None))
    )
    if rule.moment == Moment.warn:
        query = query.where(CaseClock.due_at >= now, CaseClock.warn_at < now)
    else:
        query = query.where(CaseClock.due_at < now)
    rows = session.execute(_page(query, CaseClock.id, after))
    return [Due(key, *case, f"clock:{uid}", kind, due) for key, uid, kind, due, *case in rows]


def _by_day(column: Any, state: State, about: str) -> Callable[..., list[Due]]:
    """Cases that stand in a state until a day."""

    def read(session: Session, rule: EscalationRule, now: datetime, after: int) -> list[Due]:
        query = _of_cases(ProxyCase.id, column).where(
            ProxyCase.state == state.value, _day(column, rule.moment, to_local(now).date())
        )
        rows = session.execute(_page(query, ProxyCase.id, after))
        return [Due(key, *case, about, rule.clock, end_of(day)) for key, day, *case in rows]

    return read


def _day(column: Any, moment: str, today: date) -> Any:
    """Over since yesterday, or on its last day."""
    return column == today if moment == Moment.warn else column < today


def _custody(session: Session, rule: EscalationRule, now: datetime, after: int) -> list[Due]:
    """Originals that should have gone home, with who holds them."""
    query = (
        _of_cases(*CUSTODY)
        .join(Custody, Custody.case_id == ProxyCase.id)
        .where(Custody.returned_at.is_(None), Custody.lost_at.is_(None))
        .where(_day(Custody.due_back_on, rule.moment, to_local(now).date()))
    )
    rows = session.execute(_page(query, Custody.id, after))
    return [
        Due(key, *case, f"custody:{uid}", rule.clock, end_of(day), staff, unit)
        for key, uid, day, staff, unit, *case in rows
    ]


def _callbacks(session: Session, rule: EscalationRule, now: datetime, after: int) -> list[Due]:
    """Call-backs that are open; the last fifth of their time is short."""
    query = (
        _of_cases(*CALLBACK)
        .join(CaseCallback, CaseCallback.case_id == ProxyCase.id)
        .where(CaseCallback.closed_at.is_(None))
        .where(CaseCallback.due_at >= now if rule.moment == Moment.warn else CaseCallback.due_at < now)
    )
    rows = session.execute(_page(query, CaseCallback.id, after))
    found = []
    for key, uid, opened, due, staff, *case in rows:
        quiet = rule.moment == Moment.warn and now < short_at(opened, due)
        about = f"callback:{uid}"
        found.append(Due(key, *case, about, rule.clock, due, staff, is_quiet=quiet))
    return found


def _opinions(session: Session, rule: EscalationRule, now: datetime, after: int) -> list[Due]:
    """Opinions that are awaited in open cases; the last fifth of their time is short. In hand with the office asked."""
    query = (
        _of_cases(*OPINION)
        .join(CaseAssist, CaseAssist.case_id == ProxyCase.id)
        .where(CaseAssist.answered_at.is_(None), ProxyCase.closed_at.is_(None))
        .where(CaseAssist.due_at >= now if rule.moment == Moment.warn else CaseAssist.due_at < now)
    )
    rows = session.execute(_page(query, CaseAssist.id, after))
    found = []
    for key, uid, asked, due, unit, *case in rows:
        quiet = rule.moment == Moment.warn and now < short_at(asked, due)
        about = f"opinion:{uid}"
        found.append(Due(key, *case, about, rule.clock, due, holder_unit=unit, is_quiet=quiet))
    return found


_READ: dict[str, Callable[[Session, EscalationRule, datetime, int], list[Due]]] = {
    Watched.pause.value: _by_day(ProxyCase.suspended_until, State.suspended, PAUSE),
    Watched.supplement.value: _by_day(ProxyCase.supplement_until, State.supplement, SUPPLEMENT),
    Watched.custody.value: _custody,
    Watched.callback.value: _callbacks,
    Watched.opinion.value: _opinions,
}
