"""Findings and states of an import in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.core import sheets
from app.core.sheets import Finding
from app.exchange.choices import RowOutcome


def sentence(message: str, params: Mapping[str, Any] | None) -> str:
    """A finding as a sentence."""
    return str(sheets.sentence(Finding(None, None, message, dict(params or {}))))


class Headings:
    """The columns of the user's sheet as they are named beside a finding: letter and heading."""

    def __init__(self, summary: Mapping[str, Any] | None) -> None:
        self._names = {int(c): (name, letter) for c, name, letter in (summary or {}).get("headings") or ()}

    def place(self, column: int | None) -> str:
        """“C Phone”; empty for a finding about the whole row."""
        if column is None:
            return ""
        name, letter = self._names.get(column, ("", ""))
        return f"{letter} {name}".strip()


def _without_cells(params: Mapping[str, Any]) -> dict[str, Any]:
    """For others than the owner of the sheet: what stands in its cells is theirs to see in the register, by its masks."""
    return {k: "…" if isinstance(v, str) and k != "field" else v for k, v in params.items()}


def group_lines(summary: Mapping[str, Any] | None, *, plain: bool) -> list[dict[str, Any]]:
    """The groups of findings as the page lists them."""
    headings = Headings(summary)
    return [
        {
            "text": sentence(message, _shown(params, plain=plain, differ=differ)),
            "place": headings.place(column),
            "grave": grave,
            "count": count,
            "rows": rows,
        }
        for message, column, grave, count, rows, params, differ in (summary or {}).get("groups") or ()
    ]


def _shown(params: Mapping[str, Any], *, plain: bool, differ: bool) -> Mapping[str, Any]:
    if not plain:
        return _without_cells(params)
    return _without_values(params) if differ else params


def _without_values(params: Mapping[str, Any]) -> dict[str, Any]:
    """Of many cells the first value stands for all, so that it is read as an example."""
    return {key: f"{value} …" if isinstance(value, str) else value for key, value in params.items()}


def row_lines(
    rows: list[Any], summary: Mapping[str, Any] | None, urls: Mapping[int, str], *, plain: bool
) -> list[dict[str, Any]]:
    """The rows as the page lists them: number, outcome, what was found where, the record."""
    headings = Headings(summary)
    return [
        {
            "number": row.row_no,
            "outcome": RowOutcome(row.outcome),
            "found": [
                {
                    "place": headings.place(column),
                    "text": sentence(message, params if plain else _without_cells(params)),
                    "grave": grave,
                }
                for column, message, params, grave in row.findings or ()
            ],
            "url": urls.get(row.row_no),
        }
        for row in rows
    ]
