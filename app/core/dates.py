"""Dates as clerks type them: 19850221, 1985.2.1, 1985-02-21, or with the characters for year, month and day. Pure."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid

ZONE = ZoneInfo("Asia/Shanghai")
EARLIEST, LATEST = 1800, 2200

# separators: blank . / - , the ideographic comma, and the characters for year, month, day (two ways to say it)
_SEPARATORS = re.compile("[\\s./\\-,\u3001\u5e74\u6708\u65e5\u53f7]+")
_COMPACT = re.compile(r"[0-9]{8}")
_CLOCK = re.compile("(?P<h>[0-9]{1,2})\\s*[:\uff1a\u65f6\u70b9]\\s*(?P<m>[0-9]{1,2})?\\s*\u5206?$")


def figures(text: str | None) -> list[str] | None:
    """One to three groups of digits as they were typed; None where something else stands. Full-width digits count."""
    plain = unicodedata.normalize("NFKC", text or "").strip()
    if _COMPACT.fullmatch(plain):
        return [plain[:4], plain[4:6], plain[6:]]
    parts = [part for part in _SEPARATORS.split(plain) if part]
    fits = 1 <= len(parts) <= 3 and all(re.fullmatch("[0-9]{1,8}", part) for part in parts)
    return parts if fits else None


def date_parts(text: str | None) -> list[int] | None:
    """Year, month, day (or fewer) of a typed date; None when it is not one."""
    parts = figures(text)
    return [int(part) for part in parts] if parts and len(parts[0]) == 4 else None


def parse_day(text: str, *, field: str | None = None) -> date:
    """A full date. Raises Invalid with a sentence for anything else, also for a day that does not exist."""
    parts = date_parts(text)
    if parts is None or len(parts) != 3:
        raise Invalid(_("Please write the date like 2026-11-03 or 20261103."), field=field)
    if not EARLIEST <= parts[0] <= LATEST:
        raise Invalid(_("This year cannot be right."), field=field)
    try:
        return date(*parts)
    except ValueError:
        raise Invalid(_("There is no such day in the calendar."), field=field) from None


def parse_moment(text: str, *, field: str | None = None) -> datetime:
    """A local date with a time (``2026-11-03 14:30``) as an aware datetime; without a time, midnight."""
    plain = unicodedata.normalize("NFKC", text or "").strip()
    clock = _CLOCK.search(plain)
    day = parse_day(plain[: clock.start()] if clock else plain, field=field)
    if clock is None:
        return datetime.combine(day, time.min, ZONE)
    hour, minute = int(clock["h"]), int(clock["m"] or 0)
    if hour > 23 or minute > 59:
        raise Invalid(_("There is no such time of day."), field=field)
    return datetime.combine(day, time(hour, minute), ZONE)
