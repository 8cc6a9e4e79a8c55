"""Cells as values, and the words by which headings and codes are known."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from app.core.sheets import headings, values, words
from app.core.sheets.declare import Field
from app.core.sheets.headings import Finder
from app.proxy.rules.results import Decision

CHOICES = {"decision": Decision}  # fixed by the program, not by a code list
SEEDS = Path(__file__).resolve().parents[2] / "app" / "seeds"


@given(st.text(max_size=30))
def test_a_tidied_text_needs_no_tidying_and_whatever_was_done_is_told(text):
    value, remarks = values.tidy(text)
    if value is None:
        assert not "".join(sign for sign in text if sign.isalnum())
        return
    again, _remarks = values.tidy(value)
    assert again == value
    assert bool(remarks) == (value != text.replace("\u00a0", " ").replace("\u3000", " ")) or remarks == []


@given(st.one_of(st.text(max_size=20), st.integers(), st.floats(allow_nan=False), st.booleans()))
def test_no_cell_is_too_odd_for_a_reader(raw):
    for read in (
        values.read_text,
        values.read_name,
        values.read_id,
        values.read_number,
        values.read_int,
        values.read_decimal,
        values.read_bool,
    ):
        _value, remarks = read(raw)
        for message, params, grave in remarks or ():
            assert message % params
            assert isinstance(grave, bool)


@pytest.mark.parametrize(
    ("read", "raw", "value"),
    [
        (values.read_int, "1,234", 1234),
        (values.read_int, 3.0, 3),
        (values.read_int, "3.5", None),
        (values.read_int, "-", None),
        (values.read_decimal, 0.1 + 0.2, Decimal("0.3")),
        (values.read_decimal, "88.50", Decimal("88.50")),
        (values.read_decimal, "12\u5e73", None),
        (values.read_text, 3.0, "3"),
        (values.read_text, 13812345678.0, "13812345678"),
        (values.read_text, '="0731"', "0731"),
        (values.read_text, {"d": "2024-01-01"}, "2024-01-01"),
        (values.read_id, "43028119850221002x", "43028119850221002X"),
        (values.read_id, "`430281198502210020", "430281198502210020"),
        (values.read_id, 430281850221002, "430281850221002"),
        (values.read_id, 4.30281198502213e17, None),
        (values.read_id, "4.30281E+17", None),
        (values.read_name, "\u5f20  \u4e09", "\u5f20\u4e09"),
        (values.read_name, "Ana Maria", "Ana Maria"),
        (values.read_bool, "\u221a", True),
        (values.read_bool, "\u00d7", False),
        (values.read_bool, 1, True),
    ],
)
def test_values_of_common_cells(read, raw, value):
    assert read(raw)[0] == value


def test_a_text_that_is_too_long_is_not_cut():
    value, [(message, params, grave)] = values.read_text("x" * 31, 30)
    assert (value, grave) == (None, True)
    assert message % params == "This has 31 characters; at most 30 can be kept."


def test_the_words_of_sheets_name_codes_that_exist_and_no_word_means_two():
    lists: Any = yaml.safe_load((SEEDS / "codes.yaml").read_text(encoding="utf-8"))["lists"]
    known = {one["name"]: one for one in lists} if isinstance(lists, list) else lists
    for name, codes in words.table()["codes"].items():
        listed = known[name].get("codes") or known[name]["items"] if name in known else ()
        there = {str(code["code"]) for code in listed} or {str(one.value) for one in CHOICES[name]}
        assert set(map(str, codes)) <= there, name
        said = [words.plain(word) for some in codes.values() for word in some]
        assert len(said) == len(set(said)), name
    assert words.said("yes").isdisjoint(words.said("no"))
    assert all(isinstance(word, str) for key in words.table()["headings"]["*"].values() for word in key)


def test_each_field_gets_one_column_and_the_fuller_name_wins():
    fields = [Field("name", "Name"), Field("guardian_name", "Guardian"), Field("phone", "Phone", "phone")]
    known = words.by_heading(fields, "persons")
    top = [
        (1, ["Register", None, None, None]),
        (2, ["Name", "Guardian", None, "Phone (mobile)"]),
        (3, [None, "Name", "Phone", None]),
        (4, ["Ana", "Bo", "1", "2"]),
    ]
    found = Finder(top, [(1, 0, 1, 3), (2, 0, 3, 0), (2, 1, 2, 2), (2, 3, 3, 3)], known).find()
    assert (found.first, found.last) == (2, 3)
    assert [c.name for c in found.columns] == ["Name", "Guardian-Name", "Guardian-Phone", "Phone (mobile)"]
    assert headings.suggest(found.columns, known) == {
        "Name": "name",
        "Guardian-Name": "guardian_name",
        "Phone (mobile)": "phone",
    }


def test_a_heading_of_two_meanings_gets_the_one_that_is_left():
    fields = [Field("area", "Grid"), Field("community", "Quarter"), Field("name", "Name")]
    known = words.by_heading(fields, "persons")
    grid, community = "\u7f51\u683c", "\u793e\u533a"

    def suggested(*heads: str) -> dict[str, str]:
        return headings.suggest(
            Finder([(1, list(heads)), (2, ["x"] * len(heads))], [], known).find().columns, known
        )

    assert suggested(community, grid, "Name") == {grid: "area", community: "community", "Name": "name"}
    assert suggested(community, "Name") == {community: "area", "Name": "name"}


def test_a_person_says_where_the_headings_are():
    top = [(1, ["a", "b"]), (2, ["Name", "Phone"]), (5, ["Code", "Born"]), (6, ["x", "y"])]
    known = words.by_heading([Field("name", "Name")], "")
    assert Finder(top, [], known).find().first == 2
    given = Finder(top, [], known).find((5, 5))
    assert [c.name for c in given.columns] == ["Code", "Born"]
    nothing = Finder(top, [], known).find((3, 4))
    assert nothing.columns == []
    assert nothing.findings[0].grave


def test_the_same_source_is_known_again_whatever_blanks_its_headings_have():
    known = words.by_heading([Field("name", "Name")], "")
    marks = {
        Finder([(row, heads), (row + 1, ["x", "y"])], [], known).find().mark
        for row, heads in ((1, ["Name", "Phone"]), (3, [" name ", "Phone:"]))
    }
    assert len(marks) == 1
    other = Finder([(1, ["Phone", "Name"]), (2, ["x", "y"])], [], known).find().mark
    assert other not in marks
    assert len(other) == 64
