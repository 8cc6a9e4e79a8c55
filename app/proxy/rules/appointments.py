"""When somebody comes, and for whom a service is meant. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Finding, Invalid, warning
from app.core.sla import parse_slot as parse_slot

MOST_AHEAD = 90  # days: further off is a slip of the year or the month
OLDEST = 120


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
