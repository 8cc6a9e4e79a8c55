"""What is typed at a door, for a delivery, a plan or a step is kept: a stray Back loses nothing, saving forgets it."""

from __future__ import annotations

import json
import re
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.core.drafts import Draft
from app.proxy.models import ProxyCase
from app.registry.models import Person
from app.worklog.models import VisitStop
from tests.factories.proxy import walk
from tests.integration.test_field import DRAWN
from tests.integration.test_proxy_rounds import elders, plan, worker
from tests.integration.test_proxy_views import press_button
from tests.support.pages import post, token_of
from tests.support.rows import fresh

pytestmark = pytest.mark.any_database

pytest_plugins = ("tests.support.proxy",)
__all__ = ["elders", "worker"]
KEPT = re.compile(r"data-kept[^>]*>(.*?)</script>", re.S)


def keep(client, page, values):
    body = {"page": page, "title": "a page", "values": values}
    answer = client.post("/drafts/save", json=body, headers={"X-CSRFToken": token_of(client)})
    assert answer.status_code == 200, answer.text


def pages_kept(system) -> list[str]:
    return list(fresh(system).scalars(select(Draft.page)))


@pytest.fixture
def door(system, worker, elders):
    """(address of a door, uid of its stop)."""
    uid = plan(worker, ("Elder An",))
    stop = fresh(system).scalars(select(VisitStop.uid)).one()
    return f"/field/door/{uid}/{stop}", stop


def test_a_door_is_guarded_put_back_and_forgotten_when_saved(system, login_as, door):
    url, stop = door
    client = login_as("worker_a")
    page = client.get(url).text
    key = f"FieldDoor:{stop}"
    assert re.search(rf'<form[^>]*data-guard[^>]*data-draft="{key}"', page)
    assert not KEPT.search(page)
    typed = [["outcome", "met"], ["note", "the bell is broken"], ["signature", DRAWN], ["client_uid", "old"]]
    keep(client, key, typed)
    found = json.loads(KEPT.search(client.get(url).text)[1])
    assert found == typed[:3]  # the page's own id is never an old one
    assert "the bell is broken" not in login_as("clerk_a").get(url).text
    listed = client.get("/drafts/").text
    assert f"/field/stop/{stop}" in listed
    assert client.get(f"/field/stop/{stop}").headers["Location"] == url
    assert login_as("worker_t").get(f"/field/stop/{stop}").status_code == 404
    fields = dict(re.findall(r'name="(client_uid)" value="([^"]+)"', client.get(url).text))
    assert post(client, url, outcome="refused", note="x", **fields).status_code == 303
    assert pages_kept(system) == []


def test_a_refused_saving_keeps_the_draft(system, login_as, door):
    url, stop = door
    client = login_as("worker_a")
    keep(client, f"FieldDoor:{stop}", [["outcome", "met"]])
    fields = dict(re.findall(r'name="(client_uid)" value="([^"]+)"', client.get(url).text))
    assert post(client, url, outcome="met", **fields).status_code == 400  # no signature
    assert pages_kept(system) == [f"FieldDoor:{stop}"]


def test_a_plan_shows_the_people_who_were_ticked_before(system, login_as, elders):
    client = login_as("worker_a")
    uid = fresh(system).scalars(select(Person.uid).where(Person.name == "Elder An")).one()
    stranger = str(uuid4())
    keep(client, "FieldPlan:new", [["people", uid], ["people", stranger], ["title", "Tuesday"]])
    page = client.get("/field/plan").text
    assert page.count(f'value="{uid}"') == 1
    assert stranger not in page.replace(KEPT.search(page)[1], "")
    assert "Tuesday" in KEPT.search(page)[1]


def test_a_delivery_is_kept(system, login_as, sessions, booked):
    uid, client = booked(), login_as("worker_a")
    walk(sessions, uid, "set_out")
    keep(client, f"FieldDeliver:{uid}", [["relation", "daughter"]])
    page = client.get(f"/field/deliver/{uid}").text
    assert "daughter" in KEPT.search(page)[1]
    assert f"/field/deliver/{uid}" in client.get("/drafts/").text


def test_a_step_is_put_back_and_forgotten_when_taken(system, login_as, sessions, booked):
    uid, client = booked(), login_as("worker_a")
    url = f"/cases/{uid}/act/return_previous"
    walk(sessions, uid, "entrust")
    page = client.get(url).text
    key = re.search(r'data-draft="([^"]+)"', page)[1]
    assert key == f"CaseStepreturnprevious:{uid}"
    keep(client, key, [["reason", "one signature too few"], ["_version", "1"], ["action", "withdraw"]])
    page = client.get(url).text
    assert "one signature too few" in page
    assert "data-put-back" in page
    case = fresh(system).scalars(select(ProxyCase)).one()
    assert f'name="_version" value="{case.version}"' in page
    assert f"/cases/show/{uid}" in client.get("/drafts/").text
    assert press_button(client, system, uid, "return_previous", reason="x").status_code == 303
    assert pages_kept(system) == []
