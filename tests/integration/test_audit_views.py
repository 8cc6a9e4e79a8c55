"""The auditor reads the logs on screen: nobody else does, nothing protected stands there, nothing can be edited."""

from __future__ import annotations

import pytest
from flask_appbuilder import Model
from sqlalchemy import select

from app.audit.choices import RECORDS
from app.audit.fields import UNLOGGED
from app.audit.models import AccessLog, ChangeLog
from app.audit.service import reason
from app.core import clock, jobs
from app.core.scope import unscoped
from app.core.session import unit_of_work
from app.registry.models import Person, PersonPhone, Proposal

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


def test_kinds_steps_reasons_and_values_stand_there_in_words(login_as, world, app):
    """What the program writes as codes is read as words; related rows stay numbers, names are not for the auditor."""
    grid = world.areas["grid_a11"]

    @jobs.handler("test.words", label="Looking at deaths", system=True)
    def work(work):
        with work.step() as session, reason(tag="life.death"):
            person = Person(name="Li Ming", area_id=grid)
            session.add(person)
            session.flush()
            session.add(
                Proposal(person_id=person.id, rule="x", anchor="y", topic="benefit", due_on=clock.today())
            )

    with unscoped("tests arrange") as session:
        with unit_of_work(session):
            jobs.enqueue(session, "test.words", {}, now=clock.now())
        while jobs.run_one("tests"):
            pass
        made = session.scalars(select(ChangeLog).where(ChangeLog.table_name == "proposal")).one()
    assert (made.origin, made.actor) == ("worker", "system")
    page = login_as("admin_audit").get(f"/audit/changes/show/{made.id}").text
    for words in (
        "Background job",
        "Looking at deaths",
        "Life event · Death",
        "→ Entitled, not yet applied for",
        "→ Open",
    ):
        assert words in page
    for raw in ("test.words", "life.death", "Li Ming"):
        assert raw not in page


def test_every_logged_table_has_words(app):
    views = {model.__tablename__ for model in app.extensions["geban_views"]}
    logged = {m.class_.__tablename__ for m in Model.registry.mappers} - UNLOGGED - views
    assert {name for name in logged if not name.startswith("ab_")} - RECORDS.keys() == set()


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
