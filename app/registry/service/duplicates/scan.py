"""The search of the whole register: slice by slice, set-based, so that millions of records take minutes.

Each slice is a step of a job: effect and progress are one transaction, a killed worker goes on where it stopped, and a
slice searched twice opens nothing twice.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _

from app.core import counters, jobs
from app.core.actor import Actor
from app.core.scope import session_actor
from app.registry.choices.duplicates import DuplicateFound
from app.registry.models import Person
from app.registry.rules.duplicates import PROBES, probe_of
from app.registry.service.duplicates import pairs
from app.registry.service.duplicates.finding import judged
from app.registry.service.duplicates.notices import tell
from app.registry.service.duplicates.placing import place_all
from app.registry.service.duplicates.probes import crowds
from app.registry.service.duplicates.rules import rules_in_force

SCAN = "registry.duplicates"
# (records from which on, slices for each probe); 65,536 is divisible by each
SIZES = ((1_000_000, 256), (50_000, 16), (0, 1))


@jobs.handler(SCAN, label=_("Register searched for duplicates"), system=True, lease=timedelta(minutes=30))
def scan(work: jobs.Work) -> dict[str, Any]:
    """Search by every probe that a rule in force needs, then look where the pairs that wait are settled; returns what
    this run opened, skipped and moved.
    """
    probes = sorted(PROBES)
    if work.total is None:
        people = counters.total(work.session, Person.__tablename__)
        work.total = 1 + len(probes) * next(slices for least, slices in SIZES if people >= least)
    slices = work.total // len(probes)
    opened = crowded = moved = 0
    for n in work.steps():
        if n >= slices * len(probes):
            with work.step("places") as wide:
                moved = place_all(wide, work.now)
            continue
        probe, slice_no = probes[n // slices], n % slices
        with work.step(probe) as wide:
            found, skipped = search(wide, probe, slice_no, slices, actor=session_actor(wide), now=work.now)
        opened, crowded = opened + found, crowded + skipped
    return {"opened": opened, "crowded": crowded, "moved": moved}


def search(wide: Any, probe: str, slice_no: int, slices: int, *, actor: Actor, now: Any) -> tuple[int, int]:
    """One slice: (pairs opened, keys skipped because a crowd shares them)."""
    rules = rules_in_force(wide)
    if probe not in {probe_of(rule.conditions) for rule in rules}:
        return 0, 0
    candidates, skipped = crowds(wide, probe, slice_no, slices)
    found = judged(wide, candidates, rules)
    opened = pairs.put(wide, found, DuplicateFound.scan, actor=actor, now=now)
    tell(wide, opened, now)
    return len(opened), skipped


jobs.daily(SCAN, at="02:10")
