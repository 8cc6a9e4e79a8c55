"""Groups, sums, titles and moving days of ledgers; the sheet that is written; what a spreadsheet must not run."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.escape import unescape

from app.core.sheets.writing import Band, Column, Paper, SheetWriter, begins_like_formula, letters
from app.exchange.rules.ledgers import grouped, moving_day, title_of, unknown_places

TODAY = date(2024, 2, 29)
MOMENT = datetime(2026, 11, 3, 8, 30)  # noqa: DTZ001 - sheets hold local wall-clock time


def lines(rows, width, groups, sums, totals=True):
    return [
        (line.kind, line.level, line.label, line.count, [v for v in line.values if v is not None])
        for line in grouped(rows, width, groups, sums, totals=totals)
    ]


def test_groups_have_a_heading_their_count_and_the_sums_of_numbers():
    rows = [("a", "x", 1, 2.5), ("a", "x", 2, None), ("a", "y", 3, 1), ("b", "y", True, 4)]
    assert lines(rows, 4, [0, 1], [2, 3]) == [
        ("group", 0, "a", 0, []),
        ("group", 1, "x", 0, []),
        ("row", 0, "", 0, ["a", "x", 1, 2.5]),
        ("row", 0, "", 0, ["a", "x", 2]),
        ("sum", 1, "x", 2, [3, 2.5]),
        ("group", 1, "y", 0, []),
        ("row", 0, "", 0, ["a", "y", 3, 1]),
        ("sum", 1, "y", 1, [3, 1]),
        ("sum", 0, "a", 3, [6, 3.5]),
        ("group", 0, "b", 0, []),
        ("group", 1, "y", 0, []),
        ("row", 0, "", 0, ["b", "y", True, 4]),
        ("sum", 1, "y", 1, [4]),
        ("sum", 0, "b", 1, [4]),
        ("total", 0, "", 4, [6, 7.5]),
    ]


def test_a_group_may_stand_behind_what_is_shown_and_no_rows_have_a_total_of_nothing():
    assert lines([("n", "g")], 1, [1], [], totals=False) == [
        ("group", 0, "g", 0, []),
        ("row", 0, "", 0, ["n"]),
    ]
    assert lines([], 1, [0], [0]) == [("total", 0, "", 0, [])]


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), st.integers(-5, 5))))
def test_every_row_comes_out_once_and_the_sums_of_groups_make_the_total(rows):
    rows.sort()
    found = list(grouped(rows, 3, [0, 1], [2], totals=True))
    assert [tuple(line.values) for line in found if line.kind == "row"] == rows
    total = found[-1]
    for level in (0, 1):
        sums = [line for line in found if line.kind == "sum" and line.level == level]
        assert sum(line.count for line in sums) == total.count == len(rows)
        assert sum(line.values[2] or 0 for line in sums) == (total.values[2] or 0)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("today", date(2024, 2, 29)),
        ("today-80y", date(1944, 2, 29)),
        (" Today + 1 y ", date(2025, 2, 28)),
        ("today+10m", date(2024, 12, 29)),
        ("today+12m", date(2025, 2, 28)),
        ("today-2m", date(2023, 12, 29)),
        ("today+1d", date(2024, 3, 1)),
        ("\u4eca\u5929-80\u5e74", date(1944, 2, 29)),
        ("\u4eca\u5929+3\u4e2a\u6708", date(2024, 5, 29)),
        ("today-9999y", None),
        ("today+9999999d", None),
        ("today+", None),
        ("2024-02-29", None),
    ],
)
def test_a_day_moves_with_the_calendar(text, day):
    assert moving_day(text, TODAY) == day


def test_a_title_is_filled_in_and_says_what_it_does_not_know():
    assert (
        title_of("{area} {year}-{month} {x}", {"area": "A", "year": "2026", "month": "3"}) == "A 2026-3 {x}"
    )
    assert unknown_places("{area} {x}", ["area"]) == ["{x}"]


def test_another_reader_finds_every_value_of_a_sheet_as_it_was_written():
    rows = [
        ["=1+1", "430281198502211234", date(1985, 2, 21), 12, Decimal("3.50"), MOMENT],
        ["@x & <b>", "007", date(1899, 5, 1), 10**17, None, None],
        [" \ttab\n_x0041_", "-5", "1985", Decimal("-0.25"), float("nan"), "later\x00\x0b"],
    ]
    kinds = ("text", "text", "date", "int", "decimal", "instant")
    out = io.BytesIO()
    with SheetWriter(
        out,
        [Column(kind, kind) for kind in kinds],
        name="a/b:c",
        above=[Band("Heading", "title")],
        paper=Paper("A3", True, "R&D 1", "foot"),
    ) as sheet:
        for row in rows:
            sheet.row(row)
        sheet.band("group", "group0")
        sheet.total(["2", None, None, 24, None, None])
    book = openpyxl.load_workbook(io.BytesIO(out.getvalue()))
    (page,) = book.worksheets
    found = [list(row) for row in page.iter_rows(values_only=True)]
    assert found[0][0] == "Heading"
    assert found[1] == list(kinds)
    assert found[2] == ["=1+1", rows[0][1], datetime(1985, 2, 21), 12, 3.5, MOMENT]  # noqa: DTZ001
    assert found[3] == ["@x & <b>", "007", "1899-05-01", str(10**17), None, None]
    assert unescape(found[4].pop(0)) == " \ttab\n_x0041_"
    assert found[4] == ["-5", "1985", -0.25, "nan", "later"]
    assert found[6][0] == "2"
    assert found[6][3] == 24
    assert page.title == "a b c"
    assert page.page_setup.orientation == "landscape"
    assert page["A3"].data_type == "s"
    assert page["A3"].quotePrefix
    assert not page["B3"].quotePrefix
    assert page["B3"].number_format == "@"
    assert page["C3"].number_format == "yyyy\\-mm\\-dd"
    assert page.print_title_rows == "$2:$2"
    assert "A6:F6" in [str(merged) for merged in page.merged_cells]
    assert page.oddHeader.right.text.strip() == "R&&D 1"
    assert zipfile.ZipFile(io.BytesIO(out.getvalue())).testzip() is None


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=30))
def test_any_text_survives_but_what_xml_cannot_hold(text):
    out = io.BytesIO()
    with SheetWriter(out, [Column("a")]) as sheet:
        sheet.row([text])
    page = openpyxl.load_workbook(io.BytesIO(out.getvalue())).active
    kept = "".join(c for c in text if (c >= " " or c in "\t\n\r") and c not in "\ufffe\uffff")
    kept = kept.replace("\r\n", "\n").replace("\r", "\n")
    assert unescape(page["A2"].value or "") == kept.encode("utf-8", "ignore").decode()
    assert page["A2"].data_type != "f"


def test_what_begins_like_a_formula_is_known():
    assert all(map(begins_like_formula, ("=1", "+1", "-1", "@a", "\tx", "\rx", "\uff1d1", " =1", "\n@a")))
    assert not any(map(begins_like_formula, ("", "a=1", "1-1", " a")))
    assert [letters(n) for n in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
