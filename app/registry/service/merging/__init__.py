"""Merging two records of one person, with a way back (S4-61)."""

from app.registry.service.merging.apart import MERGED_ON, Apart, entered_since, undo
from app.registry.service.merging.join import merge, whole_register
from app.registry.service.merging.kept import kept_for, kept_of_pair, merged_into, resting_on

__all__ = [
    "MERGED_ON",
    "Apart",
    "entered_since",
    "kept_for",
    "kept_of_pair",
    "merge",
    "merged_into",
    "resting_on",
    "undo",
    "whole_register",
]
