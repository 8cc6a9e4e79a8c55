"""What a job that came to nothing shows to people: a refusal as the sentence it is, never the insides of a failure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask_babel import gettext

from app.core.jobs.models import Job

# how queue.describe writes what is no refusal; and what a worker that died leaves behind
INSIDE = re.compile(r"\w+ at (\S+\.py:\d+|$)|the worker died at|no handler for")


def told(job: Job | Mapping[str, object] | None) -> str:
    """Why a job failed, for whoever reads it; empty where it did not fail. What went wrong inside stands in the list of jobs
    for the system administrator.
    """
    if job is None:
        return ""
    state, error = (job.state, job.error) if isinstance(job, Job) else (job.get("state"), job.get("error"))
    if state != "failed":
        return ""
    if error and not INSIDE.match(str(error)):
        return str(error)
    return gettext(
        "Something went wrong in the program; the administrator sees what. Try again, and say so if it happens once more."
    )
