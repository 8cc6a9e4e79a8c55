"""When a worker may be booked: times of the week, absences, working days, what is taken. Pure (S3-63)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import lazy_gettext as _

from app.core.choices import Choice
from app.core.errors import Invalid
from app.core.sla import overlap

FRIDAY, SATURDAY, SUNDAY = 4, 5, 6
MOST_PLACES = 20  # visits in one part of a day: more is a slip
MOST_AWAY = 366  # days


class Obstacle(Choice):
    """Why a time of a worker is not simply free."""

    away = "away", _("The worker is away on this day."), "red"
    closed = "closed", _("The worker has no time for visits on this day."), "yellow"
    outside = "outside", _("The worker has no time for visits at this time of the day."), "yellow"
    full = "full", _("All places of this time are taken."), "red"
    full_day = "full_day", _("All places of this day are taken."), "red"


@dataclass(frozen=True)
class SlotOf:
    """A part of a weekday (0 Monday) in which so many visits may be made; ``slot`` is local 09:00-10:00."""

    weekday: int
    slot: str
    places: int


@dataclass(frozen=True)
class Taken:
    """A door where the worker is expected: the part of the day, None for any time. Several cases behind one door are
    one place.
    """

    slot: str | None
    door: str


@dataclass(frozen=True)
class Place:
    """A part of a day with its places and the doors that take some of it."""

    slot: str
    places: int
    taken: int

    @property
    def free(self) -> int:
        return max(0, self.places - self.taken)

    @property
    def is_over(self) -> bool:
        return self.taken > self.places


@dataclass(frozen=True)
class DayPlaces:
    """A day of a worker. ``doors`` counts all that is expected on the day, ``untimed`` those without a time among them;
    ``keeps`` says whether times are kept for the worker at all: where none are, nothing is free and nothing is full.
    """

    day: date
    places: tuple[Place, ...]
    doors: int
    untimed: int
    is_away: bool = False
    keeps: bool = True
    works: bool = True

    @property
    def total(self) -> int:
        return sum(p.places for p in self.places)

    @property
    def free(self) -> int:
        """Places that are left; an appointment without a time takes one of them."""
        return max(0, sum(p.free for p in self.places) - self.untimed)

    @property
    def is_over(self) -> bool:
        """More is expected than there is room for."""
        return self.keeps and (
            any(p.is_over for p in self.places) or sum(p.free for p in self.places) < self.untimed
        )

    def offered(self) -> list[Place]:
        """The parts of the day that may be offered to somebody who calls."""
        return [p for p in self.places if p.free] if self.free and not self.is_away else []


def slots_on(
    day: date, own: Iterable[SlotOf], area: Iterable[SlotOf], is_workday: Callable[[date], bool]
) -> list[SlotOf]:
    """The times that hold on a day, in order. The worker's own take the place of those of the area altogether.

    A holiday has none. A weekend that is worked in exchange has those kept for it, else those of the Friday or Monday
    beside it; an ordinary weekend those kept for it; a weekend beside a free weekday belongs to the holiday.
    """
    kept, weekday = list(own) or list(area), day.weekday()
    found = sorted((s for s in kept if s.weekday == weekday), key=lambda s: s.slot)
    if is_workday(day):
        if weekday < SATURDAY or found:
            return found
        beside = FRIDAY if weekday == SATURDAY else 0
        return sorted((s for s in kept if s.weekday == beside), key=lambda s: s.slot)
    if weekday < SATURDAY or not found:
        return []
    friday = day - timedelta(days=weekday - FRIDAY)
    is_plain = is_workday(friday) and is_workday(friday + timedelta(days=3))
    return found if is_plain else []


def day_places(
    day: date,
    slots: Sequence[SlotOf],
    taken: Iterable[Taken],
    *,
    is_away: bool = False,
    keeps: bool = True,
    works: bool = True,
) -> DayPlaces:
    """What is free on a day: a door takes a place in each part of the day that its time touches."""
    doors = set(taken)
    places = tuple(
        Place(s.slot, s.places, len({t.door for t in doors if t.slot and overlap(t.slot, s.slot)}))
        for s in slots
    )
    untimed = len({t.door for t in doors if not t.slot})
    return DayPlaces(day, places, len({t.door for t in doors}), untimed, is_away, keeps, works)


def obstacle(found: DayPlaces, slot: str | None) -> Obstacle | None:
    """Why a booking at a time (None for any time) needs a second thought; None where it does not.

    Where no times are kept only an absence is one.
    """
    if found.is_away:
        return Obstacle.away
    if not found.keeps:
        return None
    if not found.places:
        return Obstacle.closed
    touched = [p for p in found.places if slot and overlap(p.slot, slot)]
    if slot and not touched:
        return Obstacle.outside
    if any(not p.free for p in touched):
        return Obstacle.full
    return None if found.free else Obstacle.full_day


def check_slot(weekday: int | None, places: int | None) -> None:
    """Raises Invalid for no day of the week and for a number of visits that cannot be meant."""
    if weekday not in range(7):
        raise Invalid(_("Please choose the day of the week."), field="weekday")
    if places is None or not 1 <= places <= MOST_PLACES:
        raise Invalid(_("Between 1 and %(most)s visits.", most=MOST_PLACES), field="places")


def check_absence(first: date | None, last: date | None, staff: int | None, substitute: int | None) -> None:
    """Raises Invalid for days the wrong way round, more than a year, and a worker who substitutes for themselves."""
    if first is None or last is None:
        raise Invalid(
            _("Please give the first and the last day."), field="from_day" if first is None else "to_day"
        )
    if last < first:
        raise Invalid(_("The last day lies before the first."), field="to_day")
    if (last - first).days >= MOST_AWAY:
        raise Invalid(_("More than a year: end the post instead."), field="to_day")
    if staff is not None and staff == substitute:
        raise Invalid(_("Somebody else must stand in."), field="substitute")
