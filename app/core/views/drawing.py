"""The part of a page that is drawn a hundred times: the rows of a list (speed.md).

A template engine took more time for them than the database for finding them. Everything else stays in templates.
"""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from markupsafe import Markup, escape

from app.core.icons import icon

NAMELESS = "\u2014"


def rows(
    found: list[dict[str, Any]],
    labels: list[str],
    classes: dict[int, str],
    base: str,
    can: dict[str, bool],
    view: Any,
) -> Markup:
    """``<tr>`` of each row: the first cell opens the record, the last holds what else can be done with it."""
    heads = [f'<td data-label="{escape(label)}"{_class(classes.get(at))}>' for at, label in enumerate(labels)]
    change = str(escape(gettext("Edit"))) if can["edit"] else ""
    return Markup("").join(_row(row, heads, base, can, change, view) for row in found)


def _class(name: str | None) -> str:
    return f' class="{name}"' if name else ""


def _row(
    row: dict[str, Any], heads: list[str], base: str, can: dict[str, bool], change: str, view: Any
) -> Markup:
    key, title = escape(row["key"]), escape(row["title"])
    parts = ['<tr class="gb-record">']
    for at, (head, (_label, cell)) in enumerate(zip(heads, row["cells"], strict=True)):
        if at == 0 and can["show"]:
            words = f'<a class="gb-row-link" href="{base}/show/{key}">{title or NAMELESS}</a>'
        else:
            words = str(escape(cell))
        parts.append(f"{head}{words}</td>")
    parts.append(f'<td class="gb-row-actions{"" if row["actions"] else " gb-lone"}">')
    parts += [f'<a href="{escape(url)}">{escape(label)}</a>' for label, url in row["actions"]]
    if change and view.is_editable(row["row"]):
        parts.append(f'<a href="{base}/edit/{key}" aria-label="{change}: {title}">{icon("fa-pen")}</a>')
    parts.append("</td></tr>")
    return Markup("".join(parts))  # noqa: S704  every value above has been escaped
