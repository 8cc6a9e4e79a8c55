"""Durable jobs: the row, written in the business transaction, is the truth (guards, section 6; recipes: Jobs).

    @jobs.handler("area_plan.apply")
    def apply(work: jobs.Work) -> dict:
        work.total = 40
        for n in work.steps():                  # goes on where a killed worker stopped
            with work.step("grid 430…") as session:   # effect, progress and lease: one transaction
                …
        return {"moved": 40}

    jobs.enqueue(session, "area_plan.apply", {"plan": 7}, now=now)    # inside the business transaction

A worker claims a job by one UPDATE, keeps a lease, and loses the job when the lease runs out. The table is the queue:
workers poll it, there is no second store that could forget a task (docs/adr).
"""

from app.core.jobs.models import Job
from app.core.jobs.queue import cancel, enqueue
from app.core.jobs.registry import (
    Cancelled,
    LostLease,
    Stopping,
    daily,
    handler,
    label_of,
    often,
    often_jobs,
    page_of,
    use_actors,
    use_notifier,
)
from app.core.jobs.telling import told
from app.core.jobs.work import Work
from app.core.jobs.worker import run_one

__all__ = [
    "Cancelled",
    "Job",
    "LostLease",
    "Stopping",
    "Work",
    "cancel",
    "daily",
    "enqueue",
    "handler",
    "label_of",
    "often",
    "often_jobs",
    "page_of",
    "run_one",
    "told",
    "use_actors",
    "use_notifier",
]
