"""What goes back to the user: the template that comes in again, and the marked copy of the user's own sheet."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from typing import Any

import pytest
from flask_babel import force_locale
from openpyxl import Workbook, load_workbook

from app.core import sheets
from app.core.sheets import marks
from app.core.sheets.writing import Column, Paper, SheetWriter
from app.extensions import db
from tests.support import messy

pytestmark = pytest.mark.any_database
TODAY = date(2026, 11, 22)
FIELDS = [
    sheets.Field("name", "\u59d3\u540d", "name", needed=True, length=60, example="=1+1"),
    sheets.Field("number", "\u8eab\u4efd\u8bc1\u53f7", "id_number", note="as on the card"),
    sheets.Field("sex", "\u6027\u522b", "code", code_list="gender"),
    sheets.Field("floor", "\u697c\u5c42", "int"),
    sheets.Field("member", "\u515a\u5458", "bool"),
]


def opened(data: bytes) -> Any:
    return load_workbook(io.BytesIO(data))


def rows_of(
    data: bytes, fields: list[sheets.Field] = FIELDS
) -> tuple[list[sheets.Row], list[sheets.Finding], Any]:
    look = sheets.look(data, fields=fields)
    cleaner = sheets.Cleaner(fields, today=TODAY, session=db.session())
    chunks = list(sheets.read(data, look.plan, look.suggestion, cleaner))
    return [r for c in chunks for r in c.rows], [f for c in chunks for f in c.left_out], look


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_template_comes_in_again_without_its_example(app, language):
    with force_locale(language):
        data = sheets.template(FIELDS, title="Residents: a/b", session=db.session())
    book = opened(data)
    sheet = book.worksheets[0]
    assert [cell.value for cell in sheet[1]][:5] == [str(f.label) for f in FIELDS]
    assert "as on the card" in sheet["B1"].comment.text
    assert sheet["A2"].data_type == "s"
    assert sheet["A2"].quotePrefix
    assert sheet["B400"].number_format == "@"
    rules = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert rules["C2:C5000"].startswith("lists!$A$1:$A$")
    assert book["lists"].sheet_state == "hidden"
    assert len(book.worksheets) == 3

    sheet["A3"], sheet["B3"], sheet["C3"], sheet["E3"] = (
        "Ana",
        "430281198502210012",
        book["lists"]["A2"].value,
        "\u662f",
    )
    rows, left_out, look = rows_of(messy.saved(book))
    assert look.suggestion == {str(f.label): f.key for f in FIELDS}
    assert look.findings == []
    assert [(r.number, r.values["number"], r.values["member"], r.findings) for r in rows] == [
        (3, "430281198502210012", True, [])
    ]
    assert rows[0].values["sex"]
    assert [(f.row, str(sheets.sentence(f))) for f in left_out] == [
        (2, "This is the example row of the template; it was left out.")
    ]


def user_sheet() -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = messy.TAB
    sheet.append(["\u59d3\u540d", "\u8eab\u4efd\u8bc1\u53f7", "\u697c\u5c42"])
    sheet.append(["Ana", 430281198502210012, 3])
    sheet.append(['=HYPERLINK("http://x")', "430281198502210012", "x"])
    sheet["A3"].data_type = "s"
    sheet.append(["Bo", None, "=1+1"])
    sheet.column_dimensions["A"].width = 33
    book.create_sheet("other")["A1"] = "kept"
    return messy.saved(book)


def test_the_marked_copy_is_the_own_sheet_with_colours_comments_and_sentences(app):
    data = user_sheet()
    rows, left_out, look = rows_of(data)
    findings = [f for row in rows for f in row.findings] + left_out
    with force_locale("zh"):
        copy = opened(sheets.marked(data, look.plan, findings))
        words = str(sheets.sentence(findings[0]))
    sheet = copy[messy.TAB]
    assert copy["other"]["A1"].value == "kept"
    assert sheet.column_dimensions["A"].width == 33
    assert sheet["B2"].fill.fgColor.rgb == "FFFFC7CE"
    assert sheet["B2"].comment.text == words
    assert "15" in words
    assert sheet["D1"].value
    assert sheet["D2"].value == f"B: {words}"
    assert sheet["A2"].fill.fgColor.rgb != "FFFFC7CE"
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)
    assert (sheet["A3"].value, sheet["A3"].quotePrefix) == ('=HYPERLINK("http://x")', True)

    again, _left_out, second = rows_of(messy.saved(copy))
    assert [row.values for row in again] == [row.values for row in rows]
    assert (second.suggestion, second.mark) == (look.suggestion, look.mark)
    with force_locale("en"):  # corrected, it comes back without the marks of before
        third = opened(sheets.marked(messy.saved(copy), second.plan, []))[messy.TAB]
    assert ([third["D2"].value, third["B2"].comment], third.max_column) == ([None, None], 4)
    assert third["B2"].fill.fgColor.rgb != "FFFFC7CE"


def test_a_plain_marked_copy_comes_back_as_the_sheet_that_it_was(app, monkeypatch):
    """Its number of rows and its sentences are no columns of the sheet, in either language, however often it comes."""
    data = "\u59d3\u540d,\u697c\u5c42,Hrs\nAna,x,9-5\n".encode()
    rows, _left_out, look = rows_of(data)
    for language in ("zh", "en"):
        with force_locale(language):
            findings = [f for row in rows for f in row.findings]
            data = sheets.marked(data, look.plan, findings)
        assert opened(data).worksheets[0].max_column == 5
        rows, _left_out, again = rows_of(data)
        assert [h.name for h in again.headings] == [h.name for h in look.headings]
        assert (again.mark, again.suggestion) == (look.mark, look.suggestion)
        look = again
        monkeypatch.setattr(marks, "WHOLE", 0)  # as a large one is written


@pytest.mark.parametrize("sign", ["\ufffe", "\ud800", "\x01"])
def test_no_sign_that_xml_has_no_place_for_spoils_a_file(sign):
    """In the name of the tab, a heading, a cell, at the top and at the foot of the page."""
    out, text = io.BytesIO(), f"a{sign}b"
    paper = Paper(header=text, footer=text)
    with SheetWriter(out, [Column(text)], name=text, paper=paper) as sheet:
        sheet.row([text])
        sheet.row(["=1+1"])
    book = load_workbook(io.BytesIO(out.getvalue()))
    assert book.sheetnames == [book.worksheets[0].title]
    cells = [c for row in book.worksheets[0].iter_rows() for c in row]
    assert [(c.value, c.quotePrefix) for c in cells] == [("ab", False), ("ab", False), ("=1+1", True)]


@pytest.mark.parametrize(("name", "whole"), [("csv", 100), ("csv", 1), ("xls", 100), ("huge", 2)])
def test_sheets_of_other_makes_come_back_plain_and_large_ones_with_their_findings_only(
    app, monkeypatch, name, whole
):
    monkeypatch.setattr(marks, "WHOLE", whole)  # "huge" is an .xlsx of more rows than that
    data = {
        "csv": "\u59d3\u540d,\u697c\u5c42\nAna,1\n=2+2,x\nBo,3\n".encode("gbk"),
        "xls": (messy.DATA / "sheets" / "old.xls").read_bytes(),
        "huge": user_sheet(),
    }[name]
    rows, _left_out, look = rows_of(data)
    findings = [f for row in rows for f in row.findings]
    sheet = opened(sheets.marked(data, look.plan, findings)).worksheets[0]
    found = {row[0].value: row for row in sheet.iter_rows(min_row=2)}
    told = {f.row for f in findings}
    small = name == "xls" or (name == "csv" and whole == 100)
    assert set(found) == ({row.number for row in rows} if small else told)
    for f in findings:
        assert found[f.row][f.column].fill.fgColor.rgb in ("FFFFC7CE", "FFFFEB9C")
        assert str(sheets.sentence(f)) in found[f.row][-1].value
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)


def test_a_workbook_that_only_the_careful_reader_understands_says_the_same(app):
    """Prefixes, single quotes, comments and rows without numbers: what some programs write and Excel opens."""
    heads = ["\u59d3\u540d", "\u697c\u5c42"]
    strings = ["Ana & Bo", " <Ce> ", "x" * 50]
    common = "".join(f"<si><t xml:space='preserve'>{escaped(s)}</t></si>" for s in [*heads, *strings])
    body = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
    for n in range(3):
        body += (
            f'<row r="{n + 2}"><c r="A{n + 2}" t="s"><v>{n + 2}</v></c><c r="B{n + 2}"><v>{n}</v></c></row>'
        )
    plain = messy.package(messy.rows_xml(body), strings=f'<sst xmlns="{messy.MAIN}">{common}</sst>')
    odd = (
        messy.rows_xml(body)
        .replace("<row r=", "<!-- a --><row spans='1:2' r=")
        .replace("><c r=", ">\n<c  r=")
    )
    wordy = messy.package(
        prefixed(odd), strings=prefixed(f'<sst xmlns="{messy.MAIN}">{common}</sst>').replace("t>", "t>", 1)
    )
    fields = [FIELDS[0], FIELDS[3]]
    one, other = rows_of(plain, fields), rows_of(wordy, fields)
    assert [r.values for r in one[0]] == [
        {"name": "Ana & Bo", "floor": 0},
        {"name": "<Ce>", "floor": 1},
        {"name": "x" * 50, "floor": 2},
    ]
    assert other[0] == one[0]
    assert other[2].plan == one[2].plan


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def prefixed(xml: str) -> str:
    for tag in ("worksheet", "sheetData", "row", "c", "v", "sst", "si", "t"):
        for end in (">", " ", "/>"):
            xml = xml.replace(f"<{tag}{end}", f"<x:{tag}{end}").replace(f"</{tag}{end}", f"</x:{tag}{end}")
    return xml.replace("xmlns=", "xmlns:x=")


def test_what_the_quick_reader_cannot_read_from_some_row_on_the_careful_one_reads(app):
    rows = "".join(
        f'<row r="{n}"><c r="A{n}" t="str"><v>{"Name" if n == 1 else n}</v></c></row>'
        for n in range(1, 30_000)
    )
    broken = rows.replace('<c r="A20000" t="str">', "<c t='str' r='A20000'>")
    field = [sheets.Field("name", "Name", "name")]
    data = messy.package(messy.rows_xml(broken))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.getinfo("xl/worksheets/sheet1.xml").file_size > 1_000_000
    found, left_out, _look = rows_of(data, field)
    assert [(r.number, r.values["name"]) for r in found] == [(n, str(n)) for n in range(2, 30_000)]
    assert left_out == []
