"""The parts of a page of sections that are drawn a hundred times, the lines and the timeline, drawn in Python (speed.md)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from markupsafe import Markup

from app.core.jinja import day
from app.core.views.drawing import NAMELESS, safe
from app.core.words import gettext


def link(url: str, words: Any) -> Markup:
    """``<a>`` with its words."""
    return Markup(f'<a href="{safe(url)}">{safe(words)}</a>')  # noqa: S704  both have been escaped


def fields(values: Iterable[dict[str, Any]], reveal: str) -> Markup:
    """A pair of label and words for each field; behind a mask a button that asks for the plain value at ``reveal``."""
    drawn = []
    for value in values:
        label, words, wide = (
            safe(value["label"]),
            safe(value["words"]),
            ' class="gb-wide"' if value["wide"] else "",
        )
        if value["reveal"]:
            ask = (
                f'data-reveal="{safe(reveal)}/{value["name"]}" aria-label="{safe(gettext("Show"))}: {label}"'
            )
            words = (
                f'<span class="gb-secret" data-secret>{words}</span> '
                f'<button type="button" class="gb-link" {ask}>{safe(gettext("Show"))}</button>'
            )
        drawn.append(f"<div{wide}><dt>{label}</dt><dd>{words or NAMELESS}</dd></div>")
    return Markup("".join(drawn))  # noqa: S704  every value has been escaped


def lines(heads: Iterable[Any], found: Iterable[Any]) -> Markup:
    """``<tr>`` of each line: its cells under their heads, the first one leads to the record."""
    opened = [f'<td data-label="{safe(head)}">' for head in heads]
    drawn = []
    for line in found:
        cells = [
            head + ("" if cell is None else safe(cell)) for head, cell in zip(opened, line.cells, strict=True)
        ]
        if line.url:
            cells[0] = f'{opened[0]}<a href="{safe(line.url)}">{safe(line.cells[0])}</a>'
        over = " gb-over" if line.over else ""
        drawn.append(f'<tr class="gb-record{over}">{"</td>".join(cells)}</td></tr>')
    return Markup("".join(drawn))  # noqa: S704  every value has been escaped


def moments(found: Iterable[Any]) -> Markup:
    """``<li>`` of each moment: what, when, and a note."""
    drawn = []
    for moment in found:
        words = safe(moment.words)
        if moment.url:
            words = f'<a href="{safe(moment.url)}">{words}</a>'
        note = f" · {safe(moment.note)}" if moment.note else ""
        drawn.append(f"<li><strong>{words}</strong><span>{safe(day(moment.day))}{note}</span></li>")
    return Markup("".join(drawn))  # noqa: S704  every value has been escaped
