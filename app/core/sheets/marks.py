"""What was found, in a copy of the user's own sheet: bad cells coloured with a comment, a column with the sentences (S3-26).

An .xlsx of some thousand rows comes back as it was, with its look. From larger ones, .xls and text a plain sheet is made:
large ones with the headings and the rows that have findings only, each with its number.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any

from flask_babel import lazy_gettext as _
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from app.core.errors import DomainError
from app.core.sheets.declare import Finding
from app.core.sheets.headings import letter_of
from app.core.sheets.intake.marking import FORMULA, GRAVE, MILD, MOST_COMMENTS, WIDTH
from app.core.sheets.intake.survey import MOST_COLUMNS
from app.core.sheets.process import ask
from app.core.sheets.saying import sentence
from app.core.sheets.values import shown

WHOLE = 5000  # rows up to which the whole sheet comes back
LONGEST = 2000  # characters of the sentences of a row
TITLE = _("To put right")
ROW = _("Row in your sheet")
_WRAP = Alignment(wrap_text=True, vertical="top")
_FILLS = {True: PatternFill("solid", fgColor=GRAVE), False: PatternFill("solid", fgColor=MILD)}


class Marks:
    """Findings by row and cell, said in the language of the caller."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.cells: dict[int, dict[int, tuple[str, bool]]] = {}
        self.rows: dict[int, str] = {}
        for finding in findings:
            if finding.row is not None:
                self._add(finding.row, finding)

    def _add(self, row: int, finding: Finding) -> None:
        text = str(sentence(finding))
        cells = self.cells.setdefault(row, {})
        if finding.column is not None:
            before, grave = cells.get(finding.column, ("", False))
            cells[finding.column] = (f"{before}\n{text}".strip(), grave or finding.grave)
        where = f"{letter_of(finding.column)}: " if finding.column is not None else ""
        self.rows[row] = "\n".join(filter(None, (self.rows.get(row), where + text)))[:LONGEST]


def marked(data: bytes, plan: Mapping[str, Any], findings: Iterable[Finding]) -> bytes:
    """The marked copy as .xlsx, in the language of the caller. Raises what ``read`` raises."""
    marks = Marks(findings)
    if plan["kind"] == "xlsx" and max(marks.rows, default=0) <= WHOLE:
        try:
            return _own(data, plan, marks)
        except (
            DomainError
        ):  # openpyxl needs more memory than our reader, or stumbles over a part that we do not read
            pass
    return _plain(data, plan, marks)


def _own(data: bytes, plan: Mapping[str, Any], marks: Marks) -> bytes:
    columns = [column for column, _name in plan["names"]]
    question = {
        "ask": "mark",
        "tab": plan["tab"],
        "head": plan["last"] or 1,
        "column": max(columns, default=0) + 1,
        "title": str(TITLE),
        "cells": [
            [row, column, text, grave]
            for row, cells in marks.cells.items()
            for column, (text, grave) in cells.items()
        ],
        "rows": [[row, text] for row, text in marks.rows.items()],
    }
    with closing(ask(data, question)) as answers:
        return b"".join(base64.b64decode(answer["part"]) for answer in answers)


def _plain(data: bytes, plan: Mapping[str, Any], marks: Marks) -> bytes:
    """A new workbook with the rows as they were read, written row by row."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet((plan["tab"] or "Sheet1")[:31])
    names = dict(plan["names"])
    width = min(max(names, default=1), MOST_COLUMNS)
    sheet.column_dimensions["A"].width = 10
    sheet.column_dimensions[get_column_letter(width + 2)].width = WIDTH
    sheet.freeze_panes = "B2"
    head = [str(ROW), *(names.get(column, "") for column in range(1, width + 1)), str(TITLE)]
    sheet.append([_cell(sheet, text, font=Font(bold=True), alignment=_WRAP) for text in head])
    comments = MOST_COMMENTS
    for number, cells in _rows(data, plan, marks):
        line: list[Any] = [number]
        found = marks.cells.get(number, {})
        for column in range(1, width + 1):
            raw = cells[column - 1] if column <= len(cells) else None
            text, grave = found.get(column, ("", False))
            cell = _cell(sheet, _shown(raw))
            if text:
                cell.fill = _FILLS[grave]
                if comments > 0:
                    comments -= 1
                    cell.comment = Comment(text, "GeBan", height=120, width=320)
            line.append(cell)
        line.append(_cell(sheet, marks.rows.get(number, ""), alignment=_WRAP))
        sheet.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _rows(data: bytes, plan: Mapping[str, Any], marks: Marks) -> Iterator[tuple[int, list[Any]]]:
    """All rows of a small sheet; of a large one those with findings. Empty rows with a finding are left out."""
    question = {
        "ask": "rows",
        "tab": plan["tab"] if plan["kind"] != "csv" else None,
        "after": plan["last"],
        "merged": False,
    }
    large = plan.get("rows", 0) > WHOLE
    with closing(ask(data, question)) as answers:
        for answer in answers:
            for number, cells in answer["rows"]:
                if not large or number in marks.rows:
                    yield number, cells


def _shown(raw: Any) -> Any:
    """What to write for a raw cell: short numbers stay numbers, all else is text."""
    if isinstance(raw, int | float) and not isinstance(raw, bool) and abs(raw) < 10**11:
        return raw
    return shown(raw)


def _cell(sheet: Any, value: Any, **look: Any) -> Any:
    """A cell that is never a formula."""
    cell = WriteOnlyCell(sheet, value=value if value != "" else None)
    if isinstance(value, str) and value:
        cell.data_type = "s"
        cell.quotePrefix = value.lstrip(" ").startswith(FORMULA)
        cell.number_format = "@"
    for name, given in look.items():
        setattr(cell, name, given)
    return cell
