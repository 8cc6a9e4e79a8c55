"""Identity is corrected by four eyes: who asks, and who decides (S4-54).

Plain fields change at once. What identifies somebody (name, sex, birth, ID number, register address) waits for a
clerk; nobody decides on a request of their own.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.workflow import Machine, To
from app.registry.choices import CorrectionAction, CorrectionState

SENSITIVE = ("name", "sex", "birth", "number", "register_division", "register_address")
ASKERS = ("grid_worker", "workstation", "town_staff")
DECIDERS = ("workstation", "town_staff")

MACHINE = Machine(
    {
        (None, CorrectionAction.ask): To(CorrectionState.asked, role=ASKERS, needs=("fields", "reason")),
        (CorrectionState.asked, CorrectionAction.accept): To(
            CorrectionState.accepted, role=DECIDERS, when=("others",), writes=("reason",)
        ),
        (CorrectionState.asked, CorrectionAction.decline): To(
            CorrectionState.declined, role=DECIDERS, needs=("reason",), when=("others",)
        ),
        (CorrectionState.asked, CorrectionAction.withdraw): To(
            CorrectionState.withdrawn, role=ASKERS, when=("mine",), writes=("reason",)
        ),
    },
    finals=(CorrectionState.accepted, CorrectionState.declined, CorrectionState.withdrawn),
    names={"fields": _("what is to be corrected"), "reason": _("the reason")},
)


def decides(role: str, *, is_own: bool) -> bool:
    """Whether identity changes at once: for a clerk, and for whoever keyed the record in the same day (a slip of the
    fingers is no correction of the register).
    """
    return role in DECIDERS or is_own


def moved(fields: Mapping[str, Mapping[str, Any]], current: Mapping[str, Any]) -> list[str]:
    """Names of the fields whose value in the register is no longer the one that the request was made on."""
    return [name for name, pair in fields.items() if (pair["old"] or "") != (current.get(name) or "")]


def stale_before(days: int, today: date) -> date:
    """Records confirmed before this day are due again."""
    return today - timedelta(days=days)
