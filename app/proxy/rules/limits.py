"""How long each clock of a case runs: what comes with the program, what the site sets, what an item sets. Pure.

Source of the numbers that come with the program: `workflow.clocks` of the default catalogue (booking to visit 2 working
days, collecting to hand-in 1, pre-check 2, result to delivery 2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid
from app.core.sla import LOCAL_ZONE, Unit
from app.proxy.choices import STEP_CLOCKS, ClockCode

Limit = tuple[float, str]

STEP_LIMITS: Mapping[str, Limit] = {
    ClockCode.collect: (2, Unit.work_day),
    ClockCode.submit: (1, Unit.work_day),
    ClockCode.precheck: (2, Unit.work_day),
    ClockCode.deliver: (2, Unit.work_day),
    ClockCode.correct: (5, Unit.work_day),
}
# no clock of a case, but a limit of the site all the same: the call-back after a bad rating
CALLBACK = "callback"
DAYS = frozenset({Unit.work_day, Unit.day})
MOST = {Unit.work_day: 90, Unit.day: 120, Unit.work_hour: 240, Unit.urgent_hour: 720}


def clock_limits(
    statutory_days: int | None,
    promised_days: int | None,
    *overrides: Mapping[str, Limit] | None,
) -> dict[str, Limit]:
    """Limits by clock code for one item; the two promises are working days (0: the same day).

    ``overrides`` come from the site, then from the item: a later one counts before an earlier one. A promise the item
    does not give (None) has no clock.
    """
    limits = dict(STEP_LIMITS)
    for given in overrides:
        limits |= given or {}
    for code, days in ((ClockCode.statutory, statutory_days), (ClockCode.promise, promised_days)):
        if days is not None:
            limits[code] = (days, Unit.work_day)
    return limits


def check_limit(
    clock: Any, amount: Any, unit: Any, *, field: str = "amount", unit_field: str = "unit"
) -> Limit:
    """A limit of a step clock as it is kept. Raises Invalid for a promise (its days stand with the item), an unknown
    clock or unit, and for an amount below zero, of no hours, or so large that it is a slip.
    """
    if clock not in STEP_CLOCKS:
        raise Invalid(_("Only the clocks of steps have a limit here."), field="clock")
    return _checked(amount, unit, 0, field, unit_field)


def check_site_limit(clock: Any, amount: Any, unit: Any) -> Limit:
    """A limit of the site as it is kept: of a step, or of the call-back, for which there is always some time (nobody can
    call back at the moment of the rating). Raises what `check_limit` does.
    """
    return (
        _checked(amount, unit, 1, "amount", "unit") if clock == CALLBACK else check_limit(clock, amount, unit)
    )


def _checked(amount: Any, unit: Any, least: int, field: str, unit_field: str) -> Limit:
    kind = Unit.parse(unit, field=unit_field)
    least = least if kind in DAYS else 1
    if not isinstance(amount, int) or not least <= amount <= MOST[kind]:
        words = _(
            "A limit in %(unit)s lies between %(least)s and %(most)s.",
            unit=kind.label,
            least=least,
            most=MOST[kind],
        )
        raise Invalid(words, field=field)
    return amount, kind.value


def limits_of_item(kept: Mapping[str, Sequence[Any]] | None) -> dict[str, Limit]:
    """The step limits of an item's version as kept (clock → [amount, unit]). Raises Invalid for what is none."""
    found: dict[str, Limit] = {}
    for clock, given in (kept or {}).items():
        if not isinstance(given, Sequence) or isinstance(given, str) or len(given) != 2:
            raise Invalid(_("A limit has an amount and a unit."), field="limits")
        found[clock] = check_limit(clock, given[0], given[1], field="limits", unit_field="limits")
    return found


def agreed_until(day: date | None, slot: str | None, amount: float, unit: str) -> datetime | None:
    """Until when a clock that counts from an agreed day waits; None without one.

    Days are counted after the agreed day, as after any day on which something begins. Hours, and a limit of zero days,
    run on the agreed day itself: from the beginning of the time of day, else from midnight (S3-49).
    """
    if day is None:
        return None
    midnight = datetime.combine(day, time.min, LOCAL_ZONE)
    if unit in DAYS and amount:
        return midnight + timedelta(days=1)
    if not slot:
        return midnight
    hour, minute = slot.split("-")[0].split(":")
    return midnight + timedelta(hours=int(hour), minutes=int(minute))
