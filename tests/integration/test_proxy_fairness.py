"""Relations of an applicant to those who handle the case, and trips for what only the resident may do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.areas.models import Staff
from app.core import clock
from app.registry.models import Person
from tests.factories.proxy import walk
from tests.integration.test_proxy_home import case_of
from tests.support.pages import post

pytestmark = pytest.mark.any_database
pytest_plugins = ("tests.support.proxy",)


@pytest.mark.parametrize(("account", "flag"), [("worker_a", "handler"), ("clerk_a", "cadre"), ("", None)])
def test_who_lives_with_the_worker_or_a_cadre_is_flagged_at_booking(
    system, world, elder, booked, account, flag
):
    if account:
        staff = system.get(Staff, world.accounts[account].staff_id)
        staff.person_uid = system.scalars(select(Person.uid).where(Person.uid == elder)).one()
        system.commit()
    assert case_of(system, booked()).relation_flag == flag


def test_a_relation_is_declared_and_a_trip_together_is_counted(system, sessions, booked, login_as):
    uid = booked()
    client, stranger = login_as("worker_a"), login_as("clerk_t")

    def send(who, path, **fields):
        return post(who, f"/cases/{uid}/{path}", _version=str(case_of(system, uid).version), **fields)

    assert send(stranger, "relation", relation="no").status_code == 404
    assert send(login_as("supervisor"), "accompany", place="Hall", what="photo").status_code == 403
    assert send(client, "relation", relation="yes").status_code in {400, 422}
    assert case_of(system, uid).relation_flag is None
    assert send(client, "relation", relation="yes", words="aunt of the chief").status_code in {302, 303}
    today = clock.today()
    trip = {"place": "Town hall", "what": "photo for the card"}
    assert send(client, "accompany", day=(today + timedelta(days=1)).isoformat(), **trip).status_code in {
        400,
        422,
    }
    assert send(client, "accompany", day=today.isoformat(), **trip).status_code in {302, 303}
    case = case_of(system, uid)
    assert (case.relation_flag, case.relation_note["words"]) == ("declared", "aunt of the chief")
    assert (case.is_accompanied, case.resident_trips, case.worker_trips) == (True, 1, 1)
    assert [s.action for s in case.steps[-2:]] == ["declare", "accompany"]
    walk(sessions, uid, "submit")
    page = login_as("health").get(f"/cases/show/{uid}").text
    assert "aunt of the chief" in page
    assert "goal: 1" in page
