"""Means and percentiles from counts by value."""

from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.proxy.rules import average, percentile

COUNTS = st.dictionaries(st.integers(0, 90), st.integers(1, 9), min_size=1, max_size=20)


@given(COUNTS)
def test_as_the_values_written_out(counts):
    values = sorted(value for value, n in counts.items() for _ in range(n))
    assert average(counts) == pytest.approx(mean(values))
    found = percentile(counts, 0.9)
    assert sum(v <= found for v in values) >= 0.9 * len(values)
    assert sum(v < found for v in values) < 0.9 * len(values)


def test_of_nothing_there_is_no_mean():
    assert (average({}), percentile({}, 0.9)) == (None, None)
    assert percentile({3: 1}, 1) == 3
    assert percentile({1: 9, 8: 1}, 0.9) == 1
