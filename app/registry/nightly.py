"""What the night brings up to date about people: what the calendar and bulk writes changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _

from app.core import jobs
from app.registry.service import derived, population

FOLLOWING = "registry.following"
CHUNK = 2000


@jobs.handler(
    FOLLOWING,
    label=_("Groups of age and kinds of residents brought up to date"),
    system=True,
    lease=timedelta(hours=1),
)
def follow(work: jobs.Work) -> dict[str, Any]:
    """Open and end derived groups after birthdays and bulk writes; let kinds and stays agree. Each chunk of people is a
    step; a second run finds nothing left to do.
    """
    changed = 0
    kinds = population.out_of_step(work.session)
    for at in range(0, len(kinds), CHUNK):
        with work.step() as session:
            changed += population.follow_kind(session, kinds[at : at + CHUNK], work.now)
    people = derived.candidates(work.session, work.now)
    for at in range(0, len(people), CHUNK):
        with work.step() as session:
            changed += derived.settle(session, people[at : at + CHUNK], work.now)
    return {"changed": changed}


jobs.daily(FOLLOWING, at="00:30")
