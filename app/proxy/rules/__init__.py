"""Decisions of the proxy service, pure: the case machine, its clocks, and which papers are missing."""

from app.proxy.rules.appointments import MOST_AHEAD, age_finding, age_limits, check_appointment, parse_slot
from app.proxy.rules.drawn import diagram, states_page
from app.proxy.rules.figures import average, percentile
from app.proxy.rules.limits import agreed_until, check_limit, check_site_limit, clock_limits, limits_of_item
from app.proxy.rules.machine import MACHINE, OPEN_STATES
from app.proxy.rules.materials import (
    Paper,
    PaperNeed,
    asks_for,
    case_facts,
    kept_cards,
    missing_materials,
    what_is_wrong,
)
from app.proxy.rules.questions import check_item_code, check_key
from app.proxy.rules.roles import BOOKERS, DECIDERS, DESK, ROLES

__all__ = [
    "BOOKERS",
    "DECIDERS",
    "DESK",
    "MACHINE",
    "MOST_AHEAD",
    "OPEN_STATES",
    "ROLES",
    "Paper",
    "PaperNeed",
    "age_finding",
    "age_limits",
    "agreed_until",
    "asks_for",
    "average",
    "case_facts",
    "check_appointment",
    "check_item_code",
    "check_key",
    "check_limit",
    "check_site_limit",
    "clock_limits",
    "diagram",
    "kept_cards",
    "limits_of_item",
    "missing_materials",
    "parse_slot",
    "percentile",
    "states_page",
    "what_is_wrong",
]
