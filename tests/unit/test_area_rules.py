"""Codes, paths, size, posts, delegation and re-division of areas."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.areas.rules import (
    CODE_PATTERNS,
    SEGMENT,
    AreaFact,
    Piece,
    Plan,
    PostSpan,
    band_finding,
    check_code,
    child_path,
    depth_of,
    is_vacant,
    is_within,
    may_administer,
    parent_path,
    plan_findings,
    range_of,
    settled,
)
from app.core.errors import Invalid

TODAY = date(2026, 11, 21)
SOON = date(2026, 12, 1)


@pytest.mark.demand("S0-19")
@pytest.mark.parametrize(
    ("level", "code"),
    [
        ("county", "430281"),
        ("zone", "430281Z01"),
        ("town", "430281104"),
        ("park", "430281401"),
        ("community", "430281104007"),
        ("grid", "430281104007003"),
        ("cell", "43028110400700312"),
    ],
)
def test_a_code_has_the_form_of_its_level(level, code):
    assert check_code(f" {code} ", CODE_PATTERNS[level]) == code
    for wrong in (code + "1", code[:-1], code[:-1] + "x", code[:-1] + "\u0663"):
        with pytest.raises(Invalid) as refused:
            check_code(wrong, CODE_PATTERNS[level])
        assert refused.value.field == "code"


def test_division_codes_nest_but_local_ones_are_passed_over():
    grid = CODE_PATTERNS["grid"]
    assert check_code("430281104007003", grid, parent_code="430281104007")
    with pytest.raises(Invalid, match="430281104008"):
        check_code("430281104007003", grid, parent_code="430281104008")
    assert check_code("430281104", CODE_PATTERNS["town"], parent_code="430281Z01")
    assert check_code("A-7", None, parent_code="430281")
    with pytest.raises(Invalid):
        check_code(" ", None)


numbers = st.lists(st.integers(1, 36**SEGMENT - 1), min_size=1, max_size=5)


def path_of(chain):
    path = ""
    for number in chain:
        path = child_path(path, number)
    return path


@settings(max_examples=60, deadline=None)
@given(numbers, numbers)
def test_a_subtree_is_exactly_one_range(chain, other):
    """Compared as bytes, which is what collation C does."""
    path, candidate = path_of(chain), path_of(other)
    lo, hi = (bound.encode() for bound in range_of(path))
    assert (lo <= candidate.encode() <= hi) is (other[: len(chain)] == chain)
    assert is_within(candidate, path) is (other[: len(chain)] == chain)
    assert lo <= path_of(chain + other).encode() <= hi
    assert (depth_of(path), parent_path(path)) == (len(chain), path_of(chain[:-1]))


def test_paths_sort_by_number_and_the_empty_path_is_everything():
    paths = [child_path("0001", number) for number in (1, 9, 10, 35, 36, 1295, 1296, 36**4 - 1)]
    assert paths == sorted(paths)
    assert (paths[0], paths[-1]) == ("00010001", "0001ZZZZ")
    lo, hi = range_of("")
    assert all(lo <= path <= hi for path in paths)
    assert depth_of("") == 0


@pytest.mark.parametrize("number", [0, -1, 36**4])
def test_a_number_without_a_segment_is_refused(number):
    with pytest.raises(Invalid, match="too many areas"):
        child_path("", number)


def test_thirty_levels_and_no_more():
    deepest = path_of([1] * 30)
    with pytest.raises(Invalid, match="too many levels"):
        child_path(deepest, 1)


@pytest.mark.demand("S0-17", "S3-60", "S4-32")
@pytest.mark.parametrize(
    ("households", "band", "code"),
    [
        (299, (300, 500), "too_small"),
        (300, (300, 500), None),
        (500, (300, 500), None),
        (501, (300, 500), "too_large"),
        (560, (300, 500), "too_large"),
        (560, (None, None), None),
        (0, (300, None), "too_small"),
        (None, (300, 500), None),
    ],
)
def test_the_size_of_a_grid_only_warns(households, band, code):
    finding = band_finding(households, band, ref="g")
    assert (finding and finding.code) == code
    if finding:
        assert (finding.is_error, finding.ref) == (False, "g")
        assert str(households) in str(finding.message)


def test_the_usual_band_is_300_to_500():
    assert band_finding(299).code == "too_small"
    assert band_finding(400) is None


@pytest.mark.demand("S0-08")
def test_a_grid_without_a_worker_today_is_vacant():
    post = PostSpan("grid_worker", date(2026, 1, 1), date(2026, 11, 21))
    assert not is_vacant([post], TODAY)
    assert is_vacant([post], date(2026, 11, 22))
    assert is_vacant([post], date(2025, 12, 31))
    assert is_vacant([PostSpan("supervisor")], TODAY)
    assert not is_vacant([PostSpan("supervisor")], TODAY, roles=["supervisor"])
    assert is_vacant([], TODAY)


@pytest.mark.demand("S4-21")
def test_people_duties_and_tasks_settled():
    worker = [PostSpan("grid_worker")]
    assert settled(worker, 2, 1, TODAY).complete
    assert settled([], 0, 0, TODAY).missing == ("people", "duties", "tasks")
    assert settled(worker, 0, 1, TODAY).missing == ("duties",)
    assert not settled(worker, 1, 0, TODAY).complete


@pytest.mark.parametrize(
    ("admin", "target", "may"),
    [
        ((50, "0001"), (40, "00010002"), True),
        ((50, "0001"), (40, "0001"), True),
        ((50, "0001"), (50, "00010002"), False),
        ((50, "0001"), (60, "00010002"), False),
        ((50, "0001"), (40, "0002"), False),
        ((50, "00010002"), (40, "0001"), False),
        ((90, ""), (40, "0002"), True),
        ((50, "0001"), (40, ""), False),
    ],
)
def test_administration_inside_the_own_subtree_and_below_the_own_rank(admin, target, may):
    assert may_administer(*admin, *target) is may


# Re-division ------------------------------------------------------------------------------------

COMMUNITY = "00010001"
A = AreaFact(1, "g1", "grid", COMMUNITY + "0001", frozenset({10, 11, 12}), valid_from=date(2020, 1, 1))
B = AreaFact(2, "g2", "grid", COMMUNITY + "0002", frozenset({20, 21}))


def piece(code, members, **more):
    return Piece(code, **({"level": "grid", "parent_path": COMMUNITY, "members": frozenset(members)} | more))


SPLIT = Plan("split", SOON, (A,), (piece("g1", [10], id=1), piece("g3", [11, 12])))
MERGE = Plan("merge", SOON, (A, B), (piece("g1", [10, 11, 12, 20, 21], id=1),))
SHIFT = Plan("transfer", SOON, (A, B), (piece("g1", [10, 11], id=1), piece("g2", [12, 20, 21], id=2)))
MOVE = Plan("transfer", SOON, (A,), (piece("g1", [10, 11, 12], id=1, parent_path="00010002"),))


def codes(plan, live=("g1", "g2")):
    return [finding.code for finding in plan_findings(plan, TODAY, live)]


@pytest.mark.demand("S0-15")
@pytest.mark.parametrize("plan", [SPLIT, MERGE, SHIFT, MOVE], ids=["split", "merge", "shift", "move"])
def test_sound_plans(plan):
    assert codes(plan) == []
    assert codes(replace(plan, effective=TODAY)) == []


@pytest.mark.demand("S0-14")
@pytest.mark.parametrize(
    ("members", "code"),
    [([11], "gap"), ([10, 11, 12], "overlap"), ([11, 12, 99], "foreign")],
)
def test_every_dwelling_ends_in_exactly_one_grid(members, code):
    plan = replace(SPLIT, pieces=(SPLIT.pieces[0], piece("g3", members)))
    (finding,) = plan_findings(plan, TODAY, ["g1"])
    assert (finding.code, finding.is_error) == (code, True)
    assert str(finding.message).startswith("1 ")


@pytest.mark.parametrize(
    ("plan", "found"),
    [
        (replace(SPLIT, effective=date(2026, 11, 20)), ["past"]),
        (replace(SPLIT, sources=(replace(A, valid_from=SOON),)), ["not_in_force"]),
        (replace(SPLIT, sources=(replace(A, valid_to=date(2026, 11, 30)),)), ["not_in_force"]),
        (replace(SPLIT, sources=(replace(A, valid_to=SOON),)), []),
        (replace(SPLIT, sources=(replace(A, busy=True),)), ["busy"]),
        (replace(SPLIT, kind="shuffle"), ["kind"]),
        (replace(SPLIT, pieces=(piece("g1", [10, 11, 12], id=1),)), ["split_shape"]),
        (replace(SPLIT, pieces=()), ["split_shape"]),
        (replace(MERGE, sources=(replace(A, members=A.members | B.members),)), ["merge_shape"]),
        (replace(MERGE, sources=()), ["merge_shape"]),
        (replace(MERGE, sources=(A, replace(B, path="000100020001"))), ["parents"]),
        (replace(SPLIT, pieces=(SPLIT.pieces[0], piece("g3", [11, 12], level="cell"))), ["levels"]),
        (replace(SPLIT, pieces=(SPLIT.pieces[0], piece("g2", [11, 12]))), ["code_taken"]),
        (replace(SPLIT, pieces=(SPLIT.pieces[0], piece("g1", [11, 12]))), ["code_taken"]),
        (replace(SHIFT, pieces=SHIFT.pieces[:1]), ["transfer_shape", "gap"]),
        (replace(SHIFT, pieces=(SHIFT.pieces[0], replace(SHIFT.pieces[1], id=None))), ["transfer_shape"]),
        (Plan("transfer", SOON, (), ()), ["transfer_shape"]),
        (replace(MOVE, pieces=(piece("g1", A.members, id=1),)), ["nothing"]),
        (replace(MOVE, pieces=(piece("g1", A.members, id=1, parent_path=A.path + "0001"),)), ["own_child"]),
        (
            replace(MOVE, pieces=(piece("g1", A.members, id=1, parent_path="00010002", level="cell"),)),
            ["levels"],
        ),
        (
            replace(SHIFT, pieces=(SHIFT.pieces[0], replace(SHIFT.pieces[1], parent_path="00010002"))),
            ["transfer_shape"],
        ),
    ],
)
def test_plans_that_cannot_be(plan, found):
    assert codes(plan) == found


def test_size_and_vacancy_of_the_new_grids_only_warn():
    pieces = (
        replace(SPLIT.pieces[0], households=120, has_worker=False),
        replace(SPLIT.pieces[1], households=420),
    )
    found = plan_findings(replace(SPLIT, pieces=pieces), TODAY, ["g1"])
    assert [(finding.code, finding.ref, finding.is_error) for finding in found] == [
        ("too_small", "g1", False),
        ("vacant", "g1", False),
    ]
    assert (
        plan_findings(replace(SPLIT, pieces=pieces[1:] + SPLIT.pieces[:1], band=(100, 500)), TODAY, ["g1"])
        == []
    )
