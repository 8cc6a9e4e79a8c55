"""Can every character of a page be drawn? Asked before a paper is numbered or printed (paper.md, fact 3).

Names use the 8,105 characters of the 2013 table and rarer ones; a font without one draws an empty box, and the paper is
void. So a page whose text is not covered by the family stack is refused, and the clerk is told which characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from app.documents.errors import MissingGlyphs

_NOT_DRAWN = frozenset("\t\n\r \u00a0\u00ad\u2028\u2029\u2060\ufeff") | frozenset(
    chr(code)
    for low, high in ((0x200B, 0x200D), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
    for code in range(low, high + 1)
)
# Direction overrides can make a printed name read differently from the stored one.
_NEVER = frozenset(
    chr(code) for low, high in ((0x202A, 0x202E), (0x2066, 0x2069)) for code in range(low, high + 1)
)
_SILENT_TAGS = frozenset({"style", "script", "title", "meta", "head"})


def page_text(element: Any) -> Iterator[str]:
    """Text nodes and data-* attributes of a parsed page (CSS prints the latter by attr())."""
    if not isinstance(element.tag, str):  # a comment
        return
    if element.tag not in _SILENT_TAGS:
        yield element.text or ""
        yield from (value for name, value in element.attrib.items() if name.startswith("data-"))
    for child in element:
        yield from page_text(child)
        yield child.tail or ""


def missing_characters(texts: Iterable[str], covered: frozenset[int]) -> list[str]:
    """Sorted characters that would not be drawn; blanks, joiners and variation selectors draw nothing and pass."""
    used = set().union(*map(set, texts)) - _NOT_DRAWN
    return sorted(char for char in used if char in _NEVER or ord(char) not in covered)


def require_glyphs(texts: Iterable[str], covered: frozenset[int]) -> None:
    """Raises MissingGlyphs where ``missing_characters`` finds any."""
    missing = missing_characters(texts, covered)
    if missing:
        raise MissingGlyphs(missing)
