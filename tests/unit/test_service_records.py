"""Records of a worker's day that are written by hand: whose they are, on which day, who may change them."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from app.core.errors import Invalid
from app.worklog.service.records import claim, may_change

TODAY = date(2026, 11, 2)


def record(**values):
    return SimpleNamespace(**({"staff_id": None, "done_on": TODAY, "ref_kind": None} | values))


def test_a_new_record_belongs_to_who_writes_it():
    mine = record()
    claim(SimpleNamespace(staff_id=7), TODAY, mine, is_new=True)
    assert mine.staff_id == 7
    with pytest.raises(Invalid):
        claim(SimpleNamespace(staff_id=None), TODAY, record(), is_new=True)


def test_a_later_change_leaves_it_with_its_worker():
    theirs = record(staff_id=8)
    claim(SimpleNamespace(staff_id=7), TODAY, theirs, is_new=False)
    assert theirs.staff_id == 8


def test_its_day_has_come():
    with pytest.raises(Invalid) as refused:
        claim(SimpleNamespace(staff_id=7), TODAY, record(done_on=TODAY + timedelta(days=1)), is_new=True)
    assert refused.value.field == "done_on"


@pytest.mark.parametrize(
    ("values", "may"), [({}, True), ({"staff_id": 8}, False), ({"ref_kind": "case"}, False)]
)
def test_who_may_change_it(values, may):
    assert may_change(SimpleNamespace(staff_id=7), record(**({"staff_id": 7} | values))) is may
