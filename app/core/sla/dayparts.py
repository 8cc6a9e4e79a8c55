"""Parts of a day in local time, ``09:00-11:00``: how they are read and which of them touch. Pure."""

import re

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid

_TIME = r"([01]?\d|2[0-3])[:\uff1a]([0-5]\d)"
_SLOT = re.compile(rf"{_TIME}\s*[-~\u2013\u2014\uff0d\uff5e\u81f3]\s*{_TIME}", re.ASCII)


def parse_slot(text: str | None, *, field: str = "slot") -> str | None:
    """A part of the day as it is kept, ``09:00-11:00``; None for nothing.

    Hours of one digit, wide colons and other dashes are put right. Raises Invalid for anything else and for an end that
    is not after the beginning.
    """
    plain = (text or "").strip()
    if not plain:
        return None
    match = _SLOT.fullmatch(plain)
    if match is None:
        raise Invalid(_("Please write the time of day like 09:00-11:00."), field=field)
    start, end = f"{match[1]:0>2}:{match[2]}", f"{match[3]:0>2}:{match[4]}"
    if end <= start:
        raise Invalid(_("The time of day ends before it begins."), field=field)
    return f"{start}-{end}"


def overlap(one: str, other: str) -> bool:
    """Whether two parts of a day, as they are kept, share a minute: 09:00-10:00 and 10:00-11:00 do not."""
    (start, end), (first, last) = one.split("-"), other.split("-")
    return start < last and first < end
