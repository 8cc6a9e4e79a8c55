"""What takes a worker to a door, in the order of its weight (S3-62): papers to collect, results to bring, a door where
nobody was met, the yearly stamp, a care visit.
"""

from flask_babel import lazy_gettext as _

from app.core.choices import Choice
from app.proxy.choices import State
from app.proxy.rules.stages import TO_DELIVER

AHEAD = (0, 3, 7, 14)  # days that the proposals look ahead
MOST_ERRANDS = 60  # of one round, and of one page
TO_COLLECT = (State.booked.value, State.entrusted.value, State.supplement.value)


class ErrandKind(Choice):
    """Why somebody goes to a door."""

    collect = "collect", _("Collect papers"), "blue"
    deliver = "deliver", _("Bring the result"), "green"
    revisit = "revisit", _("Come again"), "yellow"
    review = "review", _("Annual review"), "blue"
    care = "care", _("Care visit"), "grey"


def kind_of(state: str) -> ErrandKind:
    """The errand of an open case: a result that was fetched is brought, anything else is collected."""
    return ErrandKind.deliver if state in TO_DELIVER else ErrandKind.collect


def key_of(kind: str, uid: str) -> str:
    """How a form names an errand."""
    return f"{kind}:{uid}"


def parse_key(key: str) -> tuple[ErrandKind, str]:
    """(kind, uid of its record). Raises Invalid for a kind that does not exist."""
    kind, _colon, uid = key.partition(":")
    return ErrandKind.parse(kind, field="errands"), uid
