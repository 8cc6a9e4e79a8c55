"""How the service does: by worker, service, area or department (S0-39, S1-68, S3-48).

Everything is read from the cases themselves (`service/figures.py` writes it with each step), in three statements: what was
decided in the period by the days it took, what was booked, and what is open now.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from app.areas.models import Area, OrgUnit, Staff
from app.core.clock import LOCAL_ZONE
from app.proxy.models import ProxyCase, ServiceItemVersion
from app.proxy.queries.desk import is_late
from app.proxy.rules import average, percentile

BY = ("worker", "service", "area", "department")
KEYS: dict[str, Any] = {
    "worker": ProxyCase.staff_id,
    "service": ServiceItemVersion.item_id,
    "area": ProxyCase.area_id,
    "department": ProxyCase.department_id,
}
MOST = 1_000  # lines of one page: a county has some 820 workers


@dataclass
class Line:
    """One worker, service, area or department. Days are working days that counted; shares lie between 0 and 1."""

    key: int | None
    name: str = ""
    booked: int = 0
    decided: int = 0
    approved: int = 0
    judged: int = 0
    on_time: int = 0
    returns: int = 0
    resident_trips: int = 0
    worker_trips: int = 0
    hand_overs: int = 0
    rated: int = 0
    stars: int = 0
    open: int = 0
    late: int = 0
    days: Counter[int] = field(default_factory=Counter)

    @property
    def on_time_share(self) -> float | None:
        """Of the decisions that had a limit, those within it."""
        return self.on_time / self.judged if self.judged else None

    @property
    def average_days(self) -> float | None:
        return average(self.days)

    @property
    def p90_days(self) -> int | None:
        """Nine of ten decisions took no longer."""
        return percentile(self.days, 0.9)

    @property
    def rating(self) -> float | None:
        return self.stars / self.rated if self.rated else None

    @property
    def trips_each(self) -> float | None:
        """Trips of the resident for one decided case: the goal is one at most (S3-56)."""
        return self.resident_trips / self.decided if self.decided else None


def lines(
    session: Session, by: str, first: date, last: date, area: Area | None = None
) -> tuple[list[Line], Line]:
    """The lines of a period (local days, both included), most decisions first, and their sum."""
    found: dict[int | None, Line] = {}

    def line(key: int | None) -> Line:
        return found.setdefault(key, Line(key))

    start = datetime.combine(first, time.min, LOCAL_ZONE)
    end = datetime.combine(last + timedelta(days=1), time.min, LOCAL_ZONE)
    key, decided = KEYS[by], (ProxyCase.decided_at >= start) & (ProxyCase.decided_at < end)
    # by days as well: one reading of the cases tells sums and days
    query = _of(_decided(key).where(decided), by, area).group_by(key, ProxyCase.used_days)
    for row in session.execute(query):
        values = row._asdict()
        at, used = line(values.pop("key")), values.pop("used")
        for name, value in values.items():
            setattr(at, name, getattr(at, name) + int(value or 0))
        if used is not None:
            at.days[used] += row.decided
    booked = select(key.label("key"), func.count()).where(
        ProxyCase.opened_at >= start, ProxyCase.opened_at < end
    )
    for row_key, count in session.execute(_of(booked, by, area).group_by(key)):
        line(row_key).booked = count
    return _named(session, by, found), _sum(list(found.values()))


def add_open(
    session: Session, by: str, now: datetime, shown: list[Line], whole: Line, area: Area | None = None
) -> None:
    """Put what is open now, and late, into the lines; who has nothing else in the period is left out."""
    key = KEYS[by]
    query = select(
        key.label("key"), func.count(), func.sum(case((func.coalesce(is_late(now), False), 1), else_=0))
    ).where(ProxyCase.closed_at.is_(None))
    at = {one.key: one for one in shown}
    for row_key, count, late in session.execute(_of(query, by, area).group_by(key)):
        whole.open += count
        whole.late += int(late or 0)
        if row_key in at:
            at[row_key].open, at[row_key].late = count, int(late or 0)


def _decided(key: Any) -> Select[Any]:
    def when(condition: Any) -> Any:
        return func.sum(case((condition, 1), else_=0))

    # a level that a site added and that is no figure has no stars
    stars = case({str(n): n for n in range(1, 6)}, value=ProxyCase.rating)
    return select(
        key.label("key"),
        ProxyCase.used_days.label("used"),
        func.count().label("decided"),
        when(ProxyCase.outcome == "approved").label("approved"),
        when(ProxyCase.was_on_time.is_not(None)).label("judged"),
        when(ProxyCase.was_on_time.is_(True)).label("on_time"),
        func.sum(ProxyCase.returns).label("returns"),
        func.sum(ProxyCase.resident_trips).label("resident_trips"),
        func.sum(ProxyCase.worker_trips).label("worker_trips"),
        func.sum(ProxyCase.hand_overs).label("hand_overs"),
        func.count(stars).label("rated"),
        func.sum(stars).label("stars"),
    )


def _of(query: Select[Any], by: str, area: Area | None) -> Select[Any]:
    query = query.select_from(ProxyCase)
    if by == "service":
        query = query.join(ServiceItemVersion, ServiceItemVersion.id == ProxyCase.item_version_id)
    if area is not None:
        query = query.join(Area, Area.id == ProxyCase.area_id).where(Area.path.startswith(area.path))
    return query


def _named(session: Session, by: str, found: dict[int | None, Line]) -> list[Line]:
    """The lines with their names, most decisions first; somebody outside the scope has no name and no line."""
    keys = [key for key in found if key is not None]
    names: dict[int, str] = {}
    for start in range(0, len(keys), 500):
        part = keys[start : start + 500]
        if by == "service":
            query: Select[Any] = (
                select(ServiceItemVersion.item_id, ServiceItemVersion.name)
                .where(ServiceItemVersion.item_id.in_(part), ServiceItemVersion.state == "published")
                .order_by(ServiceItemVersion.number)
            )
        else:
            model: Any = {"worker": Staff, "area": Area, "department": OrgUnit}[by]
            query = select(model.id, model.name).where(model.id.in_(part))
        names |= {row[0]: row[1] for row in session.execute(query)}
    for key in keys:
        found[key].name = names.get(key, "")
    shown = [line for line in found.values() if line.name]
    return sorted(shown, key=lambda line: (-line.decided, -line.booked, line.name))[:MOST]


def _sum(all_lines: list[Line]) -> Line:
    whole, totals = Line(None), defaultdict(int)
    names = [n for n, f in Line.__dataclass_fields__.items() if f.type == "int"]
    for line in all_lines:
        whole.days.update(line.days)
        for name in names:
            totals[name] += getattr(line, name)
    for name, value in totals.items():
        setattr(whole, name, value)
    return whole
