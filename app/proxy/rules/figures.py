"""Averages and percentiles from counts by value. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil


def percentile(counts: Mapping[int, int], share: float) -> int | None:
    """The smallest value that at least this share of all does not exceed (nearest rank); None without any.

    ``counts`` is value → how often; ``share`` lies above 0 and is at most 1.
    """
    total = sum(counts.values())
    if not total:
        return None
    wanted, seen = ceil(total * share), 0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= wanted:
            return value
    return max(counts)


def average(counts: Mapping[int, int]) -> float | None:
    """The mean of values with their counts; None without any."""
    total = sum(counts.values())
    return sum(value * n for value, n in counts.items()) / total if total else None
