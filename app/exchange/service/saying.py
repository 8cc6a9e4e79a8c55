"""Refusals of forms and services as findings: an English msgid with its values, which the reader's language says anew."""

from __future__ import annotations

from typing import Any

from app.core.errors import DomainError
from app.core.sheets import Finding
from app.registry.views.subforms import PREFIX, REFUSED_AT

Columns = dict[str, int]


class Refused(Exception):
    """A row cannot go in; the findings say where and why."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__()
        self.findings = findings


def parts(text: Any) -> tuple[str, dict[str, Any]]:
    """(msgid, parameters) of a lazy text; a text that has been said already stands for itself."""
    given = getattr(text, "_args", None)
    if given:
        return str(given[0]), {k: _plain(v) for k, v in getattr(text, "_kwargs", {}).items()}
    return str(text), {}


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int, float)) else str(value)


def finding(
    text: Any, row: int | None, column: int | None = None, *, grave: bool = True, **params: Any
) -> Finding:
    """A finding from a lazy sentence."""
    msgid, own = parts(text)
    return Finding(row, column, msgid, own | params, grave)


def of_error(error: DomainError, row: int, columns: Columns) -> Finding:
    """What a service refused, at the column of its field where the sheet has one."""
    return finding(error.message, row, column_of(error.field, columns))


def column_of(name: str | None, columns: Columns) -> int | None:
    """The sheet's column of a form's field; services say ``area`` where the form has ``area_id``, ``details.x`` for a field
    of an own form.
    """
    named = name or ""
    if named.startswith(REFUSED_AT):
        named = PREFIX + named.removeprefix(REFUSED_AT)
    for key in (named, f"{named}_id", named.removesuffix("_id")):
        if key in columns:
            return columns[key]
    return None
