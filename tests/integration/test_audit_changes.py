"""The change log: who, when, where from, old → new, reason, in the transaction of the change (guards, section 5)."""

from __future__ import annotations

import json
from datetime import date

import pytest
from sqlalchemy import event, select, text, update
from sqlalchemy.exc import DBAPIError

from app.areas.models import Account, Staff
from app.audit import rows, triggers
from app.audit.models import AccessLog, ChangeLog
from app.audit.queries import history_hook
from app.audit.service import log_access, reason
from app.core.actor import Actor
from app.core.crypto import ring
from app.core.scope import acting_as
from app.core.session import unit_of_work
from app.registry.models import Dwelling, HouseholdMember, Person, PersonArea, PersonGroup, PersonPhone


def log_of(session, table, row_id=None):
    query = select(ChangeLog).where(ChangeLog.table_name == table).order_by(ChangeLog.id)
    return session.scalars(query if row_id is None else query.where(ChangeLog.row_id == row_id)).all()


def a_person(session, area_id, **kw):
    person = Person(name="Li Ming", area_id=area_id, **kw)
    person.areas.append(PersonArea(area_id=area_id, kind="residence", valid_from=date(2026, 1, 1)))
    session.add(person)
    session.flush()
    return person


@pytest.mark.demand("S1-57")
def test_insert_update_and_delete_leave_one_row_each(acting, world, system):
    session = acting("clerk_a")
    with unit_of_work(session), reason("move in", tag="census"):
        home = Dwelling(area_id=world.areas["grid_a11"], address="Road 1")
        session.add(home)
    with unit_of_work(session):
        home.address = "Road 2"
    with unit_of_work(session):
        home.deleted_at, home.delete_reason = home.created_at, "twice"
    first, second, third = log_of(system, "dwelling", home.id)
    assert (first.action, second.action, third.action) == ("insert", "update", "delete")
    assert (first.reason, first.tag, second.reason) == ("move in", "census", None)
    assert json.loads(first.changes)["address"] == [None, "Road 1"]
    assert json.loads(second.changes) == {"address": ["Road 1", "Road 2"]}
    who = world.accounts["clerk_a"]
    assert (first.user_id, first.role, first.row_uid) == (who.user_id, "workstation", home.uid)
    assert first.area_id == world.areas["grid_a11"]


def test_an_expired_value_still_has_its_old_value_in_the_log(acting, world, system):
    session = acting("clerk_a")
    with unit_of_work(session):
        home = Dwelling(area_id=world.areas["grid_a11"], address="Road 1", note="first")
        session.add(home)
    session.expire_all()
    with unit_of_work(session):
        home.note = "second"
    assert json.loads(log_of(system, "dwelling", home.id)[-1].changes) == {"note": ["first", "second"]}


def test_nothing_is_logged_when_nothing_changed(acting, world, system):
    session = acting("clerk_a")
    with unit_of_work(session):
        home = Dwelling(area_id=world.areas["grid_a11"], address="Road 1")
        session.add(home)
    with unit_of_work(session):
        home.address = "Road 1"
    assert len(log_of(system, "dwelling", home.id)) == 1


def test_protected_values_never_stand_in_plain(acting, world, system):
    session = acting("clerk_a")
    with unit_of_work(session):
        person = a_person(session, world.areas["grid_a11"])
        phone = PersonPhone(person_id=person.id, number="13812345678")
        session.add(phone)
    with unit_of_work(session):
        phone.number = "13987654321"
    stored = system.connection().execute(
        select(rows.CHANGE_LOG).where(rows.CHANGE_LOG.c.table_name == "person_phone")
    )
    kept = [dict(r._mapping) for r in stored]
    assert len(kept) == 2
    for row in kept:
        plain = row["changes"].encode() + bytes(row["protected"])
        assert b"13812345678" not in plain
        assert b"13987654321" not in plain
    opened = json.loads(ring().decrypt(bytes(kept[1]["protected"]), rows.PROTECTED))
    assert opened == {"number": ["13812345678", "13987654321"]}
    (newest, _first) = history_hook(system, [("person_phone", [phone.id], PersonPhone)])
    assert ("number", "138****5678", "139****4321") in list(newest.fields)


def test_passwords_and_second_factors_are_marked_only(system, world):
    account = system.get(Account, world.accounts["worker_a"].user_id)
    account.totp_secret = "JBSWY3DPEHPK3PXP"
    system.flush()
    row = log_of(system, "account", account.user_id)[-1]
    assert json.loads(row.changes) == {"totp_secret": [None, "***"]}
    assert row.protected is None


def test_roles_of_a_user_are_logged(system, world):
    from flask_appbuilder.security.sqla.models import Role, User

    user = system.get(User, world.accounts["worker_a"].user_id)
    before = sorted(str(r) for r in user.roles)
    user.roles = [system.scalars(select(Role).where(Role.name == "auditor")).one()]
    system.flush()
    assert json.loads(log_of(system, "ab_user", user.id)[-1].changes) == {"roles": [before, ["auditor"]]}


def test_whole_table_statements_are_logged_and_bulk_inserts_refused(acting, world, system):
    session = acting("clerk_a")
    with unit_of_work(session):
        home = Dwelling(area_id=world.areas["grid_a11"], address="Road 1")
        foreign = Dwelling(area_id=world.areas["grid_a12"], address="Road 1")
        session.add_all([home, foreign])
    with unit_of_work(session):
        session.execute(update(Dwelling).where(Dwelling.id == home.id).values(address="Road 9"))
    assert json.loads(log_of(system, "dwelling", home.id)[-1].changes) == {"address": ["Road 1", "Road 9"]}
    assert len(log_of(system, "dwelling", foreign.id)) == 1
    from sqlalchemy import insert

    with pytest.raises(RuntimeError, match=r"core\.bulk"):
        session.execute(insert(Dwelling), [{"area_id": world.areas["grid_a11"], "address": "x"}])


def test_a_change_that_cannot_be_logged_does_not_happen(acting, world, system, monkeypatch):
    session = acting("clerk_a")
    monkeypatch.setattr(rows, "content", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError), unit_of_work(session):
        session.add(Dwelling(area_id=world.areas["grid_a11"], address="Road 1"))
    assert system.scalars(select(Dwelling)).all() == []


def test_a_rolled_back_change_leaves_no_row(acting, world, system):
    session = acting("clerk_a")
    session.add(Dwelling(area_id=world.areas["grid_a11"], address="Road 1"))
    session.flush()
    session.rollback()
    assert log_of(system, "dwelling") == []


class TestAccess:
    def test_an_access_is_committed_on_its_own(self, acting, world, system):
        session = acting("clerk_a")
        session.scalars(select(Staff)).all()  # a read transaction is open
        log_access("REVEAL", "person", 7, world.areas["grid_a11"], "number", "asked by the owner")
        session.rollback()
        (row,) = system.scalars(select(AccessLog))
        assert (row.action, row.table_name, row.row_id, row.reason) == (
            "REVEAL",
            "person",
            7,
            "asked by the owner",
        )
        assert row.user_id == world.accounts["clerk_a"].user_id

    def test_inside_a_unit_it_is_written_with_the_unit(self, acting, world, system):
        session = acting("clerk_a")
        with unit_of_work(session):
            session.add(Dwelling(area_id=world.areas["grid_a11"], address="Road 1"))
            session.flush()  # holds the write lock of SQLite
            log_access("PRINT", "issued_document", 1)
        assert len(system.scalars(select(AccessLog)).all()) == 1

    def test_an_unknown_action_is_a_mistake(self, app):
        with pytest.raises(ValueError, match="PEEK"):
            log_access("PEEK")

    def test_when_the_log_fails_so_does_the_access(self, app, monkeypatch):
        monkeypatch.setattr(rows, "content", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            log_access("READ", "person", 1)


class TestAppendOnly:
    @pytest.mark.parametrize("statement", ["UPDATE {} SET action = 'x'", "DELETE FROM {}"])
    @pytest.mark.parametrize("table", ["change_log", "access_log"])
    def test_the_database_refuses_edits(self, system, world, table, statement):
        log_access("READ", "person", 1, actor=Actor(user_id=1))
        with pytest.raises(DBAPIError, match="append-only"):
            system.connection().execute(text(statement.format(table)))

    def test_every_step_table_is_append_only(self, app):
        assert {"case_step", "visit_step", "document_step", "print_log", "audit_seal"} <= set(
            triggers.tables()
        )

    def test_the_triggers_stand_in_the_database(self, system):
        if system.get_bind().dialect.name == "sqlite":
            query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            wanted = {n for t in triggers.tables() for n in triggers.names(t) if "truncate" not in n}
        else:
            query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
            wanted = {n for t in triggers.tables() for n in triggers.names(t)}
        assert wanted <= set(system.connection().execute(text(query)).scalars())


def test_a_row_costs_one_statement_for_all_rows_of_a_flush(acting, world, system):
    """Twenty changed rows are one INSERT … executemany, not twenty."""
    session, seen = acting("clerk_a"), []
    engine = session.get_bind()

    def note(_conn, _cursor, statement, _parameters, _context, many):
        if "change_log" in statement:
            seen.append(many)

    event.listen(engine, "before_cursor_execute", note)
    try:
        with unit_of_work(session):
            for n in range(20):
                session.add(Dwelling(area_id=world.areas["grid_a11"], address=f"Road {n}"))
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert seen == [True]


def test_a_system_session_gives_its_reason_and_keeps_the_person(world, system):
    from app.core.scope import unscoped

    human = Actor(user_id=42, label="Wang", role="auditor", read_only=False)
    with acting_as(human), unscoped("repair of links") as session, unit_of_work(session):
        session.add(Dwelling(area_id=world.areas["grid_a11"], address="Road 1"))
    row = log_of(system, "dwelling")[-1]
    assert (row.user_id, row.actor, row.reason) == (42, "Wang", "repair of links")


def test_links_of_children_are_logged(acting, world, system):
    session = acting("clerk_a")
    with unit_of_work(session):
        person = a_person(session, world.areas["grid_a11"])
    assert len(log_of(system, "person_area")) == 1
    assert log_of(system, "person", person.id)[0].action == "insert"
    assert HouseholdMember.__tablename__ not in rows.LOGS


def test_a_given_reason_outlives_a_savepoint_and_ends_with_the_transaction(acting, world, system):
    from app.audit.service import give_reason

    session = acting("clerk_a")
    with unit_of_work(session):
        give_reason(session, "asked for")
        with session.begin_nested():
            session.add(Dwelling(area_id=world.areas["grid_a11"], address="Road 1"))
        session.add(Dwelling(area_id=world.areas["grid_a11"], address="Road 2"))
    with unit_of_work(session):
        session.add(Dwelling(area_id=world.areas["grid_a11"], address="Road 3"))
    assert [row.reason for row in log_of(system, "dwelling")] == ["asked for", "asked for", None]


def test_the_log_does_not_tell_the_auditor_who_stands_in_a_closed_group(login_as, world, system):
    """Level and person of a row of a special group are protected in the change log as the group itself is (guards,
    section 3): neither the stored text nor the auditor's page has them.
    """
    person = a_person(system, world.areas["grid_a11"])
    system.flush()
    group = PersonGroup(
        person_id=person.id, group_code="community_correction", level="L5", valid_from=date(2026, 1, 1)
    )
    system.add(group)
    system.commit()
    (row,) = log_of(system, "person_group")
    assert not {"person_id", "level", "group_code"} & json.loads(row.changes).keys()
    page = login_as("admin_audit").get(f"/audit/changes/show/{row.id}").text
    assert "valid_from" in page or "2026-01-01" in page
    assert "→ L5" not in page
    assert f"→ {person.id}<" not in page
    assert "community_correction" not in page
