"""What a tab is like as a whole: how many rows, what is hidden, what is merged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .refused import Refused

MOST_ROWS = 200_000  # a city's census comes in files of at most 200,000 rows (domain); one more row and it is to be split
MOST_COLUMNS = 400
MOST_MERGES = 100_000
SPANS_TOLD = 50

# first row, first column, last row, last column; rows from 1, columns from 0
Block = tuple[int, int, int, int]


@dataclass(slots=True)
class Survey:
    """Rows with something in them and the last of them; spans of hidden rows; hidden columns from 0; merged blocks.

    ``seen`` is the last row of all, if only its format is kept.
    """

    rows: int = 0
    last: int = 0
    hidden_rows: list[list[int]] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    merges: list[Block] = field(default_factory=list)
    seen: int = 0

    def row(self, number: int, hidden: bool, filled: bool) -> None:
        """Count one row. Refused past the cap: formats may go down to the last row of Excel, contents may not."""
        self.seen = number
        if not filled:
            return
        self.rows += 1
        self.last = number
        if self.rows > MOST_ROWS + 50:  # titles and headings are no records
            raise Refused("rows", most=MOST_ROWS)
        if hidden:
            spans = self.hidden_rows
            if spans and spans[-1][1] == number - 1:
                spans[-1][1] = number
            elif len(spans) < SPANS_TOLD:
                spans.append([number, number])

    def column(self, hidden: str, first: str, last: str) -> None:
        """Count a span of columns, numbered from 1 as the file has them."""
        if hidden in ("1", "true") and first.isdigit() and last.isdigit():
            self.hidden_columns.extend(range(int(first) - 1, min(int(last), MOST_COLUMNS)))

    def merge(self, block: Block) -> None:
        """Add a merged block; blocks of one cell are none."""
        if block[0] == block[2] and block[1] == block[3]:
            return
        if len(self.merges) >= MOST_MERGES:
            raise Refused("merges")
        self.merges.append(block)

    def wire(self, top: int) -> dict[str, Any]:
        """For the parent: of the merged blocks only those that begin in the first ``top`` rows, and how many there are."""
        return {
            "rows": self.rows,
            "last": self.last,
            "hidden_rows": self.hidden_rows,
            "hidden_columns": self.hidden_columns,
            "merges": [block for block in self.merges if block[0] <= top],
            "merged": len(self.merges),
        }


def merged(rows: Iterable[tuple[int, list[Any]]], blocks: list[Block]) -> Iterable[tuple[int, list[Any]]]:
    """Rows with the value of a merged block in each of its rows, marked as such (see ``cells``)."""
    waiting = sorted(blocks, reverse=True)
    active: list[tuple[Block, Any]] = []
    for number, cells in rows:
        if not waiting and not active:
            yield number, cells
            continue
        active = [(block, value) for block, value in active if block[2] >= number]
        while waiting and waiting[-1][0] <= number:
            block = waiting.pop()
            if block[2] < number or block[0] < number:  # the row with the value is empty
                continue
            value = cells[block[1]] if block[1] < len(cells) else None
            if value is None:
                continue
            if block[2] > number:
                active.append((block, value))
            if block[3] > block[1]:
                cells[block[1]] = {"w": [value, block[3] - block[1] + 1]}
        for block, value in active:
            if block[0] < number:
                _fill(cells, block, value)
        yield number, cells


def _fill(cells: list[Any], block: Block, value: Any) -> None:
    column = block[1]
    if column >= len(cells):
        cells.extend([None] * (column + 1 - len(cells)))
    if cells[column] is None:
        cells[column] = {"m": [value, block[0]]}
