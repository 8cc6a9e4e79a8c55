"""Findings and states of an import in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from app.core import clock, sheets
from app.core.sheets import Finding
from app.exchange.choices import RowOutcome
from app.exchange.models import ImportBatch


def sentence(message: str, params: Mapping[str, Any] | None) -> str:
    """A finding as a sentence."""
    return str(sheets.sentence(Finding(None, None, message, dict(params or {}))))


def file_name(batch: ImportBatch, *, plain: bool) -> str:
    """The name of the sheet for its owner; for others it may name people, so the register and the day stand for it."""
    if plain:
        return batch.file_name
    kind = batch.file_name.rpartition(".")[2] if "." in batch.file_name else ""
    day = clock.to_local(batch.created_at).strftime("%Y-%m-%d %H:%M")
    return gettext("Sheet of %(day)s (%(kind)s)", day=day, kind=kind or "—")


def source_name(batch: ImportBatch, *, plain: bool) -> str:
    """Where the sheet comes from; what was taken from the name of the file is its owner's."""
    return (batch.source_name or "") if plain else ""


class Headings:
    """The columns of the user's sheet as they are named beside a finding: letter and heading. Others than its owner read
    the letter: a heading may hold a name.
    """

    def __init__(self, summary: Mapping[str, Any] | None, *, plain: bool = True) -> None:
        found = (summary or {}).get("headings") or ()
        self._names = {int(c): (name if plain else "", letter) for c, name, letter in found}

    def place(self, column: int | None) -> str:
        """“C Phone”; empty for a finding about the whole row."""
        if column is None:
            return ""
        name, letter = self._names.get(column, ("", ""))
        return f"{letter} {name}".strip()


def without_cells(params: Mapping[str, Any]) -> dict[str, Any]:
    """For others than the owner of the sheet: what stands in its cells is theirs to see in the register, by its masks."""
    return {k: "…" if isinstance(v, str) and k != "field" else v for k, v in params.items()}


def group_lines(summary: Mapping[str, Any] | None, *, plain: bool) -> list[dict[str, Any]]:
    """The groups of findings as the page lists them."""
    headings = Headings(summary, plain=plain)
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
        return without_cells(params)
    return _without_values(params) if differ else params


def _without_values(params: Mapping[str, Any]) -> dict[str, Any]:
    """Of many cells the first value stands for all, so that it is read as an example."""
    return {key: f"{value} …" if isinstance(value, str) else value for key, value in params.items()}


def row_lines(
    rows: list[Any], summary: Mapping[str, Any] | None, urls: Mapping[int, str], *, plain: bool
) -> list[dict[str, Any]]:
    """The rows as the page lists them: number, outcome, what was found where, the record."""
    headings = Headings(summary, plain=plain)
    return [
        {
            "number": row.row_no,
            "outcome": RowOutcome(row.outcome),
            "found": [
                {
                    "place": headings.place(column),
                    "text": sentence(message, params if plain else without_cells(params)),
                    "grave": grave,
                }
                for column, message, params, grave in row.findings or ()
            ],
            "url": urls.get(row.row_no),
        }
        for row in rows
    ]
