"""Our own sheet for a register: headings with notes, drop-downs, columns of text, an example, explanations."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from sqlalchemy.orm import Session

from app.core import codes
from app.core.sheets.cleaning import EXAMPLE_ROW, EXPLANATIONS, LISTS
from app.core.sheets.declare import Field
from app.core.sheets.intake.marking import FORMULA
from app.core.sheets.parts import sheet_name

ROWS = 5000  # rows with formats and drop-downs prepared
MOST_LISTED = 2000  # entries of a drop-down; a longer list is typed
HOW = {
    "text": _("Text"),
    "longtext": _("Text, also of several lines"),
    "name": _("Name"),
    "int": _("Whole number"),
    "decimal": _("Number, also with decimals"),
    "bool": _("Yes or no"),
    "date": _("Date like 1985-02-21"),
    "partial_date": _("Date like 1985-02-21; 1985-02 or 1985 when no more is known"),
    "code": _("Choose from the list"),
    "choice": _("Choose from the list"),
    "area": _("Name or code of the area"),
    "relation": _("Name or number by which the record is found"),
    "id_number": _("Number of the document, as text"),
    "phone": _("Phone number, as text"),
}
_SAMPLES = {
    "date": "1985-02-21",
    "partial_date": "1985-02-21",
    "phone": "13800138000",
    "id_number": "430281198502210012",
    "name": _("Zhang San"),
    "int": "1",
    "decimal": "1.5",
}
_HEAD = PatternFill("solid", fgColor="FFE7EEF7")
_NEEDED = PatternFill("solid", fgColor="FFFCE4D6")
_EXAMPLE = Font(italic=True, color="FF7F7F7F")
_LINE = Side(style="thin", color="FF8C8C8C")
_WRAP = Alignment(wrap_text=True, vertical="top")


@dataclass(frozen=True, slots=True)
class Listed:
    """A field with the labels that may be chosen."""

    field: Field
    labels: list[str]

    @property
    def label(self) -> str:
        """The heading."""
        return str(self.field.label)

    @property
    def example(self) -> str:
        """What the example row shows."""
        if self.field.example:
            return self.field.example
        if self.labels:
            return self.labels[0] if self.field.needed else ""
        return str(_SAMPLES.get(self.field.kind, ""))


def template(
    fields: Sequence[Field],
    *,
    title: str,
    session: Session | None = None,
    rows: Sequence[Mapping[str, str]] = (),
) -> bytes:
    """The template as .xlsx in the language of the request; ``session`` reads the code lists. With ``rows`` no example."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None  # noqa: S101
    sheet.title = sheet_name(title)
    listed = [Listed(field, list(_labels(field, session))) for field in fields]
    for column, one in enumerate(listed, start=1):
        _heading(sheet, column, one)
        _format(sheet, column, one)
        for at, row in enumerate(rows, start=2):
            _write(sheet.cell(at, column), row.get(one.field.key, ""))
    if not rows:
        _example(sheet, listed)
    sheet.freeze_panes = "A2"
    _explain(book.create_sheet(sheet_name(str(EXPLANATIONS))), listed)
    _lists(book, sheet, listed)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _labels(field: Field, session: Session | None) -> Iterable[str]:
    if field.kind == "code" and session is not None:
        return [label for _code, label in codes.choices(session, field.code_list)]
    if field.kind == "choice":
        given = field.choices
        pairs = given.choices() if hasattr(given, "choices") else given() if callable(given) else given
        return [str(label) for code, label in pairs if str(code)]
    return [gettext("Yes"), gettext("No")] if field.kind == "bool" else []


def _write(cell: Any, text: str) -> Any:
    """A cell of text that never computes."""
    cell.value, cell.data_type, cell.number_format = text, "s", "@"
    if text.startswith(FORMULA):
        cell.quotePrefix = True
    return cell


def _heading(sheet: Any, column: int, one: Listed) -> None:
    cell = _write(sheet.cell(1, column), one.label)
    cell.font, cell.alignment = (
        Font(bold=True),
        Alignment(horizontal="center", vertical="center", wrap_text=True),
    )
    cell.fill = _NEEDED if one.field.needed else _HEAD
    cell.border = Border(_LINE, _LINE, _LINE, _LINE)
    cell.comment = Comment("\n".join(_notes(one)), "GeBan", height=140, width=300)


def _example(sheet: Any, listed: Sequence[Listed]) -> None:
    """The example row; the mark behind it says that it is none of the records."""
    for column, one in enumerate(listed, start=1):
        _write(sheet.cell(2, column), one.example).font = _EXAMPLE
    last = len(listed) + 1
    _write(sheet.cell(1, last), gettext("About the row")).font = _EXAMPLE
    _write(sheet.cell(2, last), str(EXAMPLE_ROW)).font = _EXAMPLE
    sheet.column_dimensions[get_column_letter(last)].width = 24


def _notes(one: Listed) -> list[str]:
    field = one.field
    parts = [gettext("Must be filled in.") if field.needed else "", str(HOW.get(field.kind, HOW["text"]))]
    if field.length:
        parts.append(gettext("At most %(most)s characters.", most=field.length))
    return [part for part in (*parts, str(field.note)) if part]


def _format(sheet: Any, column: int, one: Listed) -> None:
    """Every column but plain quantities is text: Excel keeps 15 figures of a number and turns 1-2 into a date."""
    letter = get_column_letter(column)
    sheet.column_dimensions[letter].width = min(40, max(12, len(one.label.encode("gbk", "replace")) + 4))
    if one.field.kind in ("id_number", "relation"):
        sheet.column_dimensions[letter].width = 24
    if one.field.kind not in ("int", "decimal"):
        sheet.column_dimensions[letter].number_format = "@"
        for row in range(3, 503):  # some programs heed the format of cells only
            sheet.cell(row, column).number_format = "@"


def _lists(book: Any, sheet: Any, listed: list[Listed]) -> None:
    """Drop-downs: their entries stand in a hidden tab, for a list inside a rule has 255 characters at most."""
    with_lists = [(column, one) for column, one in enumerate(listed, 1) if 0 < len(one.labels) <= MOST_LISTED]
    if not with_lists:
        return
    store = book.create_sheet(LISTS)
    store.sheet_state = "hidden"
    for place, (column, one) in enumerate(with_lists, start=1):
        for row, label in enumerate(one.labels, start=1):
            _write(store.cell(row, place), label)
        letter, target = get_column_letter(place), get_column_letter(column)
        rule = DataValidation(
            "list", formula1=f"{LISTS}!${letter}$1:${letter}${len(one.labels)}", allow_blank=True
        )
        rule.errorTitle, rule.error = one.label[:32], gettext("Choose an entry of the list.")
        sheet.add_data_validation(rule)
        rule.add(f"{target}2:{target}{ROWS}")


def _explain(sheet: Any, listed: list[Listed]) -> None:
    """One row for each column, and what holds for all."""
    heads = [gettext("Column"), gettext("Must be filled in"), gettext("What to write"), gettext("Entries")]
    for column, text in enumerate(heads, start=1):
        _write(sheet.cell(1, column), text).font = Font(bold=True)
    for row, one in enumerate(listed, start=2):
        needed = gettext("Yes") if one.field.needed else ""
        entries = ", ".join(one.labels[:60]) + (" …" if len(one.labels) > 60 else "")
        for column, text in enumerate((one.label, needed, "\n".join(_notes(one)), entries), start=1):
            _write(sheet.cell(row, column), text).alignment = _WRAP
    for row, text in enumerate(_advice(), start=len(listed) + 3):
        _write(sheet.cell(row, 1), text)
    for letter, width in zip("ABCD", (24, 8, 48, 70), strict=True):
        sheet.column_dimensions[letter].width = width


def _advice() -> list[str]:
    return [
        gettext("One row for one record; do not merge cells. The example row may stay, it is left out."),
        gettext("Columns may stand in any order, and those that are not needed may be deleted."),
        gettext(
            "Paste numbers of ID cards as text (“paste values”): Excel keeps only 15 figures of a number."
        ),
    ]
