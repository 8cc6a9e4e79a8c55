"""routes-json says of each route who may come, and gives an address the worker may really open."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import select

from app.core.session import unit_of_work
from app.registry.models import Dwelling
from app.site import health, routes

pytestmark = pytest.mark.any_database


@pytest.fixture
def described(app, world, system, monkeypatch):
    monkeypatch.setattr(routes, "WORKER", "worker_a")
    with unit_of_work(system):
        system.add(Dwelling(area_id=world.areas["grid_t11"], address="foreign"))
        system.flush()
        system.add(Dwelling(area_id=world.areas["grid_a11"], address="own"))
    said = app.test_cli_runner().invoke(args=["routes-json"], catch_exceptions=False)
    assert said.exit_code == 0, said.output
    return {r["endpoint"]: r for r in json.loads(said.output)}


def test_public_pages_and_pages_of_roles(described):
    assert described["LoginView.login"]["roles"] == ["*"]
    assert described["LoginView.login"]["public"]
    assert described["ChangeLogView.list"]["roles"] == ["auditor"]
    assert "grid_worker" in described["Inbox.index"]["roles"]
    assert not described["Inbox.index"]["public"]


def test_each_argument_has_a_value_of_the_worker_s_own(described, world, system):
    own, foreign = system.scalars(select(Dwelling).order_by(Dwelling.address.desc())).all()
    found = described["DwellingView.show"]
    assert found["ids"] == {"pk": own.uid}
    assert found["example"] == f"/dwelling/show/{own.uid}"
    assert foreign.uid not in json.dumps(described)
    related = described["DwellingView.related_list"]
    assert related["example"] == f"/dwelling/show/{own.uid}/{related['ids']['child']}"
    assert described["DwellingView.reveal"]["ids"]["column"] == "owner_phone"
    assert described["VenueView.show"] == described["VenueView.show"] | {"ids": {"pk": None}, "example": None}


def test_health_says_what_is_missing(app, client, monkeypatch):
    assert (client.get("/health").status_code, client.get("/health").json) == (200, {"status": "ok"})
    for missing in ("schema", "database"):
        monkeypatch.setattr(health, "_missing", lambda missing=missing: missing)
        answer = client.get("/health")
        assert (answer.status_code, answer.json) == (503, {"status": "down", "missing": missing})


def test_every_rule_stands_in_it(app, described):
    assert set(described) == {rule.endpoint for rule in app.url_map.iter_rules()}


def test_the_examples_are_what_the_worker_may_open(described, login_as):
    client = login_as("worker_a")
    tried = 0
    for found in described.values():
        shown = re.search(r"\.(show|list|index)$", found["endpoint"]) and "<" in found["rule"]
        if shown and found["example"] and "GET" in found["methods"] and "grid_worker" in found["roles"]:
            assert client.get(found["example"]).status_code == 200, found["example"]
            tried += 1
    assert tried


def test_a_role_that_is_not_named_is_refused(described, login_as):
    client = login_as("worker_a")
    for found in described.values():
        if "GET" in found["methods"] and "<" not in found["rule"] and not found["public"]:
            answer = client.get(found["rule"])
            allowed = "grid_worker" in found["roles"]
            assert (answer.status_code == 403) == (not allowed), (found["rule"], answer.status_code)
