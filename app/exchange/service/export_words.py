"""Words and texts of sheets: headings of columns, values as text, what a list shows as plain words."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from app.core import extra
from app.core.widgets import view_of
from app.core.words import gettext

# kind of a fact → kind of a column of a sheet; anything else is text
KINDS = {"int": "int", "decimal": "decimal", "date": "date", "instant": "instant"}
NUMBERS = frozenset({"int", "decimal"})
_BLANKS = re.compile(r"[ \t]*\n\s*")


def flat(value: Any) -> str:
    """What a list shows as plain words on one line."""
    text = value.striptags() if isinstance(value, Markup) else str(value)
    return _BLANKS.sub(" ", text).strip()


def column_label(view: Any, name: str) -> str:
    """The heading of a column; that of a related record says whose it is."""
    cell = view.sheet_cells.get(name)
    if cell is not None and cell.label:
        return str(cell.label)
    own = extra.column_of(view.datamodel.obj, name)
    if own is not None:
        return str(own.label)
    step, dot, last = name.partition(".")
    fact = view.datamodel.facts.get(step)
    target = view_of(fact.target) if dot and fact is not None and fact.target is not None else None
    if target is None or name in view.label_columns:
        return str(view.label_text(name))
    return gettext("%(whose)s: %(what)s") % {
        "whose": view.label_text(step),
        "what": column_label(target, last),
    }


def as_text(value: Any) -> str:
    """A value as it stands in .csv and on paper: days and moments as ISO text, numbers without a trailing zero."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
