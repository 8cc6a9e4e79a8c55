"""A result that an office brings by sheet: which steps of the case it takes, and what it has to say (issue 5, line 7)."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from app.core.choices import Choice
from app.core.errors import Conflict
from app.proxy.choices import Action, State


class Decision(Choice):
    """What was decided, as a row of a result list says it."""

    approved = "approved", _("Approved"), "green"
    partly = "partly", _("Approved in part"), "green"
    refused = "refused", _("Refused"), "red"


# where a result may be entered: what was not accepted formally cannot be decided, whatever the list says
READY = (State.accepted, State.processing)
# what a refusal states (Administrative Licensing Law art. 38), and what of the row belongs to an approval only
TO_REFUSE = ("reason", "remedies")
OF_APPROVAL = ("result_until", "appeared")


def steps_to(state: State, outcome: str | None, decision: Decision) -> tuple[Action, ...]:
    """The steps from where a case stands to its decision. Raises Conflict where it stands elsewhere, with the reason."""
    if outcome in (Decision.approved.value, Decision.refused.value):
        words = Decision.label_of(outcome)
        raise Conflict(_("This case was decided before: %(outcome)s.", outcome=words), field="decision")
    if state not in READY:
        words = state.label
        raise Conflict(
            _("The case is at “%(state)s”: a result is entered for accepted cases only.", state=words)
        )
    last = Action.refuse if decision is Decision.refused else Action.approve
    return (last,) if state is State.processing else (Action.process, last)


def is_same(outcome: str | None, result_no: str | None, decision: Decision, wanted: str | None) -> bool:
    """Whether a row says what stands in the case already: a list that is brought once more changes nothing."""
    as_kept = Decision.refused if decision is Decision.refused else Decision.approved
    return outcome == as_kept.value and (wanted is None or wanted == result_no)
