"""Alarms whose matter is not done: for the page of reminders and for the case itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from app.core.actor import Actor
from app.proxy.choices import State
from app.proxy.models import CaseAlarm, CaseAssist, CaseCallback, CaseClock, Custody, ProxyCase
from app.proxy.rules.escalation import ABOVE, Told

MOST = 100
# what each role answers for; a role that is not here has its own cases in hand
LEVELS: dict[str, Told] = {
    "workstation": Told.station,
    "town_staff": Told.town,
    "center_operator": Told.county,
    "dispatcher": Told.county,
    "supervisor": Told.county,
    "leader": Told.county,
}
TABS = ("level", "mine", "all")


def is_open(alarm: Any = CaseAlarm) -> ColumnElement[bool]:
    """Whether what an alarm is about is still so: the clock runs to that due time, the original is out …"""

    def named(kind: str, *criteria: Any) -> ColumnElement[bool]:
        return and_(alarm.about.startswith(f"{kind}:", autoescape=True), exists().where(*criteria))

    own, clock = aliased(ProxyCase), CaseClock  # an alias: the query around may read the case as well
    case = and_(own.id == alarm.case_id, own.closed_at.is_(None))
    return or_(
        named(
            "clock",
            clock.uid == _rest(alarm.about, "clock"),
            clock.stopped_at.is_(None),
            clock.due_at == alarm.due_at,
        ),
        named(
            "custody",
            Custody.uid == _rest(alarm.about, "custody"),
            Custody.returned_at.is_(None),
            Custody.lost_at.is_(None),
        ),
        named(
            "opinion",
            CaseAssist.uid == _rest(alarm.about, "opinion"),
            CaseAssist.answered_at.is_(None),
            CaseAssist.due_at == alarm.due_at,
            # in one EXISTS: one in another would not see the alarm of the query around
            case,
        ),
        named(
            "callback",
            CaseCallback.uid == _rest(alarm.about, "callback"),
            CaseCallback.closed_at.is_(None),
        ),
        and_(alarm.about == "pause", exists().where(case, own.state == State.suspended.value)),
        and_(alarm.about == "supplement", exists().where(case, own.state == State.supplement.value)),
    )


def _rest(column: Any, kind: str) -> Any:
    return func.substr(column, len(kind) + 2)


@dataclass(frozen=True)
class ClockOf:
    """Which clock, and how it counts."""

    kind: str
    unit: str


def open_alarms(session: Session, actor: Actor, tab: str) -> tuple[list[CaseAlarm], bool]:
    """What is still to be done of what was told: to the level of the acting role, to whoever has it in hand among the
    actor's own cases, or anything in the scope. One line a thing, the longest over first; and whether there are more.
    """
    later = aliased(CaseAlarm)
    same = (later.case_id == CaseAlarm.case_id, later.about == CaseAlarm.about, later.id > CaseAlarm.id)
    told = _told(actor, tab)
    query = (
        select(CaseAlarm)
        .join(ProxyCase, ProxyCase.id == CaseAlarm.case_id)
        .options(
            joinedload(CaseAlarm.case, innerjoin=True).joinedload(ProxyCase.item_version, innerjoin=True),
            joinedload(CaseAlarm.case, innerjoin=True).joinedload(ProxyCase.area, innerjoin=True),
            joinedload(CaseAlarm.case, innerjoin=True).joinedload(ProxyCase.staff),
        )
        .where(CaseAlarm.settled_at.is_(None), is_open())
        .order_by(CaseAlarm.due_at, CaseAlarm.id)
        .limit(MOST + 1)
    )
    if told:
        query = query.where(CaseAlarm.told.in_(told), ~exists().where(*same, later.told.in_(told)))
    else:
        query = query.where(~exists().where(*same))
    if tab == "mine":
        query = query.where(_in_hand(actor))
    rows = list(session.scalars(query))
    return rows[:MOST], len(rows) > MOST


def clocks_of(session: Session, abouts: Iterable[str]) -> dict[str, ClockOf]:
    """What the clocks are that alarms are about, by uid."""
    uids = [about.partition(":")[2] for about in abouts if about.startswith("clock:")]
    if not uids:
        return {}
    rows = session.execute(
        select(CaseClock.uid, CaseClock.kind, CaseClock.unit).where(CaseClock.uid.in_(uids))
    )
    return {uid: ClockOf(kind, unit) for uid, kind, unit in rows}


def _told(actor: Actor, tab: str) -> list[str]:
    if tab == "all":
        return []
    if tab == "mine":
        # what a department is told of beside its own: an opinion that it waits for
        return [Told.owner.value, *([Told.department.value] if actor.org_unit_ids else [])]
    level = LEVELS.get(actor.role)
    return [level.value] if level else [Told.owner.value, Told.department.value]


def _in_hand(actor: Actor) -> ColumnElement[bool]:
    """Cases of the acting person; of a department those that were handed to it, and opinions that it was asked for."""
    if actor.org_unit_ids:
        opinion = CaseAlarm.about.startswith("opinion:")
        asked = exists().where(
            CaseAssist.uid == _rest(CaseAlarm.about, "opinion"),
            CaseAssist.org_unit_id.in_(actor.org_unit_ids),
        )
        mine = ProxyCase.department_id.in_(actor.org_unit_ids)
        return or_(mine & (~opinion | (CaseAlarm.told == Told.department.value)), opinion & asked)
    return ProxyCase.staff_id == (actor.staff_id or 0)


def escalated(session: Session, case: ProxyCase) -> list[CaseAlarm]:
    """What a level above was told about a case and is still so, oldest first."""
    query = (
        select(CaseAlarm)
        .where(CaseAlarm.case_id == case.id, CaseAlarm.settled_at.is_(None))
        .where(CaseAlarm.told.in_(sorted(told.value for told in ABOVE)), is_open())
        .order_by(CaseAlarm.id)
        .limit(20)
    )
    return list(session.scalars(query))
