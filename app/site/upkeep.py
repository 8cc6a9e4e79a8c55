"""What the worker does for the site at night: counters checked, ended jobs and old lines cleared away."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from sqlalchemy import delete

from app.core import counters, jobs
from app.inbox.models import Notice

KEEP_JOBS = timedelta(days=90)
KEEP_NOTICES = timedelta(days=365)
_log = logging.getLogger(__name__)


def register() -> None:
    """Register the nightly jobs of the site."""
    jobs.handler("site.counters", system=True)(check_counters)
    jobs.handler("site.tidy", system=True)(tidy)
    jobs.daily("site.counters", at="02:30")
    jobs.daily("site.tidy", at="03:00")


def check_counters(work: jobs.Work) -> dict[str, Any]:
    """Compare every counter with its table; set them all anew when one differs (a defect worth a look at the log)."""
    work.total = 1
    wrong: list[Any] = []
    for _n in work.steps():
        with work.step() as session:
            wrong = counters.verify(session)
            if wrong:
                _log.error(
                    "%s counters differed from their tables and were set anew, first: %s",
                    len(wrong),
                    wrong[0],
                )
                counters.rebuild(session)
    return {"wrong": len(wrong)}


def tidy(work: jobs.Work) -> dict[str, Any]:
    """Delete ended jobs after 90 days and read notices after a year; both are no records."""
    work.total, gone = 1, 0
    for _n in work.steps():
        with work.step() as session:
            for statement in (
                delete(jobs.Job).where(jobs.Job.finished_at < work.now - KEEP_JOBS),
                delete(Notice).where(Notice.read_at < work.now - KEEP_NOTICES),
            ):
                gone += session.execute(statement, execution_options={"synchronize_session": False}).rowcount
    return {"gone": gone}
