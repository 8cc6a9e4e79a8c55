"""A worker's own cases by light with the next step, and the originals that are held (S3-61)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_, select
from sqlalchemy.orm import Session, joinedload, load_only

from app.core.actor import Actor
from app.core.clock import to_local
from app.core.workflow import Machine
from app.proxy.choices import Action, State
from app.proxy.models import Custody, ProxyCase, ServiceItemVersion
from app.proxy.queries.case_page import MAIN, SECOND_BEST
from app.proxy.queries.desk import DUE, in_states, level_of
from app.proxy.queries.names import list_name
from app.proxy.queries.today import case_columns, case_item
from app.proxy.rules.errands import TO_COLLECT
from app.proxy.rules.stages import TO_DELIVER, TO_FETCH
from app.proxy.service.step_roles import machine_of
from app.worklog.choices import VisitState
from app.worklog.models import Visit, VisitPurpose, VisitStop
from app.worklog.queries import covered_on

MOST_CASES = 15
FARTHEST = 100  # pages of cases
LIGHTS = ("red", "yellow", "green")
SHOWN = ("mine", *LIGHTS, "fetch", "deliver", "held")


def _mine(actor: Actor, now: datetime) -> tuple[Any, ...]:
    """Own open cases, and those of whom one stands in for today."""
    covered = ProxyCase.staff_id.in_(covered_on(actor.staff_id, to_local(now).date()))
    return or_(ProxyCase.staff_id == (actor.staff_id or 0), covered), ProxyCase.closed_at.is_(None)


def light_is(color: str, now: datetime) -> ColumnElement[bool]:
    """The worse of the two lights of a case has this colour; a case without a running clock is green."""
    red = func.coalesce(ProxyCase.step_due_at < now, False) | func.coalesce(
        ProxyCase.promise_due_at < now, False
    )
    warned = func.coalesce(ProxyCase.step_warn_at < now, False) | func.coalesce(
        ProxyCase.promise_warn_at < now, False
    )
    if color == "red":
        return red
    return and_(not_(red), warned if color == "yellow" else not_(warned))


def light_of(case: ProxyCase, now: datetime) -> str:
    """The same of a case that was read."""
    levels = {
        level_of(case.step_due_at, case.step_warn_at, now),
        level_of(case.promise_due_at, case.promise_warn_at, now),
    }
    return next((color for color in LIGHTS if color in levels), "green")


def counts(session: Session, actor: Actor, now: datetime) -> dict[str, int]:
    """How many own open cases there are by light, to fetch, to hand over; how many originals are held and overdue. Two
    statements.
    """
    columns: list[Any] = [func.count(ProxyCase.id)]
    columns += [func.count(ProxyCase.id).filter(light_is(color, now)) for color in LIGHTS]
    columns += [func.count(ProxyCase.id).filter(ProxyCase.state.in_(s)) for s in (TO_FETCH, TO_DELIVER)]
    found = dict(
        zip(SHOWN[:-1], session.execute(select(*columns).where(*_mine(actor, now))).one(), strict=True)
    )
    held = select(
        func.count(Custody.id), func.count(Custody.id).filter(Custody.due_back_on < to_local(now).date())
    )
    found["held"], found["overdue"] = session.execute(held.where(*_held(actor))).one()
    return found


def _held(actor: Actor) -> tuple[Any, ...]:
    mine = Custody.holder_staff_id == (actor.staff_id or 0)
    return mine, Custody.returned_at.is_(None), Custody.lost_at.is_(None)


@dataclass
class CaseLine:
    """An own case: name as a list may show it, light, the next step of the acting role and where it is taken."""

    case: ProxyCase
    name: str
    light: str
    due: datetime | None
    action: Action | None
    door: tuple[str, str] | None = None


def cases_of(
    session: Session, actor: Actor, now: datetime, show: str, page: int
) -> tuple[list[CaseLine], bool]:
    """A page of own open cases: those with a step for oneself first, by remaining time; and whether there are more."""
    query = (
        select(ProxyCase)
        .where(*_mine(actor, now))
        .join(ProxyCase.item_version)
        .options(case_item(), case_columns())
    )
    if show in LIGHTS:
        query = query.where(light_is(show, now))
    elif show in ("fetch", "deliver"):
        query = query.where(ProxyCase.state.in_(TO_FETCH if show == "fetch" else TO_DELIVER))
    waits = ~in_states(session, lambda m: [s for s in State.__members__ if next_step(m, s, actor.role)])
    query = query.order_by(waits, DUE.is_(None), DUE, ProxyCase.id)
    rows = list(session.scalars(query.offset((page - 1) * MOST_CASES).limit(MOST_CASES + 1)))
    doors = _doors_of(session, [c for c in rows[:MOST_CASES] if c.state in TO_COLLECT])
    lines = [
        CaseLine(
            c,
            list_name(c, actor),
            light_of(c, now),
            min((d for d in (c.step_due_at, c.promise_due_at) if d), default=None),
            next_step(machine_of(c), c.state, actor.role),
            doors.get(c.uid),
        )
        for c in rows[:MOST_CASES]
    ]
    return lines, len(rows) > MOST_CASES


def next_step(machine: Machine, state: str, role: str) -> Action | None:
    """The obvious step out of a state for a role; None where others have it."""
    for action in MAIN:
        to = machine.table.get((State.parse(state), action))
        if to is not None and role in to.role and action not in SECOND_BEST:
            return action
    return None


def _doors_of(session: Session, cases: Sequence[ProxyCase]) -> dict[str, tuple[str, str]]:
    """Case uid → (visit, stop) of the planned round where its door is still to be logged."""
    if not cases:
        return {}
    query = (
        select(VisitPurpose.ref_uid, Visit.uid, VisitStop.uid)
        .join(Visit, Visit.id == VisitPurpose.visit_id)
        .join(VisitStop, VisitStop.id == VisitPurpose.stop_id)
        .where(VisitPurpose.ref_uid.in_([c.uid for c in cases]), VisitStop.outcome.is_(None))
        .where(
            Visit.state == VisitState.planned.value, Visit.id.in_([c.visit_id for c in cases if c.visit_id])
        )
    )
    return {uid: (visit, stop) for uid, visit, stop in session.execute(query) if uid}


def originals(session: Session, actor: Actor, page: int) -> tuple[list[Custody], bool]:
    """A page of the originals one holds, the longest overdue first; and whether there are more."""
    query = (
        select(Custody)
        .join(ProxyCase, ProxyCase.id == Custody.case_id)
        .where(*_held(actor))
        .options(
            load_only(Custody.name, Custody.due_back_on, Custody.case_id),
            joinedload(Custody.case).load_only(ProxyCase.uid, ProxyCase.number, ProxyCase.party_name),
            joinedload(Custody.case)
            .joinedload(ProxyCase.item_version)
            .load_only(ServiceItemVersion.sensitivity),
        )
        .order_by(Custody.due_back_on, Custody.id)
        .offset((page - 1) * MOST_CASES)
        .limit(MOST_CASES + 1)
    )
    rows = list(session.scalars(query))
    return rows[:MOST_CASES], len(rows) > MOST_CASES
