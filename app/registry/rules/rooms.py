"""The building wizard: staircases, floors and flats as a plan of rooms, shown before anything is written."""

import re
import string
from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid
from app.registry.choices import RoomPattern

MAX_UNITS, MAX_FLOORS, MAX_FLATS, MAX_ROOMS = 20, 80, 30, 1500
_SPAN = re.compile("([0-9]{1,4})[-~\uff5e\u2013\u2014]([0-9]{1,4})")
_LIST = re.compile("[\\s,;\uff0c\uff1b\u3001]+")


@dataclass(frozen=True)
class Room:
    """One flat of the plan; `walk_order` runs through the building as a worker walks it."""

    unit: int
    floor: int
    flat: int
    number: str
    walk_order: int


def plan_rooms(
    *,
    units: int,
    floors: int,
    flats: int,
    pattern: RoomPattern = RoomPattern.floor_flat,
    first_floor: int = 1,
    skipped_floors: Iterable[int] = (),
    skipped_rooms: Iterable[str] = (),
) -> list[Room]:
    """All flats of a building: `units` staircases with `floors` floors of `flats` flats each.

    Floors below ground are counted -1, -2 (there is no floor 0). Skipped floors keep their numbers (no floor 4);
    a skipped room is left out in every staircase. Raises Invalid when a number is out of bounds or when letters do
    not suffice. No two rooms of a staircase bear the same number, as flats have two figures at most.
    """
    _check("units", units, MAX_UNITS)
    _check("floors", floors, MAX_FLOORS)
    _check("flats", flats, MAX_FLATS)
    levels = [level for level in _levels(first_floor, floors) if level not in set(skipped_floors)]
    if units * len(levels) * flats > MAX_ROOMS:
        text = _("That would be more than %(most)s homes in one step.", most=MAX_ROOMS)
        raise Invalid(text, field="flats")
    if pattern is RoomPattern.letter and flats > len(string.ascii_uppercase):
        raise Invalid(_("There are not enough letters for so many flats."), field="pattern")
    left_out = {room.strip().upper() for room in skipped_rooms}
    rooms: list[Room] = []
    for unit in range(1, units + 1):
        rooms += _unit_rooms(unit, levels, flats, pattern, left_out, len(rooms))
    return rooms


def split_list(text: str | None) -> list[str]:
    """Entries of a typed list, whatever sign stands between them."""
    return [part for part in _LIST.split((text or "").strip()) if part]


def house_numbers(text: str | None, *, field: str = "numbers") -> list[str]:
    """House numbers of a typed list; ``1-30`` counts through. Numbers that are no spans stay as written (12-1 too)."""
    found: list[str] = []
    for part in split_list(text):
        span = _SPAN.fullmatch(part)
        first, last = (int(span[1]), int(span[2])) if span else (0, 0)
        if span and first < last:
            if last - first >= MAX_ROOMS:
                most = _("That would be more than %(most)s homes in one step.", most=MAX_ROOMS)
                raise Invalid(most, field=field)
            found += [str(number) for number in range(first, last + 1)]
        else:
            found.append(part)
    return list(dict.fromkeys(found))


def split_numbers(text: str | None, *, field: str) -> list[int]:
    """Whole numbers of a typed list; Invalid for anything else."""
    try:
        return [int(part) for part in split_list(text)]
    except ValueError:
        raise Invalid(_("Please write whole numbers, with a comma between them."), field=field) from None


def _check(field: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        raise Invalid(_("Please give a number from 1 to %(most)s.", most=most), field=field)


def _levels(first: int, count: int) -> list[int]:
    if first == 0:
        raise Invalid(_("There is no floor 0; floors below ground are -1, -2."), field="first_floor")
    levels = range(first, first + count + (1 if first < 0 < first + count else 0))
    return [level for level in levels if level]


def _unit_rooms(
    unit: int, levels: list[int], flats: int, pattern: RoomPattern, left_out: set[str], done: int
) -> list[Room]:
    rooms: list[Room] = []
    running = 0
    for floor in levels:
        for flat in range(1, flats + 1):
            running += 1
            number = _number(pattern, unit, floor, flat, running)
            if number.upper() not in left_out:
                rooms.append(Room(unit, floor, flat, number, done + len(rooms) + 1))
    return rooms


def _number(pattern: RoomPattern, unit: int, floor: int, flat: int, running: int) -> str:
    if pattern is RoomPattern.running:
        return str(running)
    if pattern is RoomPattern.letter:
        return f"{floor}{string.ascii_uppercase[flat - 1]}"
    if pattern is RoomPattern.padded:
        return f"{'-' if floor < 0 else ''}{abs(floor):02d}{flat:02d}"
    plain = f"{floor}{flat:02d}"
    return f"{unit}-{plain}" if pattern is RoomPattern.unit_floor_flat else plain
