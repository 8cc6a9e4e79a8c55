"""Why a file cannot be read, as a sentence that says what to do (guards, section 4)."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext

from app.core.errors import DomainError, Invalid
from app.core.uploads import TooLarge


def N_(msgid: str) -> str:
    return msgid


_SAVE = N_("This is not a sheet. Choose an Excel file (.xlsx, .xls) or a text file (.csv).")

SENTENCES: dict[str, str] = {
    "empty": N_("There is nothing in this sheet. Check that the right file and the right tab were chosen."),
    "damaged": N_(
        "This file is damaged or incomplete. Open it in Excel or WPS, save it anew as .xlsx and send that."
    ),
    "password": N_(
        "This file is locked with a password. Open it, remove the password under “Protect workbook”, save it and send "
        "it again."
    ),
    "macros": N_(
        "This file contains macros, and they are never taken in. Save it as “Excel workbook (.xlsx)” and send that."
    ),
    "binary": N_("This is a binary workbook (.xlsb). Save it as “Excel workbook (.xlsx)” and send that."),
    "opendocument": N_(
        "This is an OpenDocument sheet (.ods). Save it as “Excel workbook (.xlsx)” and send that."
    ),
    "page": N_(
        "This is a web page that only bears the name of a sheet, as some systems export it. Open it in Excel or WPS, "
        "save it as “Excel workbook (.xlsx)” and send that."
    ),
    "not_sheet": _SAVE,
    "entities": N_(
        "This file was not made by Excel or WPS and is not opened. Save it anew as .xlsx and send that."
    ),
    "encoding": N_(
        "The characters of this text file are neither UTF-8 nor GBK. Open it in Excel or WPS, save it as .xlsx and "
        "send that."
    ),
    "text_cell": N_(
        "A cell of this text file is longer than 32,767 characters: a quotation mark is probably missing. Save it as "
        ".xlsx and send that."
    ),
    "tab": N_("This tab is not in the file any more. Choose a tab of the file."),
}

LARGE: dict[str, str] = {
    "bytes": N_(
        "The file has more than %(most)s MB. Remove pictures, or split it and send the parts one by one."
    ),
    "rows": N_(
        "The sheet has more than %(most)s rows. Split it, for example by community, and send the parts one by one."
    ),
    "columns": N_(
        "The sheet has more than %(most)s columns. Delete the columns that are not needed and send it again."
    ),
    "merges": N_(
        "The sheet has too many merged cells. Undo the merging (“Unmerge cells”) and send it again."
    ),
    "bomb": N_(
        "Unpacked this file would be too large, and it is not opened. Copy its rows into a new workbook and send that."
    ),
    "heavy": N_(
        "This file needs too much memory or time. Copy the rows that are needed into a new workbook, or split it, and "
        "send that."
    ),
}


def refusal(code: str, params: dict[str, Any] | None = None) -> DomainError:
    """The error to raise for a word of the reader; an unknown word counts as a damaged file."""
    kind: type[DomainError] = TooLarge if code in LARGE else Invalid
    message = LARGE.get(code) or SENTENCES.get(code) or SENTENCES["damaged"]
    return kind(lazy_gettext(message, **(params or {})), field="file", refusal=code)
