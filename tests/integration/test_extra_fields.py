"""Custom fields: added by an administrator, asked where and when they are asked, shown as their level says."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, text

from app.areas.models import AreaSuccession, SensitiveGrant
from app.areas.service.grants import sensitive_groups
from app.core import clock, codes, extra
from app.core.extra import ExtraField, ExtraFieldArea
from app.core.scope import unscoped
from app.registry.models import Dwelling, Household
from app.worklog.models import ServiceRecord
from tests.factories.registry import ResidentFactory, make_home, make_household, make_rental, make_venue
from tests.support.pages import fill, form_of, post, rows_of

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
    session.rollback()
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
        typed = {names[kind]: words for kind, (words, _value) in KINDS.items()}
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
            for shown in (page, listed, history):
                assert word in shown
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


class TestWhereAndWhen:
    def test_a_required_field_is_asked_in_its_area_only(self, login_as, system, world, house):
        name = field(system, "Fire lane", is_required=True, areas=[world.areas["grid_a12"]])
        clerk = login_as("clerk_a")
        assert name not in clerk.get(f"/dwelling/edit/{house.uid}").text  # grid A11
        elsewhere = world.uids["grid_a11"]
        values = {"road": "Well lane", "door_no": "9", "area_id": world.uids["grid_a12"]}
        refused = fill(clerk, "/dwelling/add", **values)
        assert refused.status_code == 422
        assert f'href="#{name}"' in refused.text, problems(refused)
        assert "Well lane" in refused.text
        assert fill(clerk, "/dwelling/add", **values | {name: "free"}).status_code == 303
        assert (
            fill(clerk, "/dwelling/add", **values | {"door_no": "8", "area_id": elsewhere}).status_code == 303
        )
        assert name not in login_as("clerk_t").get("/dwelling/add").text

    def test_what_took_over_from_an_area_is_asked_as_well(self, system, world):
        old, new, other = (world.areas[key] for key in ("grid_a12", "grid_a21", "grid_t11"))
        field(system, "Fire lane", areas=[old])
        assert extra.columns(system, Dwelling, area_id=new) == []
        day = clock.today()
        system.add(AreaSuccession(old_area_id=old, new_area_id=new, effective_on=day, kind="split"))
        system.scalars(select(ExtraField)).one().updated_at = clock.now()
        system.commit()
        system.info.pop("extra_checked", None)
        asked = [[c.label for c in extra.columns(system, Dwelling, area_id=key)] for key in (old, new, other)]
        assert asked == [["Fire lane"], ["Fire lane"], []]

    def test_an_old_record_stays_valid_and_is_asked_on_its_next_edit(self, login_as, system, house):
        tomorrow = clock.today() + timedelta(days=1)
        later = field(system, "To come", is_required=True, valid_from=tomorrow)
        clerk, url = login_as("clerk_a"), f"/dwelling/edit/{house.uid}"
        assert later not in clerk.get(url).text
        name = field(system, "Meter checked", is_required=True, kind="yes_no")
        assert clerk.get(f"/dwelling/show/{house.uid}").status_code == 200
        assert fill(clerk, url, room_no="7").status_code == 422
        assert fill(clerk, url, **{"room_no": "7", name: "0"}).status_code == 303

    def test_what_was_answered_stays_when_the_field_and_its_code_have_ended(self, login_as, system, house):
        name = field(system, "Water", kind="choice", code_list="gender", in_list=True)
        column = extra.columns(system, Dwelling)[0]
        column.write(house, "1")
        row = system.scalars(select(ExtraField)).one()
        row.valid_to = clock.today() - timedelta(days=1)
        system.commit()
        clerk = login_as("clerk_a")
        assert codes.label(system, "gender", "1") in clerk.get(f"/dwelling/show/{house.uid}").text
        assert name not in clerk.get(f"/dwelling/edit/{house.uid}").text
        assert clerk.get(f"/dwelling/list/?_flt_0_{name}=1").status_code == 400
        assert fill(clerk, f"/dwelling/edit/{house.uid}", room_no="8").status_code == 303
        assert column.read(again(system, house)) == "1"


class TestLevels:
    def test_level_4_is_masked_in_lists_open_on_the_page_and_closed_in_the_log(self, login_as, system, house):
        name = field(system, "Oxygen at home", level="L4", in_list=True)
        clerk, url = login_as("clerk_a"), f"/dwelling/edit/{house.uid}"
        assert fill(clerk, url, **{name: "at night"}).status_code == 303
        row = again(system, house)
        assert (row.extra, row.extra_closed) == (None, {"f1": "at night"})
        assert "at night" in clerk.get(f"/dwelling/show/{house.uid}").text
        shown = clerk.get("/dwelling/list/").text
        assert "\u2022\u2022\u2022\u2022" in rows_of(shown)
        history = clerk.get(f"/dwelling/history/{house.uid}").text
        assert "Oxygen at home" in history
        office = login_as("office_a").get(f"/dwelling/show/{house.uid}").text
        for page in (shown, history, office, clerk.get("/dwelling/list/").text):
            assert "at night" not in page
        assert clerk.get(f"/dwelling/list/?_flt_0_{name}=at").status_code == 400
        logged = system.execute(text("SELECT changes FROM change_log ORDER BY id DESC LIMIT 1")).scalar()
        assert "at night" not in logged

    def test_level_5_needs_a_grant_by_name(self, login_as, acting, system, house, world):
        name = field(system, "Court order", level="L5")
        clerk, url = login_as("clerk_a"), f"/dwelling/edit/{house.uid}"
        assert name not in clerk.get(url).text
        grants = [code for code, _label in sensitive_groups(system)]
        assert "dwelling:f1" in grants
        day = clock.today()
        given = {"group_code": "dwelling:f1", "valid_from": day, "valid_to": day, "reason": "by task"}
        staff_id, area_id = world.accounts["clerk_a"].staff_id, world.areas["com_a1"]
        system.add(SensitiveGrant(staff_id=staff_id, area_id=area_id, **given))
        system.commit()
        clerk = login_as("clerk_a")
        assert fill(clerk, url, **{name: "stay away"}).status_code == 303
        assert "stay away" not in clerk.get(url).text  # typed, never sent back
        assert fill(clerk, url, room_no="5").status_code == 303
        assert again(system, house).extra_closed == {"f1": "stay away"}
        page = clerk.get(f"/dwelling/show/{house.uid}").text
        assert "stay away" not in page
        assert f"/reveal/{house.uid}/{name}" in page
        told = post(clerk, f"/dwelling/reveal/{house.uid}/{name}", reason="for the visit")
        assert told.json == {"value": "stay away"}
        assert (
            post(
                login_as("town_clerk_a"), f"/dwelling/reveal/{house.uid}/{name}", reason="why not"
            ).status_code
            == 403
        )

    def test_a_grant_of_part_of_the_areas_opens_the_field_there_only(self, login_as, system, world, house):
        name = field(system, "Court order", level="L5")
        about = field(system, "Shelter", subject="person", level="L5")
        other = make_home(system, world.areas["grid_a12"], "7")
        mother = make_household(system, house, [ResidentFactory(name="Qiu Bai")]).members[0].person
        far = make_household(system, other, [ResidentFactory(name="Lan Fei")]).members[0].person
        day = clock.today()
        given = {"staff_id": world.accounts["clerk_a"].staff_id, "area_id": world.areas["grid_a11"]}
        given |= {"valid_from": day, "valid_to": day, "reason": "by task"}
        system.add_all(SensitiveGrant(group_code=code, **given) for code in ("dwelling:f1", "person:f2"))
        other.extra_closed, far.extra_closed = {"f1": "elsewhere"}, {"f2": "elsewhere"}
        system.commit()
        clerk = login_as("clerk_a")
        for base, inside, outside, key in (
            ("dwelling", house, other, name),
            ("person", mother, far, about),
        ):
            assert fill(clerk, f"/{base}/edit/{inside.uid}", **{key: "at night"}).status_code == 303, base
            told = post(clerk, f"/{base}/reveal/{inside.uid}/{key}", reason="for the visit")
            assert told.json == {"value": "at night"}, base
            assert f'name="{key}"' not in clerk.get(f"/{base}/edit/{outside.uid}").text, base
            fill(clerk, f"/{base}/edit/{outside.uid}", **{key: "typed over"})
            assert again(system, outside).extra_closed == {key[2:]: "elsewhere"}, base
            assert f"/reveal/{outside.uid}/{key}" not in clerk.get(f"/{base}/show/{outside.uid}").text, base
            shut = post(clerk, f"/{base}/reveal/{outside.uid}/{key}", reason="for the visit")
            assert shut.status_code == 403, base
        new = {"road": "Well lane", "door_no": "9", name: "at dawn"}
        refused = fill(clerk, "/dwelling/add", area_id=world.uids["grid_a12"], **new)
        assert (refused.status_code, f'href="#{name}"' in refused.text) == (422, True)
        assert fill(clerk, "/dwelling/add", area_id=world.uids["grid_a11"], **new).status_code == 303


@pytest.mark.any_database
def test_the_second_writer_sees_both_versions_of_a_custom_field(login_as, system, house):
    name = field(system, "Gate code")
    first, second, url = login_as("clerk_a"), login_as("town_clerk_a"), f"/dwelling/edit/{house.uid}"
    opened = form_of(second.get(url).text)
    assert fill(first, url, **{name: "north"}).status_code == 303
    clash = second.post(url, data=opened | {name: "south"})
    assert clash.status_code == 409
    assert all(words in clash.text for words in ("Gate code", "north", "south", f"pick-{name}"))
    settled = form_of(clash.text) | {name: "south", f"pick-{name}": "theirs"}
    assert second.post(url, data=settled).status_code == 303
    assert again(system, house).extra == {"f1": "north"}


@pytest.mark.any_database
class TestKeeping:
    """What the administrator may do with a field."""

    def test_kind_and_record_stay_once_there_are_values(self, login_as, system, house):
        admin = login_as("admin_system")
        uid = add_field(admin, label="Depth", kind="text")
        assert fill(admin, f"/custom-fields/edit/{uid}", kind="number").status_code == 303
        extra.columns(system, Dwelling)[0].write(house, "3")
        system.commit()
        for change in ({"kind": "text"}, {"level": "L4"}):
            refused = fill(admin, f"/custom-fields/edit/{uid}", **change)
            assert (refused.status_code, "Records hold values" in refused.text) == (422, True)
        assert fill(admin, f"/custom-fields/edit/{uid}", label="Depth of the well").status_code == 303
        assert "Depth of the well" in admin.get(f"/custom-fields/history/{uid}").text
        assert add_field(admin, label="Next") != uid
        keys = list(system.scalars(select(ExtraField.key).order_by(ExtraField.id)))
        assert keys == ["f1", "f2"]

    def test_only_the_system_administrator_keeps_them(self, login_as):
        for account in ("clerk_a", "operator", "admin_security", "admin_audit", "leader"):
            assert login_as(account).get("/custom-fields/list/").status_code in {403, 404}

    def test_areas_are_added_and_the_last_one_stays(self, login_as, system, world):
        admin = login_as("admin_system")
        uid = add_field(admin, label="Dyke", area=world.uids["grid_a11"])
        row = system.scalars(select(ExtraField)).one()
        answer = fill(admin, f"/custom-field-areas/add?field_id={uid}", area_id=world.uids["town_t"])
        assert answer.status_code == 303, problems(answer)
        system.rollback()
        assert [c.paths for c in extra.columns(system, Dwelling)] != [()]
        second = system.scalars(select(ExtraFieldArea).order_by(ExtraFieldArea.id.desc())).first()
        gone = post(admin, f"/custom-field-areas/delete/{second.uid}", reason="by mistake")
        assert gone.status_code == 303
        system.rollback()
        last = system.scalars(select(ExtraFieldArea)).one()
        kept = post(admin, f"/custom-field-areas/delete/{last.uid}", reason="by mistake")
        assert "The last area stays" in kept.text
        assert row.label in admin.get("/custom-fields/list/").text


@pytest.mark.any_database
def test_another_process_sees_a_new_field_within_a_second(system, house, monkeypatch):
    """Another process has its own memory: what this one remembers is put back to what it was before."""
    from app.core.extra import kept

    assert extra.columns(system, Dwelling) == []
    memories = (kept._kept, kept._stamp, kept._asked, kept._read)
    before = [list(memory) for memory in memories]
    field(system, "Late")
    for memory, was in zip(memories, before, strict=True):
        memory[:] = was
    now = kept.time.monotonic()
    with unscoped("tests look as another process") as other:
        monkeypatch.setattr(kept.time, "monotonic", lambda: now)
        assert extra.columns(other, Dwelling) == []
    with unscoped("tests look as another process") as other:
        monkeypatch.setattr(kept.time, "monotonic", lambda: now + kept.TRUST)
        assert [c.label for c in extra.columns(other, Dwelling)] == ["Late"]


@pytest.mark.any_database
class TestEachRecord:
    @pytest.fixture
    def records(self, system, world, house):
        """A record of each kind in grid A11, with the base of its pages."""
        household = make_household(system, house, [ResidentFactory(name="Qiu Bai")])
        worker = world.accounts["worker_a"].staff_id
        served = ServiceRecord(
            area_id=house.area_id,
            staff_id=worker,
            done_on=clock.today(),
            record_type="SR1",
            content="Looked in",
        )
        system.add(served)
        rental = make_rental(system, house, landlord_name="Owner")
        found = {
            "household": household,
            "person": household.members[0].person,
            "rentalhome": rental,
            "venue": make_venue(system, house.area_id, house, name="Corner shop"),
            "service-records": served,
        }
        system.commit()
        return found

    def test_its_form_and_page_have_the_field(self, records, login_as, system):
        worker, clerk = login_as("worker_a"), login_as("clerk_a")
        for base, row in records.items():
            name = field(system, "Leaflet", subject=row.__tablename__, kind="yes_no", in_list=True)
            system.refresh(row)
            client = worker if base == "service-records" else clerk
            answer = fill(client, f"/{base}/edit/{row.uid}", **{name: "0"})
            assert answer.status_code == 303, (base, problems(answer))
            assert again(system, row).extra == {name[2:]: False}, base
            assert "Leaflet" in client.get(f"/{base}/show/{row.uid}").text, base
            assert "Leaflet" in client.get(f"/{base}/list/?_flt_0_{name}=0").text, base

    def test_a_record_that_a_service_makes_gets_it_too(self, login_as, system, house):
        name = field(system, "Visited", subject="household", kind="date", is_required=True)
        clerk, values = login_as("clerk_a"), {"kind": "living", "dwelling": house.uid}
        assert fill(clerk, "/household/add", **values).status_code == 422
        answer = fill(clerk, "/household/add", **values | {name: "20260304"})
        assert answer.status_code == 303, problems(answer)
        system.rollback()
        assert system.scalars(select(Household)).one().extra == {"f1": "2026-03-04"}


def test_sheets_and_ledgers_read_write_and_ask_by_the_column(system, house):
    """A mapping as a bulk write has it, a record, and the expression of a statement say the same."""
    for kind in KINDS:
        field(system, kind, kind=kind, code_list="gender" if kind == "choice" else None)
    closed = field(system, "closed", level="L4")
    columns = {c.name: c for c in extra.columns(system, Dwelling, area_id=house.area_id)}
    row: dict = {"extra": None, "extra_closed": None}
    for n, (_words, value) in enumerate(KINDS.values(), 1):
        columns[f"x_f{n}"].write(row, value)
        columns[f"x_f{n}"].write(house, value)
    system.commit()
    assert row["extra"] == house.extra
    asked = [columns[f"x_f{n}"] for n in range(1, 6)]
    found = system.execute(
        select(*(c.expression(Dwelling) for c in asked)).where(Dwelling.id == house.id)
    ).one()
    assert list(found) == [c.read(house) for c in asked] == [value for _words, value in KINDS.values()]
    with pytest.raises(ValueError, match="encrypted"):
        columns[closed].expression(Dwelling)
    for column, value in zip(asked, ("x" * 201, "many", "soon", "x" * 201, "yes"), strict=True):
        with pytest.raises((ValueError, ArithmeticError)):
            column.write(row, value)
    for column in asked:
        column.write(row, None)
    assert row["extra"] is None
