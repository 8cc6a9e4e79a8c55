"""Move-in between areas: the side that asks never sees the person, the side that holds the person decides.

`holds` and `asks` say on which side the acting post stands; a post that covers both may do either (guards, section 1).
"""

from flask_babel import lazy_gettext as _

from app.core.workflow import Machine, To
from app.registry.choices import MoveInAction, MoveInState

ASKERS = ("grid_worker", "workstation", "town_staff")
DECIDERS = ("workstation", "town_staff")

MACHINE = Machine(
    {
        (None, MoveInAction.ask): To(MoveInState.asked, role=ASKERS, needs=("home",), writes=("reason",)),
        (MoveInState.asked, MoveInAction.agree): To(
            MoveInState.agreed, role=DECIDERS, needs=("moved_on",), when=("holds",)
        ),
        (MoveInState.asked, MoveInAction.decline): To(
            MoveInState.declined, role=DECIDERS, needs=("reason",), when=("holds",)
        ),
        (MoveInState.asked, MoveInAction.withdraw): To(MoveInState.withdrawn, role=ASKERS, when=("asks",)),
    },
    finals=(MoveInState.agreed, MoveInState.declined, MoveInState.withdrawn),
    names={"home": _("the home"), "moved_on": _("the day of the move"), "reason": _("the reason")},
)
