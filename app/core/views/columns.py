"""Which columns of a list are shown, in which order: everybody chooses for oneself out of what lists may show."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from app.core.saved import SavedView


class ColumnsMixin:
    """The columns of a list. The first one names the record and stands first in any case."""

    # columns of a record's page that are put together by a function of the view and are fit for a list; the others of this
    # kind may read what a list must not show, or ask the database for each row
    more_columns: tuple[str, ...] = ()
    # open columns that would ask the database for each row of a list
    page_only: tuple[str, ...] = ()

    @cached_property
    def _offered(self: Any) -> list[str]:
        """The declared columns that may be shown in the list: its own, and those of the page that are open."""
        found = dict.fromkeys(self.list_columns)
        found |= dict.fromkeys(name for name in self.show_columns if self._fits_a_list(name))
        return list(found)

    def _fits_a_list(self: Any, name: str) -> bool:
        """Whether a column of the page may be shown in a list: an open one, without a level or a mask."""
        fact = self.datamodel.fact(name)
        is_made = name in self.formatters_columns and name not in self.more_columns
        if is_made or name in self.page_only:
            return False
        if fact is None:
            return name in self.more_columns
        return (
            fact.kind not in {"secret", "json", "binary"} and self._is_open(name) and not self._doubles(name)
        )

    def _doubles(self: Any, name: str) -> bool:
        """Whether the list shows the same relation under its other name (``area`` and ``area_id``)."""
        fact = self.datamodel.facts.get(name)
        return fact is not None and any(
            other.attribute == fact.attribute and other.name != name
            for other in (self.datamodel.facts.get(column) for column in self.list_columns)
            if other is not None and fact.attribute
        )

    def offered_columns(self: Any) -> list[str]:
        """The columns that the acting user may choose from, with the open custom fields."""
        custom = [c.name for c in self.extras() if c.is_open]
        return [*self._offered, *custom] if custom else self._offered

    def columns_here(self: Any, *saved: SavedView | None) -> tuple[list[str] | None, list[str]]:
        """The columns chosen in the first of these that has any, None for the standard ones; and those chosen ones
        that are no longer to be had.
        """
        wanted = next((v.settings.get("columns") for v in saved if v is not None), None)
        return (None, []) if not wanted else self.fitting(wanted)

    def fitting(self: Any, wanted: Sequence[str]) -> tuple[list[str], list[str]]:
        """A choice of columns as it can be shown, the naming one first; and what of it cannot."""
        offered = self.offered_columns()
        first = self.list_columns[0]
        chosen = [name for name in dict.fromkeys(wanted) if name in offered and name != first]
        return [first, *chosen], [name for name in wanted if name not in offered]

    def column_choice(self: Any, shown: Sequence[str]) -> list[dict[str, Any]]:
        """For the page: every column on offer, those that are shown first and in their order."""
        first = self.list_columns[0]
        names = [*shown, *(name for name in self.offered_columns() if name not in shown)]
        return [
            {"name": n, "label": self.label_text(n), "shown": n in shown, "fixed": n == first} for n in names
        ]
