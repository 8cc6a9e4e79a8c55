"""Sheets as text (.csv, .txt): UTF-8 with or without a mark, UTF-16 with one, else GBK as Chinese Windows writes it."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Iterator
from typing import IO, Any

from .cells import MOST_TEXT
from .refused import Refused
from .survey import MOST_COLUMNS, Survey

SEPARATORS = (",", "\t", ";", "|")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_TRIED = ("utf-8", "gb18030")
PIECE = 1024 * 1024


def encoding_of(file: IO[bytes]) -> str:
    """The encoding in which the whole file can be read; Refused when there is none."""
    file.seek(0)
    head = file.read(4)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name if _decodes(file, name) else _no_encoding()
    for name in _TRIED:
        if _decodes(file, name):
            return name
    return _no_encoding()


def _no_encoding() -> str:
    raise Refused("encoding")


def _decodes(file: IO[bytes], name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    file.seek(0)
    try:
        while piece := file.read(PIECE):
            if "\x00" in decoder.decode(piece):
                raise Refused("not_sheet")  # no text has a zero character: this is some other kind of file
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def separator_of(lines: list[str]) -> str:
    """The separator that cuts most lines into the same number of parts, more than one; a comma when none does."""
    best, chosen = (0, 0), ","
    for mark in SEPARATORS:
        try:
            counts = Counter(len(row) for row in csv.reader(lines, delimiter=mark) if row)
        except csv.Error:  # a cell without end: told when the rows are read
            continue
        if counts:
            width, often = max(counts.items(), key=lambda item: (item[0] > 1, item[1]))
            if width > 1 and (often, width) > best:
                best, chosen = (often, width), mark
    return chosen


class Text:
    """A file of text as a workbook of one tab."""

    kind = "csv"
    since_1904 = False

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.encoding = encoding_of(file)
        self.tabs = [("", False, "0")]
        csv.field_size_limit(MOST_TEXT)
        top = self._lines()
        lines = [line for line, _ in zip(top, range(50), strict=False)]
        self.skip = 0
        if lines and lines[0].lower().startswith("sep=") and len(lines[0].strip()) == 5:
            self.separator, self.skip = lines[0][4], 1  # a line for Excel only
        else:
            self.separator = separator_of(lines)

    def _lines(self) -> Iterator[str]:
        self.file.seek(0)
        stream = io.TextIOWrapper(io.BufferedReader(_Kept(self.file)), encoding=self.encoding, newline="")
        yield from stream

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        reader = csv.reader(self._lines(), delimiter=self.separator)
        try:
            for number, record in enumerate(reader, start=1):
                if number > self.skip:
                    yield number, record
        except csv.Error:
            raise Refused("text_cell") from None

    def survey(self, _tab: int) -> Survey:
        """Text has nothing hidden or merged."""
        result = Survey()
        for number, record in self._records():
            result.row(number, False, any(record))
        return result

    def rows(self, _tab: int) -> Iterator[tuple[int, list[Any]]]:
        """(record from 1 as Excel would number it, texts) of each record with something in it."""
        for number, record in self._records():
            values = [value or None for value in record]
            while values and values[-1] is None:
                values.pop()
            if len(values) > MOST_COLUMNS:
                raise Refused("columns", most=MOST_COLUMNS)
            if values:
                yield number, values


class _Kept(io.RawIOBase):
    """The file under a text stream that must not close it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self.file.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)
