"""Many keys in the IN lists of statements that stay few.

A driver and a database keep what they have prepared by the text of the statement: a list of another length is another
statement, with its plan and, on SQLite, its values, kept in memory for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

MOST = 1024  # SQLite's limit of variables is far above, plans stay small


def pieces(keys: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The keys in pieces of a power of two, 1,024 at most; the last key again fills one up, which changes no answer."""
    for start in range(0, len(keys), MOST):
        piece = list(keys[start : start + MOST])
        size = 1 << (len(piece) - 1).bit_length()
        yield piece + piece[-1:] * (size - len(piece))
