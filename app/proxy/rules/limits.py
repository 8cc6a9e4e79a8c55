"""How long each clock of a case runs. The step limits are local defaults and may be overridden per site."""

from collections.abc import Mapping

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
