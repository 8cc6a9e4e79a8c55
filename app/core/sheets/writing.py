"""A writer of .xlsx files that streams: one sheet, row after row, in constant memory (speed.md, Sheets).

XlsxWriter writes some 7,000 rows of twelve cells a second, this one 48,000. rustpy-xlsxwriter is quicker still, but it takes
one table of records: headings and sums of groups cannot stand between its rows. The target may be a stream that
cannot go back, so that a file can be encrypted while it grows (ECMA-376; strings stand in their cells).

    with SheetWriter(stream, [Column("Name"), Column("Born", "date")], above=[Band("Residents", "title")]) as sheet:
        sheet.row(["...", date(1985, 2, 21)])

A text never becomes a formula: it is stored as a string, and one that begins like a formula carries Excel's own quote mark
(``quotePrefix``), so that editing the cell leaves it a text as well. Its value is unchanged.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, BinaryIO, Self

from app.core.sheets import parts

MOST_ROWS = 1_048_576
LONGEST_TEXT = 32_767
DIGITS = 15  # a number in a sheet holds no more; a longer one is written as text
FIRST_DAY = date(1900, 3, 1)  # before it, Excel's calendar has a day that never was
EPOCH = date(1899, 12, 30)
FLUSH = 1 << 16
LEVEL = 4  # of compression: half the time of the default, some percent larger
# begins like a formula (OWASP: CSV injection), also in the wide forms that Chinese keyboards type
DANGEROUS = "=+-@\t\r\uff1d\uff0b\uff0d\uff20"
_SPECIAL = re.compile(
    rf"[&<>\x00-\x1f\ud800-\udfff\ufffe\uffff]|_x[0-9A-Fa-f]{{4}}_|^[{re.escape(DANGEROUS)}\s]|\s\Z"
).search
_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")

Maker = Callable[[str, Any], str]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the sheet. ``kind``: text, int, decimal, date or instant (local wall-clock time); ``width`` in digits."""

    label: str
    kind: str = "text"
    width: float = 14


@dataclass(frozen=True, slots=True)
class Band:
    """A line over the whole width. ``style``: title, note, mark, group0 … group2."""

    text: str
    style: str = "note"


@dataclass(frozen=True, slots=True)
class Paper:
    """How the sheet is printed: A4 or A3, what stands at the top and at the foot of each page."""

    size: str = "A4"
    landscape: bool = False
    header: str = ""
    footer: str = ""


def begins_like_formula(text: str) -> bool:
    """Whether a spreadsheet might read the text as a formula; blanks before it do not help."""
    return (text[:1] in DANGEROUS and text != "") or text.lstrip()[:1] in tuple("=+-@")


def letters(number: int) -> str:
    """Name of a column (0 → A, 26 → AA)."""
    found = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        found = chr(65 + rest) + found
    return found


def escaped(text: str) -> str:
    """Text as it may stand in XML, without what XML cannot hold, cut to what a cell holds."""
    text = parts.ILLEGAL.sub("", text)[:LONGEST_TEXT]
    text = _ESCAPED.sub("_x005F_", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _text(style: str, quoted: str) -> Maker:
    def make(ref: str, value: Any) -> str:
        text = value if type(value) is str else str(value)
        if not _SPECIAL(text):
            return f'<c r="{ref}" s="{style}" t="inlineStr"><is><t>{text[:LONGEST_TEXT]}</t></is></c>'
        how = quoted if begins_like_formula(text) else style
        return (
            f'<c r="{ref}" s="{how}" t="inlineStr"><is><t xml:space="preserve">{escaped(text)}</t></is></c>'
        )

    return make


def text_maker(style: str, quoted: str) -> Maker:
    """Makes cells of text in a look of ``parts``; ``quoted`` is the look of what begins like a formula."""
    return _text(str(parts.STYLES[style]), str(parts.STYLES[quoted]))


def _number(style: str, text: Maker) -> Maker:
    def make(ref: str, value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            return text(ref, value)
        number = f"{value:f}" if isinstance(value, Decimal) else str(value)
        if sum(sign.isdigit() for sign in number) > DIGITS or number[-1:] in "nfy":  # too long, nan, inf
            return text(ref, number)
        return f'<c r="{ref}" s="{style}"><v>{number}</v></c>'

    return make


def _day(style: str, text: Maker) -> Maker:
    def make(ref: str, value: Any) -> str:
        if not isinstance(value, date) or value < FIRST_DAY:
            return text(ref, value.isoformat() if isinstance(value, date) else value)
        return f'<c r="{ref}" s="{style}"><v>{(value - EPOCH).days}</v></c>'

    return make


def _moment(style: str, text: Maker) -> Maker:
    def make(ref: str, value: Any) -> str:
        if not isinstance(value, datetime) or value.date() < FIRST_DAY:
            return text(ref, value)
        past = (value.hour * 60 + value.minute) * 60 + value.second
        return f'<c r="{ref}" s="{style}"><v>{(value.date() - EPOCH).days + past / 86400:.9f}</v></c>'

    return make


def _maker(kind: str, *, bold: bool = False) -> Maker:
    style = parts.STYLES
    text = _text(str(style["total" if bold else "text"]), str(style["quoted"]))
    if kind in {"int", "decimal"}:
        return _number(str(style[f"total_{kind}" if bold else kind]), text)
    if kind == "date":
        return _day(str(style["date"]), text)
    return _moment(str(style["instant"]), text) if kind == "instant" else text


class SheetWriter:
    """One sheet on its way out. What stands above the headings is known from the start; rows follow one by one."""

    def __init__(
        self,
        target: BinaryIO,
        columns: Sequence[Column],
        *,
        name: str = "Sheet1",
        above: Sequence[Band] = (),
        paper: Paper | None = None,
    ) -> None:
        self.columns, self.name, self.paper = list(columns), parts.sheet_name(name), paper or Paper()
        self.number = 0
        self._letters = [letters(at) for at in range(len(self.columns))]
        self._makers = [_maker(c.kind) for c in self.columns]
        self._bold = [_maker(c.kind, bold=True) for c in self.columns]
        self._merged: list[str] = []
        self._waiting: list[str] = []
        self._size = 0
        self._zip = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL)
        self._sheet = self._zip.open("xl/worksheets/sheet1.xml", "w", force_zip64=True)
        heads = len(above) + 1
        self._put(parts.sheet_head([c.width for c in self.columns], heads))
        for band in above:
            self.band(band.text, band.style)
        self._heads()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: Any, _error: Any, _trace: Any) -> None:
        if kind is None:
            self.close()

    def band(self, text: str, style: str = "note") -> None:
        """A line over all columns."""
        self.number += 1
        number, how, last = self.number, str(parts.STYLES[style]), self._letters[-1]
        cell = _text(how, how)(f"A{number}", text)
        rest = "".join(f'<c r="{letter}{number}" s="{how}"/>' for letter in self._letters[1:])
        height = parts.HEIGHTS.get(style)
        tall = f' ht="{height}" customHeight="1"' if height else ""
        self._put(f'<row r="{number}"{tall}>{cell}{rest}</row>')
        if len(self._letters) > 1:
            self._merged.append(f"A{number}:{last}{number}")

    def _heads(self) -> None:
        self.number += 1
        self._head_row, make = self.number, _text(str(parts.STYLES["head"]), str(parts.STYLES["head"]))
        cells = (
            make(f"{letter}{self.number}", column.label)
            for letter, column in zip(self._letters, self.columns, strict=True)
        )
        self._put(f'<row r="{self.number}" ht="24" customHeight="1">{"".join(cells)}</row>')

    def row(self, values: Iterable[Any]) -> None:
        """One row; empty cells keep their frame."""
        self._row(values, self._makers, parts.EMPTY)

    def total(self, values: Iterable[Any], *, span: int = 1) -> None:
        """A row of sums, in bold; its first value stands over ``span`` columns."""
        self._row(values, self._bold, parts.EMPTY_TOTAL)
        if span > 1:
            self._merged.append(f"A{self.number}:{self._letters[span - 1]}{self.number}")

    def _row(self, values: Iterable[Any], makers: list[Maker], empty: str) -> None:
        self.number = number = self.number + 1
        if number > MOST_ROWS:
            raise ValueError("a sheet ends after 1,048,576 rows")
        text = str(number)
        cells = [f'<row r="{text}">']
        for letter, make, value in zip(self._letters, makers, values, strict=True):
            ref = letter + text
            cells.append(f'<c r="{ref}" s="{empty}"/>' if value is None or value == "" else make(ref, value))
        cells.append("</row>")
        self._put("".join(cells))

    def _put(self, text: str) -> None:
        self._waiting.append(text)
        self._size += len(text)
        if self._size > FLUSH:
            self._flush()

    def _flush(self) -> None:
        self._sheet.write("".join(self._waiting).encode())
        self._waiting.clear()
        self._size = 0

    def close(self) -> None:
        """Write what stands behind the rows, and the rest of the workbook."""
        self._put(parts.sheet_tail(self._merged, self.paper))
        self._flush()
        self._sheet.close()
        for name, text in parts.workbook(self.name, self._head_row).items():
            self._zip.writestr(name, text)
        self._zip.close()
