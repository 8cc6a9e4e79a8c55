"""Dates as they stand in sheets: day numbers of Excel, 1985.2, 85/2/1, 19850221, with the characters for year, month, day.

Pure; the day from which years of two figures are judged is an argument. A date whose day is not known is a text: 1985-02.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta
from typing import Any

from app.core.dates import EARLIEST, LATEST, figures
from app.core.sheets.refusals import N_

Remark = tuple[str, dict[str, Any], bool]
Read = tuple[str | None, list[Remark]]  # ISO day, month or year, and what is to be said

NO_DATE = N_("“%(text)s” is not a date. Write it like 1985-02-21.")
NO_DAY = N_("There is no such day in the calendar: %(text)s.")
NO_YEAR = N_("The year in %(text)s cannot be right.")
COUNTED = N_("%(text)s is a date as Excel counts days; it was read as %(day)s.")
TWO_FIGURES = N_("The year in %(text)s has two figures only; it was read as %(day)s.")
LOST_ZERO = N_(
    "%(text)s may be January or October, for Excel drops a zero at the end; only the year was taken."
)
TURNED = N_("%(text)s was read as %(day)s.")
TWO_WAYS = N_("%(text)s can be read in two ways. Write it like 1985-02-21.")
NO_DAY_GIVEN = N_("The day is missing in %(text)s. Write it like 1985-02-21.")

_CLOCK = re.compile(r"[T\s]+(?:\S{1,2}\s*)?\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?Z?$")
_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6})?")
_WEEKDAY = re.compile("[(\\s]*(?:\u661f\u671f|\u5468|\u793c\u62dc).[)\\s]*$")
_EXCEL_START = date(1899, 12, 30)
_MAC_START = date(1904, 1, 1)
LAST_SERIAL = 99_999  # 2173; six figures are a month or a day


def read_day(raw: Any, *, today: date, since_1904: bool = False, shown: bool = False) -> Read:
    """A cell as a date. ``raw`` is a number, a text or the ISO text of a cell with a date format (``{"d": …}``).

    ``shown``: texts are what Excel showed, so 1985.1 may have been 1985.10 (.csv).
    """
    if isinstance(raw, dict):
        return _checked(raw.get("d", "")[:10].split("-"), raw.get("d", ""), [])
    if isinstance(raw, bool):
        return _bad(str(raw))
    if isinstance(raw, int | float):
        if not 0 < raw < 10**9:
            return _bad(f"{raw:.10G}")
        return _number(raw, f"{raw:.6f}".rstrip("0").rstrip("."), today, since_1904, rounded=True)
    text = unicodedata.normalize("NFKC", raw).strip()
    bare = _WEEKDAY.sub("", _CLOCK.sub("", text)).strip()
    if _NUMBER.fullmatch(bare):
        value = float(bare) if "." in bare else int(bare)
        return _number(value, bare, today, since_1904, rounded=shown)
    groups = figures(bare)
    return _groups(groups, text, today) if groups else _bad(text)


def _bad(text: str) -> Read:
    return None, [(NO_DATE, {"text": text[:40]}, True)]


def _number(value: float, text: str, today: date, since_1904: bool, *, rounded: bool) -> Read:
    if isinstance(value, int) or value == int(value):
        return _whole(str(int(value)), today, since_1904) if "." not in text else _bad(text)
    year, _dot, month = text.partition(".")
    if EARLIEST <= int(year) <= LATEST and len(month) <= 2:
        if month == "1" and rounded:
            return year, [(LOST_ZERO, {"text": text}, False)]
        return _checked([year, month], text, [])
    if 1 <= value <= LAST_SERIAL:
        return _serial(int(value), text, since_1904)
    return _bad(text)


def _whole(text: str, today: date, since_1904: bool) -> Read:
    number = int(text)
    if len(text) == 8:
        return _checked([text[:4], text[4:6], text[6:]], text, [])
    if len(text) == 6:
        return _six(text, today)
    if EARLIEST <= number <= LATEST:
        return text, []
    if 0 < number <= LAST_SERIAL:
        return _serial(number, text, since_1904)
    return _bad(text)


def _six(text: str, today: date) -> Read:
    """198502 is a month, 850221 a day; 200512 could be both."""
    month = EARLIEST <= int(text[:4]) <= LATEST and 1 <= int(text[4:]) <= 12
    day = _exists(_century(text[:2], today), text[2:4], text[4:])
    if month and day:
        return None, [(TWO_WAYS, {"text": text}, True)]
    if month:
        return _checked([text[:4], text[4:]], text, [])
    return _two_figures([text[:2], text[2:4], text[4:]], text, today)


def _serial(number: int, text: str, since_1904: bool) -> Read:
    start = _MAC_START if since_1904 else _EXCEL_START
    shift = 1 if not since_1904 and number < 60 else 0  # the 29th of February 1900 that Excel invented
    day = (start + timedelta(days=number + shift)).isoformat()
    return day, [(COUNTED, {"text": text, "day": day}, False)]


def _groups(groups: list[str], text: str, today: date) -> Read:
    first, last = groups[0], groups[-1]
    if len(groups) == 1 and len(first) != 4:
        return _bad(text)
    if len(first) == 4 and all(len(group) <= 2 for group in groups[1:]):
        return _checked(groups, text, [])
    if len(groups) == 3 and len(last) == 4 and len(first) <= 2 and len(groups[1]) <= 2:
        return _turned(groups, text)
    if all(len(group) <= 2 for group in groups):
        return _two_figures(groups, text, today)
    return _bad(text)


def _turned(groups: list[str], text: str) -> Read:
    """2/21/1985 or 21/2/1985: clear only where one of both cannot be a month."""
    a, b, year = groups
    ways = {way for way in ((a, b), (b, a)) if _exists(year, *way)}
    if len(ways) != 1:
        if len(ways) == 2 and int(a) == int(b):
            ways = {(a, b)}
        else:
            return None, [(TWO_WAYS if ways else NO_DAY, {"text": text[:40]}, True)]
    month, day = ways.pop()
    iso = f"{year}-{int(month):02d}-{int(day):02d}"
    return iso, [(TURNED, {"text": text[:40], "day": iso}, False)]


def _century(year: str, today: date) -> str:
    """The latest year of these two figures that is not after today's."""
    full = today.year // 100 * 100 + int(year)
    return str(full if full <= today.year else full - 100)


def _two_figures(groups: list[str], text: str, today: date) -> Read:
    if len(groups[0]) != 2:
        return None, [(TWO_WAYS, {"text": text[:40]}, True)]
    full = [_century(groups[0], today), *groups[1:]]
    day, remarks = _checked(full, text, [])
    if day is None:
        return day, remarks
    return day, [(TWO_FIGURES, {"text": text[:40], "day": day}, False)]


def _exists(year: str, month: str, day: str) -> bool:
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def _checked(parts: list[str], text: str, remarks: list[Remark]) -> Read:
    year, month, day = [*parts, "1", "1"][:3]
    if not (year.isdigit() and month.isdigit() and day.isdigit()):
        return _bad(text)
    if not EARLIEST <= int(year) <= LATEST:
        return None, [(NO_YEAR, {"text": text[:40]}, True)]
    if not _exists(year, month, day):
        return None, [(NO_DAY, {"text": text[:40]}, True)]
    return "-".join([year, *(f"{int(part):02d}" for part in parts[1:])]), remarks
