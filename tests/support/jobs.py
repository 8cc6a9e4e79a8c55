"""A job of the day, run at once through the queue and the worker."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.core import clock, jobs
from app.core.jobs import worker
from app.core.session import unit_of_work

PLANS = "areas.plans"


def run_now(system: Session, kind: str, now: datetime | None = None) -> Any:
    """Enqueue a job, run it and what waits before it; returns its result. The session begins to read anew."""
    with unit_of_work(system):
        job = jobs.enqueue(system, kind, now=now or clock.now())
    while worker.run_one("tester"):
        pass
    system.rollback()
    job = system.get(jobs.Job, job.id)
    assert (job.state, job.error) == ("done", None)
    return job.result
