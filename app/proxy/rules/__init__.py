"""Decisions of the proxy service, pure: the case machine, its clocks, and which papers are missing."""

from app.proxy.rules.limits import clock_limits
from app.proxy.rules.machine import BOOKERS, DECIDERS, MACHINE, OPEN_STATES, ROLES, diagram, states_page
from app.proxy.rules.materials import (
    Paper,
    PaperNeed,
    asks_for,
    case_facts,
    kept_cards,
    missing_materials,
    needed_papers,
    unanswered_conditions,
)

__all__ = [
    "BOOKERS",
    "DECIDERS",
    "MACHINE",
    "OPEN_STATES",
    "ROLES",
    "Paper",
    "PaperNeed",
    "asks_for",
    "case_facts",
    "clock_limits",
    "diagram",
    "kept_cards",
    "missing_materials",
    "needed_papers",
    "states_page",
    "unanswered_conditions",
]
