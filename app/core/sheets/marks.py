"""What was found, in a copy of the user's own sheet: bad cells coloured with a comment, a column with the sentences.

An .xlsx of some thousand rows comes back as it was, with its look. From larger ones, .xls and text a plain sheet is made:
large ones with the headings and the rows that have findings only, each with its number.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any

from app.core.errors import DomainError
from app.core.sheets import parts
from app.core.sheets.declare import Finding
from app.core.sheets.headings import OWN, letter_of
from app.core.sheets.intake.survey import MOST_COLUMNS
from app.core.sheets.process import ask
from app.core.sheets.saying import sentence
from app.core.sheets.values import shown
from app.core.sheets.writing import Column, SheetWriter, text_maker

WHOLE = 5000  # rows up to which the whole sheet comes back
LONGEST = 2000  # characters of the sentences of a row
TITLE, ROW = OWN
WIDTH = 70  # of the column with the sentences


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
    if plan["kind"] == "xlsx" and plan["rows"] <= WHOLE:
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
    names = dict(plan["names"])
    kept = sorted(
        at for at in names if at <= MOST_COLUMNS
    )  # neither empty columns nor those of an earlier marked copy
    columns = [
        Column(str(ROW), "int", 10),
        *(Column(names[at], "decimal", 16) for at in kept),
        Column(str(TITLE), "text", WIDTH),
    ]
    place = {at: here for here, at in enumerate(kept, 1)}
    out = io.BytesIO()
    with MarkedWriter(out, columns, name=plan["tab"] or "Sheet1") as sheet:
        for number, cells in _rows(data, plan, marks):
            given = [_shown(cells[at - 1]) if at <= len(cells) else None for at in kept]
            found = {place[at]: said for at, said in marks.cells.get(number, {}).items() if at in place}
            sheet.marked([number, *given, marks.rows.get(number, "")], found)
    return out.getvalue()


class MarkedWriter(SheetWriter):
    """Rows with some of their cells coloured."""

    def marked(self, values: list[Any], found: Mapping[int, tuple[str, bool]]) -> None:
        """One row; ``found`` is {column: (sentence, grave)}, the first column being ours."""
        makers = list(self._makers)
        for column, (_text, grave) in found.items():
            if column < len(makers) - 1:
                makers[column] = _COLOURED[grave]
                values[column] = values[column] if values[column] not in (None, "") else " "
        self._row(values, makers, parts.EMPTY)


_COLOURED = {grave: text_maker(name, name) for grave, name in ((True, "bad"), (False, "doubtful"))}


def _rows(data: bytes, plan: Mapping[str, Any], marks: Marks) -> Iterator[tuple[int, list[Any]]]:
    """All rows of a small sheet; of a large one those with findings. Empty rows with a finding are left out."""
    question = {
        "ask": "rows",
        "tab": plan["tab"] if plan["kind"] != "csv" else None,
        "after": plan["last"],
        "merged": False,
    }
    large = plan["rows"] > WHOLE
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
