"""One home with its households and everybody in them: read what was typed, check all of it, save it in one step."""

from app.registry.service.census.check import Checked, EntryRefused, check_entry, check_row
from app.registry.service.census.entry import DwellingEntry, HouseholdEntry, MemberEntry, Problem
from app.registry.service.census.save import Saved, save_entry

__all__ = [
    "Checked",
    "DwellingEntry",
    "EntryRefused",
    "HouseholdEntry",
    "MemberEntry",
    "Problem",
    "Saved",
    "check_entry",
    "check_row",
    "save_entry",
]
