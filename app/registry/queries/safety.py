"""What is due: checks of homes and venues, hazards, leases and licences that end; per grid and as a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from app.areas.models import Area
from app.registry.choices import HazardState
from app.registry.models import Hazard, RentalHome, SafetyCheck, Venue

SOON = 30  # days: what ends within a month can still be renewed
PAGE = 50
GRIDS = 60


@dataclass(frozen=True)
class Due:
    """One kind of things that are due: its table, the day, and until which day from today it is listed."""

    key: str
    label: Any
    model: Any
    day: Any
    ahead: int
    where: tuple[Any, ...] = ()
    eager: tuple[Any, ...] = ()

    def criteria(self, today: date) -> tuple[Any, ...]:
        return (self.day <= today + timedelta(days=self.ahead), *self.where)


_IN_FORCE = "effective"
KINDS: dict[str, Due] = {
    due.key: due
    for due in (
        Due(
            "homes",
            _("Rented homes to check"),
            RentalHome,
            RentalHome.next_check_on,
            0,
            (RentalHome.status == _IN_FORCE,),
            (joinedload(RentalHome.dwelling),),
        ),
        Due("venues", _("Venues to check"), Venue, Venue.next_check_on, 0, (Venue.status == _IN_FORCE,)),
        Due(
            "hazards",
            _("Hazards past their day"),
            Hazard,
            Hazard.fix_by,
            -1,
            (Hazard.state != HazardState.closed,),
            (joinedload(Hazard.rental_home).joinedload(RentalHome.dwelling), joinedload(Hazard.venue)),
        ),
        Due(
            "leases",
            _("Leases that end"),
            RentalHome,
            RentalHome.lease_until,
            SOON,
            (RentalHome.status == _IN_FORCE,),
            (joinedload(RentalHome.dwelling),),
        ),
        Due(
            "licences",
            _("Licences that end"),
            Venue,
            Venue.licence_until,
            SOON,
            (Venue.status == _IN_FORCE,),
        ),
    )
}


def totals(session: Session, today: date) -> dict[str, int]:
    """How many of each kind are due in the actor's areas: one statement."""
    counts = [
        select(func.count(due.model.id)).where(*due.criteria(today)).scalar_subquery().label(key)
        for key, due in KINDS.items()
    ]
    row = session.execute(select(*counts)).one()
    return {key: int(getattr(row, key)) for key in KINDS}


def by_grid(session: Session, due: Due, today: date) -> list[tuple[str, str, int]]:
    """(uid, name, number due) of the areas with anything due, the worst first."""
    number = func.count(due.model.id)
    query = (
        select(Area.uid, Area.name, number)
        .join(Area, Area.id == due.model.area_id)
        .where(*due.criteria(today))
        .group_by(Area.id, Area.uid, Area.name)
        .order_by(number.desc(), Area.name)
        .limit(GRIDS)
    )
    return [(uid, name, int(n)) for uid, name, n in session.execute(query)]


def rows(session: Session, due: Due, today: date, area: Area | None, after: Any) -> list[Any]:
    """A page of what is due, the longest overdue first; ``after`` is the last row of the page before. One row more than
    a page says that there is a next one.
    """
    model = due.model
    query = select(model).where(*due.criteria(today)).options(joinedload(model.area), *due.eager)
    if area is not None:
        inside = select(Area.id).where(Area.path.startswith(area.path, autoescape=True))
        query = query.where(model.area_id.in_(inside))
    if after is not None:
        day = getattr(after, due.day.key)
        query = query.where(or_(due.day > day, and_(due.day == day, model.id > after.id)))
    return list(session.scalars(query.order_by(due.day, model.id).limit(PAGE + 1)))


def last_checks(session: Session, place: RentalHome | Venue, limit: int = 5) -> list[SafetyCheck]:
    """The newest checks of a place."""
    mine = SafetyCheck.rental_home_id if isinstance(place, RentalHome) else SafetyCheck.venue_id
    query = select(SafetyCheck).where(mine == place.id)
    return list(session.scalars(query.order_by(SafetyCheck.id.desc()).limit(limit)))


def open_hazards(session: Session, place: RentalHome | Venue) -> list[Hazard]:
    """Hazards of a place that nobody has closed, the next day first."""
    mine = Hazard.rental_home_id if isinstance(place, RentalHome) else Hazard.venue_id
    query = select(Hazard).where(mine == place.id, Hazard.state != HazardState.closed)
    return list(session.scalars(query.order_by(Hazard.fix_by, Hazard.id)))
