"""The auditor reads the logs on screen: nobody else does, nothing protected stands there, nothing can be edited."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.audit.models import AccessLog, ChangeLog
from app.core import clock
from app.core.session import unit_of_work
from app.registry.models import Person, PersonPhone

pytestmark = pytest.mark.any_database

PAGES = ("/audit/changes/list/", "/audit/accesses/list/", "/audit/seals/list/")


@pytest.fixture
def logged(system, world):
    with unit_of_work(system):
        person = Person(name="Li Ming", area_id=world.areas["grid_a11"])
        person.phones.append(PersonPhone(number="13812345678"))
        system.add(person)
    return {row.table_name: row for row in system.scalars(select(ChangeLog).order_by(ChangeLog.id))}


@pytest.mark.parametrize("page", PAGES)
def test_only_the_auditor_reads_them(login_as, page):
    assert login_as("admin_audit").get(page).status_code == 200
    for other in ("admin_system", "admin_security", "operator", "leader", "worker_a"):
        assert login_as(other).get(page).status_code in {302, 303, 403}


def test_a_protected_value_stays_masked_for_the_auditor_too(login_as, logged):
    page = login_as("admin_audit").get(f"/audit/changes/show/{logged['person_phone'].id}")
    text = page.get_data(as_text=True)
    assert page.status_code == 200
    assert "138****5678" in text
    assert "13812345678" not in text


def test_looking_at_a_row_is_logged(login_as, logged, world, system):
    login_as("admin_audit").get(f"/audit/changes/show/{logged['person'].id}")
    system.rollback()
    seen = select(AccessLog).where(AccessLog.action == "READ", AccessLog.table_name == "change_log")
    row = system.scalars(seen).one()
    assert (row.row_id, row.user_id) == (logged["person"].id, world.accounts["admin_audit"].user_id)


@pytest.mark.parametrize("path", ["add", "edit/1", "delete/1"])
def test_there_is_no_way_to_edit(app, login_as, path):
    client = login_as("admin_audit")
    for view in ("changes", "accesses", "seals"):
        assert client.get(f"/audit/{view}/{path}").status_code in {302, 303, 403, 404, 405}
        assert client.post(f"/audit/{view}/{path}").status_code in {302, 303, 400, 403, 404, 405}


def test_seals_are_shown(app, login_as, tmp_path):
    from app.audit.seal import seal

    seal(clock.now(), tmp_path)
    assert "change_log" in login_as("admin_audit").get("/audit/seals/list/").get_data(as_text=True)
