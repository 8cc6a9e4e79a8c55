"""Values of cells as they go to the parent, and the days that Excel counts.

On the wire a cell is None, a str, an int, a float, a bool or: ``{"d": ISO date or time}`` for a cell with a date
format, ``{"e": "#N/A"}`` for an error (``=``: a formula without its result), ``{"m": [value, row]}`` for a cell
inside a merged block of rows (the value stands in that row), ``{"w": [value, columns]}`` for the first of merged columns.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

MOST_TEXT = 32_767  # characters of a cell, as in Excel
UNSTORED = {"e": "="}
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.I)
# formats without a code of their own (ECMA-376 part 1, 18.8.30; 27 to 36 and 50 to 58 in Chinese Excel)
BUILTIN_DATES = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
EXCEL_START = datetime.fromisoformat("1899-12-30")  # wall time, as Excel has it
MAC_START = datetime.fromisoformat("1904-01-01")
_YEAR_DAY = "yd\u5e74\u65e5"
_CLOCK = "hs"


def is_date_format(code: str) -> bool:
    """Whether a number format shows a date or a time."""
    bare = _LITERAL.sub("", code.split(";")[0]).lower()
    if "general" in bare:
        return False
    return any(letter in bare for letter in (*_YEAR_DAY, *_CLOCK)) or "m" in bare


def from_serial(serial: float, since_1904: bool) -> Any:
    """The wire form of a day number; a number that is no day stays a number. Below one it is a time of day."""
    if not 0 <= serial < 2_958_466:  # the last day is 9999-12-31
        return serial
    if serial < 1 and not since_1904:
        return clock(serial)
    whole = int(serial)
    # Excel counts a 29th of February 1900 that never was
    start = MAC_START if since_1904 else EXCEL_START if whole >= 60 else EXCEL_START + timedelta(days=1)
    try:
        moment = start + timedelta(days=whole, seconds=round((serial - whole) * 86400))
    except OverflowError:
        return serial
    return {
        "d": moment.isoformat()
        if moment.hour or moment.minute or moment.second
        else moment.date().isoformat()
    }


def clock(part: float) -> str:
    """A part of a day as hours and minutes."""
    minutes = round(part * 1440)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def text(value: str) -> str | None:
    """A text without Excel's escapes for control characters; None when empty."""
    if "_x" in value:
        value = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), value)
    return value[:MOST_TEXT] or None


def number(raw: str | bytes) -> Any:
    """A number as written in the file; whole numbers of up to 15 digits are exact, all others are floats."""
    if raw.isdigit() and len(raw) <= 15:
        return int(raw)
    try:
        value = float(raw)
    except ValueError:
        return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw
    return value if value - value == 0 else str(value)
