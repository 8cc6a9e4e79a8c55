"""The picture of the start page: where the open cases stand, and how many of them are late."""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.home import frame
from app.home.shapes import Bar, Chart, Figure
from app.proxy.choices import State
from app.proxy.models import ProxyCase
from app.proxy.queries.desk import is_late

# who looks at many cases at once; a worker has the cases of one grid in the list beside
ROLES = frozenset(
    {"workstation", "town_staff", "center_operator", "dispatcher", "supervisor", "leader", "department"}
)


def open_cases(session: Session, actor: Actor, now: datetime) -> Chart | None:
    """Open cases of the scope by state, in the order in which a case passes through them; one statement."""
    if actor.role not in ROLES or not actor.may("can_list", "ProxyCaseView"):
        return None
    late = func.count(ProxyCase.id).filter(is_late(now))
    query = (
        select(ProxyCase.state, func.count(ProxyCase.id), late)
        .where(ProxyCase.closed_at.is_(None))
        .group_by(ProxyCase.state)
    )
    found = {state: (count, overdue) for state, count, overdue in session.execute(query)}
    if not found:
        return None
    here = frame.page_url("ProxyCaseView")
    bars = [
        Bar(str(state.label), *found[state.value], f"{here}?_flt_0_state={state.value}" if here else "")
        for state in State
        if state.value in found
    ]
    return Chart(
        gettext("Open cases by state"),
        bars,
        gettext("Cases that are not closed yet; red: the time of the step or the promised time is over."),
    )


def case_figure(session: Session, now: datetime) -> Figure:
    """Open cases of the scope and how many of them are late, by the measure of the work list; one statement."""
    late = func.count(ProxyCase.id).filter(is_late(now))
    count, overdue = session.execute(
        select(func.count(ProxyCase.id), late).where(ProxyCase.closed_at.is_(None))
    ).one()
    note = gettext("%(n)s overdue", n=overdue) if overdue else ""
    here = frame.page_url("ProxyCaseView")
    return Figure(gettext("Open cases"), count, "fa-folder-open", here, note, "red" if overdue else "")
