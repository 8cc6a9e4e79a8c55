"""Jobs of the areas domain: plans of the day, deadlines that wait for a published year."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import AreaPlan
from app.areas.service import calendars, plans
from app.core import jobs
from app.core.errors import DomainError
from app.core.scope import session_actor

PLANS = "areas.plans"
CLOCKS = "areas.clocks"

# (session without row scope, plan, refusal, now): tells whom it concerns; the inbox lies above this package, so
# app/site/wiring.py hangs it in
RefusedPlan = Callable[[Session, AreaPlan, DomainError, datetime], None]
_tellers: list[RefusedPlan] = []


def tell_refused(function: RefusedPlan) -> None:
    """Install what tells people that a plan of the day could not be applied; it runs in a step of the job."""
    _tellers[:] = [function]


@jobs.handler(PLANS, label=_("Areas divided anew on their day"), system=True, lease=timedelta(minutes=30))
def apply_plans(work: jobs.Work) -> dict[str, Any]:
    """Put the plans of the day into force, each in a step of its own; one that no longer fits waits with its reason."""
    applied, refused = [], {}
    for uid in plans.due(work.session, work.now):
        try:
            with work.step(uid) as session:
                plan = session.scalars(select(AreaPlan).where(AreaPlan.uid == uid)).one()
                if plans.apply_plan(session, plan, session_actor(session), work.now):
                    applied.append(uid)
        except DomainError as refusal:
            refused[uid] = str(refusal)
            _tell(work, uid, refusal)
    return {"applied": applied, "refused": refused}


def _tell(work: jobs.Work, uid: str, refusal: DomainError) -> None:
    with work.step() as session:
        plan = session.scalars(select(AreaPlan).where(AreaPlan.uid == uid)).one()
        for tell in _tellers:
            tell(session, plan, refusal, work.now)


@jobs.handler(CLOCKS, label=_("Open deadlines counted by the newest calendar"), system=True)
def recount_clocks(work: jobs.Work) -> dict[str, Any]:
    """After an update brought a newly published year, provisional deadlines are counted anew."""
    moved = 0
    with work.step() as session:
        moved = calendars.recount_all(session, session_actor(session), work.now).moved
    return {"moved": moved}


jobs.daily(PLANS, at="00:05")
jobs.daily(CLOCKS, at="01:00")
