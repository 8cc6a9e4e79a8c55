"""How long each clock of a case runs. The step limits are local defaults and may be overridden per site."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid
from app.core.sla import Unit
from app.proxy.choices import ClockCode

Limit = tuple[float, str]

STEP_LIMITS: Mapping[str, Limit] = {
    ClockCode.collect: (2, Unit.work_day),
    ClockCode.submit: (1, Unit.work_day),
    ClockCode.precheck: (2, Unit.work_day),
    ClockCode.deliver: (2, Unit.work_day),
    ClockCode.correct: (5, Unit.work_day),
}


MOST_STEP_DAYS = 60


def step_limits(days: Mapping[str, int | None]) -> dict[str, list[Any]]:
    """Limits of steps in working days as a version keeps them: {clock: [amount, unit]}; steps without one are left out.

    Raises Invalid for less than one day or more than sixty.
    """
    for code, amount in days.items():
        if amount is not None and not 1 <= amount <= MOST_STEP_DAYS:
            raise Invalid(
                _("A step has between 1 and %(most)s working days.", most=MOST_STEP_DAYS),
                field=f"limit_{code}",
            )
    return {code: [amount, Unit.work_day.value] for code, amount in days.items() if amount is not None}


def clock_limits(
    statutory_days: int | None,
    promised_days: int | None,
    overrides: Mapping[str, Limit] | None = None,
) -> dict[str, Limit]:
    """Limits by clock code for one item; the two promises are working days (0: the same day).

    A promise the item does not give (None) has no clock.
    """
    limits = {**STEP_LIMITS, **(overrides or {})}
    for code, days in ((ClockCode.statutory, statutory_days), (ClockCode.promise, promised_days)):
        if days is not None:
            limits[code] = (days, Unit.work_day)
    return limits
