"""Whole numbers that come as text. Pure."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid

# digits as typed with or without a Chinese keyboard; str.isdigit() takes circled and raised figures too, int() does not,
# and int() refuses more than some thousand digits with an error of its own
_FIGURES = re.compile("[0-9\uff10-\uff19]{1,18}")


def whole_number(
    text: object, lowest: int, highest: int, *, field: str | None = None, message: Any = None
) -> int:
    """The number a text stands for, between two bounds that are not negative. Raises Invalid(field) for all else."""
    plain = str(text).strip()
    number = int(plain) if _FIGURES.fullmatch(plain) else -1
    if not lowest <= number <= highest:
        raise Invalid(_("Please write a whole number.") if message is None else message, field=field)
    return number
