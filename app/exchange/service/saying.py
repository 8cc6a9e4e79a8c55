"""Refusals of forms and services as findings of a row."""

from __future__ import annotations

from app.core.errors import DomainError
from app.core.sheets import Finding
from app.core.sheets.saying import finding_of
from app.registry.views.subforms import PREFIX, REFUSED_AT

Columns = dict[str, int]


class Refused(Exception):
    """A row cannot go in; the findings say where and why."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__()
        self.findings = findings


def of_error(error: DomainError, row: int, columns: Columns) -> Finding:
    """What a service refused, at the column of its field where the sheet has one."""
    return finding_of(error.message, row, column_of(error.field, columns))


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
