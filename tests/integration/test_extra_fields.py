"""Custom fields: added by an administrator, asked where and when they are asked, shown as their level says."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.core import codes, extra
from app.core.extra import ExtraField, ExtraFieldArea
from app.registry.models import Dwelling
from tests.factories.registry import make_home
from tests.support.pages import fill, form_of, rows_of

ADD = "/custom-fields/add"


def problems(answer):
    """What a refused form says."""
    return re.findall(r'class="gb-error".*?</p>|<li><a href="#.*?</li>', answer.text, re.S)


def add_field(client, **values):
    """A field through the page of the administrator."""
    given = {"subject": "dwelling", "kind": "text", "level": "L3", "in_list": "y", "seq": "0"} | values
    answer = fill(client, ADD, **given)
    assert answer.status_code == 303, problems(answer)
    return answer.location.rpartition("/")[2]


def field(session, label, **values):
    """A field made beside the pages."""
    number = len(list(session.scalars(select(ExtraField)))) + 1
    areas = [ExtraFieldArea(area_id=key) for key in values.pop("areas", ())]
    given = {"subject": "dwelling", "kind": "text", "level": "L3", "valid_from": date(2026, 1, 1)} | values
    row = ExtraField(key=f"f{number}", label=label, areas=areas, **given)
    session.add(row)
    session.commit()
    return f"x_f{number}"


@pytest.fixture
def house(system, world):
    found = make_home(system, world.areas["grid_a11"])
    system.commit()
    return found


def again(session, row):
    session.rollback()
    session.expire_all()
    return session.get(type(row), row.id)


KINDS = {
    "text": ("next to the old well", "next to the old well"),
    "number": ("12.5", Decimal("12.5")),
    "date": ("20260102", date(2026, 1, 2)),
    "choice": ("1", "1"),
    "yes_no": ("1", True),
}


class TestEachKind:
    @pytest.fixture
    def names(self, login_as):
        """A field of each kind, added by the system administrator."""
        admin = login_as("admin_system")
        for kind in KINDS:
            add_field(admin, kind=kind, label=f"Field {kind}", code_list="gender" if kind == "choice" else "")
        return {kind: f"x_f{n}" for n, kind in enumerate(KINDS, 1)}

    def test_it_goes_through_form_page_list_filter_and_history(self, names, login_as, system, house):
        clerk = login_as("clerk_a")
        typed = {names[kind]: text for kind, (text, _value) in KINDS.items()}
        answer = fill(clerk, f"/dwelling/edit/{house.uid}", **typed)
        assert answer.status_code == 303, problems(answer)
        row = again(system, house)
        columns = {c.name: c for c in extra.columns(system, Dwelling)}
        assert {k: columns[names[k]].read(row) for k in KINDS} == {k: v for k, (_t, v) in KINDS.items()}
        opened = form_of(clerk.get(f"/dwelling/edit/{house.uid}").text)
        assert opened[names["date"]] == "2026-01-02"
        assert opened[names["yes_no"]] == "1"
        words = ("next to the old well", "12.5", "2026-01-02", codes.label(system, "gender", "1"), "Yes")
        history = clerk.get(f"/dwelling/history/{house.uid}").text
        listed = rows_of(clerk.get("/dwelling/list/").text)
        page = clerk.get(f"/dwelling/show/{house.uid}").text
        for kind, word in zip(KINDS, words, strict=True):
            for text in (page, listed, history):
                assert word in text
            assert f"Field {kind}" in history
        make_home(system, house.area_id, "2")
        system.commit()
        for kind, right, wrong in (
            ("text", "old well", "new well"),
            ("number", "12.5", "13"),
            ("date", "2026-01-02", "2026-01-03"),
            ("choice", "1", "2"),
            ("yes_no", "1", "0"),
        ):
            ask = f"/dwelling/list/?_flt_0_{names[kind]}="
            assert house.uid in clerk.get(ask + right).text, kind
            assert house.uid not in clerk.get(ask + wrong).text, kind
        assert house.uid in clerk.get(f"/dwelling/list/?_flt_1_{names['number']}=12").text
        assert house.uid not in clerk.get(f"/dwelling/list/?_flt_2_{names['date']}=2026-01-01").text
