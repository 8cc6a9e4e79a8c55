"""Makes a folder of messy sheets as offices send them, and files that are meant to do harm (tests/data/messy.yaml).

python -m tests.support.messy /tmp/messy      writes them all, to be looked at
"""

from __future__ import annotations

import io
import sys
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from openpyxl import Workbook
from openpyxl.styles import PatternFill
from openpyxl.utils.datetime import CALENDAR_MAC_1904

DATA = Path(__file__).resolve().parents[1] / "data"
TAB = "\u53f0\u8d26"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def cases() -> list[dict[str, Any]]:
    """The sheets with what must be said of each."""
    found: list[dict[str, Any]] = yaml.safe_load((DATA / "messy.yaml").read_text(encoding="utf-8"))
    return found


def make(case: dict[str, Any]) -> bytes:
    """The bytes of one sheet."""
    if "stored" in case:  # no maintained library writes .xls or locks a workbook: these were made once
        return (DATA / "sheets" / case["stored"]).read_bytes()
    if "text" in case:
        return case["text"].encode(case.get("encoding", "utf-8"))
    return workbook(case)


def workbook(case: dict[str, Any]) -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = TAB
    if case.get("mac_dates"):
        book.epoch = CALENDAR_MAC_1904
    for row, cells in enumerate(case["rows"], start=1):
        for column, value in enumerate(cells, start=1):
            put(sheet.cell(row, column), value)
    for block in case.get("merge", ()):
        sheet.merge_cells(block)
    for row in case.get("hide_rows", ()):
        sheet.row_dimensions[row].hidden = True
    for letter in case.get("hide_columns", ()):
        sheet.column_dimensions[letter].hidden = True
    for name, state in case.get("tabs", {}).items():
        other = book.create_sheet(name)
        other.sheet_state = state
        other["A1"] = name
    if end := case.get("format_to"):
        for row in (end - 1, end):
            sheet.cell(row, 1).fill = PatternFill("solid", fgColor="FFFFFF00")
    return saved(book)


def put(cell: Any, value: Any) -> None:
    if isinstance(value, dict):
        cell.value = value.get("error") or value.get("formula")
        cell.data_type = "e" if "error" in value else "f"
        return
    cell.value = value
    if isinstance(value, date):
        cell.number_format = "yyyy-mm-dd"
    elif isinstance(value, str):
        cell.data_type = "s"


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


# --- files made by hand, part by part -------------------------------------------------------------------------------


def package(
    sheet: bytes | str, *, strings: bytes | str | None = None, more: dict[str, bytes] | None = None
) -> bytes:
    """A workbook of one tab around the XML of its rows."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts: dict[str, bytes | str] = {
        "[Content_Types].xml": (
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/></Types>'
        ),
        "_rels/.rels": relations({"officeDocument": "xl/workbook.xml"}),
        "xl/workbook.xml": (
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets>'
            "</workbook>"
        ),
        "xl/_rels/workbook.xml.rels": relations(
            {"worksheet": "worksheets/sheet1.xml", "sharedStrings": "sharedStrings.xml"}
        ),
        "xl/worksheets/sheet1.xml": sheet,
    }
    if strings is not None:
        parts["xl/sharedStrings.xml"] = strings
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**parts, **(more or {})}.items():
            archive.writestr(name, content)
    return out.getvalue()


def relations(targets: dict[str, str]) -> str:
    links = "".join(
        f'<Relationship Id="rId{at}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for at, (kind, target) in enumerate(targets.items(), 1)
    )
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{links}</Relationships>'


def rows_xml(rows: str) -> str:
    return f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'


def zip_bomb() -> bytes:
    """40 MB of zeros in 40 KB."""
    return package(rows_xml(""), more={"xl/media/image1.png": bytes(40_000_000)})


def lying_zip() -> bytes:
    """A part that says it has 2,000 bytes and unpacks to 50 million: the list of entries alone does not tell."""
    true = zip_with_rows(50_000_000)
    claimed = (2000).to_bytes(4, "little")
    size = (len(rows_of(50_000_000))).to_bytes(4, "little")
    return true.replace(size, claimed)


def rows_of(length: int) -> bytes:
    return (
        rows_xml('<row r="1"><c r="A1"><v>1</v></c></row>')
        .encode()
        .replace(b"</sheetData>", b" " * length + b"</sheetData>")
    )


def zip_with_rows(length: int) -> bytes:
    return package(rows_of(length))


def entity_bomb(encoding: str = "utf-8") -> bytes:
    """A billion laughs in the shared texts."""
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE sst [<!ENTITY l0 "lol">{levels}]>'
    strings = f'{head}<sst xmlns="{MAIN}"><si><t>&l9;</t></si></sst>'.encode(encoding)
    return package(rows_xml('<row r="1"><c r="A1" t="s"><v>0</v></c></row>'), strings=strings)


def wide_row(columns: int) -> bytes:
    """One row of very many columns: the letters go on past those of Excel."""
    cells = "".join(f'<c r="{letters(at)}1"><v>1</v></c>' for at in range(1, columns + 1))
    return package(rows_xml(f'<row r="1">{cells}</row>'))


def letters(column: int) -> str:
    found = ""
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(65 + rest) + found
    return found


def long_sheet(rows: int) -> bytes:
    """So many rows with something in them."""
    body = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(1, rows + 1))
    return package(rows_xml(body))


def cut(data: bytes) -> bytes:
    """Half of a file: a download that broke off."""
    return data[: len(data) // 2]


def garbled(data: bytes, part: str = "xl/worksheets/sheet1.xml") -> bytes:
    """A workbook with some bytes of a part changed inside the archive."""
    place = data.index(part.encode()) + len(part) + 60
    return data[:place] + bytes(b ^ 0xFF for b in data[place : place + 20]) + data[place + 20 :]


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    for one in cases():
        (target / one["file"]).write_bytes(make(one))
