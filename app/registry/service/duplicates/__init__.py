"""Duplicates as a queue (S4-61): found at entry, at an import and by a search of the register; settled by people."""

from app.registry.service.duplicates import placing as _placing  # noqa: F401 - listens to what changes ties
from app.registry.service.duplicates.finding import at_entry, entered, for_import, review
from app.registry.service.duplicates.pairs import by_hand, differ, offers, reopen
from app.registry.service.duplicates.rules import load_rules, rules_in_force
from app.registry.service.duplicates.scan import SCAN

__all__ = [
    "SCAN",
    "at_entry",
    "by_hand",
    "differ",
    "entered",
    "for_import",
    "load_rules",
    "offers",
    "reopen",
    "review",
    "rules_in_force",
]
