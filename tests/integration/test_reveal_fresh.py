"""A masked value is shown in plain only soon after the password was given (guards, section 4)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.audit.models import AccessLog
from app.core import clock
from app.registry.models import PersonPhone
from tests.support.pages import post
from tests.support.world import PASSWORD, sign_in

pytest_plugins = ("tests.support.proxy",)
APP = Path(__file__).resolve().parents[2] / "app"
JSON = {"Accept": "application/json"}


@pytest.fixture
def addresses(system, booked):
    """The two ways to a plain phone number: of a person's phone, of the party of a case."""
    case = booked()
    phone = system.scalars(select(PersonPhone).where(PersonPhone.number_index.is_not(None))).first()
    return {"phone": f"/personphone/reveal/{phone.uid}/number", "party": f"/cases/{case}/party/phone"}


def revealed(system) -> int:
    system.rollback()
    return system.scalar(select(func.count()).select_from(AccessLog).where(AccessLog.action == "REVEAL"))


@pytest.mark.parametrize("way", ["phone", "party"])
def test_an_old_sign_in_reveals_nothing_until_the_password_is_given_again(app, world, system, addresses, way):
    url = addresses[way]
    with clock.frozen(clock.now()) as watch:
        client = sign_in(app, world, "worker_a")
        assert post(client, url, reason="call", headers=JSON).get_json() == {"value": "13800000001"}
        watch.move(minutes=6)
        refused = post(client, url, reason="call", headers=JSON)
        assert (refused.status_code, refused.get_json()["code"]) == (403, "confirm_needed")
        assert "13800000001" not in refused.text
        assert revealed(system) == 1
        assert post(client, refused.get_json()["confirm_url"], password=PASSWORD).status_code < 400
        assert post(client, url, reason="call", headers=JSON).get_json() == {"value": "13800000001"}
    assert revealed(system) == 2


def test_every_place_that_logs_a_reveal_asks_for_the_password():
    """A new way to a plain value stands in the test above as well."""
    places = []
    for path in APP.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        for found in re.finditer(r'Access\(\s*"REVEAL"', source):
            before = source[: found.start()].rpartition("def ")[2]
            places.append(path.name)
            assert "require_fresh_login()" in before, path
    assert sorted(places) == ["case_papers.py", "showing.py", "subforms.py"]
