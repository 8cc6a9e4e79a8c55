"""Custom fields of the home on the census desk, and pages that were opened before a field came, went or changed."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.codes import CodeItem, CodeList
from app.core.extra import ExtraField, ExtraFieldArea
from app.core.models import new_uid
from app.registry.models import Dwelling, Person
from tests.factories.registry import ResidentFactory, make_home, make_household
from tests.support.pages import fill, form_of, token_of

YESTERDAY = clock.today() - timedelta(days=1)


def add(session, label, *, areas=(), **values):
    """A field of homes; its key is its number."""
    session.rollback()
    key = f"f{len(list(session.scalars(select(ExtraField)))) + 1}"
    given = {"subject": "dwelling", "kind": "text", "level": "L3", "valid_from": date(2026, 1, 1)} | values
    rows = [ExtraFieldArea(area_id=area) for area in areas]
    session.add(ExtraField(key=key, label=label, areas=rows, **given))
    session.commit()
    return f"x_{key}"


def change(session, name, **values):
    """What the administrator does while the clerk types."""
    session.rollback()
    row = session.scalars(select(ExtraField).where(ExtraField.key == name[2:])).one()
    for key, value in values.items():
        setattr(row, key, value)
    session.commit()


class Page:
    """The page of a home as the browser has it."""

    def __init__(self, client, home) -> None:
        self.client, self.uid = client, home.uid
        text = client.get(f"/census/dwelling/{home.uid}").text
        self.data = json.loads(re.search(r'id="census-data">(.*?)</script>', text, re.S)[1])
        self.token = token_of(client)

    @property
    def names(self):
        return [field["key"] for field in self.data["home"]]

    def save(self, households=(), **typed):
        """What one press of “save” sends."""
        asked = [field["key"] for field in (*self.data["extras"], *self.data["home"])]
        home = {"version": self.data["state"]["dwelling"]["version"], "fields": typed} if self.names else None
        body = {"client_uid": new_uid(), "source": "grid", "asked": asked, "home": home}
        return self.client.post(
            f"/census/save/{self.uid}",
            json=body | {"households": list(households)},
            headers={"X-CSRFToken": self.token},
        )


def told(answer):
    """(field, code, message) of each problem."""
    assert answer.status_code == 422, answer.text
    return [(p["field"], p["code"], p["message"]) for p in answer.json["problems"]]


@pytest.fixture
def house(system, world):
    found = make_home(system, world.areas["grid_a11"])
    system.commit()
    return found


def again(session, row):
    session.rollback()
    session.expire_all()
    return session.get(type(row), row.id)


@pytest.mark.any_database
class TestHome:
    def test_its_fields_are_asked_and_saved_there(self, login_as, system, world, house):
        gas = add(system, "Gas", is_required=True, kind="choice", code_list="gender")
        night = add(system, "At night", level="L4")
        far = add(system, "Far", areas=[world.areas["grid_a12"]])
        secret = add(system, "Secret", level="L5")
        page = Page(login_as("clerk_a"), house)
        assert page.names == [gas, night]
        assert far not in page.names
        assert secret not in page.names
        assert [problem[:2] for problem in told(page.save())] == [(gas, "missing")]
        assert [problem[:2] for problem in told(page.save(**{gas: "7", night: "x" * 201}))] == [
            (gas, "invalid"),
            (night, "invalid"),
        ]
        assert page.save(**{gas: "1", night: "dog"}).status_code == 200
        row = again(system, house)
        assert (row.extra, row.extra_closed) == ({"f1": "1"}, {"f2": "dog"})
        stale = page.save(**{gas: "2"})
        assert [problem[:2] for problem in told(stale)] == [(gas, "stale")]
        page.data["state"]["dwelling"]["version"] = stale.json["problems"][0]["data"]["version"]
        saved = page.save(**{gas: "2"})
        assert saved.json["state"]["dwelling"]["extra"] == {gas: "2", night: "dog"}

    def test_a_page_opened_before_is_not_shut_out(self, login_as, system, house):
        """Made required, added, ended and its code ended while the page stands open: each is said, nothing is lost."""
        gas = add(system, "Gas")
        page = Page(login_as("clerk_a"), house)
        change(system, gas, is_required=True)
        assert [problem[:2] for problem in told(page.save())] == [(gas, "missing")]
        new = add(system, "New one", is_required=True)
        ((field, code, words),) = told(page.save(**{gas: "a"}))
        assert (field, code) == (new, "missing")
        assert "New one" in words
        assert "reload" in words
        change(system, new, valid_to=YESTERDAY)
        change(system, gas, valid_to=YESTERDAY)
        assert [problem[:2] for problem in told(page.save(**{gas: "a"}))] == [(gas, "gone")]
        assert page.save().status_code == 200
        bare = Page(page.client, house)
        assert bare.names == []
        assert bare.save().status_code == 200

    def test_a_page_of_an_older_program_sends_no_fields_and_saves(self, login_as, system, house):
        page = Page(login_as("clerk_a"), house)
        add(system, "Gas", is_required=True)
        assert page.save().status_code == 200


@pytest.mark.any_database
class TestForms:
    """The form of a record that stands open while the administrator changes the field."""

    def test_a_field_that_becomes_required_is_then_asked_for(self, login_as, system, house):
        clerk, url = login_as("clerk_a"), f"/dwelling/edit/{house.uid}"
        sent = form_of(clerk.get(url).text) | {"room_no": "7"}
        name = add(system, "Gas", is_required=True)
        refused = clerk.post(url, data=sent)
        assert (refused.status_code, f'href="#{name}"' in refused.text) == (422, True)
        asked = form_of(refused.text)
        assert asked["room_no"] == "7"
        assert clerk.post(url, data=asked | {name: "none"}).status_code == 303

    def test_what_was_typed_into_a_field_that_ended_is_said_once(self, login_as, system, house):
        name, closed = add(system, "Gas"), add(system, "Dog", level="L4")
        clerk, url = login_as("clerk_a"), f"/dwelling/edit/{house.uid}"
        sent = form_of(clerk.get(url).text) | {"room_no": "7", name: "town gas", closed: "bites"}
        for each in (name, closed):
            change(system, each, valid_to=YESTERDAY)
        refused = clerk.post(url, data=sent)
        assert refused.status_code == 422
        assert "town gas" in refused.text
        assert "Dog" in refused.text
        assert "bites" not in refused.text
        assert clerk.post(url, data=form_of(refused.text)).status_code == 303
        assert again(system, house).room_no == "7"

    def test_what_stood_there_unchanged_is_no_matter(self, login_as, system, house):
        name = add(system, "Gas")
        house.extra = {"f1": "town gas"}
        system.commit()
        clerk, url = login_as("clerk_a"), f"/dwelling/edit/{house.uid}"
        sent = form_of(clerk.get(url).text) | {"room_no": "7"}
        change(system, name, valid_to=YESTERDAY)
        assert clerk.post(url, data=sent).status_code == 303
        assert again(system, house).extra == {"f1": "town gas"}
        change(system, name, valid_to=None)  # and opened again
        assert form_of(clerk.get(url).text)[name] == "town gas"


@pytest.mark.any_database
class TestRetired:
    """A code that has ended and stands on records."""

    @pytest.fixture
    def fuel(self, system, house):
        parent = CodeList(name="fuel", label="Fuel")
        system.add(parent)
        system.flush()
        system.add_all(CodeItem(list_id=parent.id, code=code, label=f"Fuel {code}") for code in "ab")
        system.commit()
        name = add(system, "Fuel", kind="choice", code_list="fuel", is_required=True)
        house.extra = {"f1": "a"}
        system.scalars(select(CodeItem).where(CodeItem.label == "Fuel a")).one().valid_to = YESTERDAY
        system.commit()
        return name

    def test_the_record_keeps_it_and_no_other_takes_it(self, login_as, system, world, house, fuel):
        clerk = login_as("clerk_a")
        assert fill(clerk, f"/dwelling/edit/{house.uid}", room_no="7").status_code == 303
        assert again(system, house).extra == {"f1": "a"}
        page = Page(clerk, house)
        (field,) = page.data["home"]
        assert field["pairs"] == [["a", "Fuel a", False], ["b", "Fuel b", True]]
        assert page.save(**{fuel: "a"}).status_code == 200
        system.rollback()
        other = make_home(system, world.areas["grid_a11"], "2")
        system.commit()
        assert [problem[:2] for problem in told(Page(clerk, other).save(**{fuel: "a"}))] == [
            (fuel, "invalid")
        ]
        assert Page(clerk, other).save(**{fuel: "b"}).status_code == 200
        assert fill(clerk, f"/dwelling/edit/{other.uid}", **{fuel: "a"}).status_code == 422


def test_a_hundred_fields_with_odd_names(login_as, system, world, house):
    """Each has quotes, brackets or signs of templates in its name; forms, lists, filters and the search stand."""
    odd = ["'", '"', "<b>&", "{{ 1 }}", "%(x)s", "%", "\\", "\u2019 \u201c", "`${1}`", "</script>"]
    for n in range(100):
        add(system, f"{odd[n % 10]} {n}", kind=("text", "number", "date", "yes_no")[n % 4], in_list=n < 10)
    clerk = login_as("clerk_a")
    url = f"/dwelling/edit/{house.uid}"
    assert fill(clerk, url, x_f1="about the well").status_code == 303
    assert again(system, house).extra == {"f1": "about the well"}
    for address in (
        url,
        f"/dwelling/show/{house.uid}",
        "/dwelling/list/",
        "/dwelling/list/?_flt_0_x_f1=well",
    ):
        text = clerk.get(address).text
        assert "<b>& " not in text, address
    assert len(Page(clerk, house).names) == 100
    system.rollback()
    home = make_household(system, house, [ResidentFactory(name="Qiu Bai")])
    system.commit()
    assert clerk.get(f"/household/show/{home.uid}").status_code == 200
    found = clerk.post("/search/", data={"q": "well", "csrf_token": token_of(clerk)})
    assert house.uid in found.location
    assert system.scalars(select(Dwelling.id)).first()
    assert system.scalars(select(Person.id)).first()
