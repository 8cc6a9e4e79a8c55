"""Which rating asks for a call-back, within how many working days, and how one is closed. Pure.

The levels are the code list `satisfaction`; a level that is bad says so by its attribute ``callback_days`` (the number of
working days). A list that says it of none goes by the program: the two lowest, fifteen working days (the practice of
rating public services: a bad rating is looked into and answered by somebody else than the one who was rated).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid, NotAllowed
from app.proxy.choices import CallOutcome

ATTRIBUTE = "callback_days"
USUAL = {"1": 15, "2": 15}
MOST_DAYS = 60
LEAST_TRIES = 3  # before somebody counts as not to be reached
LEAST_WORDS = 5


def days_for(rating: str, levels: Mapping[str, Mapping[str, Any]]) -> int | None:
    """Working days for the call-back after a rating; None where the rating is no bad one. ``levels``: code → attributes."""
    said = {code: attributes[ATTRIBUTE] for code, attributes in levels.items() if ATTRIBUTE in attributes}
    days = (said or USUAL).get(rating)
    if days is None:
        return None
    return days if type(days) is int and 1 <= days <= MOST_DAYS else USUAL["1"]


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
