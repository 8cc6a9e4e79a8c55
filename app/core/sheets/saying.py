"""Findings: made of a lazy sentence, and told in the reader's words."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext, lazy_gettext

from app.core.sheets.declare import Finding
from app.core.sheets.headings import letter_of


def said(text: Any, /, **params: Any) -> tuple[str, dict[str, Any]]:
    """(English msgid, parameters) of a lazy sentence; a text that has been said already stands for itself."""
    given = getattr(text, "_args", None)
    own = {key: _plain(value) for key, value in getattr(text, "_kwargs", {}).items()} if given else {}
    return (str(given[0]) if given else str(text)), own | params


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float) else str(value)


def finding_of(
    text: Any, row: int | None, column: int | None = None, /, *, grave: bool = True, **params: Any
) -> Finding:
    """A finding of a lazy sentence at a row (and column) of the sheet."""
    message, own = said(text, **params)
    return Finding(row, column, message, own, grave)


def sentence(finding: Finding) -> Any:
    """What was found, as a lazy text without its place. A sentence that the catalogue does not know stays as it is."""
    return (
        lazy_gettext(finding.message, **finding.params) if finding.params else lazy_gettext(finding.message)
    )


def place(finding: Finding) -> str:
    """C7, row 7, column C, or nothing for the sheet as a whole; in the language of the reader."""
    if finding.row is not None and finding.column is not None:
        return f"{letter_of(finding.column)}{finding.row}"
    if finding.row is not None:
        return gettext("row %(row)s", row=finding.row)
    if finding.column is not None:
        return gettext("column %(letter)s", letter=letter_of(finding.column))
    return ""
