"""The user's own workbook with colours, comments and a column of sentences; runs in the child, for it opens the file again.

Formulas are replaced by their stored values and a text that begins like a formula keeps Excel's quote mark: nothing that
goes out can compute.
"""

from __future__ import annotations

import base64
import io
import warnings
import zipfile
from collections.abc import Iterator
from typing import IO, Any

from openpyxl import load_workbook
from openpyxl.cell import Cell
from openpyxl.comments import Comment
from openpyxl.drawing.spreadsheet_drawing import SpreadsheetDrawing
from openpyxl.styles import Alignment, PatternFill
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.writer.excel import ExcelWriter

from .refused import Refused

GRAVE, MILD = "FFFFC7CE", "FFFFEB9C"  # the red and the yellow of Excel's own "bad" and "neutral"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
MOST_COMMENTS = 3000  # each is a shape of its own that Excel draws
WIDTH = 70
PIECE = 300_000
AUTHOR = "GeBan"


def mark(file: IO[bytes], question: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The marked workbook in pieces of base64.

    ``question``: tab, head (last row of the headings), column (where the sentences go, from 1), title, cells
    [[row, column, text, grave]], rows [[row, text]].
    """
    warnings.simplefilter("ignore")
    book = load_workbook(file, data_only=True, keep_links=False)
    if question["tab"] not in book.sheetnames:
        raise Refused("tab")
    sheet = book[question["tab"]]
    _forget(sheet, question)
    fills = {True: PatternFill("solid", fgColor=GRAVE), False: PatternFill("solid", fgColor=MILD)}
    for count, (row, column, text, grave) in enumerate(question["cells"]):
        cell = sheet.cell(row, column)
        if isinstance(cell, Cell):  # the inner cells of a merged block have neither colour nor comment
            cell.fill = fills[grave]
            if count < MOST_COMMENTS:
                cell.comment = Comment(text, AUTHOR, height=120, width=320)
    _sentences(sheet, question)
    for worksheet in book.worksheets:
        _quote(worksheet)
    data = saved(book)
    for start in range(0, len(data), PIECE):
        yield {"part": base64.b64encode(data[start : start + PIECE]).decode()}


class InMemory(ExcelWriter):
    """openpyxl writes each tab to a file on the disk first; here nothing may touch it."""

    def write_worksheet(self, ws: Any) -> None:
        ws._drawing = SpreadsheetDrawing()
        ws._drawing.charts, ws._drawing.images = ws._charts, ws._images
        out = io.BytesIO()
        writer = WorksheetWriter(ws, out)
        writer.write()
        ws._rels = writer._rels
        self._archive.writestr(ws.path[1:], out.getvalue())
        self.manifest.append(ws)


def saved(book: Any) -> bytes:
    """The bytes of a workbook."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        InMemory(book, archive).save()
    return out.getvalue()


def _forget(sheet: Any, question: dict[str, Any]) -> None:
    """A marked copy that comes back: nothing of its marks is left beside those of today."""
    for row in sheet.iter_rows(min_row=question["head"] + 1):
        for cell in row:
            if not isinstance(cell, Cell):
                continue
            if cell.comment is not None and cell.comment.author == AUTHOR:
                cell.comment, cell.fill = None, PatternFill()
            if cell.column == question["column"]:
                cell.value = None


def _sentences(sheet: Any, question: dict[str, Any]) -> None:
    column = question["column"]
    wrap = Alignment(wrap_text=True, vertical="top")
    for row, text in [[question["head"], question["title"]], *question["rows"]]:
        cell = sheet.cell(row, column)
        if isinstance(cell, Cell):
            cell.value, cell.data_type, cell.alignment = text, "s", wrap
    sheet.column_dimensions[sheet.cell(1, column).column_letter].width = WIDTH


def _quote(sheet: Any) -> None:
    for row in sheet.iter_rows():
        for cell in row:
            value = cell.value
            if isinstance(value, str) and value.lstrip(" ").startswith(FORMULA):
                cell.data_type = "s"
                cell.quotePrefix = True
