"""The state of the site: what needs care is said, and only system administrators see it."""

from __future__ import annotations

import os
import time

import pytest

from app.audit.seal import seal
from app.audit.service import log_access
from app.core import clock
from app.core.actor import Actor
from app.site import status
from app.site.worker import BEAT


@pytest.fixture(autouse=True)
def _role_without_rights(monkeypatch):
    """The tests' own role on PostgreSQL owns the tables; what that brings is shown in test_grants."""
    monkeypatch.setattr(status, "_rights", lambda _session: [])


def levels(system, home):
    found = status.facts(system, home, clock.now())
    system.rollback()
    return [(f.value, f.level) for f in found]


def test_a_site_without_worker_and_backup_needs_care(system, tmp_path):
    log_access("READ", "person", 1, actor=Actor(user_id=1))
    worker, change, access, jobs, outbox, backup = levels(system, tmp_path)
    assert worker == (None, "bad")
    assert change[0] > 0
    assert access == (1, "good")  # it is not a minute old yet
    assert (jobs, outbox) == ((0, "good"), (0, "good"))
    assert backup == (None, "bad")


def test_a_site_in_order(system, tmp_path):
    seal(clock.now(), tmp_path / "seals")
    (tmp_path / BEAT).touch()
    (tmp_path / "backups").mkdir()
    for name in ("old.gbk", "new.gbk"):
        (tmp_path / "backups" / name).touch()
    os.utime(tmp_path / "backups" / "old.gbk", (0, 0))
    assert {level for _value, level in levels(system, tmp_path)} == {"good"}
    os.utime(tmp_path / BEAT, (time.time() - 900, time.time() - 900))
    assert levels(system, tmp_path)[0][1] == "bad"


def test_only_the_system_administrator_sees_the_page(login_as):
    page = login_as("admin_system").get("/system-status/")
    assert page.status_code == 200
    for other in ("admin_security", "admin_audit", "operator", "worker_a"):
        assert login_as(other).get("/system-status/").status_code in {302, 303, 403}
