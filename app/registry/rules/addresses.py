"""Addresses as one line, and the order in which homes are walked. Words and order are data (wording.yaml)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_NUMBER = re.compile(r"([0-9]+)")  # split puts words at even places, numbers at odd ones
_PLACE = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True)
class AddressParts:
    """What an address is made of. `division` is the text of town and village; every part may be missing."""

    division: str = ""
    road: str = ""
    door_no: str = ""
    estate: str = ""
    building: str = ""
    unit: str = ""
    room: str = ""
    village_group: str = ""


def compose(parts: AddressParts, pieces: Iterable[str]) -> str:
    """One line from `pieces`, templates of one part each such as ``{room}R``; a piece whose part is missing falls out.

    A part that already ends with the words of its piece does not get them twice.
    """
    return "".join(_piece(piece, parts) for piece in pieces)


def _piece(piece: str, parts: AddressParts) -> str:
    place = _PLACE.search(piece)
    value = (getattr(parts, place[1]) or "").strip() if place else ""
    if not place or not value:
        return ""
    before, after = piece[: place.start()], piece[place.end() :]
    return f"{before}{value}" if after and value.endswith(after) else f"{before}{value}{after}"


def natural(text: str | None) -> tuple[tuple[int, int, str], ...]:
    """Sort key by which 2 stands before 10, and 3A before 3B; None and blanks come first."""
    pieces = enumerate(_NUMBER.split(text or ""))
    return tuple((0, int(piece), "") if at % 2 else (1, 0, piece) for at, piece in pieces if piece)


@dataclass(frozen=True)
class Stop:
    """A home as the walking order sees it; `key` comes back."""

    key: int
    walk_order: int | None = None
    building: str = ""
    unit: int | None = None
    floor: int | None = None
    room: str | None = None
    village_group: str | None = None
    door_no: str | None = None


def walking_key(stop: Stop) -> tuple[object, ...]:
    """Sort key: group or road, building, staircase, the order given by hand, floor, room."""
    return (
        natural(stop.village_group),
        natural(stop.building),
        natural(stop.door_no) if not stop.building else (),
        stop.unit or 0,
        stop.walk_order is None,
        stop.walk_order or 0,
        stop.floor or 0,
        natural(stop.room),
        stop.key,
    )


def neighbours(stops: Iterable[Stop], key: int) -> Mapping[str, int | None]:
    """Keys of the home before and after `key` on the walk; None at the ends."""
    order = [stop.key for stop in sorted(stops, key=walking_key)]
    if key not in order:
        return {"previous": None, "next": None}
    at = order.index(key)
    return {
        "previous": order[at - 1] if at else None,
        "next": order[at + 1] if at + 1 < len(order) else None,
    }
