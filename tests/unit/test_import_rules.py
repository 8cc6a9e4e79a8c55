"""Rules of an import: the machine of a batch, the mapping of columns, what is undone."""

from __future__ import annotations

import pytest

from app.core.errors import Conflict, Invalid, NotAllowed
from app.exchange.choices import BatchAction as Act
from app.exchange.choices import BatchState as State
from app.exchange.rules import imports as rules
from app.exchange.rules.imports import MACHINE, Target

NAME, AREA = Target("name", "Name", needed=True), Target("area_id", "Grid", needed=True)
NOTE = Target("note", "Note")


def walk(*steps):
    state = None
    for action, role, given in steps:
        state = MACHINE.apply(state, action, (role,), given).target
    return state


UPLOADED = [(Act.upload, "user", {})]
CHECKED = [
    *UPLOADED,
    (Act.map, "user", {"columns": {"Name": "name"}}),
    (Act.check, "user", {}),
    (Act.checked, "job", {}),
]


def test_the_way_of_a_sheet_in_and_out_again():
    assert walk(*CHECKED) is State.checked
    run = [*CHECKED, (Act.run, "user", {}), (Act.finish, "job", {})]
    assert walk(*run) is State.done
    undone = [*run, (Act.undo, "user", {"reason": "x"}), (Act.undone, "job", {})]
    assert walk(*undone) is State.undone
    with pytest.raises(Invalid):
        walk(*run, (Act.undo, "user", {"reason": " "}))
    with pytest.raises(Conflict):
        walk(*undone, (Act.undo, "user", {"reason": "x", "kept": False}))
    assert walk(*undone, (Act.undo, "user", {"reason": "x", "kept": True})) is State.undoing


def test_nothing_is_run_that_was_not_checked_as_it_stands():
    for before in (UPLOADED, CHECKED[:2], [*CHECKED, (Act.look, "user", {})]):
        with pytest.raises(Conflict):
            walk(*before, (Act.run, "user", {}))
    again = [*CHECKED, (Act.map, "user", {"columns": {"N": "name"}})]
    assert walk(*again) is State.mapped


def test_a_broken_off_import_goes_on_or_is_undone_and_never_starts_twice():
    stopped = [*CHECKED, (Act.run, "user", {}), (Act.stop, "job", {"problem": "x"})]
    assert walk(*stopped, (Act.run, "user", {})) is State.running
    halted = [*stopped, (Act.undo, "user", {"reason": "x"}), (Act.halt, "job", {"problem": "x"})]
    assert walk(*halted, (Act.undo, "user", {"reason": "x"})) is State.undoing
    anew = {"columns": {"N": "name"}}
    assert walk(*stopped, (Act.map, "user", {**anew, "unwritten": True})) is State.mapped
    with pytest.raises(Conflict):  # rows of it are in the register
        walk(*stopped, (Act.map, "user", {**anew, "unwritten": False}))
    with pytest.raises(Conflict):
        walk(*CHECKED, (Act.run, "user", {}), (Act.run, "user", {}))
    with pytest.raises(NotAllowed):  # only the job says that it is done
        walk(*CHECKED, (Act.run, "user", {}), (Act.finish, "user", {}))


def test_a_mapping_keeps_known_fields_each_once():
    targets = [NAME, AREA, NOTE]
    assert rules.check_mapping({"A": "name", "B": ""}, targets) == {"A": "name"}
    for columns, where in (({"A": "secret"}, "A"), ({"A": "name", "B": "name"}, "B"), ({"A": ""}, None)):
        with pytest.raises(Invalid) as no:
            rules.check_mapping(columns, targets)
        assert no.value.field == where


def test_what_is_needed_comes_by_a_column_or_for_all_rows():
    targets = [NAME, AREA, NOTE]
    assert rules.missing({"A": "note"}, [], targets) == [NAME, AREA]
    assert rules.missing({"A": "name"}, ["area_id"], targets) == []


def test_rules_that_change_records_need_the_right_to_change_them():
    assert [rules.needed_rights(r) for r in ("skip", "new")] == [("can_add",)] * 2
    assert [rules.needed_rights(r) for r in ("fill", "update")] == [("can_add", "can_edit")] * 2
    with pytest.raises(Invalid):
        rules.needed_rights("all")


def test_a_batch_whose_job_died_says_so():
    assert rules.seen_state(State.running, "running") is State.running
    assert rules.seen_state(State.running, "failed") is State.stopped
    assert rules.seen_state(State.checking, None) is State.mapped
    assert rules.seen_state(State.done, "done") is State.done


def test_a_field_that_is_no_longer_there_is_named_by_its_heading():
    assert rules.gone_fields({"Dog": "x_f1", "Name": "name", "Note": ""}, ["name"]) == ["Dog"]


def test_who_undoes():
    ways = [(True, False), (False, True), (False, False)]
    assert [rules.may_undo(is_owner=own, may_delete=may) for own, may in ways] == [True, True, False]


def test_a_short_sheet_is_written_in_ten_steps():
    assert [rules.chunk_of(rows, 2000) for rows in (5, 3003, 90_000)] == [200, 301, 2000]
    assert rules.chunk_of(5, 100) == 100


def test_share_of_the_work():
    assert [rules.share(1, 3), rules.share(5, 4), rules.share(1, 0)] == [33, 100, 0]


def test_a_row_is_undone_whole_or_stays_with_its_reason():
    records = [("venue", 1), ("venue", 2)]
    assert rules.why_kept([], [], [], records) is None
    assert rules.why_kept([records[1]], [], [], records) is rules.CHANGED_SINCE
    assert rules.why_kept([records[1]], [records[0]], [], records) is rules.GONE
    assert rules.why_kept([], [], [records[0]], records) is rules.HELD


def test_a_household_goes_whole_or_not_at_all():
    assert rules.whole_or_none([None, None]) == [None, None]
    assert rules.whole_or_none([None, rules.HELD]) == [rules.HOUSEHOLD, rules.HELD]
    pairs = [(1, 5), (2, 7), (1, 6), (3, 9), (2, 6), (4, 9)]
    assert rules.families(pairs) == {5: [5, 6, 7]}
