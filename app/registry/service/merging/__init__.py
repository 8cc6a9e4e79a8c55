"""Merging two records of one person, with a way back (S4-61)."""

from app.registry.service.merging.join import Apart, merge, undo, whole_register
from app.registry.service.merging.kept import kept_for, kept_of_pair, merged_into

__all__ = ["Apart", "kept_for", "kept_of_pair", "merge", "merged_into", "undo", "whole_register"]
