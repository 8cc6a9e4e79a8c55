"""Yearly reviews and results that end come back as proposals in time (issue 5, line 9; S3-49: the yearly stamp).

Each night every approved case is looked at by key, a thousand at a time; the newest case of a family of services (an
allowance and its review) says when the next one is due. Services of level 5 propose nothing: a proposal would tell of
the group. What is due stands as a proposal of the person and becomes a booking of the review in one click.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import Row, and_, or_, select
from sqlalchemy.orm import Session

from app import seeds
from app.core import clock, jobs
from app.core.scope import session_actor
from app.proxy.models import ProxyCase, ServiceItem, ServiceItemVersion
from app.proxy.rules.renewals import Plan, anchor, comes_back_on, plan_of
from app.proxy.service.catalogue import in_force
from app.registry.models import Person
from app.registry.rules.proposals import completes_on
from app.registry.service import proposals, proposals_sure, renewing
from app.registry.service.consents import birth_of

JOB = "proxy.renewals"
BATCH = 1000
APPROVED = "approved"
CLOSED, SENSITIVE = "L5", "L4"


@lru_cache(maxsize=1)
def _defaults() -> tuple[dict[str, Any], dict[str, Any]]:
    data = seeds.read("renewals")
    return data["default"], data["items"]


def plan_for(code: str, more: Mapping[str, Any] | None) -> Plan:
    """What a version comes back as: as it says itself, the rest as the data file says."""
    default, items = _defaults()
    return plan_of(code, more, default | items.get(code, {}))


def plans(session: Session, day: date) -> dict[str, Plan]:
    """What each service that is offered today comes back as, by item code: today's rules hold for old cases as well."""
    query = select(ServiceItem.code, ServiceItemVersion.more).join(ServiceItemVersion.item)
    query = query.where(*in_force(day)).order_by(ServiceItemVersion.number)
    found = {code: plan_for(code, more) for code, more in session.execute(query)}
    # what is no longer offered is not proposed
    return {code: plan for code, plan in found.items() if plan.item in found}


@jobs.handler(JOB, label=_("Yearly reviews and results that end"), system=True, lease=timedelta(minutes=10))
def look(work: jobs.Work) -> dict[str, int]:
    """Drop what no longer applies, look again at what was a maybe, then at every approved case; each batch is a step of
    its own. It runs after the nightly look for proposals.
    """
    made = dropped = last = 0
    work.total, more = None, True
    while more:
        with work.step() as session:
            actor = session_actor(session)
            last, gone = renewing.drop_gone(session, last, BATCH, actor=actor, now=work.now)
            dropped += gone
        more = bool(last)
    more = True
    while more:
        with work.step() as session:
            hands = {"actor": session_actor(session), "now": work.now}
            last, _changed = proposals_sure.settle(session, last, BATCH, **hands)
        more = bool(last)
    more = True
    while more:
        with work.step() as session:
            last, found = _batch(session, last, work.now)
            made += renewing.propose(session, found, actor=session_actor(session), now=work.now)
        more = bool(last)
    return {"proposed": made, "dropped": dropped}


jobs.daily(JOB, at="03:50")


def look_at_once(session: Session, *, now: datetime) -> int:
    """The same in one unit of work, for a new site (the demo city). Returns how many proposals were made."""
    made, last, more = 0, 0, True
    while more:
        last, found = _batch(session, last, now)
        made += renewing.propose(session, found, actor=session_actor(session), now=now)
        more = bool(last)
    return made


# --- one batch --------------------------------------------------------------------------------------------------------


def _batch(session: Session, after: int, now: datetime) -> tuple[int, list[renewing.Due]]:
    """(key to go on after or 0, what is due) of the next thousand approved cases that may be."""
    today = clock.to_local(now).date()
    all_plans = plans(session, today)
    cases: list[Row[Any]] = [*session.execute(_candidates(all_plans, after, today))]
    last = cases[-1].id if len(cases) == BATCH else 0
    newer = _newer(session, cases, all_plans)
    people = {p.uid: p for p in renewing.present(session, sorted({c.person_uid for c in cases}))}
    found = []
    for case in cases:
        plan, person = all_plans.get(case.code), people.get(case.person_uid)
        if plan is None or person is None or case.id in newer:
            continue
        due = _due(case, plan, person)
        if due is not None and due - timedelta(days=plan.ahead_days) <= today:
            is_sensitive = case.sensitivity == SENSITIVE
            found.append(renewing.Due(person.id, plan.item, anchor(case.uid, due), due, is_sensitive))
    return last, found


def _candidates(all_plans: Mapping[str, Plan], after: int, today: date) -> Any:
    """Approved cases that may be due: what cannot be yet is left to the database."""
    ahead = max((p.ahead_days for p in all_plans.values()), default=0)
    shortest = min((p.months for p in all_plans.values() if p.months), default=1)
    horizon = today + timedelta(days=ahead)
    decided = clock.day_bounds(horizon - timedelta(days=28 * shortest))[1]
    aged = [code for code, plan in all_plans.items() if plan.age_to is not None]
    case, version = ProxyCase, ServiceItemVersion
    return (
        select(case.id, case.uid, case.person_uid, case.decided_at, case.result_until)
        .add_columns(ServiceItem.code, version.sensitivity)
        .join(version, version.id == case.item_version_id)
        .join(ServiceItem, ServiceItem.id == version.item_id)
        .where(
            case.id > after,
            case.outcome == APPROVED,
            version.sensitivity != CLOSED,
            or_(
                case.result_until <= horizon,
                and_(case.result_until.is_(None), case.decided_at < decided),
                ServiceItem.code.in_(aged),
            ),
        )
        .order_by(case.id)
        .limit(BATCH)
    )


def _due(case: Row[Any], plan: Plan, person: Person) -> date | None:
    birth = birth_of(person)
    outgrown = completes_on(birth, plan.age_to + 1) if birth is not None and plan.age_to is not None else None
    decided = clock.to_local(case.decided_at).date() if case.decided_at is not None else None
    if outgrown is not None and decided is not None and outgrown <= decided:
        outgrown = None  # granted above the age: the county does otherwise
    return comes_back_on(plan, decided, case.result_until, outgrown)


def _newer(session: Session, cases: Sequence[Row[Any]], all_plans: Mapping[str, Plan]) -> set[int]:
    """Keys of the cases that a later one of the same family has taken the place of: one that was approved after it, or
    one that is under way.
    """
    uids = sorted({case.person_uid for case in cases})
    version = ServiceItemVersion
    query = (
        select(ProxyCase.id, ProxyCase.person_uid, ProxyCase.outcome, ProxyCase.decided_at, ServiceItem.code)
        .join(version, version.id == ProxyCase.item_version_id)
        .join(ServiceItem, ServiceItem.id == version.item_id)
        .where(
            ProxyCase.person_uid.in_(uids),
            or_(
                ProxyCase.outcome == APPROVED,
                and_(ProxyCase.closed_at.is_(None), ProxyCase.outcome.is_(None)),
            ),
        )
    )
    by_family: dict[tuple[str, str], list[Row[Any]]] = {}
    for row in session.execute(query):
        by_family.setdefault((row.person_uid, _family(row.code, all_plans)), []).append(row)
    found = set()
    for case in cases:
        others = by_family.get((case.person_uid, _family(case.code, all_plans)), [])
        if any(_is_after(other, case) for other in others):
            found.add(case.id)
    return found


def _family(code: str, all_plans: Mapping[str, Plan]) -> str:
    plan = all_plans.get(code)
    return plan.item if plan is not None else code


def _is_after(other: Row[Any], case: Row[Any]) -> bool:
    if other.id == case.id:
        return False
    if other.outcome is None:
        return True
    earliest = datetime.min.replace(tzinfo=UTC)
    return (other.decided_at or earliest, other.id) > (case.decided_at or earliest, case.id)


def name_of(session: Session, code: str) -> str:
    """What a service is called today; asked once for all of them in a session."""
    names: dict[str, str] | None = session.info.get("service_names")
    if names is None:
        query = select(ServiceItem.code, ServiceItemVersion.name).join(ServiceItemVersion.item)
        rows = session.execute(
            query.where(ServiceItemVersion.state == "published").order_by(ServiceItemVersion.number)
        )
        names = session.info["service_names"] = {row.code: row.name for row in rows}
    return names.get(code, code)


proposals.use_names(name_of)
