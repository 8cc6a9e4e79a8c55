"""Which rating asks for a call-back, within how many working days, and how one is closed. Pure.

The levels are the code list `satisfaction`, national: its two lowest are bad (the practice of rating public services: a bad
rating is looked into and answered by somebody else than the one who was rated). The time is a limit of the site, beside
those of the steps; fifteen working days as the program comes.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid, NotAllowed
from app.core.sla import Unit
from app.proxy.choices import CallOutcome
from app.proxy.rules.limits import Limit

BAD = frozenset({"1", "2"})
USUAL: Limit = (15, Unit.work_day.value)
LEAST_TRIES = 3  # before somebody counts as not to be reached
LEAST_WORDS = 5


def time_for(rating: str, site: Limit | None) -> Limit | None:
    """Amount and unit within which to call back after a rating; None where the rating is no bad one. ``site``: the limit
    that the site has set, None where it has none.
    """
    return (site or USUAL) if rating in BAD else None


def need_other(staff_id: int | None, rated: Collection[int]) -> None:
    """Nobody looks into a rating of the own work. Raises NotAllowed."""
    if staff_id is None or staff_id in rated:
        raise NotAllowed(_("Who was rated does not handle the call-back."))


def check_closing(outcome: Any, answer: str, attempts: int) -> str:
    """The outcome as it is kept. Raises Invalid without an answer in words, or for somebody who counts as unreachable
    after fewer than three attempts.
    """
    found = CallOutcome.parse(outcome, field="outcome")
    if len(answer.strip()) < LEAST_WORDS:
        raise Invalid(_("Write down what the resident said and what came of it."), field="answer")
    if found is CallOutcome.unreachable and attempts < LEAST_TRIES:
        words = _(
            "Not reached: write down %(least)s attempts first, so far there are %(made)s.",
            least=LEAST_TRIES,
            made=attempts,
        )
        raise Invalid(words, field="outcome")
    return found.value
