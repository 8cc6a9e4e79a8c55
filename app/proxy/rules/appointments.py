"""When somebody comes, and for whom a service is meant. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Finding, Invalid, warning

MOST_AHEAD = 90  # days: further off is a slip of the year or the month
OLDEST = 120
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


def check_appointment(day: date, today: date, *, field: str = "appointment") -> None:
    """Raises Invalid for a day in the past or more than 90 days ahead."""
    if day < today:
        raise Invalid(_("The appointment lies in the past."), field=field)
    if day > today + timedelta(days=MOST_AHEAD):
        raise Invalid(_("The appointment is more than %(days)s days ahead.", days=MOST_AHEAD), field=field)


def age_limits(low: int | None, high: int | None) -> dict[str, int]:
    """The ages for which a service is meant, in full years, as ``age_finding`` reads them; empty for everybody.

    Raises Invalid for an age beyond 120 years and for a span that nobody is in.
    """
    for name, years in (("age_from", low), ("age_to", high)):
        if years is not None and not 0 <= years <= OLDEST:
            raise Invalid(_("An age is between 0 and %(most)s years.", most=OLDEST), field=name)
    if low is not None and high is not None and high < low:
        raise Invalid(_("The upper age lies below the lower one."), field="age_to")
    return {name: years for name, years in (("from", low), ("to", high)) if years is not None}


def age_finding(limits: Mapping[str, Any] | None, age: int | None) -> Finding | None:
    """A warning where the person is younger or older than those the service is meant for.

    ``limits`` is ``{"from": 65}``, ``{"to": 15}`` or both, in full years; counties differ, so it never stops a booking.
    """
    low, high = (limits or {}).get("from"), (limits or {}).get("to")
    if age is None or (low is None and high is None):
        return None
    if low is not None and age < low:
        words = _(
            "This service is for people of %(low)s and older; the resident is %(age)s.", low=low, age=age
        )
    elif high is not None and age > high:
        words = _("This service is for people up to %(high)s; the resident is %(age)s.", high=high, age=age)
    else:
        return None
    return warning("age", "person", words)
