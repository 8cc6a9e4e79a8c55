"""What the worker does for the site: the minute's tasks and the nightly jobs."""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from app.audit import triggers
from app.audit.models import AuditSeal, ChangeLog
from app.audit.seal import seal
from app.audit.service import log_access
from app.core import clock, counters, jobs
from app.core.actor import Actor
from app.core.crypto import KeyProblem, Keyring
from app.core.session import unit_of_work
from app.core.uploads import Clean
from app.inbox.models import Notice
from app.registry.models import Dwelling
from app.site import upkeep
from app.site.worker import run
from tests.support.commands import FLASK, start
from tests.support.jobs import run_now


@pytest.fixture
def seals(app, tmp_path, monkeypatch):
    monkeypatch.setitem(app.config, "GEBAN_HOME", tmp_path)
    return tmp_path / "seals"


def spoil(system, log="access_log"):
    connection = system.connection()
    on = f" ON {log}" if connection.dialect.name == "postgresql" else ""
    with unit_of_work(system):
        system.connection().execute(text(f"DROP TRIGGER {log}_no_update{on}"))
        system.connection().execute(
            text(f"UPDATE {log} SET actor = 'nobody' WHERE id = (SELECT min(id) FROM {log})")
        )
        triggers.ensure(system.connection())


def test_counters_that_went_astray_are_set_right(system, world, acting):
    session, area = acting("clerk_a"), world.areas["grid_a11"]
    with unit_of_work(session):
        session.add(Dwelling(area_id=area, address="Road 1"))
    assert run_now(system, "site.counters") == {"wrong": 0}
    with unit_of_work(system):
        counters.apply(system, counters.Deltas({("dwelling", area): 3}))
    assert run_now(system, "site.counters") == {"wrong": 1}
    assert counters.verify(system) == []


def test_the_auditors_are_told_of_a_spoiled_log(system, world, seals):
    log_access("READ", "person", 1, actor=Actor(user_id=1))
    seal(clock.now(), seals)
    assert run_now(system, "site.logs")["flaws"] == 0
    spoil(system)
    assert run_now(system, "site.logs")["flaws"] == 1
    lines = system.scalars(select(Notice)).all()
    assert world.accounts["admin_audit"].user_id in {line.user_id for line in lines}
    assert {line.level for line in lines} == {"alarm"}


def test_old_rows_are_read_on_sundays_only(system, seals):
    log_access("READ", "person", 1, actor=Actor(user_id=1))
    monday = clock.now() - timedelta(days=clock.to_local(clock.now()).isoweekday() - 1)
    seal(monday - timedelta(days=30), seals)
    spoil(system)
    with clock.frozen(monday):
        assert run_now(system, "site.logs", monday)["flaws"] == 0
    with clock.frozen(monday + timedelta(days=6)):
        assert run_now(system, "site.logs", monday)["flaws"] == 1


def test_ended_jobs_and_read_lines_go_after_their_time(system, world):
    now = clock.now()
    with unit_of_work(system):
        for days, state in ((91, "done"), (10, "done")):
            system.add(
                jobs.Job(
                    kind="x", arguments={}, state=state, run_at=now, finished_at=now - timedelta(days=days)
                )
            )
        for days in (400, 10):
            system.add(
                Notice(
                    user_id=world.accounts["worker_a"].user_id,
                    kind="x",
                    message="x",
                    show_from=now,
                    read_at=now - timedelta(days=days),
                )
            )
    assert run_now(system, "site.tidy") == {"gone": 2, "logs": 0}
    assert system.scalar(select(func.count()).select_from(Notice)) == 1


def test_files_that_no_row_names_go_after_a_day(app, system, world, acting, tmp_path, monkeypatch):
    from app.core import files

    monkeypatch.setattr(files, "_store", [files.LocalStore(tmp_path)])
    session, place = acting("worker_a"), {"area_id": world.areas["grid_a11"], "owner_kind": "note"}
    clean = Clean(b"photo", "image/jpeg")
    with unit_of_work(session):
        kept = files.save(session, clean, **place, owner_uid="0" * 36, purpose="photo").storage_key
    lost = files.save(session, clean, **place, owner_uid="0" * 36, purpose="photo").storage_key
    session.rollback()
    assert run_now(system, "site.files") == {"gone": 0}
    for key in (kept, lost):
        old = (clock.now() - timedelta(days=2)).timestamp()
        os.utime(files.store().path(key), (old, old))
    assert run_now(system, "site.files") == {"gone": 1}
    assert list(files.store().keys(clock.now())) == [kept]


def test_attachments_go_when_their_term_is_over_and_the_change_log_says_so(
    app, system, world, acting, tmp_path, monkeypatch
):
    from app.core import files

    monkeypatch.setattr(files, "_store", [files.LocalStore(tmp_path)])
    session, place = acting("worker_a"), {"area_id": world.areas["grid_a11"], "owner_kind": "note"}
    purposes = ("correction", "check_photo", "letter")
    with unit_of_work(session):
        kept = {
            p: files.save(
                session, Clean(b"x", "image/jpeg"), **place, owner_uid="0" * 36, purpose=p
            ).storage_key
            for p in purposes
        }
    assert run_now(system, "site.retention") == {"set": 2, "gone": 0}
    system.rollback()
    today = clock.today()
    until = dict(system.execute(select(files.Attachment.purpose, files.Attachment.keep_until)).all())
    assert {p: day and day.year - today.year for p, day in until.items()} == {
        "correction": 1,
        "check_photo": 10,
        "letter": None,  # no term: it stays with its record
    }
    last = clock.now() + (until["correction"] - today)
    for day, gone in ((last, 0), (last + timedelta(days=1), 1)):  # kept to the end of its last day
        with clock.frozen(day):
            assert run_now(system, "site.retention", day) == {"set": 0, "gone": gone}
    system.rollback()
    assert set(system.scalars(select(files.Attachment.purpose))) == {"check_photo", "letter"}
    assert set(files.store().keys(clock.now() + timedelta(days=1))) == {kept["check_photo"], kept["letter"]}
    line = system.scalars(select(ChangeLog).where(ChangeLog.action == "delete")).one()
    assert (line.table_name, line.tag) == ("attachment", "retention")


def test_once_empties_the_queue_and_seals(app, system, seals, acting):
    session = acting("worker_a")
    jobs.handler("test.once")(lambda work: "done")
    with unit_of_work(session):
        job_id = jobs.enqueue(session, "test.once", now=clock.now()).id
    run(app, once=True)
    system.rollback()
    assert system.get(jobs.Job, job_id).state == "done"
    assert system.scalar(select(func.count()).select_from(AuditSeal)) >= 1
    assert (seals / "last-change_log.json").exists()


def test_one_failing_task_does_not_stop_the_others(app, system, seals, monkeypatch, caplog):
    from app.site import worker as site_worker

    monkeypatch.setattr(site_worker.outbox, "deliver", lambda *_: 1 / 0)
    run(app, once=True)
    assert "a task of the minute failed" in caplog.text
    done = set(system.scalars(select(jobs.Job.kind)))
    local = clock.to_local(clock.now()).strftime("%H:%M")
    assert done >= {kind for kind, at in jobs.registry.daily_jobs().items() if at <= local}


def test_other_keys_are_told_before_anything_is_written(app, monkeypatch, tmp_path):
    from app import site
    from app.core import crypto

    monkeypatch.setattr(crypto, "_ring", list(crypto._ring))
    Keyring.fresh().save(tmp_path / "keys.json")
    monkeypatch.setitem(app.config, "GEBAN_KEYS", tmp_path / "keys.json")
    with pytest.raises(KeyProblem, match="GEBAN_KEYS"):
        site.first_start(app)


def test_the_worker_process_ends_in_good_order(app, tmp_path, request):
    """TERM while it is idle: code 0, and a seal was made before."""
    database = request.getfixturevalue("_database")
    env = dict(os.environ) | {"GEBAN_HOME": str(app.config["GEBAN_HOME"])}
    process = start(*FLASK, "worker", env=env)
    try:
        marker, deadline = app.config["GEBAN_HOME"] / "seals" / "last-change_log.json", time.monotonic() + 60
        while not marker.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert marker.exists()
    finally:
        process.kill()
        if hasattr(database, "touch_all"):
            database.touch_all()
        for path in (app.config["GEBAN_HOME"] / "seals").glob("*"):
            path.unlink()


def test_the_nightly_jobs_are_registered(app):
    assert {"site.counters", "site.tidy", "site.files", "site.retention", "site.logs", "site.access"} <= set(
        jobs.registry.daily_jobs()
    )
    assert timedelta(days=90) == upkeep.KEEP_JOBS
