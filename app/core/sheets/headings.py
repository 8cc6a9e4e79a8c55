"""Which rows of a sheet are its headings, what each column is called, and which field of ours that is."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext

from app.core.sheets import words
from app.core.sheets.declare import Finding
from app.core.sheets.refusals import N_
from app.core.sheets.values import shown

SEARCHED = 10  # rows with something in them, from the top
DEEPEST = 3  # rows of headings
LONGEST = 40  # characters; longer texts are notes
JOIN = "-"

NO_HEADINGS = N_(
    "No row with headings was found among the first %(count)s. Say in which row the headings stand, or take our template."
)
TWO_ROWS = N_("The headings stand in rows %(first)s to %(last)s; they were read together, as in “%(name)s”.")
TWICE = N_("The heading “%(name)s” stands there already; this column is called “%(called)s”.")
UNNAMED = N_("This column has no heading and is called “%(called)s”.")

# columns that our marked copy adds, in either language: the sheet that comes back corrected is the one that was mapped
OWN = (lazy_gettext("To put right"), lazy_gettext("Row in your sheet"))

_NUMBERS = re.compile(r"[0-9]{7}|E\+[0-9]")

RawRow = tuple[int, list[Any]]


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of the sheet: number from 1, its name (unique in the sheet) and its letter."""

    column: int
    name: str
    letter: str


@dataclass(frozen=True, slots=True)
class Headings:
    """First and last row, the columns, what is written in the last row, and what is to be said of them."""

    first: int
    last: int
    columns: list[Heading]
    written: list[str]
    findings: list[Finding]

    @property
    def mark(self) -> str:
        """By which a sheet of the same source is known again: names in their order, without blanks and signs."""
        joined = "\x1f".join(words.plain(heading.name) for heading in self.columns)
        return hashlib.sha256(joined.encode()).hexdigest()


def letter_of(column: int) -> str:
    """1 is A, 27 is AA."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


class Finder:
    """Looks for the headings. ``known`` is {compared heading: field keys}; ``merges`` the merged blocks."""

    def __init__(self, top: Sequence[RawRow], merges: Iterable[Sequence[int]], known: words.Known) -> None:
        self.top = list(top)
        self.rows = dict(self.top)
        self.known = known
        self.merges = [tuple(block) for block in merges]

    def find(self, given: tuple[int, int] | None = None) -> Headings:
        """The headings; ``given`` is what a person says of the rows. None found: no columns, one grave finding."""
        span = given or self._guess()
        if span is None or not any(row in self.rows for row in range(span[0], span[1] + 1)):
            count = min(SEARCHED, len(self.top))
            return Headings(0, 0, [], [], [Finding(None, None, NO_HEADINGS, {"count": count}, True)])
        first, last = span
        names = self._names(first, last)
        columns, findings = self._called(names, last)
        if last > first:
            joined = next((name for name in names if JOIN in name), names[0] if names else "")
            params = {"first": first, "last": last, "name": joined}
            findings.insert(0, Finding(first, None, TWO_ROWS, params))
        written = [text for text in self._texts(last) if not _NUMBERS.search(text)]
        return Headings(first, last, columns, written, findings)

    # --- where ------------------------------------------------------------------------------------------------------

    def _texts(self, number: int) -> list[str]:
        return [cell for cell in self.rows.get(number, []) if isinstance(cell, str) and len(cell) <= LONGEST]

    def _hits(self, number: int) -> int:
        """How many of the row's texts are headings of ours."""
        keys = {self._key(text) for text in self._texts(number)}
        return len(keys - {None})

    def _key(self, text: str) -> str | None:
        keys = self.known.get(words.plain(text)) or self.known.get(words.bare(text)) or (None,)
        return keys[0]

    def _guess(self) -> tuple[int, int] | None:
        searched = [number for number, _cells in self.top[:SEARCHED]]
        best = max(searched, key=lambda number: (self._hits(number), -number), default=None)
        if best is None:
            return None
        if self._hits(best) == 0:
            best = next((number for number in searched if self._looks_like_headings(number)), None)
            if best is None:
                return None
        return self._whole_block(best)

    def _looks_like_headings(self, number: int) -> bool:
        """Short texts only, at least two, no two alike, and as wide as the row below it."""
        cells = [cell for cell in self.rows[number] if cell is not None]
        texts = self._texts(number)
        below = [row for row, _cells in self.top if row > number]
        if len(texts) < 2 or len(texts) != len(cells) or len(set(texts)) != len(texts):
            return False
        widest = sum(cell is not None for cell in self.rows[below[0]]) if below else 0
        return len(texts) * 2 >= widest and not any(
            text.strip().isdigit() or _NUMBERS.search(text) for text in texts
        )

    def _whole_block(self, row: int) -> tuple[int, int]:
        """Rows above and below that belong to the headings: joined by merged cells, or a second row of our words."""
        first = last = row
        for top, _left, bottom, _right in self.merges:
            if top <= row <= bottom and bottom - top < DEEPEST and bottom > top:
                first, last = min(first, top), max(last, bottom)
        for top, left, bottom, right in self.merges:
            beside = self._count(top) > right - left + 1
            if top == bottom == row - 1 and beside:
                first = min(first, top)
            if top == bottom == row and beside and self._under(row + 1, left, right):
                last = max(last, row + 1)
        if (
            last == first == row
            and self._hits(row + 1) >= 2
            and self._hits(row + 1) * 2 >= len(self._texts(row + 1))
        ):
            last = row + 1
        return first, last

    def _count(self, number: int) -> int:
        """Columns that the row's cells cover."""
        wide = {left: right - left for top, left, bottom, right in self.merges if top == number}
        return sum(
            1 + wide.get(at, 0) for at, cell in enumerate(self.rows.get(number, [])) if cell is not None
        )

    def _under(self, number: int, left: int, right: int) -> bool:
        cells = self.rows.get(number, [])[left : right + 1]
        return len(cells) > 1 and all(isinstance(cell, str) and not cell.strip().isdigit() for cell in cells)

    # --- what -------------------------------------------------------------------------------------------------------

    def _names(self, first: int, last: int) -> list[str]:
        """The name of each column: its words from the top down, each once."""
        width = max((len(cells) for _number, cells in self.top), default=0)
        grid = {row: list(self.rows.get(row, [])) for row in range(first, last + 1)}
        for top, left, _bottom, right in self.merges:
            if top in grid:
                cells = grid[top]
                value = cells[left] if left < len(cells) else None
                if value is not None:
                    cells.extend([None] * (min(right, width - 1) + 1 - len(cells)))
                    cells[left : min(right, width - 1) + 1] = [value] * (min(right, width - 1) + 1 - left)
        names = []
        for column in range(width):
            parts: list[str] = []
            for row in range(first, last + 1):
                cells = grid[row]
                text = " ".join(shown(cells[column]).split()) if column < len(cells) else ""
                if text and text not in parts:
                    parts.append(text)
            names.append(JOIN.join(parts))
        return names

    def _called(self, names: list[str], last: int) -> tuple[list[Heading], list[Finding]]:
        columns, findings, seen = [], [], dict[str, int]()
        below = [cells for number, cells in self.top if number > last]
        ours = {words.plain(name) for text in OWN for name in words.in_both_languages(text)}
        for index, name in enumerate(names):
            if words.plain(name) in ours:
                continue
            column, called = index + 1, name[:80]
            if not name or _NUMBERS.search(name):  # nobody's number goes into what is remembered of a sheet
                if not any(index < len(cells) and cells[index] is not None for cells in below):
                    continue
                called = f"({letter_of(column)})"
                findings.append(Finding(None, column, UNNAMED, {"called": called}))
            elif called in seen:
                seen[called] += 1
                called = f"{called} ({seen[called]})"
                findings.append(Finding(last, column, TWICE, {"name": name[:80], "called": called}))
            else:
                seen[called] = 1
            columns.append(Heading(column, called, letter_of(column)))
        return columns, findings


def suggest(columns: Iterable[Heading], known: words.Known) -> dict[str, str]:
    """{name of a column: field key}: each field once.

    The whole name counts before the name without brackets, that before its last part; a heading with one meaning
    before one with several, which gets what is left ("community" is the area where no column has the grid).
    """
    chosen: dict[str, str] = {}
    columns = list(columns)
    forms = (words.plain, words.bare, lambda name: words.bare(name.rpartition(JOIN)[2]))
    for form in forms:
        offered = [(heading.name, known.get(form(heading.name), ())) for heading in columns]
        for name, keys in sorted(offered, key=lambda one: len(one[1])):
            free = [key for key in keys if key not in chosen.values()]
            if free and name not in chosen:
                chosen[name] = free[0]
    return chosen
