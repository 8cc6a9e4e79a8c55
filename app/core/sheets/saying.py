"""A finding in the reader's words."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext, lazy_gettext

from app.core.sheets.declare import Finding
from app.core.sheets.headings import letter_of


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
