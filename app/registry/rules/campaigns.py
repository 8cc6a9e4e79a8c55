"""The machine of a census campaign (S4-90): planned, running, closed; and what a ring at a door means."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple, Protocol

from flask_babel import lazy_gettext as _

from app.core.errors import Conflict, Invalid
from app.core.workflow import Machine, To
from app.registry.choices import CampaignAction as A
from app.registry.choices import CampaignState as S
from app.registry.choices import TargetAction, TargetState

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


class Step(Protocol):
    """A row of a target's history."""

    @property
    def action(self) -> str: ...
    @property
    def to_state(self) -> str: ...
    @property
    def revisit_on(self) -> date | None: ...
    @property
    def at(self) -> datetime: ...


class Stand(NamedTuple):
    """How a home stands: the last word, the day to come again, and when somebody was at the door last."""

    state: TargetState = TargetState.todo
    revisit_on: date | None = None
    tried_at: datetime | None = None


def stands(steps: Iterable[Step]) -> list[Stand]:
    """What the rows of a target, the oldest first, leave standing: the last one holds now, each came upon the one before
    it. A tap and its taking back leave nothing; a home that is no more stands as ``gone`` upon its last word, which is
    there again when the home is.
    """
    found = [Stand()]
    for step in steps:
        state, last = TargetState.parse(step.to_state), found[-1]
        if step.action in (TargetAction.ring, TargetAction.census):
            found.append(Stand(state, step.revisit_on, step.at))
        elif state is TargetState.gone:
            found.append(Stand(state, None, last.tried_at))
        else:  # taken back, or to be visited again
            found[1:] = found[1:-1]
            if found[-1].state is not state:  # to be visited as a home, whatever its household had said
                found.append(Stand(state, step.revisit_on, last.tried_at))
    return found
