"""Who had a case before it was given to another worker."""

from __future__ import annotations

from app.proxy.choices import Entry
from app.proxy.models import ProxyCase
from app.proxy.rules.fairness import earlier_owners


def had_before(case: ProxyCase) -> set[int]:
    """Staff ids of earlier owners; needs the steps of the case."""
    return earlier_owners(s.data for s in case.steps if s.action == Entry.give)
