"""The part of a page that is drawn a hundred times: the rows of a list (speed.md).

A template engine took more time for them than the database for finding them. Everything else stays in templates.
"""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup, escape

from app.core.icons import icon
from app.core.words import gettext

NAMELESS = "\u2014"


def rows(
    found: list[dict[str, Any]],
    labels: list[str],
    classes: dict[int, str],
    base: str,
    can: dict[str, bool],
    view: Any,
    *,
    picking: bool = False,
) -> Markup:
    """``<tr>`` of each row: the first cell opens the record, the last holds what else can be done with it. While rows are
    picked, the first cell ticks the record instead.
    """
    heads = [f'<td data-label="{escape(label)}"{_class(classes.get(at))}>' for at, label in enumerate(labels)]
    change = str(escape(gettext("Edit"))) if can["edit"] else ""
    if picking:
        return Markup("".join(_picked(row, heads, view.is_editable(row["row"])) for row in found))  # noqa: S704  every value has been escaped
    drawn = "".join(_row(row, heads, base, can, change, view) for row in found)
    return Markup(drawn)  # noqa: S704  every value has been escaped


SPECIAL = re.compile("[&<>\"']").search


def safe(value: Any) -> str:
    """The value escaped; the most are words and numbers with nothing to escape, and are let through as they are."""
    return value if type(value) is str and not SPECIAL(value) else str(escape(value))


def _class(name: str | None) -> str:
    return f' class="{name}"' if name else ""


def _row(
    row: dict[str, Any], heads: list[str], base: str, can: dict[str, bool], change: str, view: Any
) -> str:
    key, title = safe(row["key"]), safe(row["title"])
    parts = ['<tr class="gb-record">']
    for at, (head, (_label, cell)) in enumerate(zip(heads, row["cells"], strict=True)):
        if at == 0 and can["show"]:
            words = f'<a class="gb-row-link" href="{base}/show/{key}">{title or NAMELESS}</a>'
        else:
            words = safe(cell)
        parts.append(f"{head}{words}</td>")
    parts.append(f'<td class="gb-row-actions{"" if row["actions"] else " gb-lone"}">')
    parts += [f'<a href="{safe(url)}">{safe(label)}</a>' for label, url in row["actions"]]
    if change and view.is_editable(row["row"]):
        parts.append(f'<a href="{base}/edit/{key}" aria-label="{change}: {title}">{icon("fa-pen")}</a>')
    parts.append("</td></tr>")
    return "".join(parts)


def _picked(row: dict[str, Any], heads: list[str], editable: bool) -> str:
    """A row that can be ticked: its whole first cell is the label of the box. One that is only read has no box."""
    key, title = safe(row["key"]), safe(row["title"]) or NAMELESS
    box = f'<input type="checkbox" class="form-check-input gb-tick" form="pick" name="row" value="{key}">'
    parts = [f'<tr class="gb-record{" gb-pickable" if editable else ""}">', heads[0]]
    label = f'<label class="gb-row-pick">{box} <span>{title}</span></label>'
    parts.append(f"{label if editable else title}</td>")
    parts += [
        f"{head}{safe(cell)}</td>" for head, (_label, cell) in zip(heads[1:], row["cells"][1:], strict=True)
    ]
    return "".join([*parts, '<td class="gb-row-actions gb-lone"></td></tr>'])
