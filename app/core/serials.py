"""The written form of a paper's number: ``F10-430281104007-2026-00017``.

Form code, document code of the issuing office's area, year (local time), serial of at least five digits. Counting
is done elsewhere (gap-free in the database); numbers are voided, never used again.
"""

import re
from dataclasses import dataclass

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid

_FORM = r"[A-Z][0-9A-Z]{0,7}"
_AREA = r"[^\W_]{1,20}"
# a sixth digit appears only after 99999, never as a leading zero: one number has one way to be written
_PATTERN = re.compile(rf"({_FORM})-({_AREA})-([1-9][0-9]{{3}})-([0-9]{{5}}|[1-9][0-9]{{5,8}})")


@dataclass(frozen=True, order=True)
class Serial:
    """One issued number. Raises Invalid for parts that could not be read back."""

    form: str
    area: str
    year: int
    number: int

    def __post_init__(self) -> None:
        written = str(self)
        if self.number < 1 or written != written.upper() or not _PATTERN.fullmatch(written):
            raise Invalid(_("This is not the number of a paper."))

    def __str__(self) -> str:
        return f"{self.form}-{self.area}-{self.year}-{self.number:05d}"


def format_serial(form: str, area: str, year: int, number: int) -> str:
    """The printed number; Invalid when a part cannot stand in one."""
    return str(Serial(form, area, year, number))


def parse_serial(text: str) -> Serial:
    """Read a number as it was printed or typed (case and outer spaces do not matter); else Invalid."""
    match = _PATTERN.fullmatch((text or "").strip().upper())
    if match is None:
        raise Invalid(_("This is not the number of a paper."))
    form, area, year, number = match.groups()
    return Serial(form, area, int(year), int(number))
