"""A bad custom field locks nobody out: whatever stands in its row or in a record, pages open and save."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from app.areas.service import extra as service
from app.core.extra import ExtraField
from app.registry.models import Dwelling
from tests.factories.registry import make_home
from tests.support.pages import fill, form_of, post, token_of

PLAIN = {"subject": "dwelling", "kind": "text", "level": "L3", "valid_from": date(2026, 1, 1)}
# what a restored table or another program may have left: no list, a list that is gone, unknown kind or level, no days
ODD = (
    {"kind": "choice"},
    {"kind": "choice", "code_list": "gone_list", "is_required": True},
    {"kind": "picture"},
    {"level": "L9", "is_required": True},
    {"valid_to": date(2025, 1, 1)},
    {"valid_from": None, "help": ""},
    {"kind": "number"},
    {"kind": "yes_no"},
    {"kind": "date"},
)


@pytest.fixture
def house(system, world):
    """A home whose values fit no field, and a field of every odd sort."""
    found = make_home(system, world.areas["grid_a11"])
    found.extra = {f"f{n}": ("abc", {"a": 1}, [1], "")[n % 4] for n in range(1, 20)} | {
        "f7": "abc",
        "f8": "abc",
    }
    for n, odd in enumerate(ODD, 1):
        system.add(ExtraField(key=f"f{n}", label=f"Odd {n}", seq=n, in_list=True, **PLAIN | odd))
    system.commit()
    return found


def test_every_page_opens_and_saves(login_as, system, house):
    clerk = login_as("clerk_a")
    for url in (
        f"/dwelling/edit/{house.uid}",
        "/dwelling/add",
        f"/dwelling/show/{house.uid}",
        "/dwelling/list/",
        "/dwelling/list/?_flt_0_x_f7=5",
        "/dwelling/list/?_flt_1_x_f7=5",
        "/dwelling/list/?_flt_0_x_f8=1",
        "/dwelling/list/?_flt_2_x_f9=2026-01-01",
        f"/census/dwelling/{house.uid}",
        "/homes/building",
        f"/life/enter/home_split/dwelling/{house.uid}",
    ):
        assert clerk.get(url).status_code == 200, url
    assert fill(clerk, f"/dwelling/edit/{house.uid}", room_no="7").status_code == 303
    for query in ("abc", "2026-01-01", "55", "Odd"):
        assert post(clerk, "/search/", q=query).status_code in {200, 303}
    admin = login_as("admin_system")
    assert admin.get("/custom-fields/list/").status_code == 200


def test_a_number_is_found_among_values_that_are_none(login_as, system, world, house):
    other = make_home(system, world.areas["grid_a11"], "2")
    other.extra = {"f7": 5, "f8": True}
    system.commit()
    clerk = login_as("clerk_a")
    for name, value in (("x_f7", "5"), ("x_f8", "1")):
        page = clerk.get(f"/dwelling/list/?_flt_0_{name}={value}").text
        assert (other.uid in page, house.uid in page) == (True, False), name


@pytest.mark.any_database
class TestTwoAdministrators:
    def test_both_add_a_field_and_nothing_typed_is_lost(self, login_as, system, monkeypatch):
        first, second = login_as("admin_system"), login_as("admin_system")
        given = {"subject": "dwelling", "kind": "text", "level": "L3", "seq": "0"}
        assert fill(first, "/custom-fields/add", label="Well", **given).status_code == 303
        with monkeypatch.context() as at_once:
            at_once.setattr(service, "_next_key", lambda *_: "f1")  # both saw the same last key
            refused = fill(second, "/custom-fields/add", label="Dyke", **given)
        assert refused.status_code == 422
        kept = form_of(refused.text)
        assert kept["label"] == "Dyke"
        assert second.post("/custom-fields/add", data=kept).status_code == 303
        system.rollback()
        assert list(system.scalars(select(ExtraField.key).order_by(ExtraField.id))) == ["f1", "f2"]

    def test_the_second_who_changes_one_sees_both_versions(self, login_as, system):
        admin = login_as("admin_system")
        given = {"subject": "dwelling", "kind": "text", "level": "L3", "seq": "0", "label": "Well"}
        uid = fill(admin, "/custom-fields/add", **given).location.rpartition("/")[2]
        url = f"/custom-fields/edit/{uid}"
        opened = form_of(admin.get(url).text)
        assert fill(admin, url, label="Old well").status_code == 303
        clash = admin.post(url, data=opened | {"label": "New well"})
        assert clash.status_code == 409
        assert "Old well" in clash.text
        assert "New well" in clash.text

    def test_the_key_of_an_ended_field_is_never_given_again(self, login_as, system, house):
        admin = login_as("admin_system")
        row = system.scalars(select(ExtraField).order_by(ExtraField.id.desc())).first()
        row.valid_to = date(2026, 1, 2)
        system.commit()
        given = {"subject": "dwelling", "kind": "text", "level": "L3", "seq": "0", "label": "Fresh"}
        assert fill(admin, "/custom-fields/add", **given).status_code == 303
        system.rollback()
        newest = system.scalars(select(ExtraField).order_by(ExtraField.id.desc())).first()
        assert newest.key == f"f{len(ODD) + 1}"
        assert token_of(admin)
        assert system.scalars(select(Dwelling.id)).first()
