"""Who photographs a paper of a case, and what may become of the photo (S3-49).

Before the hand-in a photo may be put away with a reason. What a department may have seen stays: a better photo takes its
place and the older one is kept beside it.
"""

from app.proxy.choices import PaperForm, State
from app.proxy.rules.roles import DESK
from app.proxy.rules.stages import UNDECIDED

TAKERS = frozenset({*DESK, "town_staff"})
MOST_PAGES = 12
# until the decision: what comes later belongs to the result
TAKEN_IN = frozenset(UNDECIDED)
# before the window the worker gathers papers, new ones or such as are there already
GATHERED_IN = frozenset(
    {State.booked, State.entrusted, State.collected, State.supplement, State.precheck_rejected}
)
# a copy serves again; what is filled in, declared, handed over or pasted on is made for one case
SERVES_AGAIN = frozenset({PaperForm.check.value, PaperForm.copy.value, PaperForm.check_copy.value})


def may_photograph(role: str, state: str) -> bool:
    """Whether a role adds photos to the papers of a case in a state."""
    return role in TAKERS and state in {s.value for s in TAKEN_IN}


def may_gather(role: str, state: str) -> bool:
    """Whether a role may put a paper that is there already into a case in a state."""
    return role in TAKERS and state in {s.value for s in GATHERED_IN}
