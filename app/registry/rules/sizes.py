"""Sizes of homes, buildings and venues: what is measured is more than nothing."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid


def check_floor_area(value: Any, *, field: str = "area_m2") -> Any:
    """Square metres as they are stored, or nothing where they are not known. Heads are counted against them, so Invalid
    for zero, less, and what is no number.
    """
    if value is None or value == "":
        return None
    try:
        size = Decimal(str(value))
    except InvalidOperation:
        size = Decimal(0)
    if not (size.is_finite() and round(size, 2) > 0):
        raise Invalid(_("A floor area is more than 0 m². Leave it empty where it is not known."), field=field)
    return value
