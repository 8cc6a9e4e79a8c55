"""Figures of the three administrators: they run the site and see no resident."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.areas.models import Area, LoginAttempt, SignIn, Staff
from app.audit.models import AccessLog, ChangeLog
from app.core import clock
from app.core.jobs import Job
from app.home import frame
from app.home.shapes import Figure


def system(session: Session, now: datetime) -> list[Figure]:
    """The ground, the people who work on it, jobs that failed."""
    areas = session.scalar(select(func.count(Area.id)).where(Area.valid_to.is_(None))) or 0
    failed = session.scalar(select(func.count(Job.id)).where(Job.state == "failed")) or 0
    waiting = session.scalar(select(func.count(Job.id)).where(Job.state == "queued")) or 0
    return [
        Figure(gettext("Areas in force"), areas, "fa-map", frame.page_url("AreaView")),
        Figure(gettext("Jobs that wait"), waiting, "fa-clock", frame.page_url("JobView")),
        Figure(
            gettext("Jobs that failed"),
            failed,
            "fa-triangle-exclamation",
            frame.page_url("JobView"),
            level="red" if failed else "",
        ),
    ]


def security(session: Session, now: datetime) -> list[Figure]:
    """Accounts, who is signed in, who is locked out."""
    accounts = session.scalar(select(func.count(User.id)).where(User.active.is_(True))) or 0
    online = session.scalar(select(func.count(SignIn.id)).where(SignIn.ended_at.is_(None))) or 0
    locked = (
        session.scalar(select(func.count(LoginAttempt.subject)).where(LoginAttempt.locked_until > now)) or 0
    )
    staff = session.scalar(select(func.count(Staff.id))) or 0
    return [
        Figure(gettext("Active accounts"), accounts, "fa-user-shield", frame.page_url("UserAdminView")),
        Figure(gettext("Staff members"), staff, "fa-id-badge", frame.page_url("StaffView")),
        Figure(gettext("Open sessions"), online, "fa-plug", frame.page_url("SignInView")),
        Figure(gettext("Locked by wrong passwords"), locked, "fa-lock", level="yellow" if locked else ""),
    ]


def audit(session: Session, now: datetime) -> list[Figure]:
    """What was written and read today."""
    begin, _end = clock.day_bounds(clock.to_local(now).date())
    changes = session.scalar(select(func.count(ChangeLog.id)).where(ChangeLog.at >= begin)) or 0
    accesses = session.scalar(select(func.count(AccessLog.id)).where(AccessLog.at >= begin)) or 0
    reveals = select(func.count(AccessLog.id)).where(AccessLog.at >= begin, AccessLog.action == "REVEAL")
    shown = session.scalar(reveals) or 0
    return [
        Figure(gettext("Changes today"), changes, "fa-history", frame.page_url("ChangeLogView")),
        Figure(gettext("Accesses today"), accesses, "fa-eye", frame.page_url("AccessLogView")),
        Figure(gettext("Plain values shown today"), shown, "fa-id-card", frame.page_url("AccessLogView")),
    ]


BY_ROLE: dict[str, Callable[[Session, datetime], list[Figure]]] = {
    "system_admin": system,
    "security_admin": security,
    "auditor": audit,
}
