"""Who lives in an area: kinds of residents, age bands and sex, counted by the database (S2-46)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.areas.queries.tree import below
from app.registry.models import Person
from app.registry.rules.id_number import FEMALE

STEP, LAST = 5, 20  # bands of five years; the last one is 100 and over
MALE = "1"
LARGEST = 300_000  # residents: above, one looks at an area below


@dataclass
class Band:
    """One band of ages."""

    first: int
    male: int = 0
    female: int = 0
    other: int = 0

    @property
    def total(self) -> int:
        return self.male + self.female + self.other


@dataclass
class Structure:
    """Residents of an area: bands from the youngest, kinds by code, those whose birth date is not known."""

    bands: list[Band] = field(default_factory=lambda: [Band(n * STEP) for n in range(LAST + 1)])
    kinds: Counter[str] = field(default_factory=Counter)
    unknown: int = 0

    @property
    def total(self) -> int:
        return sum(self.kinds.values())

    def of(self, name: str) -> int:
        """Residents of one sex (``male``, ``female``, ``other``) with a known age."""
        return sum(getattr(band, name) for band in self.bands)

    @property
    def widest(self) -> int:
        """The longest bar of the pyramid."""
        return max((max(b.male, b.female) for b in self.bands), default=0) or 1

    def between(self, low: int, high: int | None) -> int:
        """Residents from ``low`` up to, not including, ``high`` years (multiples of five)."""
        return sum(b.total for b in self.bands if b.first >= low and (high is None or b.first < high))


def born_after(today: date, years: int) -> date:
    """Who is born after this day is younger than so many years today."""
    try:
        return today.replace(year=today.year - years)
    except ValueError:  # the 29th of February: the birthday counts on the 1st of March
        return date(today.year - years, 2, 28)


def structure(session: Session, area: Area, today: date) -> Structure:
    """One GROUP BY over the residents managed by the area."""
    band = case(
        (Person.birth_date.is_(None), -1),
        *((Person.birth_date > born_after(today, (n + 1) * STEP), n) for n in range(LAST)),
        else_=LAST,
    )
    query = (
        select(band, Person.sex, Person.population_kind, func.count(Person.id))
        .where(
            Person.status == "effective",
            Person.area_id.in_(select(Area.id).where(below(area.path))),
        )
        .group_by(band, Person.sex, Person.population_kind)
    )
    found = Structure()
    for n, sex, kind, people in session.execute(query):
        found.kinds[kind or ""] += people
        if n < 0:
            found.unknown += people
            continue
        name = {MALE: "male", FEMALE: "female"}.get(sex or "", "other")
        setattr(found.bands[n], name, getattr(found.bands[n], name) + people)
    return found
