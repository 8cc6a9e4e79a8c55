"""How a column that a formatter makes for the screen stands in a sheet: as a value, without the row as an object.

A list shows 25 rows, an export a hundred thousand. Where a view says nothing, its formatter is asked with the row loaded
whole, which is right and slow; what stands in ``sheet_cells`` is read as plain columns, or fetched for many rows at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class SheetCell:
    """One column of a sheet. ``kind``: text, int, decimal, date or instant.

    ``reads`` are attributes of the model, ``make`` the value out of theirs. In place of these, ``gather(session, keys)``
    fetches the plain values of many rows by their primary key; ``protects`` names the (model, column) whose policy they
    obey. ``label`` is for a column that the list does not have; ``adds`` is whether a sum of it means
    anything.
    """

    kind: str = "text"
    reads: tuple[str, ...] = ()
    make: Callable[..., Any] | None = None
    gather: Callable[[Session, Sequence[int]], Mapping[int, Any]] | None = None
    protects: tuple[type, str] | None = None
    label: Any = ""
    adds: bool = True
