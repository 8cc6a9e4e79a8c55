"""Records that nobody has confirmed for long, by kind and grid (S4-54)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, joinedload

from app import seeds
from app.areas.models import Area
from app.registry.models import Dwelling, Household, Person, RentalHome, Venue
from app.registry.rules.corrections import stale_before

SIZE = 25
MOST_GRIDS = 40


@dataclass(frozen=True)
class Ageing:
    """One kind of record of the work list; ``live`` leaves out what is closed."""

    key: str
    label: Any
    model: Any
    live: ColumnElement[bool]
    view: str

    def due(self, today: date) -> ColumnElement[bool]:
        """Never confirmed, or longer ago than the data file says."""
        limit = stale_before(int(seeds.read("ageing")["days"][self.key]), today)
        return or_(self.model.confirmed_on.is_(None), self.model.confirmed_on < limit)


KINDS: dict[str, Ageing] = {
    kind.key: kind
    for kind in (
        Ageing("person", _("Residents"), Person, Person.status == "effective", "PersonView"),
        Ageing("dwelling", _("Homes"), Dwelling, Dwelling.valid_to.is_(None), "DwellingView"),
        Ageing("household", _("Households"), Household, Household.valid_to.is_(None), "HouseholdView"),
        Ageing(
            "rental_home", _("Rented homes"), RentalHome, RentalHome.status == "effective", "RentalHomeView"
        ),
        Ageing("venue", _("Venues"), Venue, Venue.status == "effective", "VenueView"),
    )
}


def page(
    session: Session, kind: Ageing, today: date, *, area: Area | None = None, after: int = 0
) -> tuple[list[Any], int]:
    """Rows of a page in key order, and the key to go on after (0: there are no more)."""
    query = (
        select(kind.model)
        .where(kind.live, kind.due(today), kind.model.id > after)
        .options(joinedload(kind.model.area))
        .order_by(kind.model.id)
        .limit(SIZE + 1)
    )
    if area is not None:
        query = query.where(kind.model.area_id.in_(_subtree(area)))
    rows = list(session.scalars(query))
    return rows[:SIZE], rows[SIZE - 1].id if len(rows) > SIZE else 0


def by_grid(session: Session, kind: Ageing, today: date) -> list[tuple[str, str, int]]:
    """(uid, name, number) of the areas with most of them, inside the scope."""
    number = func.count().label("number")
    query = (
        select(Area.uid, Area.name, number)
        .join(kind.model, kind.model.area_id == Area.id)
        .where(kind.live, kind.due(today))
        .group_by(Area.id, Area.uid, Area.name)
        .order_by(number.desc(), Area.id)
        .limit(MOST_GRIDS)
    )
    return [(row.uid, row.name, row.number) for row in session.execute(query)]


def _subtree(area: Area) -> Any:
    return select(Area.id).where(Area.path.between(area.path, area.path + "~"))
