"""Blind spots: homes outside a grid, buildings without homes, households nobody has visited (S0-14, S1-37, S4-88).

Figures are quick at city size: households, those visited and homes outside a grid come from the counters of each area,
shared buildings by their own area, which is a grid unless two share them. Looking for households without a home and for
buildings without homes reads each of them, so that it is done for areas up to ``LARGEST`` households.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, Select, case, exists, func, literal_column, or_, select
from sqlalchemy.orm import Session, joinedload

from app.areas.models import Area, AreaLevel
from app.areas.queries.tree import below
from app.areas.rules import SEGMENT
from app.core import counters
from app.core.counters import AreaCounter
from app.registry.models import Building, Dwelling, Household, HouseholdDwelling
from app.registry.service import tally
from app.registry.service.homes import HOME_KINDS

PAGE = 50
LARGEST = 100_000


@dataclass(frozen=True)
class Part:
    """Households of an area right below the one that is looked at."""

    uid: str
    name: str
    households: int
    unvisited: int

    @property
    def percent(self) -> int:
        """Households visited in the period, in a hundred, rounded down."""
        return (self.households - self.unvisited) * 100 // self.households if self.households else 0


@dataclass(frozen=True)
class Gaps:
    """Numbers of blind spots; None: the area is too large to look through."""

    outside: int
    empty: int | None
    shared: int
    homeless: int | None


def _living() -> tuple[ColumnElement[bool], ...]:
    # written out, so that both databases see that the partial index fits
    return (Household.kind == literal_column("'living'"), Household.valid_to.is_(None))


def _inside(area: Area) -> Select[Any]:
    return select(Area.id).where(below(area.path))


def _no_grid(today: date) -> Select[Any]:
    """Areas in which no home may stand: above the grids, or not in force any more."""
    return (
        select(Area.id)
        .join(AreaLevel, AreaLevel.id == Area.level_id)
        .where(or_(AreaLevel.kind.not_in(HOME_KINDS), Area.valid_to < today))
    )


def _outside(area: Area, today: date) -> tuple[ColumnElement[bool], ...]:
    return (
        Dwelling.valid_to.is_(None),
        Dwelling.area_id.in_(_no_grid(today)),
        Dwelling.area_id.in_(_inside(area)),
    )


def _empty(area: Area) -> tuple[ColumnElement[bool], ...]:
    lived = exists().where(Dwelling.building_id == Building.id, Dwelling.valid_to.is_(None))
    return Building.area_id.in_(_inside(area)), ~lived


def _shared(area: Area) -> tuple[ColumnElement[bool], ...]:
    above = (
        select(Area.id)
        .join(AreaLevel, AreaLevel.id == Area.level_id)
        .where(AreaLevel.kind.not_in(HOME_KINDS))
    )
    return Building.area_id.in_(_inside(area)), Building.area_id.in_(above)


def _homeless(area: Area) -> tuple[ColumnElement[bool], ...]:
    home = exists().where(
        HouseholdDwelling.household_id == Household.id, HouseholdDwelling.valid_to.is_(None)
    )
    return (*_living(), Household.area_id.in_(_inside(area)), ~home)


def _unvisited(area: Area, first: date) -> tuple[ColumnElement[bool], ...]:
    late = or_(Household.last_visit_on.is_(None), Household.last_visit_on < first)
    return (*_living(), Household.area_id.in_(_inside(area)), late)


def since(today: date, months: int) -> date:
    """The first day of a period of whole months, of which the current one is the last."""
    year, month = divmod(today.year * 12 + today.month - months, 12)
    return date(year, month + 1, 1)


def parts(session: Session, area: Area, today: date, months: int) -> list[Part]:
    """Living households and those not visited in the months that end with the current one, for each area right below
    (S1-37).
    """
    seen = {counters.month(tally.SEEN, since(today, n)) for n in range(1, months + 1)}
    piece = func.substr(Area.path, 1, len(area.path) + SEGMENT)
    living = case((AreaCounter.kind == tally.LIVING, AreaCounter.value), else_=0)
    query = (
        select(piece, func.sum(living), func.sum(AreaCounter.value - living))
        .join(Area, Area.id == AreaCounter.area_id)
        .where(below(area.path), AreaCounter.kind.in_([tally.LIVING, *sorted(seen)]))
        .group_by(piece)
    )
    found = {path: (int(n), int(n - met)) for path, n, met in session.execute(query) if n}
    names = select(Area).where(Area.path.in_(list(found))).order_by(Area.path)
    return [Part(a.uid, a.name, *found[a.path]) for a in session.scalars(names)]


def gaps(session: Session, area: Area, today: date, households: int) -> Gaps:
    """All other figures in one statement."""
    outside = select(func.coalesce(func.sum(AreaCounter.value), 0)).where(
        AreaCounter.kind == tally.DWELLINGS,
        AreaCounter.area_id.in_(_no_grid(today)),
        AreaCounter.area_id.in_(_inside(area)),
    )
    wanted = {"outside": outside, "shared": select(func.count(Building.id)).where(*_shared(area))}
    if households <= LARGEST:
        wanted["empty"] = select(func.count(Building.id)).where(*_empty(area))
        wanted["homeless"] = select(func.count(Household.id)).where(*_homeless(area))
    row = session.execute(select(*(q.scalar_subquery().label(key) for key, q in wanted.items()))).one()
    return Gaps(int(row.outside), getattr(row, "empty", None), row.shared, getattr(row, "homeless", None))


KINDS = {
    "outside": _("Homes outside a grid"),
    "empty": _("Buildings without homes"),
    "shared": _("Buildings that two grids share"),
    "homeless": _("Households without a home"),
    "unvisited": _("Households without a visit"),
}


def rows(
    session: Session, kind: str, area: Area, today: date, first: date, after: Any
) -> tuple[list[Any], bool]:
    """A page of one kind of blind spot in key order, and whether there is more. ``first``: day from which a visit counts;
    ``after``: the row before the page.
    """
    model: Any = {"outside": Dwelling, "empty": Building, "shared": Building}.get(kind, Household)
    where = {
        "outside": lambda: _outside(area, today),
        "empty": lambda: _empty(area),
        "shared": lambda: _shared(area),
        "homeless": lambda: _homeless(area),
        "unvisited": lambda: _unvisited(area, first),
    }[kind]()
    query = select(model).where(*where).options(joinedload(model.area)).order_by(model.id).limit(PAGE + 1)
    if model is Household:
        query = query.options(joinedload(Household.head))
    if after is not None:
        query = query.where(model.id > after.id)
    found = list(session.scalars(query))
    return found[:PAGE], len(found) > PAGE
