"""Custom fields of level 5 beside their own forms, under a grant for one grid: wizard, events, clerk's page, sheets."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.areas.models import SensitiveGrant
from app.core import clock
from app.core.extra import ExtraField
from app.registry.models import Dwelling, Household, Person, Venue
from app.registry.service import households
from tests.factories.registry import ResidentFactory, make_home, make_household
from tests.integration.test_extra_asked import BORN, BUILDING, opened
from tests.integration.test_extra_desk import Page, told
from tests.support.imports import words_of, write
from tests.support.pages import form_of

pytestmark = pytest.mark.any_database
COURT = "by order of the court"
NOT_HERE = "You may not fill this in for a record of this area. Please leave it empty."


@pytest.fixture
def sealed(system, world):
    """A field of level 5 that clerk A may open in grid A11 only; ``sealed(subject)`` returns its name."""

    def make(subject, **values):
        system.rollback()
        given = {"kind": "text", "level": "L5", "valid_from": clock.today(), "is_required": True} | values
        system.add(ExtraField(subject=subject, key="f1", label="Order", **given))
        staff, area, day = world.accounts["clerk_a"].staff_id, world.areas["grid_a11"], clock.today()
        code = f"{subject}:f1"
        system.add(
            SensitiveGrant(
                group_code=code, staff_id=staff, area_id=area, valid_from=day, valid_to=day, reason="by task"
            )
        )
        system.commit()
        return "x_f1"

    return make


def closed(session, model, name=None):
    """What stands sealed in the records of a class, the newest first."""
    session.rollback()
    query = select(model).order_by(model.id.desc())
    return [row.extra_closed for row in session.scalars(query) if name is None or row.name == name]


def test_the_wizard_asks_whoever_holds_the_grant_of_the_grid(login_as, system, world, sealed):
    name = "dwelling_" + sealed("dwelling")
    clerk, url = login_as("clerk_a"), f"/homes/building?area={world.uids['grid_a11']}"
    sent = opened(clerk, url, step="make", **BUILDING)
    refused = clerk.post(url, data=sent)
    assert (refused.status_code, f'href="#{name}"' in refused.text) == (422, True)
    assert clerk.post(url, data=sent | {name: COURT}).status_code in {302, 303}
    assert closed(system, Dwelling) == [{"f1": COURT}] * 4
    elsewhere = sent | {"area": world.uids["grid_a12"], "name": "4"}
    refused = clerk.post(
        "/homes/building", data=elsewhere | {name: COURT}
    )  # typed before the grid was changed
    assert (refused.status_code, "is no longer asked here" in refused.text) == (422, True)
    assert COURT not in refused.text
    assert clerk.post("/homes/building", data=elsewhere).status_code in {302, 303}
    assert closed(system, Dwelling)[:4] == [None] * 4


def test_an_event_asks_and_what_stands_there_is_not_shown(login_as, system, world, sealed):
    name = "person_" + sealed("person")
    home = make_home(system, world.areas["grid_a11"])
    household = make_household(system, home, [ResidentFactory(name="Anna Li", male=False, number=None)])
    (mother,) = [m.person for m in households.members_of(system, household)]
    mother.extra_closed = {"f1": "old order"}
    there = make_home(system, world.areas["grid_a11"], "7")
    system.commit()
    clerk, url = login_as("clerk_a"), f"/life/enter/birth/household/{household.uid}"
    sent = opened(clerk, url, mother=mother.uid, **BORN, **{f"join_{household.uid}": "20"})
    assert clerk.post(url, data=sent).status_code == 422
    assert clerk.post(url, data=sent | {name: COURT}).status_code == 303
    assert closed(system, Person, "New Li") == [{"f1": COURT}]
    url = f"/life/enter/move_in/person/{mother.uid}"
    page = clerk.get(url)
    assert name in page.text
    assert "old order" not in page.text
    sent = opened(clerk, url, kind="living", dwelling=there.uid)
    answer = clerk.post(url, data=sent)  # required, and filled in already
    assert (answer.status_code, closed(system, Person, "Anna Li")) == (303, [{"f1": "old order"}])


def test_the_clerks_page_asks_of_people_and_of_the_home(login_as, system, world, sealed):
    name = sealed("dwelling")
    home = make_home(system, world.areas["grid_a11"])
    other = make_home(system, world.areas["grid_a12"], "2")
    system.commit()
    clerk = login_as("clerk_a")
    page = Page(clerk, home)
    assert (page.names, Page(clerk, other).names) == ([name], [])
    assert [problem[:2] for problem in told(page.save())] == [(name, "missing")]
    saved = page.save(**{name: COURT})
    assert (saved.status_code, COURT in saved.text, closed(system, Dwelling)[1]) == (
        200,
        False,
        {"f1": COURT},
    )
    again = Page(clerk, home)
    assert again.data["state"]["dwelling"]["sealed"] == [name]
    assert COURT not in clerk.get(f"/census/dwelling/{home.uid}").text
    assert again.save(**{name: ""}).status_code == 200  # left empty it stays
    assert closed(system, Dwelling)[1] == {"f1": COURT}
    stolen = Page(clerk, other)
    stolen.data["home"] = page.data["home"]
    assert [problem[:2] for problem in told(stolen.save(**{name: COURT}))] == [(name, "gone")]


def test_a_guess_sent_to_a_form_without_the_field_is_not_confirmed(login_as, system, world, sealed):
    name = sealed("dwelling", is_required=False)
    other = make_home(system, world.areas["grid_a12"], "2")
    other.extra_closed = {"f1": COURT}
    system.commit()
    clerk, url = login_as("clerk_a"), f"/dwelling/edit/{other.uid}"
    sent = form_of(clerk.get(url).text)
    answers = [clerk.post(url, data=sent | {name: guess}) for guess in (COURT, "another")]
    assert [answer.status_code for answer in answers] == [422, 422]


@pytest.mark.parametrize("sheet", ["persons", "venues"])
def test_a_sheet_takes_it_for_the_grid_of_the_grant_only(sheet, acting, system, sealed):
    subject, area = ("person", "area") if sheet == "persons" else ("venue", "area_id")
    name, model = sealed(subject), Person if sheet == "persons" else Venue
    more = (
        {"birth": "1985-02-21", "sex": "1"}
        if sheet == "persons"
        else {"address": "Road 1", "operator_name": "Li"}
    )
    rows = [
        {"name": "Inside", area: "Grid A11", name: COURT, **more},
        {"name": "Lacking", area: "Grid A11", name: None, **more},
        {"name": "Outside", area: "Grid A12", name: COURT, **more},
        {"name": "Without", area: "Grid A12", name: None, **more},
    ]
    outcomes = write(acting("clerk_a"), sheet, rows)
    assert [o.outcome for o in outcomes] == ["made", "bad", "bad", "made"], [words_of(o) for o in outcomes]
    assert NOT_HERE in words_of(outcomes[2])
    assert closed(system, model) == [None, {"f1": COURT}]
    changed = write(
        acting("clerk_a"), sheet, [rows[3] | {name: COURT}, rows[0] | {name: "a new order"}], "update"
    )
    assert [o.outcome for o in changed] == ["bad", "changed"], [words_of(o) for o in changed]
    assert closed(system, model) == [None, {"f1": "a new order"}]


def test_the_clerks_page_asks_of_households(login_as, system, world, sealed):
    """Of one on record and of one that is typed there; what stands sealed is not sent, an older page is not shut out."""
    name = sealed("household")
    system.add(
        ExtraField(subject="household", key="f2", label="Meter", kind="text", level="L3", is_required=True)
    )
    home = make_home(system, world.areas["grid_a11"])
    known = make_household(system, home, [ResidentFactory(name="Anna Li", number=None)])
    system.commit()
    page = Page(login_as("clerk_a"), home)
    (here,) = page.data["state"]["households"]
    assert [field["key"] for field in page.data["household"]] == [name, "x_f2"]
    (anna,) = here["members"]
    members = [{"ref": anna["ref"], "membership": anna["uid"], "membership_version": anna["version"]}]
    members[0]["relation"] = anna["relation"]
    mine = {"ref": here["ref"], "uid": here["uid"], "version": here["version"], "kind": "living"}
    new = {"ref": "g1", "kind": "registered", "fields": {name: COURT, "x_f2": "8"}}
    fields = {"name": "Wu Er", "sex": "1", "birth": "1980-02-03"}
    new["members"] = [{"ref": "n1", "relation": "02", "fields": fields}]
    answer = page.save([mine | {"members": members}])
    assert answer.status_code == 200, answer.text
    refused = page.save([mine | {"members": members, "fields": {}, "changed": True}, new])
    assert [problem[:2] for problem in told(refused)] == [(name, "missing"), ("x_f2", "missing")]
    saved = page.save(
        [mine | {"members": members, "fields": {name: COURT, "x_f2": "7"}, "changed": True}, new]
    )
    assert (saved.status_code, COURT in saved.text) == (200, False), saved.text
    states = {h["uid"]: (h["extra"], h["sealed"]) for h in saved.json["state"]["households"]}
    assert states.pop(known.uid) == ({"x_f2": "7"}, [name])
    assert list(states.values()) == [({"x_f2": "8"}, [name])]
    assert closed(system, Household) == [{"f1": COURT}] * 2
