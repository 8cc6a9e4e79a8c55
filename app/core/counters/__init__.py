"""Counts kept per area, so that a list never counts a city (speed.md): a row per (kind, area).

Every table of the house that is bound to an area and can be deleted is counted under its own table name; a domain
may ask for finer kinds (``refine``: living households). What flushes and bulk writes do to the counters is gathered and
written once, at the commit and in key order: a counter row is locked for an instant, and two transactions that work in
the same areas in different orders never wait crosswise. Who reads counters in the middle of a transaction gets them
written first. ``verify`` finds where they left the truth, ``rebuild`` sets them.
"""

from __future__ import annotations

from app.core.counters.kept import AreaCounter, apply, by_kind, settle, total, totals
from app.core.counters.kinds import Deltas, is_counted, keys_of, month, moved, refine, spread
from app.core.counters.truth import counted_models, rebuild, verify

__all__ = [
    "AreaCounter",
    "Deltas",
    "apply",
    "by_kind",
    "counted_models",
    "is_counted",
    "keys_of",
    "month",
    "moved",
    "rebuild",
    "refine",
    "settle",
    "spread",
    "total",
    "totals",
    "verify",
]
