"""Code lists edited by an administrator, and lists broken on purpose: nobody is locked out (issue text: low code)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app.areas.actors import build_actor
from app.core import clock, codes
from app.core.codes import CodeItem, CodeList
from app.core.extra import ExtraField
from app.registry.models import Person
from app.registry.service import groups
from tests.factories.registry import make_person
from tests.support.pages import fill, form_of
from tests.support.rows import fresh


@pytest.fixture
def admin(login_as):
    return login_as("admin_system")


@pytest.fixture
def local(system):
    """A list of the site's own with three codes."""
    rows = [
        CodeItem(code=code, label=f"Water {code}", seq=n) for n, code in enumerate(("well", "tap", "none"), 1)
    ]
    made = CodeList(name="water", label="Water", items=rows)
    system.add(made)
    system.commit()
    return made


@pytest.fixture
def person(system, world):
    made = make_person(system, world.areas["grid_a11"])
    made.population_kind, made.education = "registered", "20"
    system.commit()
    return made


def offered(session, name):
    session.rollback()
    session.info.pop("codes_checked", None)
    return [code for code, _label in codes.choices(session, name)]


@pytest.mark.any_database
class TestByPages:
    def test_a_new_list_gets_codes_with_dates_an_order_and_an_end(self, admin, system):
        answer = fill(admin, "/code-lists/add", label="Water", name="water")
        assert answer.status_code == 303
        uid = answer.location.rpartition("/")[2]
        tomorrow = clock.today() + timedelta(days=1)
        for code, more in (("well", {}), ("tap", {}), ("pipe", {"valid_from": tomorrow.isoformat()})):
            url = f"/codes/add?list_id={uid}"
            assert fill(admin, url, code=code, label=f"From the {code}", **more).status_code == 303
        assert offered(system, "water") == ["well", "tap"]
        rows = {
            c.code: c
            for c in fresh(system).scalars(select(CodeItem).join(CodeList).where(CodeList.uid == uid))
        }
        places = {f"place-{rows[code].id}": str(n) for n, code in enumerate(("tap", "pipe", "well"))}
        assert fill(admin, f"/code-lists/order/{uid}", **places).status_code == 303
        assert offered(system, "water") == ["tap", "well"]
        end, today = f"/codes/end/{rows['tap'].uid}", clock.today()
        yesterday = (today - timedelta(days=1)).isoformat()
        assert fill(admin, end, last_day=yesterday, reason="dried up").status_code == 303
        assert offered(system, "water") == ["well"]
        assert codes.label(system, "water", "tap") == "From the tap"
        refused = fill(admin, f"/codes/end/{rows['well'].uid}", last_day=yesterday, reason="too")
        assert (refused.status_code, offered(system, "water")) == (422, ["well"])

    def test_old_records_show_a_code_by_its_new_name(self, admin, system, local):
        item = local.items[0]
        assert fill(admin, f"/codes/edit/{item.uid}", label="Spring").status_code == 303
        offered(system, "water")
        assert codes.label(system, "water", "well") == "Spring"
        for label in ("Water tap", "42", "  "):  # another code's name, no words, nothing
            assert fill(admin, f"/codes/edit/{item.uid}", label=label).status_code == 422

    def test_standard_lists_stay_locked_and_codes_the_program_goes_by_are_not_ended(self, admin, system):
        gender = system.scalars(select(CodeList).where(CodeList.name == "gender")).one()
        assert admin.get(f"/codes/edit/{gender.items[0].uid}").status_code == 403
        assert admin.get(f"/code-lists/order/{gender.uid}").status_code == 403
        query = (
            select(CodeItem)
            .join(CodeList)
            .where(CodeList.name == "record_status", CodeItem.code == "effective")
        )
        item = system.scalars(query).one()
        last = (clock.today() + timedelta(days=9)).isoformat()
        for url, values in (
            (f"/codes/end/{item.uid}", {"last_day": last, "reason": "tidy"}),
            (f"/codes/edit/{item.uid}", {"valid_to": last}),
            (f"/codes/edit/{item.uid}", {"valid_from": last}),
            (f"/codes/edit/{item.uid}", {"label": "--"}),
        ):
            assert fill(admin, url, **values).status_code == 422
        assert fill(admin, f"/codes/edit/{item.uid}", label="In force").status_code == 303


def broken(system, name, what):
    """Damage a list behind the back of the program."""
    mine = "list_id = (SELECT id FROM code_list WHERE name = :name)"
    statements = {
        "emptied": [f"DELETE FROM code_item WHERE {mine}"],
        "all ended": [f"UPDATE code_item SET valid_to = '2020-01-01' WHERE {mine}"],
        "turned round": [
            f"UPDATE code_item SET valid_from = '2030-01-01', valid_to = '2020-01-01' WHERE {mine}"
        ],
        "no names": [f"UPDATE code_item SET label = ' ' WHERE {mine}"],
        "bad attributes": [f"UPDATE code_item SET extra = '{{oops' WHERE {mine}"],
        "twice": [
            (
                "INSERT INTO code_item (uid, list_id, code, label, seq, valid_from, valid_to, created_at,"
                " updated_at, version) SELECT substr(uid, 1, 34) || 'zz', list_id, code, 'Old name', 9999,"
                f" '2001-01-01', '2002-01-01', created_at, updated_at, 1 FROM code_item WHERE {mine}"
            )
        ],
    }
    for statement in statements[what]:
        system.execute(text(statement), {"name": name})
    # a change behind the back moves no stamp: what a new process reads is what counts
    system.commit()
    codes._stamp[0], codes._asked[0] = None, 0.0


@pytest.fixture
def mended():
    yield
    codes._stamp[0], codes._asked[0] = None, 0.0


@pytest.mark.parametrize(
    "what", ["emptied", "all ended", "turned round", "no names", "bad attributes", "twice"]
)
@pytest.mark.usefixtures("mended")
def test_a_broken_list_locks_nobody_out(what, login_as, system, person, world):
    for name in (
        "population_kind",
        "education",
        "grid_role",
        "special_group",
        "staff_kind",
        "data_source",
        "id_document",
    ):
        broken(system, name, what)
    for account in ("clerk_a", "worker_a", "admin_system", "leader"):
        assert login_as(account).get("/").status_code == 200  # signs in, sees the menu of the role
    clerk = login_as("clerk_a")
    assert "/person/list/" in clerk.get("/").text
    url = f"/person/edit/{person.uid}"
    form = form_of(clerk.get(url).text)
    assert (form["population_kind"], form["education"]) == ("registered", "20")
    assert fill(clerk, url, workplace="Brick works").status_code == 303
    row = fresh(system).get(Person, person.id)
    assert (row.population_kind, row.education, row.workplace) == ("registered", "20", "Brick works")
    typed = {"name": "Zhao Si", "area_id": world.uids["grid_a11"], "population_kind": "registered"}
    assert fill(clerk, "/person/add", **typed).status_code == 303
    for path in (
        "/person/list/?_flt_0_education=20",
        f"/person/show/{person.uid}",
        "/persongroup/add",
        "/staff/list/",
    ):
        assert clerk.get(path).status_code == 200, path
    # attributes that cannot be read open nothing
    actor = build_actor(world.accounts["clerk_a"].user_id, clock.today())[0]
    assert "S05" not in dict(groups.open_to(system, actor))


@pytest.mark.any_database
@pytest.mark.usefixtures("mended")
def test_a_required_choice_of_a_broken_list_of_the_site_still_saves_with_the_value_kept(
    login_as, system, local, person
):
    values = {"subject": "person", "kind": "choice", "code_list": "water", "key": "f1", "label": "Water"}
    system.add(ExtraField(**values, level="L3", is_required=True))
    person.extra = {"f1": "tap"}
    system.commit()
    clerk, url = login_as("clerk_a"), f"/person/edit/{person.uid}"
    assert fill(clerk, url, workplace="Mill", x_f1="").status_code == 422
    system.execute(text("DELETE FROM code_item WHERE list_id = :id"), {"id": local.id})
    system.commit()
    codes._stamp[0], codes._asked[0] = None, 0.0
    assert fill(clerk, url, workplace="Mill").status_code == 303
    assert fresh(system).get(Person, person.id).extra == {"f1": "tap"}
    assert "tap" in clerk.get(f"/person/show/{person.uid}").text
    assert fill(clerk, url, workplace="Kiln", x_f1="").status_code == 303
