"""The zip that an .xlsx is: judged by the list of its entries before any is opened, then read a piece at a time.

Bounds: number of entries, size of each and of all, how far each expands. No part has a document type, so there are no
entities; no macros; no binary workbook. What an entry says of itself is checked by its checksum while it is read.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any

from lxml import etree

from .refused import Refused

MOST_ENTRIES = 4000  # a workbook with photos in some thousand rows
MOST_PART = (
    700 * 1024 * 1024
)  # one tab: 200,000 rows of 40 columns have 350 MB, formats down to the last row 400 MB
MOST_ALL = 1024 * 1024 * 1024
LARGE, MOST_RATIO = 32 * 1024 * 1024, 250  # empty formatted rows shrink 100 times, zeros 1,000 times
MOST_SMALL = 16 * 1024 * 1024  # parts that are read as a whole: the list of tabs, the formats
PIECE = 256 * 1024
TYPES = "[Content_Types].xml"


def open_zip(file: IO[bytes]) -> zipfile.ZipFile:
    """The archive, judged by its list of entries alone."""
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise Refused("damaged") from None
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_ALL:
        raise Refused("bomb")
    if len({entry.filename.lower() for entry in entries}) != len(entries):
        raise Refused("damaged")  # two entries of one name: two readers would see two files
    for entry in entries:
        _judge(entry)
    return archive


def _judge(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & 1:
        raise Refused("password")
    if entry.file_size > MOST_PART:
        raise Refused("bomb")
    if entry.file_size > LARGE and entry.file_size > MOST_RATIO * max(1, entry.compress_size):
        raise Refused("bomb")


def pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """The bytes of a part, some at a time; a part that is longer or other than it says is damaged."""
    try:
        with archive.open(name) as part:
            piece = part.read(PIECE)
            refuse_entities(piece)
            while piece:
                yield piece
                piece = part.read(PIECE)
    except KeyError:
        raise Refused("damaged") from None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError):
        raise Refused("damaged") from None


def refuse_entities(head: bytes) -> None:
    """A workbook has no document type; whoever writes one wants entities."""
    if b"<!DOCTYPE" in head or b"<!ENTITY" in head or "<!DOCTYPE".encode("utf-16-le") in head:
        raise Refused("entities")


class Flow:
    """Pieces as what lxml reads from."""

    def __init__(self, source: Iterator[bytes]) -> None:
        self.source = source

    def read(self, _size: int = -1, /) -> bytes:
        return next(self.source, b"")


def tree(archive: zipfile.ZipFile, name: str) -> Any:
    """A small part as a tree; entities, network and huge texts are off."""
    if archive.getinfo(name).file_size > MOST_SMALL:
        raise Refused("bomb")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(b"".join(pieces(archive, name)), parser)
    except etree.XMLSyntaxError:
        raise Refused("damaged") from None


def elements(archive: zipfile.ZipFile, name: str, *tags: str) -> Iterator[Any]:
    """Each element of these local names in turn; what was handed out is dropped with the next one.

    Memory is bounded where the names cover what a part mostly consists of: lxml keeps all others.
    """
    try:
        walk = etree.iterparse(
            Flow(pieces(archive, name)),
            events=("end",),
            tag=["{*}" + tag for tag in tags],
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
        )
        for _event, element in walk:
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except etree.XMLSyntaxError:
        raise Refused("damaged") from None


def local(element: Any) -> str:
    """The name of an element without its namespace; a comment has none."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def judge_content(archive: zipfile.ZipFile) -> None:
    """By the declared content: a plain workbook, or Refused with the word for what it is instead."""
    names = {name.lower() for name in archive.namelist()}
    if TYPES.lower() not in names:
        raise Refused("opendocument" if "mimetype" in names else "not_sheet")
    kinds = [element.get("ContentType", "") for element in tree(archive, TYPES)]
    if any(name.endswith("vbaproject.bin") for name in names) or any(
        "macroEnabled" in kind for kind in kinds
    ):
        raise Refused("binary" if any("sheet.binary" in kind for kind in kinds) else "macros")
    if not any(kind.endswith((".sheet.main+xml", ".template.main+xml")) for kind in kinds):
        raise Refused("not_sheet")
