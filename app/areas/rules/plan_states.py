"""The life of a plan to divide areas anew: drafted, set for its day, put into force by the job of that day."""

from flask_babel import lazy_gettext as _

from app.areas.choices import PlanAction as Act
from app.areas.choices import PlanState as State
from app.core.workflow import Machine, To

SYSTEM = "system"  # the job of the day
EDITORS = ("system_admin", "center_operator")
NAMES = {
    "reason": _("Reason"),
    "errors": _("the preview shows errors"),
    "too_early": _("its day has not come yet"),
}

PLAN_MACHINE = Machine(
    {
        (None, Act.draft): To(State.draft, role=EDITORS),
        (State.draft, Act.revise): To(State.draft, role=EDITORS),
        (State.draft, Act.schedule): To(State.scheduled, role=EDITORS, bars=("errors",)),
        (State.scheduled, Act.unschedule): To(State.draft, role=EDITORS),
        (State.scheduled, Act.apply): To(
            State.applied, role=(*EDITORS, SYSTEM), bars=("errors", "too_early")
        ),
        (State.draft, Act.cancel): To(State.cancelled, role=EDITORS, needs=("reason",)),
        (State.scheduled, Act.cancel): To(State.cancelled, role=EDITORS, needs=("reason",)),
    },
    finals=(State.applied, State.cancelled),
    names=NAMES,
)
