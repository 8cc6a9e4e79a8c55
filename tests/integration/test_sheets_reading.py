"""Sheets of any make: what is read of them, and what is said where."""

from __future__ import annotations

import io
import os
import tracemalloc
import warnings
import zipfile
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask_babel import lazy_gettext as _

from app.core import sheets
from app.core.choices import Choice
from app.core.errors import DomainError
from app.core.sheets import process, reading
from app.core.sheets.intake import package
from app.core.sheets.intake.refused import Refused
from app.extensions import db
from app.registry.rules import inspect_document
from tests.support import messy

pytestmark = pytest.mark.any_database
TODAY = date(2026, 11, 22)
CASES = {case["file"]: case for case in messy.cases()}


class Kind(Choice):
    registered = "registered", _("Registered household")
    living = "living", _("Living household")


def judge(number: str) -> tuple[str, list[Any]]:
    found = inspect_document("111", number, TODAY)
    return number, [(str(f.message), {}, f.is_error) for f in found]


def fields(needed: list[str]) -> list[sheets.Field]:
    plain = [
        sheets.Field("name", _("Name"), "name", length=60),
        sheets.Field("number", _("ID number"), "id_number", length=40, judge=judge),
        sheets.Field("birth", _("Birth date"), "partial_date"),
        sheets.Field("phone", _("Phone"), "phone"),
        sheets.Field("visited", "\u8d70\u8bbf\u65e5\u671f", "date"),
        sheets.Field("floor", _("Floor"), "int"),
        sheets.Field("sex", _("Sex"), "code", code_list="gender"),
        sheets.Field("household_kind", _("Household kind"), "choice", choices=Kind),
        sheets.Field("member", "\u515a\u5458", "bool"),
        sheets.Field("note", _("Note"), "text", length=300),
    ]
    return [
        sheets.Field(f.key, f.label, f.kind, f.key in needed, f.code_list, f.choices, f.length, judge=f.judge)
        for f in plain
    ]


@dataclass
class Result:
    """Everything that a sheet brought."""

    rows: dict[int, sheets.Row] = field(default_factory=dict)
    said: list[tuple[str, str, bool]] = field(default_factory=list)


def read_all(data: bytes, needed: list[str] | None = None, size: int = 1000) -> Result:
    wanted = fields(needed or [])
    look = sheets.look(data, fields=wanted, sheet="persons")
    found = list(look.findings)
    result = Result()
    if look.plan["last"]:
        cleaner = sheets.Cleaner(wanted, today=TODAY, session=db.session())
        for chunk in sheets.read(data, look.plan, look.suggestion, cleaner, size=size):
            found += chunk.left_out
            for row in chunk.rows:
                result.rows[row.number] = row
                found += row.findings
    result.said = [(sheets.place(f), str(sheets.sentence(f)), f.grave) for f in found]
    return result


@pytest.fixture
def english(app) -> None:
    """The tests read English words; headings are known in both languages."""


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "refused" not in case])
def test_what_a_messy_sheet_brings(english, name):
    case = CASES[name]
    result = read_all(messy.make(case), case.get("needed"))
    for place, text in case.get("says", ()):
        assert any(p == place and text in s for p, s, _grave in result.said), (place, text, result.said)
    for number, values in case.get("values", {}).items():
        row = result.rows[number]
        assert {key: row.values.get(key) for key in values} == values, (number, result.said)
    if "says" not in case:
        assert result.said == []


def refusals() -> list[Any]:
    def html() -> bytes:
        return b"\xef\xbb\xbf <html><table><tr><td>1</td></tr></table></html>"

    def macros() -> bytes:
        return messy.package(messy.rows_xml(""), more={"xl/vbaProject.bin": b"x"})

    good = messy.make(CASES["rows.xlsx"])
    return [
        *(
            pytest.param(messy.make(case), case["refused"], 400, id=name)
            for name, case in CASES.items()
            if "refused" in case
        ),
        pytest.param(b"", "nothing in this sheet", 400, id="empty"),
        pytest.param(messy.package(messy.rows_xml("")), "nothing in this sheet", 400, id="no_rows"),
        pytest.param(html(), "web page that only bears the name of a sheet", 400, id="page"),
        pytest.param(b"%PDF-1.7 ...", "not a sheet", 400, id="pdf"),
        pytest.param(b"PK\x03\x04" + bytes(200), "damaged", 400, id="no_zip"),
        pytest.param(b"name\n\xff\xff\xff\x80", "neither UTF-8 nor GBK", 400, id="encoding"),
        pytest.param(b"na\x00me", "not a sheet", 400, id="zeros"),
        pytest.param(b'name,note\nx,"' + b"y" * 40_000, "quotation mark", 400, id="quotation"),
        pytest.param(macros(), "macros", 400, id="macros"),
        pytest.param(messy.cut(good), "damaged", 400, id="cut"),
        pytest.param(messy.garbled(good), "damaged", 400, id="garbled"),
        pytest.param(messy.entity_bomb(), "not made by Excel", 400, id="entities"),
        pytest.param(messy.entity_bomb("utf-16"), "not made by Excel", 400, id="entities_wide"),
        pytest.param(messy.lying_zip(), "damaged", 400, id="lying_zip"),
        pytest.param(messy.wide_row(1000), "more than 400 columns", 413, id="columns"),
        pytest.param(messy.wide_row(100_000), "columns", 413, id="past_the_last_column"),
    ]


@pytest.mark.parametrize(("data", "sentence", "status"), refusals())
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(english, data, sentence, status):
    with pytest.raises(DomainError) as refused:
        sheets.look(data, fields=fields([]))
    assert sentence in str(refused.value)
    assert refused.value.status == status
    assert refused.value.field == "file"


def test_a_bomb_is_refused_by_its_list_of_entries_and_leaves_the_parent_alone(english):
    data = messy.zip_bomb()
    tracemalloc.start()
    with pytest.raises(DomainError, match="Unpacked this file would be too large"):
        sheets.look(data, fields=fields([]))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


def test_more_rows_than_a_city_census_has_are_to_be_split(english, monkeypatch):
    data = messy.long_sheet(200_100)
    with pytest.raises(DomainError, match=r"more than 200000 rows\. Split it") as refused:
        sheets.look(data, fields=fields([]))
    assert refused.value.status == 413
    monkeypatch.setattr(process, "MOST_BYTES", 1000)
    with pytest.raises(DomainError, match="more than 0 MB"):
        sheets.look(data, fields=fields([]))


def test_reading_goes_on_from_any_chunk_as_if_it_had_never_stopped(english):
    lines = "\n".join(f"name{n},{n}" if n % 7 else "" for n in range(1, 400))
    data = f"Name,Floor\n{lines}\n".encode()
    wanted = fields([])
    look = sheets.look(data, fields=wanted)
    cleaner = sheets.Cleaner(wanted, today=TODAY, session=db.session())

    def chunks(start: int) -> list[Any]:
        return [
            (c.number, [(r.number, r.values) for r in c.rows], c.left_out)
            for c in sheets.read(data, look.plan, look.suggestion, cleaner, size=50, start=start)
        ]

    whole = chunks(0)
    assert len(whole) == 7
    assert look.rows == 342
    assert [number for _n, rows, _o in whole for number, _v in rows] == [
        n + 1 for n in range(1, 400) if n % 7
    ]
    for start in (1, 4, 6, 7):
        assert chunks(start) == whole[start:]


def below(parent: int) -> list[int]:
    """The processes that a process has started, and those that these have."""
    try:
        own = [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    except FileNotFoundError:
        return []
    return own + [pid for child in own for pid in below(child)]


@pytest.mark.parametrize(("size", "processes"), [(1_000, 2), (40_000, 1)], ids=["long", "short"])
def test_a_reader_that_is_closed_early_ends_its_processes(english, size, processes):
    """A long sheet is cleaned in a process beside ours, which has the one that opens the file below it."""
    lines = "\n".join(f"name{n},{n}" for n in range(60_000))
    data = f"Name,Floor\n{lines}\n".encode()
    wanted, others = fields([]), set(below(os.getpid()))
    look = sheets.look(data, fields=wanted)
    cleaner = sheets.Cleaner(wanted, today=TODAY, session=db.session())
    reader = sheets.read(data, look.plan, look.suggestion, cleaner, size=size)
    next(reader)
    started = set(below(os.getpid())) - others
    assert len(started) == processes
    reader.close()
    assert not [pid for pid in started if Path(f"/proc/{pid}").exists()]


def test_what_goes_wrong_beside_is_raised_here(english, monkeypatch):
    """A refusal of the file with its sentence, and a process that is killed; neither is taken for the end of the sheet."""
    data = ("Name,Floor\n" + "\n".join(f"name{n},{n}" for n in range(400)) + "\n").encode()
    wanted = fields([])
    look = sheets.look(data, fields=wanted)
    cleaner = sheets.Cleaner(wanted, today=TODAY, session=db.session())

    def read() -> list[Any]:
        return list(sheets.read(data, look.plan, look.suggestion, cleaner, size=50))

    assert sum(len(chunk.rows) for chunk in read()) == 400
    monkeypatch.setattr(process, "_START", "import os; os.kill(os.getpid(), 9)")
    with pytest.raises(DomainError, match="too much memory or time"):
        read()
    monkeypatch.setattr(reading, "_packed", lambda *_given: iter([os.kill(os.getpid(), 9)]))
    with pytest.raises(RuntimeError, match="has died"):
        read()


@pytest.mark.parametrize("answer", [b"", b'{"rows": [[2, ["x"]]]}\n'])
def test_a_process_that_dies_is_told_and_not_taken_for_the_end(english, monkeypatch, answer):
    monkeypatch.setattr(process, "_START", f"import os; os.write(1, {answer!r}); os.kill(os.getpid(), 9)")
    with pytest.raises(DomainError, match="too much memory or time"):
        list(process.ask(b"x", {"ask": "look"}))


LIMITED = """
import json, os, sys
sys.path.append(sys.argv[2])
from intake.child import limit
limit()
found = {"environment": sorted(os.environ)}
for name, attempt in (
    ("disk", lambda: os.write(os.open(%(path)r, os.O_CREAT | os.O_WRONLY), b"x")),
    ("memory", lambda: bytearray(2 << 30)),
):
    try:
        attempt()
        found[name] = "may"
    except (OSError, MemoryError) as no:
        found[name] = type(no).__name__
print(json.dumps({"part": found}))
print(json.dumps({"end": True}))
"""


def test_the_process_that_opens_a_file_has_no_keys_writes_no_file_and_has_limits(
    english, monkeypatch, tmp_path
):
    monkeypatch.setenv("GEBAN_SECRET", "x")
    monkeypatch.setattr(process, "_START", LIMITED % {"path": str(tmp_path / "out")})
    [answer] = list(process.ask(b"x", {}))
    found = answer["part"]
    assert "GEBAN_SECRET" not in found["environment"]
    assert (found["disk"], found["memory"]) == ("OSError", "MemoryError")
    assert (tmp_path / "out").stat().st_size == 0


def test_a_row_with_something_beside_the_chosen_columns_is_not_called_empty(english):
    """A sum in a column that nobody chose is a sum; any other text there is told apart from an empty row."""
    data = "\u5e8f\u53f7,\u59d3\u540d\n1,Ana\n\u5c0f\u8ba1,\nnote,\n7,\n2,Bo\n".encode()
    said = [(place, text) for place, text, _grave in read_all(data).said]
    assert said == [
        ("row 3", "This row is a sum and was left out."),
        ("row 4", "This row has nothing in the chosen columns and was left out."),
        ("row 5", "This row is empty and was left out."),
    ]


def test_an_archive_is_judged_by_the_sum_of_its_entries_and_by_their_names(monkeypatch):
    """Many parts that are fine one by one, and two parts of one name, of which two readers would see two files."""

    def refusal(names: list[str]) -> str | None:
        out = io.BytesIO()
        with warnings.catch_warnings(), zipfile.ZipFile(out, "w") as archive:
            warnings.simplefilter("ignore")
            for name in names:
                archive.writestr(name, b"x" * 1000)
        try:
            package.open_zip(io.BytesIO(out.getvalue()))
        except Refused as no:
            return no.code
        return None

    assert refusal(["a.xml", "b.xml", "c.xml"]) is None
    assert refusal(["a.xml", "A.xml"]) == "damaged"
    monkeypatch.setattr(package, "MOST_ALL", 2500)
    assert (refusal(["a.xml", "b.xml"]), refusal(["a.xml", "b.xml", "c.xml"])) == (None, "bomb")
