"""Custom fields where records are made beside their own forms: the building wizard, life events."""

from __future__ import annotations

import html
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.extra import ExtraField, ExtraFieldArea
from app.registry.models import Dwelling, Household, LifeEvent, Person
from app.registry.service import households
from tests.factories.registry import ResidentFactory, make_home, make_household
from tests.support.pages import form_of, post, token_of

TODAY = clock.today()
BUILDING = {
    "name": "3",
    "units": "1",
    "floors": "2",
    "flats": "2",
    "first_floor": "1",
    "pattern": "floor_flat",
}
BORN = {"name": "New Li", "sex": "1"}


def add(session, subject, label, *, areas=(), **values):
    """A field; its key is its number."""
    session.rollback()
    key = f"f{len(list(session.scalars(select(ExtraField)))) + 1}"
    given = {"kind": "text", "level": "L3", "valid_from": date(2026, 1, 1), "is_required": True} | values
    rows = [ExtraFieldArea(area_id=area) for area in areas]
    session.add(ExtraField(subject=subject, key=key, label=label, areas=rows, **given))
    session.commit()
    return f"{subject}_x_{key}"


def stored(session, model, name=None):
    """Open values of the records of a class, the newest first."""
    session.rollback()
    query = select(model).order_by(model.id.desc())
    return [row.extra for row in session.scalars(query) if name is None or row.name == name]


def opened(client, url, **values):
    """The controls of a page with some of them filled in."""
    return form_of(client.get(url).text.replace("gb-form gb-narrow", "gb-form")) | values


def problems(answer):
    """What a refused form says."""
    return re.findall(r"<p class=.gb-error.*?</p>|<li><a href=.#.*?</li>", answer.text, re.S)


@pytest.fixture
def family(system, world):
    """Anna (head) and her husband Bo in grid A11."""
    home = make_home(system, world.areas["grid_a11"])
    residents = [
        ResidentFactory(name="Anna Li", male=False, number=None),
        ResidentFactory(name="Bo Wang", number=None, relation="11"),
    ]
    household = make_household(system, home, residents)
    people = [m.person for m in households.members_of(system, household)]
    system.commit()
    return home, household, people


@pytest.mark.any_database
class TestWizard:
    def test_what_homes_of_the_grid_must_say_is_asked_and_stands_on_every_flat(self, login_as, system, world):
        name = add(system, "dwelling", "Gas", areas=[world.areas["grid_a11"]])
        ended = add(system, "dwelling", "Coal", valid_to=TODAY - timedelta(days=1))
        later = add(system, "dwelling", "Sun", valid_from=TODAY + timedelta(days=1))
        clerk = login_as("clerk_a")
        url = f"/homes/building?area={world.uids['grid_a11']}"
        page = clerk.get(url).text
        assert (name in page, ended in page, later in page) == (True, False, False)
        assert name not in clerk.get(f"/homes/building?area={world.uids['grid_a12']}").text
        sent = opened(clerk, url, step="make", **BUILDING)
        refused = clerk.post(url, data=sent)
        assert (refused.status_code, f'href="#{name}"' in refused.text) == (422, True)
        assert form_of(refused.text)["name"] == "3"
        assert stored(system, Dwelling) == []
        assert clerk.post(url, data=sent | {name: "natural"}).status_code in {302, 303}
        assert stored(system, Dwelling) == [{"f1": "natural"}] * 4
        elsewhere = sent | {"area": world.uids["grid_a12"], "name": "4"}
        assert clerk.post("/homes/building", data=elsewhere).status_code in {302, 303}
        assert stored(system, Dwelling)[:4] == [None] * 4

    def test_houses_too_and_what_is_no_longer_asked_is_said(self, login_as, system, world):
        name = add(system, "dwelling", "Well", is_required=False)
        clerk = login_as("clerk_a")
        url = f"/homes/houses?area={world.uids['grid_a11']}"
        sent = opened(clerk, url, village_group="2", numbers="1-2", **{name: "dry"})
        row = system.scalars(select(ExtraField)).one()
        row.valid_to = TODAY - timedelta(days=1)
        system.commit()
        told = clerk.post(url, data=sent)
        assert told.status_code == 422
        assert "dry" in told.text.partition("gb-form")[0] + html.unescape(told.text)
        assert stored(system, Dwelling) == []
        again = form_of(told.text)
        assert name not in again
        assert clerk.post(url, data=again).status_code in {302, 303}
        assert len(stored(system, Dwelling)) == 2


@pytest.mark.any_database
class TestEvents:
    def test_a_child(self, login_as, system, world, family):
        _home, household, people = family
        name = add(system, "person", "Vaccinated", kind="yes_no", areas=[world.areas["com_a1"]])
        add(system, "person", "Elsewhere", areas=[world.areas["town_t"]])
        clerk, url = login_as("clerk_a"), f"/life/enter/birth/household/{household.uid}"
        sent = opened(clerk, url, mother=people[0].uid, **BORN, **{f"join_{household.uid}": "20"})
        assert [key for key in sent if "_x_f" in key] == [name]
        refused = clerk.post(url, data=sent)
        assert (refused.status_code, f'href="#{name}"' in refused.text) == (422, True)
        assert form_of(refused.text)["name"] == "New Li"
        assert clerk.post(url, data=sent | {name: "1"}).status_code == 303
        assert stored(system, Person, "New Li") == [{"f1": True}]

    def test_somebody_who_moves_in(self, login_as, system, world, family):
        _home, household, people = family
        person = add(system, "person", "Leaflet", areas=[world.areas["grid_a12"]])
        own = add(system, "household", "Meter", areas=[world.areas["grid_a12"]])
        there = make_home(system, world.areas["grid_a12"], "7")
        system.commit()
        clerk, url = login_as("clerk_a"), f"/life/enter/move_in/person/{people[1].uid}"
        sent = opened(clerk, url, kind="living", dwelling=there.uid)
        assert {person, own} <= set(sent)
        refused = clerk.post(url, data=sent)
        assert refused.status_code == 422
        assert all(f'href="#{name}"' in refused.text for name in (person, own))
        assert clerk.post(url, data=sent | {person: "given", own: "77"}).status_code == 303
        assert stored(system, Person, "Bo Wang") == [{"f1": "given"}]
        assert stored(system, Household)[0] == {"f2": "77"}
        join = f"/life/enter/move_in/household/{household.uid}"
        joined = opened(clerk, join, name="Guest Wu", relation="97")
        assert not [key for key in joined if "_x_f" in key]  # grid A11 asks nothing
        assert clerk.post(join, data=joined).status_code == 303

    def test_a_newcomer_and_who_founds_or_moves_a_household(self, login_as, system, world, family):
        _home, household, people = family
        about = add(system, "person", "Leaflet")
        clerk = login_as("clerk_a")
        join = f"/life/enter/move_in/household/{household.uid}"
        sent = opened(clerk, join, name="Guest Wu", relation="97")
        assert clerk.post(join, data=sent).status_code == 422
        assert clerk.post(join, data=sent | {about: "given"}).status_code == 303
        assert stored(system, Person, "Guest Wu") == [{"f1": "given"}]
        own = add(system, "household", "Meter", level="L4")
        split = f"/life/enter/split/household/{household.uid}"
        who = f"who_{people[1].uid}"
        sent = opened(clerk, split, **{who: "y", own: "88", "head_new": people[1].uid})
        answer = clerk.post(split, data=sent)
        assert answer.status_code == 303, problems(answer)
        system.rollback()
        made = system.scalars(select(Household).order_by(Household.id.desc())).first()
        assert made.extra_closed == {"f2": "88"}
        there = make_home(system, world.areas["grid_a12"], "7")
        system.commit()
        move = f"/life/enter/change_home/household/{made.uid}"
        sent = opened(clerk, move)
        assert sent[own] == "88"  # what is known stands there
        assert clerk.post(move, data=sent | {"dwelling": there.uid, own: "89"}).status_code == 303
        system.rollback()
        assert system.get(Household, made.id).extra_closed == {"f2": "89"}

    def test_a_home_that_is_divided_and_revoking(self, login_as, system, world, family):
        home, household, _people = family
        name = add(system, "dwelling", "Gas")
        clerk, url = login_as("clerk_a"), f"/life/enter/home_split/dwelling/{home.uid}"
        sent = opened(clerk, url, numbers="1A 1B", **{f"to_{household.uid}": "1"})
        assert clerk.post(url, data=sent).status_code == 422
        assert clerk.post(url, data=sent | {name: "none"}).status_code == 303
        assert stored(system, Dwelling) == [{"f1": "none"}, {"f1": "none"}, None]
        event = system.scalars(select(LifeEvent)).one()
        gone = post(clerk, f"/life-events/revoke/{event.uid}", reason="entered by mistake")
        assert gone.status_code in {200, 303, 404}
        assert token_of(clerk)

    def test_who_takes_another_in_is_asked(self, login_as, system, world, family):
        """A household or a home that stays has its values in the fields; at a death or a new name nothing is asked."""
        home, household, people = family
        name, own = add(system, "dwelling", "Gas"), add(system, "household", "Meter")
        about = add(system, "person", "Leaflet")
        other = make_home(system, world.areas["grid_a11"], "8")
        joining = make_household(system, other, [ResidentFactory(name="Wu Er", number=None)])
        home.extra = {"f1": "natural"}
        system.commit()
        clerk, url = login_as("clerk_a"), f"/life/enter/merge/household/{household.uid}"
        sent = opened(clerk, url, other=joining.uid)
        refused = clerk.post(url, data=sent)
        assert (refused.status_code, f'href="#{own}"' in refused.text) == (422, True)
        sent = form_of(refused.text.replace("gb-form gb-narrow", "gb-form"))
        sent |= {key: "97" for key in sent if key.startswith("rel_")}
        sent |= {key: people[0].uid for key in sent if key.startswith("head_")}
        answer = clerk.post(url, data=sent | {own: "77"})
        assert answer.status_code == 303, problems(answer)
        system.rollback()
        assert system.get(Household, household.id).extra == {"f2": "77"}
        url = f"/life/enter/home_merge/dwelling/{home.uid}"
        sent = opened(clerk, url, other=other.uid)
        assert sent[name] == "natural"
        answer = clerk.post(url, data=sent | {name: "none"})
        assert answer.status_code == 303, problems(answer)
        assert stored(system, Dwelling)[-1] == {"f1": "none"}
        for kind in ("death", "new_name", "new_document", "move_out"):
            assert about not in clerk.get(f"/life/enter/{kind}/person/{people[1].uid}").text, kind
