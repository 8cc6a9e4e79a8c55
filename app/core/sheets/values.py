"""Cells as values: one function for each kind of field; each returns the value and what is to be said of the cell.

What was put right (blanks, full width, signs that cannot be seen) is told; what cannot be known is grave. Figures behind the
15th of a number are lost in Excel and are never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from app.core.sheets import words
from app.core.sheets.days import NO_DAY_GIVEN, Remark, read_day
from app.core.sheets.refusals import N_

Read = tuple[Any, list[Remark] | None]
Reader = Callable[[Any], Read]

EDGES = N_("Blanks at the beginning or the end were left out.")
UNSEEN = N_("Signs that cannot be seen were left out.")
WIDE = N_("Full-width figures and letters were written as plain ones.")
BREAK = N_("A line break became a blank.")
INNER = N_("Blanks inside were left out.")
LOST = N_(
    "Excel keeps only 15 figures of a number: the last ones of %(text)s are lost. Give the column the format “text” and "
    "type the number again."
)
TOO_LONG = N_("This has %(count)s characters; at most %(most)s can be kept.")
ERROR = N_("The formula in this cell ends in the error %(error)s. Put the formula right or type the value.")
UNSTORED = N_(
    "The result of the formula in this cell is not in the file. Open it in Excel or WPS, save it and send it again."
)
NO_INT = N_("“%(text)s” is not a whole number.")
NO_DECIMAL = N_("“%(text)s” is not a number.")
NO_BOOL = N_("“%(text)s” is neither yes nor no.")

# what makes a text not plain: blanks at the ends, breaks, other blanks, signs without width, full-width figures and letters
_ODD = re.compile(
    r"^\s|\s$|[\x00-\x1f\x7f\u00a0\u00ad\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufffe\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]"
)
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffe]"
)
_BREAKS = re.compile("[\\t\\r\\n\u2028\u2029]+")
_WIDE_PLAIN = {
    code: code - 0xFEE0
    for span in ((0xFF10, 0xFF1A), (0xFF21, 0xFF3B), (0xFF41, 0xFF5B))
    for code in range(*span)
}
_QUOTED = re.compile(r"""^=?"(.*)"$|^['`](.*)$""")
_POWER = re.compile(r"[+-]?\d(?:\.\d+)?E\+?(\d{1,3})", re.IGNORECASE)
_HAN_BLANK = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
MOST_KNOWN = 40_000  # days of a hundred years: each is read once


def is_odd(text: str) -> bool:
    """Whether a text of any kind needs a closer look: signs that are not plain, blanks, a scientific number."""
    return (
        _ODD.search(text) is not None or " " in text or "E+" in text or "e+" in text or text[:1] in ("", "=")
    )


def shown(raw: Any) -> str:
    """A raw cell as text: numbers as Excel shows them, dates in ISO form."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, dict):
        inner = raw.get("m") or raw.get("w")
        return shown(inner[0]) if inner else str(raw.get("d") or raw.get("e") or "")
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return "TRUE" if raw else "FALSE"
    if isinstance(raw, float):
        return f"{raw:.15G}"
    return str(raw)


def tidy(text: str, *, breaks: bool = False) -> Read:
    """A text without what cannot be seen at its ends and inside, and what was done to it. ``breaks``: they may stay."""
    if not _ODD.search(text):
        return text, None
    remarks: list[Remark] = []
    bare = _UNSEEN.sub("", text)
    if bare != text:
        remarks.append((UNSEEN, {}, False))
    stripped = bare.strip()
    if stripped != bare:
        remarks.append((EDGES, {}, False))
    narrow = stripped.translate(_WIDE_PLAIN)
    if narrow != stripped:
        remarks.append((WIDE, {}, False))
    if not breaks and _BREAKS.search(narrow):
        narrow = _BREAKS.sub(" ", narrow)
        remarks.append((BREAK, {}, False))
    return narrow.replace("\u00a0", " ").replace("\u3000", " ") or None, remarks


def _lost(raw: Any) -> bool:
    """Whether figures of a number are lost: more than 15 in a number, or a text in scientific form."""
    if isinstance(raw, str):
        power = _POWER.fullmatch(raw.strip()) if "+" in raw or "E" in raw or "e" in raw else None
        return power is not None and int(power[1]) >= 9
    return isinstance(raw, int | float) and not isinstance(raw, bool) and abs(raw) >= 10**15


def _say_lost(raw: Any) -> Read:
    return None, [(LOST, {"text": shown(raw)}, True)]


def read_text(raw: Any, length: int | None = None, *, breaks: bool = False) -> Read:
    """Any text; numbers and dates are written out."""
    if not isinstance(raw, str):
        if _lost(raw):
            return _say_lost(raw)
        raw = shown(raw)
    elif _lost(raw):
        return _say_lost(raw)
    elif raw.startswith('="') and raw.endswith('"'):
        raw = raw[2:-1]  # how other programs keep a number a text in .csv
    value, remarks = tidy(raw, breaks=breaks)
    if value is not None and length is not None and len(value) > length:
        return None, [(TOO_LONG, {"count": len(value), "most": length}, True)]
    return value, remarks


def read_name(raw: Any, length: int | None = None) -> Read:
    """A name as given; blanks between Chinese characters only fill the column and go."""
    value, remarks = read_text(raw, length)
    if value is not None and " " in value and _HAN_BLANK.search(value):
        return _HAN_BLANK.sub("", value), [*(remarks or ()), (INNER, {}, False)]
    return value, remarks


def _unquoted(text: str) -> str:
    """Without the marks by which other programs keep a number a text: ="…", '…, `…."""
    found = _QUOTED.match(text)
    return (found[1] or found[2] or "") if found else text


def read_number(raw: Any, length: int | None = None) -> Read:
    """A number that is no quantity (ID card, phone): figures and letters without blanks, full width as plain."""
    if _lost(raw):
        return _say_lost(raw)
    if isinstance(raw, str) and raw.isalnum() and raw.isascii():
        return raw, None
    text, remarks = tidy(shown(raw))
    if text is None:
        return None, remarks
    value = _unquoted(unicodedata.normalize("NFKC", text))
    if " " in value:
        value, remarks = "".join(value.split()), [*(remarks or ()), (INNER, {}, False)]
    if not any(sign.isalnum() for sign in value) or words.plain(value) in words.said("nothing"):
        return None, remarks  # a dash, "none"
    if length is not None and len(value) > length:
        return None, [(TOO_LONG, {"count": len(value), "most": length}, True)]
    return value, remarks


def read_id(raw: Any, length: int | None = None) -> Read:
    """An ID number; the letter at its end is a capital."""
    value, remarks = read_number(raw, length)
    return (value.upper() if value else value), remarks


def nothing(text: str) -> bool:
    """Whether a cell says in words or with a dash that there is nothing."""
    return (words.plain(text) or text.strip()) in words.said("nothing")


def _quantity(raw: Any) -> Decimal | str | None:
    """A number, None for nothing, or the text that is none."""
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return Decimal(f"{raw:.15g}")
    text = unicodedata.normalize("NFKC", shown(raw)).strip()
    if not text or nothing(text):
        return None
    try:
        value = Decimal(text.replace(",", "") if _GROUPED.fullmatch(text) else text)
    except InvalidOperation:
        return text
    return value if value.is_finite() else text


def read_int(raw: Any) -> Read:
    """A whole number: 3, 3.0, 1,234."""
    value = _quantity(raw)
    if value is None:
        return None, None
    if isinstance(value, str) or value != value.to_integral_value() or abs(value) >= 2**63:
        return None, [(NO_INT, {"text": shown(raw)[:40]}, True)]
    return int(value), None


def read_decimal(raw: Any) -> Read:
    """A number; what Excel computed is taken at its 15 figures."""
    value = _quantity(raw)
    if isinstance(value, str):
        return None, [(NO_DECIMAL, {"text": shown(raw)[:40]}, True)]
    return value, None


def read_bool(raw: Any) -> Read:
    """Yes or no, in the words and signs that people use."""
    if isinstance(raw, bool):
        return raw, None
    text = shown(raw).strip()
    word = words.plain(text) or text
    if word in words.said("yes"):
        return True, None
    if word in words.said("no"):
        return False, None
    if not word:
        return None, None
    return None, [(NO_BOOL, {"text": text[:40]}, True)]


def day_reader(today: date, *, since_1904: bool, shown_only: bool, partial: bool) -> Reader:
    """The reader of a date column: a ``date``, or with ``partial`` the ISO text of a day, month or year."""

    known: dict[Any, Read] = {}

    def read(raw: Any) -> Read:
        key = raw["d"] if type(raw) is dict else (type(raw), raw)
        found = known.get(key)
        if found is None:
            found = fresh(raw)
            if len(known) < MOST_KNOWN:
                known[key] = found
        return found

    def fresh(raw: Any) -> Read:
        if isinstance(raw, str) and (not raw.strip() or nothing(raw)):
            return None, None
        iso, remarks = read_day(raw, today=today, since_1904=since_1904, shown=shown_only)
        if iso is None or partial:
            return iso, remarks
        if len(iso) == 10:
            return date.fromisoformat(iso), remarks
        return None, [(NO_DAY_GIVEN, {"text": shown(raw)[:40]}, True)]

    return read


def says_nothing(raw: Any) -> bool:
    """Nothing in a cell beside the chosen columns, the inside of a merged block, or a running number."""
    return (
        raw is None or type(raw) in (int, float) or (type(raw) is dict and "m" in raw) or shown(raw).isdigit()
    )
