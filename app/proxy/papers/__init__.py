"""The plain dicts that the printed forms of a case need; which forms there are, and what keeps one from being printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import lazy_gettext as _

from app.proxy.models import ProxyCase
from app.proxy.papers.endings import NOT_ENDED, NOT_REFUSED, ending, is_ended, is_refused, refusal
from app.proxy.papers.letters import NONE_TAKEN, authorization, receipt, taken_over
from app.proxy.papers.slips import NOTHING_THERE, has_result, slip

AUTHORIZATION, RECEIPT, DELIVERY, REFUSAL, ENDING = "F10", "F11", "F12", "F32", "F33"
FORMS = {
    AUTHORIZATION: _("Authorization letter (F10)"),
    RECEIPT: _("Receipt with papers (F11)"),
    DELIVERY: _("Delivery receipt (F12)"),
    REFUSAL: _("Notice of a refusal (F32)"),
    ENDING: _("Notice of the end of a case (F33)"),
}
# a paper of one case, never of a whole door
ALONE = frozenset({DELIVERY, REFUSAL, ENDING})
# papers that most cases never need: shown where they are due, or once they were issued
RARE = frozenset({REFUSAL, ENDING})

__all__ = [
    "ALONE",
    "AUTHORIZATION",
    "DELIVERY",
    "ENDING",
    "FORMS",
    "RARE",
    "RECEIPT",
    "REFUSAL",
    "authorization",
    "ending",
    "lacking",
    "receipt",
    "refusal",
    "slip",
    "taken_over",
]


def lacking(code: str, cases: Sequence[ProxyCase]) -> Any:
    """Why a form cannot be printed for these cases yet, in a sentence; None when it can."""
    if not cases:
        return _("There is no case here.")
    if code == RECEIPT and not any(taken_over(c) for c in cases):
        return NONE_TAKEN
    if code == DELIVERY and not has_result(cases[0]):
        return NOTHING_THERE
    if code == REFUSAL and not is_refused(cases[0]):
        return NOT_REFUSED
    if code == ENDING and not is_ended(cases[0]):
        return NOT_ENDED
    return None
