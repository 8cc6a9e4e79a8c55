"""Arguments of a list page: read once per request into an object of that request, refused when they are bad.

FAB keeps the filters of a request on the view, which all threads share: two users read each other's filter. Here
nothing of a request ever touches the view (guards, section 1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from app.core.errors import Invalid
from app.core.interface import checked_key
from app.core.numbers import whole_number
from app.core.paging import FARTHEST, SIZES, Cursor
from app.core.views import filters

FILTER = re.compile(r"_flt_(?P<op>[0-9])_(?P<column>[a-z][a-z0-9_.]*)")
LONGEST = 200


@dataclass(slots=True)
class ListArgs:
    """What one request asks of one list."""

    prefix: str
    filters: list[filters.Active] = field(default_factory=list)
    order: str = ""
    descending: bool = False
    cursor: Cursor = field(default_factory=Cursor)
    default_order: bool = True
    saved: str = ""  # the saved view that is open
    same_filters: bool = False  # the filters are those of the saved view
    same_order: bool = False
    plain_size: int = SIZES[0]  # what an address need not say
    picking: bool = False  # rows can be ticked

    def query(self, **changes: Any) -> str:
        """The query string of this list with some of order, down, after, before, size changed.

        Sorting, filtering and another size drop the cursor. What a saved view holds stays out of the address.
        """
        pairs: list[tuple[str, str]] = [("saved", self.saved)] if self.saved else []
        if changes.get("picking", self.picking):
            pairs.append(("pick", "1"))
        if not self.same_filters:
            pairs += [(f.argument, f.raw) for f in self.filters]
        order, down = changes.get("order", self.order), changes.get("down", self.descending)
        if "order" in changes or not (self.default_order or self.same_order):
            pairs += [(f"_oc_{self.prefix}", order), (f"_od_{self.prefix}", "desc" if down else "asc")]
        size = changes.get("size", self.cursor.size)
        if size != self.plain_size:
            pairs.append((f"psize_{self.prefix}", str(size)))
        pairs += [
            (f"{side}_{self.prefix}", changes[side]) for side in ("after", "before") if changes.get(side)
        ]
        return urlencode(pairs)

    def pairs(self) -> list[tuple[str, str]]:
        """Filters, order and size as (argument, value), wherever they come from."""
        found = [(f.argument, f.raw) for f in self.filters]
        if not self.default_order:
            down = "desc" if self.descending else "asc"
            found += [(f"_oc_{self.prefix}", self.order), (f"_od_{self.prefix}", down)]
        if self.cursor.size != SIZES[0]:
            found.append((f"psize_{self.prefix}", str(self.cursor.size)))
        return found

    def whole(self) -> str:
        """The same as a query string: what another page needs to ask for the same list."""
        return urlencode(self.pairs())

    def value(self, column: str, op: int = 0) -> str:
        """What was asked of a column, to fill the filter field again."""
        return next((f.raw for f in self.filters if f.column == column and f.op == op), "")


def read(view: Any, args: MultiDict[str, str]) -> ListArgs:
    """Parse and check the arguments of a list; Invalid (400) with a sentence for anything that is not allowed."""
    prefix = type(view).__name__
    order, direction = view.base_order
    result = ListArgs(prefix, order=order, descending=direction == "desc")
    result.cursor = Cursor(size=view.page_size)
    for name, value in args.items(multi=True):
        if len(value) > LONGEST:
            raise Invalid(gettext("This value is too long."), field=name)
        if name.startswith("_flt_"):
            active = _filter(view, name, value)
            if active is not None:
                result.filters.append(active)
        elif "_" in name:
            _setting(view, result, name, value)
    if sum(x is not None for x in (result.cursor.after, result.cursor.before)) + bool(result.cursor.page) > 1:
        raise Invalid(gettext("A list has one place to start from."))
    return result


def _filter(view: Any, name: str, value: str) -> filters.Active | None:
    match = FILTER.fullmatch(name)
    own = view.own_filters.get(match["column"]) if match and match["op"] == "0" else None
    if match and own is not None:
        return own.active(match["column"], value) if value.strip() else None
    if match is None or match["column"] not in view.search_columns_here():
        raise Invalid(gettext("This list cannot be filtered that way."), field=name)
    if not value.strip():
        return None
    return filters.parse(view, match["column"], int(match["op"]), value)


def _setting(view: Any, result: ListArgs, name: str, value: str) -> None:
    kind, _, prefix = name.partition("_") if not name.startswith("_o") else _order_name(name)
    if kind not in {"page", "psize", "after", "before", "_oc", "_od"}:
        return
    if prefix != result.prefix:
        raise Invalid(gettext("This page has no such list."), field=name)
    if kind == "_oc":
        if value not in view.order_columns:
            raise Invalid(gettext("This list cannot be sorted that way."), field=name)
        result.order, result.default_order = value, False
    elif kind == "_od":
        if value not in {"asc", "desc"}:
            raise Invalid(gettext("This list cannot be sorted that way."), field=name)
        result.descending = value == "desc"
    elif kind in {"after", "before"}:
        key = checked_cursor(value, uid=view.datamodel.has_uid)
        result.cursor = replace(result.cursor, **{kind: key})
    else:
        _number(result, kind, value, name)


def _order_name(name: str) -> tuple[str, str, str]:
    return name[:3], "_", name[4:]


def _number(result: ListArgs, kind: str, value: str, name: str) -> None:
    number = whole_number(value, 0, 10**9, field=name, message=gettext("A page is a whole number."))
    if kind == "psize":
        if not 1 <= number <= SIZES[-1]:
            raise Invalid(gettext("A page holds %(n)s rows at most.", n=SIZES[-1]), field=name)
        result.cursor = replace(result.cursor, size=number)
    elif number * result.cursor.size > FARTHEST:
        raise Invalid(
            gettext("This page is too far on. Please narrow the list down by a filter."), field=name
        )
    else:
        result.cursor = replace(result.cursor, page=number)


def checked_cursor(text: str, *, uid: bool) -> str | int:
    """A cursor names a row; whether it still exists is looked up later."""
    try:
        return checked_key(text, uid=uid)
    except Exception:
        raise Invalid(gettext("This page of the list does not exist.")) from None
