"""What lower packages need from upper ones, hung in once when the app is made."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.areas import jobs as area_jobs
from app.areas.actors import build_actor
from app.areas.models import AreaPlan
from app.areas.service.plans.watchers import watchers
from app.core import clock, codes, jobs
from app.core.actor import Actor
from app.core.errors import DomainError
from app.inbox.choices import SiteNotice
from app.inbox.service import notify
from app.registry import nightly as _nightly  # noqa: F401 - registers the nightly job
from app.site import structure, upkeep


def connect() -> None:
    """Hang in the resolver of users and the notifiers of jobs and plans, and register the jobs of the site itself."""
    jobs.use_actors(_actor_of_job)
    jobs.use_notifier(_tell_owner)
    area_jobs.tell_refused(_tell_planners)
    codes.use_shipped(structure.shipped)
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
        {"job": _for_the_reader(label)},
        link=jobs.page_of(job["kind"], job["uid"]) or "/inbox/",
        level="warn" if line is SiteNotice.job_failed else "info",
        key=f"job:{job['uid']}:{job['state']}",
    )


def _tell_planners(session: Session, plan: AreaPlan, refusal: DomainError, now: datetime) -> None:
    """Once a day, until the plan is put right or called off: its day has come and nothing has happened."""
    line, day = SiteNotice.plan_refused, clock.to_local(now).date()
    notify(
        session,
        now,
        watchers(session, plan, day),
        line.value,
        line.msgid,
        {"plan": plan.title, "day": plan.effective_on.isoformat(), "why": _for_the_reader(refusal.message)},
        link=f"/plans/show/{plan.uid}",
        level="alarm",
        key=f"plan:{plan.uid}:{day}",
    )


def _for_the_reader(text: Any) -> Any:
    """A lazy text keeps its English: the reader's language decides, not the worker's. With values in it, it is said now."""
    if getattr(text, "_args", None) and not getattr(text, "_kwargs", None):
        return {"msgid": text._args[0]}
    return str(text)
