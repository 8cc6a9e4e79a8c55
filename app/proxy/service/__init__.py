"""Verbs of the proxy domain."""

from app.proxy.service import (
    alarms,  # noqa: F401  registers the job of the reminders
    ground,  # noqa: F401  registers open cases and their clocks with the areas
)
from app.proxy.service.booking import book, department_for
from app.proxy.service.cases import act, facts, give_back, mark, offers, open_case
from app.proxy.service.catalogue import load_catalogue, new_draft, publish, version_on
from app.proxy.service.limits import load_limits

__all__ = [
    "act",
    "book",
    "department_for",
    "facts",
    "give_back",
    "load_catalogue",
    "load_limits",
    "mark",
    "new_draft",
    "offers",
    "open_case",
    "publish",
    "version_on",
]
