"""The worker process: runs jobs, and beside them, each minute, the sealer, the outbox and the daily jobs."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from typing import Any

from flask import Flask

from app.audit.seal import seal
from app.core import clock
from app.core.jobs import worker
from app.inbox import outbox

BEAT = "worker.beat"  # touched each minute: tells the administrator that a worker is alive on this machine
POLL = 1.0
MINUTE = 60.0
AFTER_ERROR = 5.0
_log = logging.getLogger(__name__)


def run(app: Flask, *, once: bool = False) -> None:
    """Work until TERM or INT; the step in hand is finished first. ``once`` empties the queue and returns."""
    stop = threading.Event()
    if once:
        _minute(app, stop)
        while _one(app, worker.new_owner(), stop):
            pass
        _minute(app, stop)
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    # a thread of its own: a long job must not put off the seals
    minutes = threading.Thread(target=_minutes, args=(app, stop), name="minutes")
    minutes.start()
    owner = worker.new_owner()
    while not stop.is_set():
        if not _one(app, owner, stop):
            stop.wait(POLL)
    minutes.join()


def _one(app: Flask, owner: str, stop: threading.Event) -> bool:
    with app.app_context():
        try:
            return worker.run_one(owner, stop.is_set)
        except Exception:
            _log.exception("the worker could not reach its queue")
            stop.wait(AFTER_ERROR)
            return False


def _minutes(app: Flask, stop: threading.Event) -> None:
    while not stop.is_set():
        _minute(app, stop)
        stop.wait(MINUTE)


def _minute(app: Flask, stop: threading.Event) -> None:
    (app.config["GEBAN_HOME"] / BEAT).touch()
    tasks: tuple[Callable[[], Any], ...] = (
        lambda: seal(clock.now(), app.config["GEBAN_HOME"] / "seals"),
        lambda: outbox.deliver(
            clock.now(), outbox.adapter(app.config["GEBAN_OUTBOX"], app.config["GEBAN_HOME"])
        ),
        lambda: worker.enqueue_daily(clock.now()),
    )
    with app.app_context():
        for task in tasks:
            if stop.is_set():
                return
            try:
                task()
            except Exception:
                # the next minute tries again; one task that fails does not stop the others
                _log.exception("a task of the minute failed")
