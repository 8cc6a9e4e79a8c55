"""A named grant holds in its area and nowhere else."""

from __future__ import annotations

import pytest

from app.areas.rules import granted, outermost

TOWN, A, A11, B = "00010001", "000100010001", "0001000100010001", "000100010002"


@pytest.mark.parametrize(
    ("lines", "paths", "wide", "parts"),
    [
        ((), {A}, set(), ()),
        ((f"G01 {A}",), {A11}, {"G01"}, ()),
        ((f"G01 {TOWN}", f"G02 {A}"), {A, B}, {"G01"}, (("G02", A),)),
        ((f"G01 {A}", f"G01 {B}"), {A11, B}, {"G01"}, ()),
        ((f"G01 {A11}",), {A}, set(), (("G01", A11),)),
        ((f"G01 {A}",), set(), set(), (("G01", A),)),
        (("G01 0001",), set(), {"G01"}, ()),
    ],
)
def test_a_grant_for_a_part_of_ones_areas_opens_that_part_only(lines, paths, wide, parts):
    everywhere, some = granted("\n".join(lines), paths)
    assert everywhere == wide
    assert tuple((group, lo) for group, lo, _hi in some) == parts
    assert all(hi > lo for _group, lo, hi in some)


def test_what_lies_below_another_path_is_no_outermost_one():
    assert outermost({A11, B, A, A}) == [A, B]
    assert outermost({TOWN, A11, B}) == [TOWN]
    assert outermost(()) == []
