"""Materialised paths: fixed-width base-36 segments, so that a subtree is one range of the column.

Digits sort before capital letters in collation C (and in SQLite's BINARY), so paths sort like the tree. The area's
id never changes; its path does when it gets another parent.
"""

from collections.abc import Collection

from flask_babel import lazy_gettext as _

from app.core.errors import Invalid

SEGMENT = 4
LONGEST = 120
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MAX_CHILD = 36**SEGMENT - 1
# greater than any segment character in collation C
_AFTER = "~"


def child_path(parent: str, number: int) -> str:
    """The path of the `number`-th child (from 1) of `parent` (``""`` for the top).

    Raises Invalid when there are too many children or levels.
    """
    path = parent + _segment(number)
    if len(path) > LONGEST:
        raise Invalid(_("The tree has too many levels."), field="parent")
    return path


def range_of(path: str) -> tuple[str, str]:
    """(lo, hi) such that ``path BETWEEN lo AND hi`` is the subtree with its root; ``""`` is the whole site."""
    return path, path + _AFTER


def is_within(path: str, ancestor: str) -> bool:
    """Whether `path` is `ancestor` or lies below it."""
    return path.startswith(ancestor)


def parent_path(path: str) -> str:
    return path[:-SEGMENT]


def depth_of(path: str) -> int:
    """Segments in a path: 0 for the whole site, 1 for the top areas."""
    return len(path) // SEGMENT


def _segment(number: int) -> str:
    if not 1 <= number <= MAX_CHILD:
        raise Invalid(_("There are too many areas below this one."), field="parent")
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits.rjust(SEGMENT, "0")


def outermost(paths: Collection[str]) -> list[str]:
    """The paths that lie below no other of them, in order."""
    ordered = sorted(paths)
    return [p for p in ordered if not any(p != q and p.startswith(q) for q in ordered)]
