"""The shared texts of a workbook, read as far as they are asked for and kept packed."""

from __future__ import annotations

import re
import zipfile
from array import array
from collections.abc import Iterator
from itertools import accumulate

from .cells import text
from .grid import Unusual, rich_text, spoken, unescape, whole
from .package import elements, pieces
from .refused import Refused

_PLAIN = re.compile(rb"<si><t(?: [^>]*)?>([^<]*)</t></si>")
_ITEM = re.compile(rb"<si>(.*?)</si>|<si ?/>", re.DOTALL)


class Strings:
    """``strings[7]`` is the text of number 7. A million texts of 20 bytes need 28 MB, not 80."""

    def __init__(self, archive: zipfile.ZipFile, part: str | None) -> None:
        self.archive, self.part = archive, part
        self.packed, self.ends = bytearray(), array("Q", [0])
        self.source = self._quick() if part else iter(())

    def __getitem__(self, index: int) -> str | None:
        ends = self.ends
        while index >= len(ends) - 1:
            self._more()
        return self.packed[ends[index] : ends[index + 1]].decode() or None

    def _more(self) -> None:
        try:
            found = next(self.source)
        except StopIteration:
            raise Refused("damaged") from None
        except Unusual:
            self.source = self._careful(len(self.ends) - 1)
            return
        self.ends.pop()  # accumulate begins with it
        self.ends.extend(accumulate(map(len, found), initial=len(self.packed)))
        self.packed += b"".join(found)

    def _quick(self) -> Iterator[list[bytes]]:
        assert self.part is not None  # noqa: S101
        seen = False
        for piece in whole(pieces(self.archive, self.part), b"<si"):
            if not seen and b"<sst" not in piece:
                raise Unusual
            seen = True
            count = piece.count(b"<si>") + piece.count(b"<si/>") + piece.count(b"<si />")
            found = _PLAIN.findall(piece)
            if len(found) != count:
                found = [rich_text(item).encode() for item in _ITEM.findall(piece)]
            elif b"&" in piece:
                found = [unescape(item).encode() if b"&" in item else item for item in found]
            if len(found) != count:
                raise Unusual
            yield [clean(item) for item in found] if b"_x" in piece else found

    def _careful(self, known: int) -> Iterator[list[bytes]]:
        assert self.part is not None  # noqa: S101
        for index, item in enumerate(elements(self.archive, self.part, "si")):
            if index >= known:
                yield [clean(spoken(item).encode())]


def clean(item: bytes) -> bytes:
    """A text without Excel's escapes, of bounded length."""
    return (text(item.decode("utf-8", "replace")) or "").encode()
