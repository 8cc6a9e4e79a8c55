"""What is measured is more than nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.core.errors import Invalid
from app.registry.rules.sizes import check_floor_area


@pytest.mark.parametrize("value", [Decimal("0.01"), 85, 85.5, "120.25", None])
def test_an_area_is_kept_as_it_was_given(value):
    assert check_floor_area(value) == value


def test_an_empty_field_is_not_known():
    assert check_floor_area("") is None


@pytest.mark.parametrize("value", [0, "-5", Decimal("0.001"), Decimal("NaN"), float("inf"), "wide"])
def test_nothing_less_than_nothing_and_no_number_are_refused(value):
    with pytest.raises(Invalid) as refusal:
        check_floor_area(value, field="size")
    assert refusal.value.field == "size"
