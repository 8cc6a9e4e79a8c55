"""The site's step limits and escalation rules: rows of its own, begun from the seeds.

A limit is read when a clock begins and kept with the clock (`CaseClock.amount`, `unit`): a changed one holds for clocks
that begin afterwards, in old cases as in new ones, and never moves a clock that runs. What an item sets for itself
stands with its version and is kept by every case of that version.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import seeds
from app.proxy.models import EscalationRule, ProxyCase, StepLimit
from app.proxy.rules import clock_limits, limits_of_item
from app.proxy.rules.limits import CALLBACK, Limit

SEEDS = "proxy_limits"


def load_limits(session: Session) -> int:
    """Add the limits and rules that a site does not have yet; what it has stays as it is. Returns the new rows."""
    spec = seeds.read(SEEDS)
    there = set(session.scalars(select(StepLimit.clock)))
    known = set(session.scalars(select(EscalationRule.code)))
    added: list[Any] = [StepLimit(**raw) for raw in spec["limits"] if raw["clock"] not in there]
    added += [EscalationRule(**raw) for raw in spec["escalation"] if raw["code"] not in known]
    session.add_all(added)
    session.flush()
    return len(added)


def site_limits(session: Session) -> dict[str, Limit]:
    """The site's limits by clock; asked once in a transaction."""
    known = session.info.get("step_limits")
    if known is None or known[0] is not session.get_transaction():
        rows = session.execute(select(StepLimit.clock, StepLimit.amount, StepLimit.unit)).all()
        known = (session.get_transaction(), {clock: (amount, unit) for clock, amount, unit in rows})
        session.info["step_limits"] = known
    return dict(known[1])


def limits_for(session: Session, case: ProxyCase) -> dict[str, Limit]:
    """The limits by which clocks of a case begin now: the program's, the site's, those of the item's version."""
    version = case.item_version
    own = limits_of_item(version.limits)
    steps = {clock: limit for clock, limit in site_limits(session).items() if clock != CALLBACK}
    return clock_limits(version.statutory_days, version.promised_days, steps, own)
