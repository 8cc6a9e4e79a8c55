"""Values in which nothing can be odd, told by a pattern: the rules, which say why one is, cost twenty times as much."""

from __future__ import annotations

import re
from datetime import date

from app.core import clock
from app.registry.rules import age_on, has_right_check
from app.registry.rules.id_number import OLDEST

is_plain_name = re.compile("[\u4e00-\u9fff]{1,20}").fullmatch
is_mobile = re.compile("1[3-9][0-9]{9}").fullmatch
_eighteen = re.compile("[0-9]{17}[0-9X]").fullmatch


def is_card(number: str) -> bool:
    """An ID card's number with the right check character and a likely birth date."""
    return bool(_eighteen(number)) and born_of(number, clock.today()) is not None and has_right_check(number)


def born_of(number: str, today: date) -> date | None:
    """The birth date inside a number of 18 characters, where it is likely."""
    return _likely(number[6:14], today)


def _likely(digits: str, today: date) -> date | None:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
    return born if born <= today and (age_on(born, today) or 0) <= OLDEST else None
