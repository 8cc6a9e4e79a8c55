"""Averages and percentiles from counts by value. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from math import ceil


def percentile(counts: Mapping[int, int], share: float) -> int | None:
    """The smallest value that at least this share of all does not exceed (nearest rank); None without any.

    ``counts`` is value → how often; ``share`` lies above 0 and is at most 1.
    """
    total = sum(counts.values())
    if not total:
        return None
    values = sorted(counts)
    wanted, reached = ceil(total * share), accumulate(counts[value] for value in values)
    return next(value for value, seen in zip(values, reached, strict=True) if seen >= wanted)


def average(counts: Mapping[int, int]) -> float | None:
    """The mean of values with their counts; None without any."""
    total = sum(counts.values())
    return sum(value * n for value, n in counts.items()) / total if total else None
