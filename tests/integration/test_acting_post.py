"""Two tabs, two posts: what is sent acts under the post that its page showed (guards, section 1)."""

from __future__ import annotations

import pytest

from app.areas.models import Area, SignIn
from tests.factories.registry import make_home
from tests.support.pages import form_of
from tests.support.world import csrf_of, sign_in

# which post acts is told by a field of the form: no statement differs
pytestmark = pytest.mark.any_database


@pytest.fixture
def clerk(app, world):
    """Workstation of community A1, who also reads town T as a leader."""
    return sign_in(app, world, "clerk_a_reads_t", role="workstation")


@pytest.fixture
def flat(app, system, world):
    row = make_home(system, world.areas["grid_a11"])
    system.commit()
    return row


def switch(client, role):
    token = csrf_of(client.get("/"))
    assert client.post("/account/act", data={"csrf_token": token, "role": role}).status_code == 303


def role_of(client):
    return client.get("/api/v1/session").get_json()["role"]


def opened(client, flat):
    url = f"/dwelling/edit/{flat.uid}"
    page = client.get(url)
    assert page.status_code == 200
    return url, form_of(page.text) | {"csrf_token": csrf_of(page)}


def test_a_form_saves_under_the_post_it_was_opened_with(clerk, flat, system):
    url, data = opened(clerk, flat)
    assert data["_acting"] == "workstation"
    switch(clerk, "leader")
    answer = clerk.post(url, data=data | {"note": "typed before the switch"})
    assert answer.status_code in {302, 303}
    system.rollback()
    assert system.get(type(flat), flat.id).note == "typed before the switch"
    # the next page shows what was saved, so the session went back with it
    assert role_of(clerk) == "workstation"


def test_a_refused_form_switches_nothing(clerk, flat, system):
    url, data = opened(clerk, flat)
    switch(clerk, "leader")
    assert clerk.post(url, data=data | {"_version": "77"}).status_code == 409
    assert role_of(clerk) == "leader"


def test_a_post_that_is_not_held_is_not_taken(clerk, flat, system):
    url, data = opened(clerk, flat)
    switch(clerk, "leader")
    for role in ("system_admin", "center_operator", "", "\u2460"):
        assert clerk.post(url, data=data | {"_acting": role, "note": "x"}).status_code == 403
    assert role_of(clerk) == "leader"
    assert system.get(type(flat), flat.id).note != "x"


def test_a_form_of_the_reading_post_writes_nothing_while_the_other_is_acting(clerk, flat, system):
    """The page said leader, and a leader reads: that the session is a clerk's again changes nothing."""
    url, data = opened(clerk, flat)
    assert clerk.post(url, data=data | {"_acting": "leader", "note": "x"}).status_code == 403
    system.rollback()
    assert system.get(type(flat), flat.id).note != "x"


def test_scripts_of_a_page_act_as_the_page_and_switch_nothing(clerk, world, system):
    community = system.get(Area, world.areas["com_t1"])
    switch(clerk, "leader")
    seen = clerk.get(f"/areas/show/{community.uid}", headers={"X-Acting": "workstation"}).status_code
    assert seen in {403, 404}
    assert clerk.get(f"/areas/show/{community.uid}").status_code == 200
    token = csrf_of(clerk.get("/"))
    headers = {"X-Acting": "workstation", "X-CSRFToken": token}
    draft = {"page": "PersonView:new", "title": "t", "values": [["name", "x"]]}
    assert clerk.post("/drafts/save", json=draft, headers=headers).status_code == 200
    system.rollback()
    row = system.query(SignIn).order_by(SignIn.id.desc()).first()
    assert row.acting_role == "leader"


@pytest.mark.parametrize("size", [100, 34_000_000])
def test_a_form_that_is_too_large_is_told_to_whoever_holds_two_posts(clerk, flat, size):
    """The post is read from the form before anything else is: a form that cannot be read must not break the answer."""
    url, data = opened(clerk, flat)
    answer = clerk.post(url, data=data | {"note": "x" * size})
    assert answer.status_code == (413 if size > 4_000_000 else 303)
    assert "<h1>" in answer.text or size == 100
