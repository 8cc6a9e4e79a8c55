"""The search of the whole register: slice by slice, set-based, so that millions of records take minutes.

Each slice is a step of a job: effect and progress are one transaction, a killed worker goes on where it stopped, and a
slice searched twice opens nothing twice.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core import counters, jobs
from app.core.actor import Actor
from app.core.scope import session_actor
from app.registry.choices.duplicates import DuplicateFound
from app.registry.models import Person
from app.registry.rules.duplicates import PROBES, probe_of
from app.registry.service.duplicates import pairs
from app.registry.service.duplicates.finding import judged
from app.registry.service.duplicates.placing import place_all
from app.registry.service.duplicates.probes import crowds
from app.registry.service.duplicates.rules import rules_in_force

SCAN = "registry.duplicates"
# (records from which on, slices for each probe); 65,536 is divisible by each. Not more of them: the rows of a slice lie
# scattered over the whole table, which each slice reads at one go
SIZES = ((1_000_000, 32), (50_000, 16), (0, 1))
PATIENCE = timedelta(
    minutes=10
)  # for a statement: a page gives up after one minute, a search of the night need not


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
    _be_patient(wide)
    candidates, skipped = crowds(wide, probe, slice_no, slices)
    found = judged(wide, candidates, rules)
    return len(pairs.put(wide, found, DuplicateFound.scan, actor=actor, now=now)), skipped


def _be_patient(wide: Session) -> None:
    """Until the end of the transaction: more time, and tables read in the order in which they lie. Sites with fast disks
    price a page out of order like one in order, which is right for a page of a clerk and wrong for a whole register.
    """
    if wide.get_bind().dialect.name == "postgresql":
        most = str(int(PATIENCE.total_seconds() * 1000))
        wide.execute(
            select(
                func.set_config("statement_timeout", most, True),
                func.set_config("random_page_cost", "4", True),
            )
        )


jobs.daily(SCAN, at="02:10")
