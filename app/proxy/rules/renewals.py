"""When an approved service comes back for its yearly review or at its end. Pure (issue 5, line 9)."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid

AHEAD_DAYS = 30
LONGEST_CYCLE = 240  # months
FARTHEST_AHEAD = 365
KINDS = ("once", "annual_review", "validity", "period", "limit")
# kinds of renewal.kind that come back by themselves; once and limit come back only where a result has a last day
CYCLES = frozenset({"annual_review", "validity", "period"})


@dataclass(frozen=True, slots=True)
class Plan:
    """What a service comes back as. ``months`` None: only where the result has a last day. ``age_to``: it is looked at again
    when the person grows out of the age it is meant for.
    """

    item: str
    months: int | None = None
    ahead_days: int = AHEAD_DAYS
    age_to: int | None = None


def plan_of(code: str, more: Mapping[str, Any] | None, default: Mapping[str, Any]) -> Plan:
    """The plan of a version: what it says itself, else the data file's line (``default``), else the service again."""
    given = more or {}
    own = given.get("renewal") or {}
    months = own.get("cycle_months") if own.get("kind") in CYCLES else None
    return Plan(
        item=own.get("item") or default.get("item") or code,
        months=months,
        ahead_days=own.get("ahead_days") or default.get("ahead_days") or AHEAD_DAYS,
        age_to=(given.get("age") or {}).get("to")
        if own.get("recheck_age", default.get("recheck_age"))
        else None,
    )


def check_renewal(
    kind: str | None, months: int | None, ahead: int | None, item: str | None, *, recheck_age: bool
) -> dict[str, Any]:
    """What a version says about its renewal, as `plan_of` reads it; without what is left out.

    ``months`` is the cycle, ``ahead`` the days before its end on which the review is proposed, ``item`` the service that is
    booked then. Raises Invalid for a cycle of what does not come back by itself, and for numbers that cannot be.
    """
    if months is not None and kind not in CYCLES:
        raise Invalid(
            _("What does not come back has no cycle: leave the months empty."), field="renewal_months"
        )
    if months is not None and not 1 <= months <= LONGEST_CYCLE:
        raise Invalid(_("A cycle lasts 1 to %(most)s months.", most=LONGEST_CYCLE), field="renewal_months")
    if ahead is not None and not 1 <= ahead <= FARTHEST_AHEAD:
        raise Invalid(
            _("A review is proposed 1 to %(most)s days ahead.", most=FARTHEST_AHEAD), field="renewal_ahead"
        )
    if months is not None and ahead is not None and ahead > 28 * months:
        raise Invalid(_("The review would be proposed before the cycle has begun."), field="renewal_ahead")
    said = {"kind": kind, "cycle_months": months, "ahead_days": ahead, "item": item}
    return {key: value for key, value in said.items() if value is not None} | {"recheck_age": recheck_age}


def months_after(day: date, months: int) -> date:
    """The same day so many months on; the last of the month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def comes_back_on(
    plan: Plan, decided_on: date | None, result_until: date | None, outgrown_on: date | None
) -> date | None:
    """The day by which it is to be seen to: the last day of the result, else the end of the cycle; earlier where the
    person grows out of it first. None: it does not come back.
    """
    if result_until is None and plan.months and decided_on is not None:
        result_until = months_after(decided_on, plan.months)
    days = [day for day in (result_until, outgrown_on) if day is not None]
    return min(days) if days else None


def anchor(case_uid: str, day: date) -> str:
    """What a proposal follows from: the case and the day, in the 40 characters of its column. The days of one case have the
    same first 32 characters; two are left for one that is made again.
    """
    return f"{case_uid.replace('-', '')[:32]}{day:%y%m%d}"
