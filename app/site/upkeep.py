"""What the worker does for the site at night: counters and logs checked; ended jobs, old lines, files without a record,
attachments and log rows after their time cleared away.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from flask import current_app
from flask_babel import lazy_gettext as _
from sqlalchemy import delete

from app.audit.purge import purge_some
from app.audit.verify import verify
from app.core import clock, counters, files, jobs
from app.inbox.choices import SiteNotice
from app.inbox.models import Notice
from app.inbox.service import notify_role
from app.site import journal
from app.site.retention import retain

SUNDAY = 7
KEEP_JOBS = timedelta(days=90)
KEEP_OFTEN = timedelta(days=2)
KEEP_NOTICES = timedelta(days=365)
_log = logging.getLogger(__name__)


def register() -> None:
    """Register the nightly jobs of the site."""
    jobs.handler("site.counters", label=_("Counters compared with their tables"), system=True)(check_counters)
    jobs.handler("site.tidy", label=_("Old jobs and lines cleared away"), system=True)(tidy)
    jobs.handler("site.logs", label=_("The logs verified"), system=True, lease=timedelta(hours=6))(check_logs)
    jobs.handler("site.files", label=_("Files without a record cleared away"), system=True)(sweep_files)
    jobs.handler("site.access", label=_("Old rows of the access log removed"), system=True)(retain_access)
    jobs.handler("site.retention", label=_("Attachments after their term deleted"), system=True)(retain)
    jobs.daily("site.retention", at="03:10")
    jobs.daily("site.counters", at="02:30")
    jobs.daily("site.tidy", at="03:00")
    jobs.daily("site.files", at="03:15")
    jobs.daily("site.logs", at="03:30")
    jobs.daily("site.access", at="04:00")


def check_counters(work: jobs.Work) -> dict[str, Any]:
    """Compare every counter with its table; set them all anew when one differs (a defect worth a look at the log)."""
    wrong = counters.verify(work.session)  # a plain read: the step below holds the write lock on SQLite
    if wrong:
        with work.step() as session:
            wrong = counters.verify(session)
            if wrong:
                _log.error(
                    "%s counters differed from their tables, first: %s; set anew", len(wrong), wrong[0]
                )
                counters.rebuild(session)
    return {"wrong": len(wrong)}


def check_logs(work: jobs.Work) -> dict[str, Any]:
    """Verify what was sealed in the last two days, on Sundays the whole of both logs; tell the auditors what is wrong."""
    folder = current_app.config["GEBAN_HOME"] / "seals"
    whole = clock.to_local(work.now).isoweekday() == SUNDAY
    verdict = verify(work.session, folder, None if whole else work.now - timedelta(days=2))
    for flaw in verdict.flaws:
        _log.error("audit: %s", flaw)
    if verdict.flaws:
        line = SiteNotice.log_flaw
        with work.step() as session:
            notify_role(
                session, work.now, "auditor", line.value, line.msgid, level="alarm", link="/audit/seals/list/"
            )
    return {"rows": verdict.rows, "flaws": len(verdict.flaws)}


def sweep_files(work: jobs.Work) -> dict[str, Any]:
    """Delete attachments that no row names: left by a rollback more than a day ago. Deleting twice does no harm, so there
    is no step, which would hold the write lock while the folder is read.
    """
    return {"gone": files.sweep(work.session, work.now)}


def retain_access(work: jobs.Work) -> dict[str, Any]:
    """Remove access rows older than GEBAN_ACCESS_LOG_DAYS, chunk by chunk; 0 keeps all. Less than half a year is refused."""
    days, gone = current_app.config["ACCESS_LOG_DAYS"], 0
    while days:
        with work.step() as session:
            removed = purge_some(session, work.now, timedelta(days=days))
        if removed is None:
            break
        gone += removed
    return {"gone": gone}


def tidy(work: jobs.Work) -> dict[str, Any]:
    """Delete ended jobs after 90 days (those of every few minutes after two) and read notices after a year, which are no
    records; turn the program's log over.
    """
    work.total, gone = 1, 0
    for _n in work.steps():
        with work.step() as session:
            for statement in (
                delete(jobs.Job).where(jobs.Job.finished_at < work.now - KEEP_JOBS),
                # runs of every quarter of an hour would fill the list of jobs; those that failed stay
                delete(jobs.Job).where(
                    jobs.Job.kind.in_(jobs.often_jobs()),
                    jobs.Job.state == "done",
                    jobs.Job.finished_at < work.now - KEEP_OFTEN,
                ),
                delete(Notice).where(Notice.read_at < work.now - KEEP_NOTICES),
            ):
                gone += session.execute(statement, execution_options={"synchronize_session": False}).rowcount
    return {"gone": gone, "logs": journal.turn(current_app.config["GEBAN_HOME"], work.now)}
