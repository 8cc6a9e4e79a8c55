"""A sheet of invented residents: families of three in houses by road and number, ID numbers that belong to nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any

from app import seeds
from bench.city.people import EDUCATION, RELATIONS, SIZE_WEIGHTS, SIZES, Names, Numbers

KEYS = (
    *("area", "road", "door_no", "relation", "name", "doc_kind", "number", "phone", "ethnic", "education"),
    *("population_kind", "workplace"),
)
FIRST_DAY, DAYS = date(1930, 1, 1), 34_600
KINDS = {"registered": 0.82, "floating": 0.18}


def people(count: int, areas: list[str]) -> Iterator[dict[str, Any]]:
    """``count`` rows in the order of their homes; ``areas`` are codes of grids."""
    random = Random(20261122)
    spec = seeds.read("demo_liling")
    names, numbers, roads = Names(random, spec), Numbers(), spec["roads"]
    codes, weights = [c for c, _w in EDUCATION], list(accumulate(w for _c, w in EDUCATION))
    left, home = count, 0
    while left > 0:
        size = min(left, random.choices(SIZES, SIZE_WEIGHTS)[0])
        area, number = areas[home * len(areas) * 3 // max(count, 1) % len(areas)], home
        home += 1
        surname, head = names.surname(), (0, 0)
        for nth in range(size):
            day, sex = _drawn(random, nth, head)
            head = (day, sex) if nth == 0 else head
            born = FIRST_DAY + timedelta(days=day)
            order = count - left
            yield {
                "area": area,
                "road": roads[number // 400 % len(roads)],
                "door_no": str(number),
                "relation": RELATIONS[nth],
                "name": names.full(surname if nth in (0, 2, 3, 4) else names.surname())[0],
                "doc_kind": "111",
                "number": numbers.of(day, f"{born:%Y%m%d}", sex),
                "phone": f"199{order % 10**8:08d}" if day < 29_500 else None,
                "ethnic": "01" if random.random() < 0.97 else random.choice(spec["ethnic_minorities"]),
                "education": random.choices(codes, cum_weights=weights)[0],
                "population_kind": "registered" if random.random() < KINDS["registered"] else "floating",
                "workplace": f"Mill {order % 90}" if day < 24_000 and order % 3 else None,
            }
            left -= 1


def _drawn(random: Random, nth: int, head: tuple[int, int]) -> tuple[int, int]:
    """(day of birth, 1 for a man) of the nth of a family, as its relation to the head makes likely."""
    years, (day, sex) = 365, head
    if nth == 0:
        return 8_000 + int(random.random() * 15_000), int(random.random() * 2)
    if nth == 1:
        return day + int((random.random() - 0.5) * 4 * years), 1 - sex
    if nth in (2, 3):
        return _possible(random, day + int((23 + random.random() * 6) * years)), 3 - nth
    return _possible(random, day - int((22 + random.random() * 8) * years)), 5 - nth


def _possible(random: Random, day: int) -> int:
    """The day itself where it lies in the time of the sheet, else one of its first or last years: a day has few numbers."""
    if 0 <= day <= DAYS:
        return day
    return int(random.random() * 3_000) if day < 0 else DAYS - int(random.random() * 3_000)


def write_sheet(path: Path, rows: Iterator[dict[str, Any]], headings: dict[str, str]) -> None:
    """An .xlsx as another program makes it; numbers are text."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Residents")
    sheet.append([headings[key] for key in KEYS])
    for row in rows:
        sheet.append([row[key] for key in KEYS])
    book.save(path)
