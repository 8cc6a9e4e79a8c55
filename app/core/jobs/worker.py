"""The worker: claims jobs and runs them one after the other; the web process never does."""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor, as_actor
from app.core.errors import DomainError, NotAllowed
from app.core.jobs import queue
from app.core.jobs.registry import (
    LEASE,
    Cancelled,
    Handler,
    LostLease,
    Stopping,
    daily_jobs,
    handler_of,
    often_jobs,
    resolve_actor,
)
from app.core.jobs.work import Work
from app.core.scope import acting_as, unscoped
from app.core.session import unit_of_work

QUEUE = Actor(label="worker", origin="worker")
JOB = Actor(origin=QUEUE.origin)  # nobody in particular, but not somebody in a browser
_log = logging.getLogger(__name__)


def new_owner() -> str:
    """Names this process in leases: host, process, and a random part, for process ids come again."""
    return f"{socket.gethostname()[:30]}:{os.getpid()}:{secrets.token_hex(4)}"


def run_one(owner: str, stopping: Callable[[], bool] = lambda: False) -> bool:
    """Claim and run one job; False when there is nothing to do."""
    now = clock.now()
    with acting_as(QUEUE) as session:
        if not queue.is_waiting(session, now):
            return False
        with unit_of_work(session):
            job = queue.claim(session, owner, now, LEASE)
    if job is not None:
        _run(job, owner, stopping)
    return True


def _run(job: dict[str, Any], owner: str, stopping: Callable[[], bool]) -> None:
    try:
        result = _call(job, owner, stopping)
    except Stopping:
        _end(lambda session: queue.give_back(session, job["id"], owner))
    except (Cancelled, LostLease) as error:
        _log.info("job %s of kind %s: %s", job["id"], job["kind"], type(error).__name__)
    except Exception as error:
        _log.warning("job %s of kind %s failed: %s", job["id"], job["kind"], queue.describe(error))
        failure = error
        _end(lambda session: queue.fail(session, job["id"], owner, failure, clock.now()))
    else:
        _end(lambda session: queue.finish(session, job["id"], owner, result, clock.now()))


def _end(write: Callable[[Session], Any]) -> None:
    with acting_as(QUEUE) as session, unit_of_work(session):
        write(session)


def _call(job: dict[str, Any], owner: str, stopping: Callable[[], bool]) -> Any:
    found = handler_of(job["kind"])
    if found is None:
        raise DomainError(f"no handler for jobs of kind {job['kind']}")
    with _session_of(job, found) as session:
        if found.lease != LEASE:
            with unit_of_work(session):
                queue.extend(session, job["id"], owner, clock.now() + found.lease)
        return found.run(Work(job, session, owner, found.lease, stopping))


@contextmanager
def _session_of(job: dict[str, Any], found: Handler) -> Iterator[Session]:
    """The session a job works with: of its user as of today, or the system's for system jobs."""
    if found.system:
        with as_actor(JOB), unscoped(f"system job {found.kind}") as session:
            yield session
        return
    actor = resolve_actor(job["acting_user"], job["acting_role"], clock.now())
    if actor.role != job["acting_role"]:
        raise NotAllowed()  # the post has ended since: nobody's rights are borrowed
    with acting_as(actor) as session:
        yield session


def enqueue_daily(now: datetime) -> None:
    """Put today's daily jobs and those of this quarter of an hour into the queue, each once, however many workers ask.

    What was missed while no worker ran is not made up for: the next run looks at everything that is due.
    """
    local = clock.to_local(now)
    due = {
        kind: f"{kind}:{local.date()}" for kind, at in daily_jobs().items() if local.strftime("%H:%M") >= at
    }
    for kind, minutes in often_jobs().items():
        due[kind] = f"{kind}:{local:%Y-%m-%dT%H}:{local.minute // minutes * minutes:02d}"
    if not due:
        return
    with acting_as(QUEUE) as session:
        known = queue.known_keys(session, due.values())
        for kind, key in due.items():
            if key not in known:
                with unit_of_work(session):
                    queue.enqueue(session, kind, now=now, unique_key=key)
