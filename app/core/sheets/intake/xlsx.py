"""A workbook of Office 2007 and later (ECMA-376): its tabs, its formats, the rows of a tab."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import IO, Any

from .cells import BUILTIN_DATES, UNSTORED, from_serial, is_date_format, number, text
from .grid import (
    Cell,
    Edges,
    Line,
    Unusual,
    careful_cells,
    careful_line,
    careful_lines,
    column_number,
    quick_cells,
    quick_lines,
    rich_text,
    unescape,
)
from .package import elements, judge_content, local, open_zip, tree
from .refused import Refused
from .strings import Strings
from .survey import MOST_COLUMNS, Survey

_MERGE = re.compile(rb'<mergeCell ref="([A-Z]{1,3})([0-9]+):([A-Z]{1,3})([0-9]+)" ?/>')
_RANGE = re.compile(r"([A-Z]{1,3})([0-9]+):([A-Z]{1,3})([0-9]+)")
_COL = re.compile(rb"<col ([^>]*?)/?>")
_ATTRIBUTE = re.compile(r"""(\w+)=["']([^"']*)["']""")
_TRUE = ("1", "true")


class Xlsx:
    """An opened workbook. ``tabs`` is [(name, hidden, part)]; tabs that hold a chart only are left out."""

    kind = "xlsx"

    def __init__(self, file: IO[bytes]) -> None:
        self.archive = open_zip(file)
        judge_content(self.archive)
        self.part = self._of_type("_rels/.rels", "", "officeDocument")
        if self.part is None:
            raise Refused("damaged")
        book = tree(self.archive, self.part)
        self.since_1904 = any(
            element.get("date1904") in _TRUE for element in book if local(element) == "workbookPr"
        )
        self.tabs = list(self._tabs(book))
        self.dates = self._date_styles()
        self._columns: dict[bytes, int] = {}
        self.strings = Strings(
            self.archive, self._of_type(self._rels_of(self.part), self.part, "sharedStrings")
        )

    @staticmethod
    def _rels_of(part: str) -> str:
        folder, name = posixpath.split(part)
        return posixpath.join(folder, "_rels", name + ".rels")

    def _relations(self, rels: str, part: str) -> Iterator[tuple[str, str, str]]:
        """(id, type, part) of the relations that stay inside the file."""
        if rels not in self.archive.namelist():
            raise Refused("damaged")
        for relation in tree(self.archive, rels):
            if relation.get("TargetMode") != "External":
                target = relation.get("Target", "")
                path = posixpath.join("/" + posixpath.dirname(part), target)
                yield relation.get("Id", ""), relation.get("Type", ""), posixpath.normpath(path).lstrip("/")

    def _of_type(self, rels: str, part: str, kind: str) -> str | None:
        for _id, type_, target in self._relations(rels, part):
            if type_.endswith("/" + kind) and target in self.archive.namelist():
                return target
        return None

    def _tabs(self, book: Any) -> Iterator[tuple[str, bool, str]]:
        assert self.part is not None  # noqa: S101
        parts = {
            key: (kind, target) for key, kind, target in self._relations(self._rels_of(self.part), self.part)
        }
        for sheet in book.iter("{*}sheet"):
            key = next((value for name, value in sheet.attrib.items() if name.endswith("}id")), "")
            kind, target = parts.get(key, ("", ""))
            if kind.endswith("/worksheet"):
                yield sheet.get("name", ""), sheet.get("state", "visible") != "visible", target

    def _date_styles(self) -> frozenset[int]:
        """Numbers of the cell styles that show dates."""
        assert self.part is not None  # noqa: S101
        part = self._of_type(self._rels_of(self.part), self.part, "styles")
        if part is None:
            return frozenset()
        styles = tree(self.archive, part)
        formats = {f.get("numFmtId"): f.get("formatCode", "") for f in styles.iter("{*}numFmt")}
        shown = set()
        for block in styles:
            if local(block) == "cellXfs":
                kinds = [style.get("numFmtId", "0") for style in block if local(style) == "xf"]
                for index, kind in enumerate(kinds):
                    known = kind in formats and is_date_format(formats[kind])
                    if known or (kind not in formats and kind.isdigit() and int(kind) in BUILTIN_DATES):
                        shown.add(index)
        return frozenset(shown)

    def survey(self, tab: int) -> Survey:
        """Read the tab once without its values."""
        part = self.tabs[tab][2]
        try:
            return self._survey_quick(part)
        except Unusual:
            return self._survey_careful(part)

    def _survey_quick(self, part: str) -> Survey:
        result, edges = Survey(), Edges()
        for line in quick_lines(self.archive, part, edges):
            result.row(line.number, line.hidden, line.filled)
        found = _MERGE.findall(edges.tail)
        if (
            len(found) != edges.tail.count(b"<mergeCell ")
            or b":col" in edges.head
            or b":mergeCell" in edges.tail
        ):
            raise Unusual
        for left, top, right, bottom in found:
            result.merge((int(top), column_number(left.decode()), int(bottom), column_number(right.decode())))
        for attributes in _COL.findall(edges.head):
            given = dict(_ATTRIBUTE.findall(attributes.decode()))
            result.column(given.get("hidden", ""), given.get("min", ""), given.get("max", ""))
        return result

    def _survey_careful(self, part: str) -> Survey:
        result = Survey()
        for element in elements(self.archive, part, "row", "mergeCell", "col"):
            name = local(element)
            if name == "col":
                result.column(element.get("hidden", ""), element.get("min", ""), element.get("max", ""))
            elif name == "row":
                line = careful_line(element, result.seen)
                result.row(line.number, line.hidden, line.filled)
            elif found := _RANGE.fullmatch(element.get("ref", "")):
                result.merge((int(found[2]), column_number(found[1]), int(found[4]), column_number(found[3])))
        return result

    def rows(self, tab: int) -> Iterator[tuple[int, list[Any]]]:
        """(row number from 1, wire cells) of each row with something in it."""
        part, done = self.tabs[tab][2], 0
        try:
            for line in quick_lines(self.archive, part, Edges()):
                if line.filled:
                    yield line.number, self._values(line)
                done = line.number
        except Unusual:
            for line in careful_lines(self.archive, part):
                if line.number > done and line.filled:
                    yield line.number, self._values(line)

    def _values(self, line: Line) -> list[Any]:
        if isinstance(line.cells, bytes):
            return self._quick_values(quick_cells(line.cells))
        values: list[Any] = []
        for cell in careful_cells(line.cells):
            put(values, cell.column, self._value(cell))
        return values

    def _quick_values(self, cells: list[tuple[bytes, ...]]) -> list[Any]:
        """Most cells are a shared text or a plain number: those take the short way."""
        values: list[Any] = []
        strings, columns = self.strings, self._columns
        for letters, before, kind, after, formula, raw, inline in cells:
            value: Any
            if kind == b"s" and raw:
                value = strings[int(raw)]
            elif not (raw or inline or formula):
                continue
            elif not kind and not before and not formula and raw.isdigit():
                value = number(raw)
            else:
                written = rich_text(inline) if inline else unescape(raw)
                style = int(before or after or 0)
                value = self._value(Cell(0, style, kind.decode(), written or None, formula != b""))
            column = columns.get(letters, -1)
            if column < 0:
                column = columns[letters] = column_number(letters.decode())
            put(values, column, value)
        return values

    def _value(self, cell: Cell) -> Any:
        if cell.value is None:
            return UNSTORED if cell.formula and cell.type != "str" else None
        if cell.type == "s":
            return self.strings[int(cell.value)]
        if cell.type in ("str", "inlineStr"):
            return text(cell.value)
        if cell.type == "b":
            return cell.value == "1"
        if cell.type == "e":
            return {"e": cell.value}
        if cell.type == "d":
            return {"d": cell.value}
        value = number(cell.value)
        if cell.style in self.dates and isinstance(value, int | float):
            return from_serial(value, self.since_1904)
        return value


def put(values: list[Any], column: int, value: Any) -> None:
    """Put a value into its column; Refused past the cap."""
    if value is None:
        return
    if column >= len(values):
        if column >= MOST_COLUMNS:
            raise Refused("columns", most=MOST_COLUMNS)
        while column > len(values):
            values.append(None)
        values.append(value)
    else:
        values[column] = value
