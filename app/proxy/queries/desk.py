"""Work lists: what lies with the acting role, by the time that is left; counts for the start page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session, joinedload

from app.areas.models import Area
from app.core import search
from app.core.actor import Actor
from app.core.clock import to_local
from app.core.workflow import Machine
from app.proxy.choices import Action
from app.proxy.models import CaseAssist, ProxyCase, ServiceItem, ServiceItemVersion
from app.proxy.queries.case_page import MAIN
from app.proxy.rules import DECIDERS, MACHINE
from app.proxy.service.cases import WHOLE
from app.proxy.service.deciders import BY_TOWN, TOWN, staffed
from app.proxy.service.step_roles import machine_for, own_items

MOST = 50  # cases of a page
FARTHEST = 200  # pages
TABS = ("mine", "waiting", "asked", "all")
DUE = func.coalesce(ProxyCase.step_due_at, ProxyCase.promise_due_at)
WARN = func.coalesce(ProxyCase.step_warn_at, ProxyCase.promise_warn_at)


def states_of(machine: Machine, role: str, *, deciding: bool) -> list[str]:
    """States in which the obvious next step is the role's: the steps of who decides, or all others. An archive that asks
    for a reason closes what is not at its end: it is open to the role, but does not wait for it.
    """
    return sorted(
        {
            str(s.value)
            for s, action, to in machine.rows()
            if s is not None and action in MAIN and role in to.role and (to.role == DECIDERS) is deciding
            if not (action is Action.archive and to.needs)
        }
    )


def to_do(session: Session, actor: Actor, now: datetime) -> ColumnElement[bool]:
    """What waits for the acting post: the states of its role, and of decisions those that are its own (`deciders`)."""
    state = ProxyCase.state
    # who decides is no exception of the site (`rules.step_roles`)
    deciding = state.in_(states_of(MACHINE, actor.role, deciding=True)) & decided_here(session, actor, now)
    return in_states(session, lambda machine: states_of(machine, actor.role, deciding=False)) | deciding


def in_states(session: Session, states: Callable[[Machine], Sequence[str]]) -> ColumnElement[bool]:
    """The case stands in one of the states that the machine of its service gives: services in which the site has it
    otherwise are asked one by one.
    """
    own = own_items(session)
    found = ProxyCase.state.in_(states(machine_for(session, None)))
    if own:
        found &= ProxyCase.item_version_id.not_in(_versions_of(own))
    for item in own:
        there = ProxyCase.state.in_(states(machine_for(session, item)))
        found |= there & ProxyCase.item_version_id.in_(_versions_of([item]))
    return found


def _versions_of(items: Sequence[int]) -> Any:
    return select(ServiceItemVersion.id).where(ServiceItemVersion.item_id.in_(items))


def decided_here(session: Session, actor: Actor, now: datetime) -> ColumnElement[bool]:
    """A department decides its own cases, the town those delegated to it or of departments without anybody."""
    office = ProxyCase.department_id
    if actor.org_unit_ids:
        return office.in_(actor.org_unit_ids)
    delegated = select(ServiceItemVersion.id).where(ServiceItemVersion.checked_by == BY_TOWN)
    empty = office.not_in(staffed(session, to_local(now).date()))
    return or_(office.is_(None), empty, ProxyCase.item_version_id.in_(delegated))


@dataclass(frozen=True)
class Asked:
    """What of the work list is shown: a tab and a few filters, and the page of it (from 1)."""

    tab: str = "mine"
    number: str = ""
    item: str = ""
    late: bool = False
    area: Area | None = None
    page: int = 1


def work_list(session: Session, actor: Actor, now: datetime, asked: Asked) -> tuple[list[ProxyCase], bool]:
    """Cases by remaining time, those without a running clock last; and whether there are more."""
    query = select(ProxyCase).where(ProxyCase.closed_at.is_(None))
    query = query.options(
        joinedload(ProxyCase.item_version, innerjoin=True).joinedload(
            ServiceItemVersion.item, innerjoin=True
        ),
        joinedload(ProxyCase.area),
    )
    mine = to_do(session, actor, now)
    if asked.tab == "mine":
        query = query.where(mine)
    elif asked.tab == "asked":
        query = query.where(ProxyCase.id.in_(asked_of(session, actor, now)))
    elif asked.tab == "waiting":
        query = query.where(~mine)
    if asked.item:
        versions = select(ServiceItemVersion.id).join(ServiceItem).where(ServiceItem.code == asked.item)
        query = query.where(ProxyCase.item_version_id.in_(versions))
    if asked.late:
        query = query.where(is_late(now))
    if asked.number:
        query = query.where(search.starts_with(ProxyCase.number, asked.number))
    if asked.tab == "asked":
        query = query.order_by(_first_opinion())
    last = case((DUE.is_(None), 1), else_=0)
    if asked.area is not None:
        query = query.join(Area, Area.id == ProxyCase.area_id).where(Area.path.startswith(asked.area.path))
    query = query.order_by(last, DUE, ProxyCase.id).offset((asked.page - 1) * MOST).limit(MOST + 1)
    rows = list(session.scalars(query))
    return rows[:MOST], len(rows) > MOST


def _first_opinion() -> Any:
    """When the first opinion that is awaited in a case is due."""
    open_ones = select(func.min(CaseAssist.due_at)).where(
        CaseAssist.case_id == ProxyCase.id, CaseAssist.answered_at.is_(None)
    )
    return open_ones.correlate(ProxyCase).scalar_subquery()


def asked_of(session: Session, actor: Actor, now: datetime) -> Any:
    """Cases in which an opinion of one of the actor's departments is awaited (S0-51); the window of the town answers for
    offices without anybody.
    """
    office = CaseAssist.org_unit_id
    if actor.role == TOWN:
        mine: Any = office.not_in(staffed(session, to_local(now).date()))
    else:
        mine = office.in_(actor.org_unit_ids or (0,))
    return select(CaseAssist.case_id).where(mine, CaseAssist.answered_at.is_(None))


def awaited(session: Session, cases: Sequence[ProxyCase]) -> dict[int, CaseAssist]:
    """Case id → the opinion that is awaited there and due first."""
    ids = [case.id for case in cases]
    query = (
        select(CaseAssist)
        .where(CaseAssist.case_id.in_(ids), CaseAssist.answered_at.is_(None))
        .order_by(CaseAssist.due_at.desc(), CaseAssist.id.desc())
    )
    return {row.case_id: row for row in session.scalars(query)} if ids else {}


def chosen(session: Session, uids: Sequence[str]) -> list[ProxyCase]:
    """Cases by key with everything a step looks at, by remaining time; those out of the scope are left out."""
    query = select(ProxyCase).where(ProxyCase.uid.in_(uids)).options(*WHOLE, joinedload(ProxyCase.area))
    return list(session.scalars(query.order_by(DUE, ProxyCase.id)))


def is_late(now: datetime) -> Any:
    """One of the two clocks has run out."""
    return or_(ProxyCase.step_due_at < now, ProxyCase.promise_due_at < now)


@dataclass(frozen=True)
class Counts:
    """Figures of the start page: open cases of the scope and how they stand."""

    open: int
    mine: int
    soon: int
    late: int


def counts(session: Session, actor: Actor, now: datetime) -> Counts:
    """How many cases are open, lie with the acting role, are due soon, are overdue."""
    mine = to_do(session, actor, now)
    soon = and_(~func.coalesce(is_late(now), False), now > WARN)
    row = session.execute(
        select(
            func.count(ProxyCase.id),
            func.count(ProxyCase.id).filter(mine),
            func.count(ProxyCase.id).filter(soon),
            func.count(ProxyCase.id).filter(is_late(now)),
        ).where(ProxyCase.closed_at.is_(None))
    ).one()
    return Counts(*row)


def level_of(due_at: datetime | None, warn_at: datetime | None, now: datetime) -> str:
    """The colour of a clock by its columns; empty where none runs."""
    if due_at is None:
        return ""
    if now > due_at:
        return "red"
    return "yellow" if warn_at is not None and now > warn_at else "green"
