"""The program's own log: written by every process, turned over at night without losing a line."""

from __future__ import annotations

import logging
import os
from datetime import timedelta

import pytest

from app.core import clock
from app.site import journal


@pytest.fixture
def log(tmp_path):
    made = journal.install(tmp_path)
    yield logging.getLogger("app.somewhere")
    for handler in made:
        logging.getLogger().removeHandler(handler)
        handler.close()


def test_a_warning_is_written_and_lives_through_the_turn_of_the_day(log, tmp_path):
    folder = tmp_path / "logs"
    log.warning("first line")
    assert "WARNING app.somewhere" in (folder / "geban.log").read_text()
    assert folder.stat().st_mode & 0o077 == 0
    now = clock.now()
    assert journal.turn(tmp_path, now) == 0
    log.warning("second line")
    (aside,) = folder.glob("geban-*.log")
    assert ("first line" in aside.read_text(), "second line" in aside.read_text()) == (True, False)
    assert "second line" in (folder / "geban.log").read_text()


def test_old_days_are_deleted_and_the_running_one_is_not(log, tmp_path):
    log.warning("today")
    old, young = tmp_path / "logs" / "geban-20250101-0300.log", tmp_path / "logs" / "geban-20261101-0300.log"
    for path, days in ((old, 61), (young, 59)):
        path.touch()
        then = (clock.now() - timedelta(days=days)).timestamp()
        os.utime(path, (then, then))
    assert journal.turn(tmp_path, clock.now()) == 1
    assert (old.exists(), young.exists()) == (False, True)


def test_a_second_app_of_the_process_writes_no_line_twice(log, tmp_path):
    assert journal.install(tmp_path) == []
