"""Lines of a sheet as .xlsx, .csv or PDF, written while they are read."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO

import pikepdf
from flask_babel import gettext

from app.core.errors import Invalid
from app.core.sheets import writing
from app.documents import press, tables
from app.exchange.rules.ledgers import Line
from app.exchange.service.export_build import Layout, group_words, sum_words
from app.exchange.service.export_words import NUMBERS, as_text

MOST = {"xlsx": 1_000_000, "csv": 1_000_000, "pdf": 5_000}
# told after so many lines: how far it is
Tick = Callable[[int], None]


class PartStream(io.RawIOBase):
    """A stream that hands over what was written in pieces of ``size`` bytes, and cannot go back: a file of any length is
    encrypted and stored piece by piece.
    """

    def __init__(self, keep: Callable[[bytes], None], size: int = 4 * 1024 * 1024) -> None:
        self._keep, self._size, self._held = keep, size, bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held += data
        while len(self._held) >= self._size:
            self._keep(bytes(self._held[: self._size]))
            del self._held[: self._size]
        return len(data)

    def finish(self) -> None:
        """Hand over the rest."""
        if self._held:
            self._keep(bytes(self._held))
            self._held.clear()


def too_many(kind: str, rows: int) -> Invalid | None:
    """The refusal of a file that would hold too many rows."""
    if rows <= MOST[kind]:
        return None
    if kind == "pdf":
        return Invalid(
            gettext("A PDF holds %(n)s rows at most: filter the list, or take .xlsx.", n=f"{MOST[kind]:,}"),
            field="kind",
        )
    return Invalid(
        gettext("A file holds %(n)s rows at most: filter the list.", n=f"{MOST[kind]:,}"), field="kind"
    )


def write(kind: str, target: BinaryIO, layout: Layout, lines: Iterator[Line], tick: Tick) -> int:
    """Write everything; returns the number of rows. Stops with Invalid where there are more than the kind holds."""
    first = next(lines, None)  # widths are known once the first line is there
    rest = _Counted(kind, [] if first is None else [first], lines, tick)
    return {"xlsx": _xlsx, "csv": _csv, "pdf": _pdf}[kind](target, layout, rest)


class _Counted:
    """The lines, with their rows counted."""

    def __init__(self, kind: str, first: list[Line], rest: Iterator[Line], tick: Tick) -> None:
        self.kind, self.first, self.rest, self.tick, self.rows = kind, first, rest, tick, 0

    def __iter__(self) -> Iterator[Line]:
        for line in itertools.chain(self.first, self.rest):
            if line.kind == "row":
                self.rows += 1
                if self.rows % 1000 == 0:
                    self.tick(self.rows)
                refusal = too_many(self.kind, self.rows)
                if refusal is not None:
                    raise refusal
            yield line


def _xlsx(target: BinaryIO, layout: Layout, lines: _Counted) -> int:
    wide = _wide(layout)
    columns = [writing.Column(*given) for given in zip(layout.labels, layout.kinds, wide, strict=True)]
    above = [writing.Band(layout.mark, "mark")] if layout.mark else []
    if layout.is_ledger:
        above += [writing.Band(layout.title, "title"), writing.Band("\u3000\u3000".join(layout.notes))]
    heading = layout.heading
    paper = writing.Paper(
        heading.get("size") or "A4", bool(heading.get("landscape")), layout.mark, layout.mark or layout.by
    )
    number = 0
    with writing.SheetWriter(target, columns, name=layout.title, above=above, paper=paper) as sheet:
        for line in lines:
            if line.kind == "row":
                number += 1
                sheet.row((number, *line.values) if layout.numbered else line.values)
            elif line.kind == "group":
                sheet.band(group_words(line), f"group{min(line.level, 2)}")
            else:
                words, span, cells = _sums(layout, line)
                sheet.total((words, *[None] * (span - 1), *cells), span=span)
        for text in (*layout.below, "\u3000\u3000\u3000\u3000".join(layout.signs)):
            if text:
                sheet.band(text)
    return lines.rows


def _sums(layout: Layout, line: Line) -> tuple[str, int, list[Any]]:
    """A row of sums: its words, over how many of the first columns they stand, and the cells behind."""
    cells = [None, *line.values] if layout.numbered else list(line.values)
    first = next((at for at, value in enumerate(cells) if value is not None), len(cells))
    if first == 0:
        return f"{sum_words(line)}; {as_text(cells[0])}", 1, cells[1:]
    return sum_words(line), first, cells[first:]


def neutral(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe stands before it (OWASP: CSV injection)."""
    return "'" + text if writing.begins_like_formula(text) else text


def _csv(target: BinaryIO, layout: Layout, lines: _Counted) -> int:
    out = io.TextIOWrapper(_Unclosed(target), "utf-8-sig", newline="", write_through=False)
    sheet = csv.writer(out)
    sheet.writerow([neutral(label) for label in layout.labels])
    are_text = [kind not in NUMBERS for kind in layout.kinds]
    for line in lines:
        if line.kind == "row":
            cells = [as_text(value).replace("\x00", "") for value in line.values]
            sheet.writerow([neutral(c) if t else c for c, t in zip(cells, are_text, strict=True)])
    out.flush()
    out.detach()
    return lines.rows


class _Unclosed(io.RawIOBase):
    """Passes on what is written; the end of the text is not the end of the file."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._target.write(bytes(data))
        return len(data)


def _pdf(target: BinaryIO, layout: Layout, lines: _Counted) -> int:
    """Parts are drawn one after the other and joined; the lines that a part leaves over begin the next."""
    waiting: list[tables.Line] = []
    parts: list[bytes] = []
    stream, pages, number, over, size = iter(lines), 0, 0, False, _size(layout)
    while not over or waiting:
        while len(waiting) <= tables.PART and not over:
            line = next(stream, None)
            over = line is None
            if line is not None:
                number += line.kind == "row"
                waiting.append(paper_line(layout, line, number))
        last = over and len(waiting) <= tables.PART
        batch = waiting[: tables.PART]
        pdf, count, used = press.table(_part(layout, size, batch, first=not parts, last=last))
        parts.append(pdf)
        pages += count
        del waiting[:used]
        if last:
            break
    target.write(_joined(parts, press.numbers(pages, size)))
    return lines.rows


def paper_line(layout: Layout, line: Line, number: int) -> tables.Line:
    found: tables.Line = {"kind": line.kind, "cells": [], "text": "", "span": 0, "level": line.level}
    if line.kind == "group":
        return found | {"text": group_words(line), "span": len(layout.labels)}
    if line.kind == "row":
        cells = (number, *line.values) if layout.numbered else line.values
        return found | {"cells": [as_text(value) for value in cells]}
    words, span, rest = _sums(layout, line)
    return found | {"text": words, "span": span, "cells": [as_text(value) for value in rest]}


def _wide(layout: Layout) -> list[float]:
    return layout.widths or [14.0] * len(layout.labels)


def _size(layout: Layout) -> str:
    """The paper; a list that is not laid out by anybody goes on the long side where it is wide."""
    landscape = layout.heading.get("landscape", sum(_wide(layout)) > 95)
    return f"{layout.heading.get('size') or 'A4'}{' landscape' if landscape else ''}"


def _part(layout: Layout, size: str, batch: list[tables.Line], *, first: bool, last: bool) -> tables.Part:
    wide = _wide(layout)
    columns = [
        {"label": label, "width": 100 * width / sum(wide), "right": kind in NUMBERS}
        for label, kind, width in zip(layout.labels, layout.kinds, wide, strict=True)
    ]
    return {
        "size": size,
        "title": layout.title,
        "notes": layout.notes,
        "below": layout.below,
        "signs": layout.signs,
        "mark": layout.mark,
        "by": layout.mark or layout.by,
        "columns": columns,
        "lines": batch,
        "first": first,
        "last": last,
    }


def _joined(parts: Iterable[bytes], numbers: bytes) -> bytes:
    """The parts one after the other, with the number of each page laid over it."""
    with pikepdf.new() as whole, pikepdf.open(io.BytesIO(numbers)) as numbered:
        opened = [pikepdf.open(io.BytesIO(part)) for part in parts]
        for one in opened:
            whole.pages.extend(one.pages)
        for page, number in zip(whole.pages, numbered.pages, strict=True):
            page.add_overlay(number)
        out = io.BytesIO()
        whole.save(out)
        for one in opened:
            one.close()
    return out.getvalue()
