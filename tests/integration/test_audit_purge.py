"""Old rows of the access log go after half a year at the earliest, and the logs can still be verified afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from app.audit import triggers
from app.audit.models import AccessLog, AuditPurge, AuditSeal
from app.audit.purge import AT_LEAST, purge_some
from app.audit.seal import seal
from app.audit.service import log_access
from app.audit.verify import verify
from app.core import clock, jobs
from app.core.actor import Actor
from app.core.errors import Invalid
from app.core.jobs import worker
from app.core.session import unit_of_work

WHO = Actor(user_id=1, label="Wang", role="clerk")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "seals"


@pytest.fixture
def year(app, folder):
    """Three rows 400, 300 and 10 days ago each, sealed on their day; the moment of now."""
    now = clock.now()
    for days in (400, 300, 10):
        with clock.frozen(now - timedelta(days=days)):
            for n in range(3):
                log_access("READ", "person", n, actor=WHO)
        seal(now - timedelta(days=days) + timedelta(minutes=1), folder)
    seal(now, folder)
    return now


def purge(system, now, days=366):
    with unit_of_work(system):
        return purge_some(system, now, timedelta(days=days))


def kept(system):
    system.rollback()
    return system.scalar(select(func.count()).select_from(AccessLog))


def texts(system, folder):
    system.rollback()  # a look of its own: the seals of a moment ago are outside the old snapshot
    return [f.text for f in verify(system, folder).flaws]


@pytest.mark.demand("S1-57")
def test_what_is_left_after_a_purge_is_still_verified(system, folder, year):
    seals = system.scalar(select(func.count()).select_from(AuditSeal))
    assert purge(system, year) == 3
    assert purge(system, year) is None
    assert kept(system) == 6
    found = verify(system, folder)
    assert (found.flaws, found.purged) == ([], 3)
    assert system.scalar(select(func.count()).select_from(AuditSeal)) == seals
    assert purge(system, year, days=200) == 3
    seal(year + timedelta(minutes=2), folder)
    assert (verify(system, folder).flaws, kept(system)) == ([], 3)


def test_everything_may_be_gone(system, folder, app):
    then = clock.now() - timedelta(days=400)
    with clock.frozen(then):
        log_access("READ", "person", 1, actor=WHO)
    seal(then + timedelta(minutes=1), folder)
    assert purge(system, clock.now()) == 1
    assert (kept(system), texts(system, folder)) == (0, [])
    log_access("READ", "person", 2, actor=WHO)
    seal(clock.now(), folder)
    assert texts(system, folder) == []


@pytest.mark.demand("S1-57")
def test_half_a_year_is_kept_whatever_is_asked(system, year):
    with pytest.raises(Invalid, match="184"):
        purge(system, year, days=183)
    assert purge(system, year, days=AT_LEAST.days) == 6
    assert kept(system) == 3


def test_the_database_itself_keeps_half_a_year(system, year):
    for days, refused in ((10, True), (300, False)):
        since = year - timedelta(days=days + 1)
        ids = list(system.scalars(select(AccessLog.id).where(AccessLog.at > since).order_by(AccessLog.id)))[
            :3
        ]
        delete = text(f"DELETE FROM access_log WHERE id IN ({','.join(map(str, ids))})")
        if refused:
            with pytest.raises(DBAPIError, match="append-only"):
                system.connection().execute(delete)
        else:
            system.connection().execute(delete)
        system.rollback()


def test_rows_removed_by_somebody_else_are_told(system, folder, year):
    oldest = system.scalar(select(func.min(AccessLog.id)))
    with unit_of_work(system):
        system.connection().execute(text(f"DELETE FROM access_log WHERE id = {oldest}"))
    (flaw,) = texts(system, folder)
    assert "1 removed" in flaw


def tamper(system, *statements):
    with unit_of_work(system):
        connection = system.connection()
        for name in triggers.names("audit_purge")[:2]:
            on = " ON audit_purge" if connection.dialect.name == "postgresql" else ""
            connection.execute(text(f"DROP TRIGGER {name}{on}"))
        for statement in statements:
            connection.execute(text(statement))
        triggers.ensure(connection)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM audit_purge", "3 removed"),
        ("UPDATE audit_purge SET to_id = to_id + 3, count = 6", "was edited"),
        ("UPDATE audit_purge SET log = 'change_log'", "was edited"),
    ],
)
def test_a_purge_that_the_site_did_not_make_excuses_nothing(system, folder, year, statement, told):
    purge(system, year)
    tamper(system, statement)
    assert any(told in t for t in texts(system, folder))


def test_rows_that_come_back_are_told(system, folder, year):
    row = dict(system.execute(select(AccessLog.__table__).order_by(AccessLog.id).limit(1)).mappings().one())
    purge(system, year)
    with unit_of_work(system):
        system.connection().execute(AccessLog.__table__.insert(), row)
    assert any("but there are some" in t for t in texts(system, folder))


def test_a_purge_that_came_too_early_is_told(system, folder, year, monkeypatch):
    """Somebody with the keys but without patience."""
    purge(system, year)
    monkeypatch.setattr("app.audit.verify.AT_LEAST", timedelta(days=500))
    assert any("too early" in t for t in texts(system, folder))


def test_the_purge_table_is_append_only(system, year):
    purge(system, year)
    for statement in ("UPDATE audit_purge SET count = 0", "DELETE FROM audit_purge"):
        with pytest.raises(DBAPIError, match="append-only"):
            system.connection().execute(text(statement))
        system.rollback()


@pytest.mark.parametrize(("days", "gone"), [(366, 3), (0, 0), (184, 6)])
def test_the_nightly_job_does_it_by_the_setting(system, app, folder, year, monkeypatch, days, gone):
    monkeypatch.setitem(app.config, "ACCESS_LOG_DAYS", days)
    with unit_of_work(system):
        job = jobs.enqueue(system, "site.access", now=clock.now())
    worker.run_one("tester")
    system.rollback()
    job = system.get(jobs.Job, job.id)
    assert (job.state, job.error, job.result) == ("done", None, {"gone": gone})
    assert system.scalar(select(func.count()).select_from(AuditPurge)) == bool(gone)
    assert texts(system, folder) == []


def test_the_nightly_job_refuses_less_than_half_a_year(system, app, year, monkeypatch):
    monkeypatch.setitem(app.config, "ACCESS_LOG_DAYS", 90)
    with unit_of_work(system):
        job = jobs.enqueue(system, "site.access", now=clock.now())
    worker.run_one("tester")
    system.rollback()
    job = system.get(jobs.Job, job.id)
    assert (job.state, kept(system)) == ("failed", 9)
    assert "184" in job.error
