"""What is typed into the sheet of a check or of a care visit is kept: a dead connection loses nothing, saving forgets it."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import func, select

from app.core import clock
from app.core.models import new_uid
from app.registry.models import GroupVisit, PersonGroup
from app.worklog.models import ServiceRecord
from tests.factories.registry import make_home, make_person, make_rental
from tests.integration.test_field_kept import KEPT, keep, pages_kept
from tests.support.pages import form_of, post

pytestmark = pytest.mark.any_database


@pytest.fixture
def places(system, world):
    """A rented home, and a person in an ordinary group."""
    a11 = world.areas["grid_a11"]
    rental, person = make_rental(system, make_home(system, a11)), make_person(system, a11)
    member = PersonGroup(person_id=person.id, group_code="G11", level="L3", valid_from=clock.today())
    system.add(member)
    system.commit()
    return {"check": f"/checks/home/{rental.uid}", "visit": f"/care/visit/{member.uid}"}


def key_in(page):
    return re.search(r'<form[^>]*data-guard[^>]*data-draft="([^"]+)"', page)[1]


def test_the_sheet_of_a_check_is_put_back_and_forgotten_when_saved(places, system, login_as):
    url, worker = places["check"], login_as("worker_a")
    page = worker.get(url).text
    items = re.findall(r'data-field="(item\.[^"]+)"', page)
    assert not KEPT.search(page)
    keep(worker, key_in(page), [[items[0], "good"], ["summary", "gas bottle"], ["client_uid", "old"]])
    assert json.loads(KEPT.search(worker.get(url).text)[1]) == [[items[0], "good"], ["summary", "gas bottle"]]
    assert "gas bottle" not in login_as("clerk_a").get(url).text
    assert url in worker.get("/drafts/").text
    refused = post(worker, url, client_uid=new_uid(), inspectors="Wang, Li")
    assert refused.status_code == 422, "not every item was judged"
    assert not KEPT.search(refused.text), "the page holds what was sent, not what was kept before"
    assert len(pages_kept(system)) == 1
    done = post(worker, url, client_uid=new_uid(), inspectors="Wang, Li", **dict.fromkeys(items, "good"))
    assert done.status_code == 303, done.text
    assert pages_kept(system) == []


def test_a_care_visit_is_put_back_and_forgotten_when_saved(places, system, login_as):
    url, clerk = places["visit"], login_as("clerk_a")
    page = clerk.get(url).text
    keep(
        clerk,
        key_in(page),
        [
            ["visited_on", "2026-01-05"],
            ["way", "met"],
            ["mood", "tired"],
            ["client_uid", "x"],
            ["again", "y"],
        ],
    )
    assert pages_kept(system) == [f"CareVisit:{url.rsplit('/', 1)[1]}"]
    assert url in clerk.get("/drafts/").text
    page = clerk.get(url).text
    assert "was put back" in page
    assert 'name="again"' not in page, "whether there was another visit is asked each time"
    sent = form_of(page)
    assert (sent["mood"], sent["way"], sent["visited_on"]) == ("tired", "met", "2026-01-05")
    assert sent["client_uid"] != "x"
    sent["visited_on"] = clock.today().isoformat()
    assert clerk.post(url, data=sent).status_code == 303
    assert pages_kept(system) == []


def test_a_visit_from_a_second_tab_is_asked_for_and_not_written_twice(places, system, login_as):
    """Two tabs opened before either is saved; what was typed in the second is still there, and may be said to be so."""
    url, clerk = places["visit"], login_as("clerk_a")
    tabs = [form_of(clerk.get(url).text) | {"way": "met", "mood": mood} for mood in ("calm", "tired")]
    assert clerk.post(url, data=tabs[0]).status_code == 303
    asked = clerk.post(url, data=tabs[1])
    assert asked.status_code == 422
    assert re.search(rf"written down at {clock.today():%Y-%m-%d} \d\d:\d\d by", asked.text)
    again = form_of(asked.text)
    assert (again["mood"], again["way"], "again" in again) == ("tired", "met", False)
    assert 'name="again"' in asked.text
    assert 'name="again"' not in clerk.get(url).text

    def written():
        system.rollback()
        return [system.scalar(select(func.count(model.id))) for model in (GroupVisit, ServiceRecord)]

    assert written() == [1, 1]
    refused = clerk.post(url, data=again | {"again": "y", "next_on": "2020-01-01"})
    assert refused.status_code == 422
    assert form_of(refused.text)["again"] == "y", "another fault does not ask the same again"
    for _twice in range(2):
        assert clerk.post(url, data=again | {"again": "y"}).status_code == 303
    assert written() == [2, 2]
