"""Groups, sums, titles and moving days of a ledger: pure, so that they can be read and tested without a database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

MOST_GROUPS = 3
# "today", "today-80y", "today + 60 d"; also in the words that clerks type
_DAY = re.compile(
    "(?:today|\u4eca\u5929|\u4eca\u65e5)\\s*(?:([+-])\\s*([0-9]{1,4})\\s*(y|m|d|\u5e74|\u4e2a\u6708|\u6708|\u5929|\u65e5))?",
    re.IGNORECASE,
)
_UNITS = {"\u5e74": "y", "\u4e2a\u6708": "m", "\u6708": "m", "\u5929": "d", "\u65e5": "d"}
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a ledger. ``kind``: row, group, sum (of the group at ``level``) or total. ``count`` is of rows."""

    kind: str
    values: Sequence[Any] = ()
    level: int = 0
    label: Any = ""
    count: int = 0


@dataclass(slots=True)
class _Sums:
    count: int = 0
    sums: dict[int, Any] = field(default_factory=dict)

    def add(self, row: Sequence[Any], places: Sequence[int]) -> None:
        self.count += 1
        for place in places:
            if isinstance(row[place], int | Decimal | float) and not isinstance(row[place], bool):
                self.sums[place] = self.sums.get(place, 0) + row[place]

    def values(self, width: int) -> list[Any]:
        return [self.sums.get(place) for place in range(width)]


def grouped(
    rows: Iterable[Sequence[Any]], width: int, groups: Sequence[int], sums: Sequence[int], *, totals: bool
) -> Iterator[Line]:
    """Rows in the order of their groups, with a heading for each group and, with ``totals``, its count and sums.

    A row has ``width`` values that are shown; ``groups`` are the places of the values it is grouped by (they may stand
    behind those that are shown), ``sums`` the places of numbers. Groups are told apart by what is shown. Memory does not
    grow with the rows.
    """
    open_: list[Any] = []
    counters = [_Sums() for _ in range(len(groups) + 1)]

    def closed(down_to: int) -> Iterator[Line]:
        while len(open_) > down_to:
            level, label = len(open_) - 1, open_.pop()
            if totals:
                yield Line("sum", counters[level + 1].values(width), level, label, counters[level + 1].count)
            counters[level + 1] = _Sums()

    for row in rows:
        key = [row[place] for place in groups]
        same = next((n for n, (a, b) in enumerate(zip(open_, key, strict=False)) if a != b), len(open_))
        yield from closed(same)
        for level in range(len(open_), len(key)):
            open_.append(key[level])
            yield Line("group", (), level, key[level])
        for counter in counters:
            counter.add(row, sums)
        yield Line("row", row[:width])
    yield from closed(0)
    if totals:
        yield Line("total", counters[0].values(width), 0, "", counters[0].count)


def title_of(pattern: str, words: Mapping[str, str]) -> str:
    """The title with its places filled in: ``{area}``, ``{year}``, ``{month}``, ``{day}``; unknown ones stay as typed."""
    return _PLACE.sub(lambda found: words.get(found[1], found[0]), pattern)


def unknown_places(pattern: str, known: Iterable[str]) -> list[str]:
    """What stands in braces and means nothing."""
    known = set(known)
    return [found[0] for found in _PLACE.finditer(pattern) if found[1] not in known]


def moving_day(text: str, today: date) -> date | None:
    """The day that ``today-80y`` means on a day, None for anything else. The 29th of February becomes the 28th.

    A ledger is run again next month: a fixed day of birth would leave out who has turned eighty since.
    """
    found = _DAY.fullmatch(text.strip())
    if found is None:
        return None
    sign, number, unit = found.groups()
    if sign is None:
        return today
    many = int(number) * (1 if sign == "+" else -1)
    unit = _UNITS.get(unit, unit.lower())
    try:
        if unit == "d":
            return today + timedelta(days=many)
        months = today.year * 12 + today.month - 1 + many * (12 if unit == "y" else 1)
        year, month = divmod(months, 12)
        last = (date(year + month // 11, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
        return date(year, month + 1, min(today.day, last))
    except (ValueError, OverflowError):
        return None
