"""The machine of a census campaign (S4-90): planned, running, closed; and what a ring at a door means."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _

from app.core.errors import Conflict, Invalid
from app.core.workflow import Machine, To
from app.registry.choices import CampaignAction as A
from app.registry.choices import CampaignState as S
from app.registry.choices import TargetState

LEADERS = ("workstation", "town_staff", "center_operator")
MACHINE = Machine(
    {
        (None, A.plan): To(S.planned, role=LEADERS),
        (S.planned, A.start): To(S.running, role=LEADERS),
        (S.running, A.close): To(S.closed, role=LEADERS),
    },
    finals=(S.closed,),
)
OPEN = (TargetState.todo, TargetState.absent, TargetState.refused, TargetState.revisit)
LATEST_REVISIT = 60  # days ahead


def next_state(
    state: TargetState, outcome: TargetState, today: date, revisit_on: date | None
) -> tuple[TargetState, date | None]:
    """The last word about a home after a ring at the door, and the day to come again (none once it was visited).

    A visited home stays visited: who knocks once more has a visit of another kind. Coming again wants a day from today
    on, at most 60 days ahead. A target that was settled (``gone``) is not rung at. Raises Conflict and Invalid.
    """
    if state is TargetState.visited and outcome is not TargetState.visited:
        raise Conflict(_("This home was visited already."))
    if state is TargetState.gone:
        raise Conflict(_("This home is no longer to be visited: it was closed, or the household left."))
    if outcome in (TargetState.todo, TargetState.gone):
        raise Invalid(_("Say what came of the visit."), field="outcome")
    if outcome is not TargetState.revisit:
        return outcome, None
    if revisit_on is None or not 0 <= (revisit_on - today).days <= LATEST_REVISIT:
        text = _("Give the day to come again: from today on, within %(days)s days.", days=LATEST_REVISIT)
        raise Invalid(text, field="revisit_on")
    return outcome, revisit_on
