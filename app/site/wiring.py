"""What lower packages need from upper ones, hung in once when the app is made."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.areas.actors import build_actor
from app.core import clock, jobs
from app.core.actor import Actor
from app.inbox.choices import SiteNotice
from app.inbox.service import notify
from app.site import upkeep


def connect() -> None:
    """Hang in the resolver of users and the notifier of jobs, and register the jobs of the site itself."""
    jobs.use_actors(_actor_of_job)
    jobs.use_notifier(_tell_owner)
    upkeep.register()


def _actor_of_job(user_id: int, role: str | None, now: datetime) -> Actor:
    return build_actor(user_id, clock.to_local(now).date(), role=role, origin="worker")[0]


def _tell_owner(session: Session, job: dict[str, Any]) -> None:
    if job["acting_user"] is None:
        return
    line = SiteNotice(f"job_{job['state']}")
    label = jobs.label_of(job["kind"])
    notify(
        session,
        clock.now(),
        [job["acting_user"]],
        line.value,
        line.msgid,
        # a lazy label keeps its English text: the reader's language decides, not the worker's
        {"job": {"msgid": label._args[0]} if hasattr(label, "_args") else str(label)},
        link="/inbox/",
        level="warn" if line is SiteNotice.job_failed else "info",
        key=f"job:{job['uid']}:{job['state']}",
    )
