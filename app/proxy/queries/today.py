"""A worker's visits of today and those that are late: doors in walking order, who, why (S3-61, S3-62). Nothing is read that
the page does not show.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager, load_only, selectinload

from app.core import codes
from app.core.actor import Actor
from app.proxy.models import ProxyCase, ServiceItemVersion
from app.proxy.queries.names import SENSITIVE
from app.proxy.service.rounds import CASE
from app.registry.models import Dwelling, Household, Person
from app.registry.service.homes import dwelling_address
from app.worklog.choices import VisitState
from app.worklog.models import Visit, VisitPurpose, VisitStop
from app.worklog.queries import made_by

MOST_VISITS = 12


@dataclass
class DoorToday:
    """One person or household of a door: who, why, whether it is done, and where a tap leads."""

    visit_uid: str
    stop_uid: str
    who: str
    why: list[str]
    outcome: str | None


@dataclass
class PlaceToday:
    """One door with everybody behind it."""

    address: str
    people: list[DoorToday] = field(default_factory=list)


@dataclass
class VisitToday:
    """A planned visit with its doors in walking order."""

    visit: Visit
    is_late: bool
    places: list[PlaceToday] = field(default_factory=list)

    @property
    def doors(self) -> list[DoorToday]:
        """All people of all doors."""
        return [p for place in self.places for p in place.people]


# --- visits ------------------------------------------------------------------------------------------------------


def visits_until(
    session: Session, actor: Actor, today: date, most: int = MOST_VISITS
) -> tuple[list[VisitToday], bool]:
    """Own visits, and those of whom one stands in for, of today and earlier ones that were not finished, by day and time;
    and whether there are more. Four statements.
    """
    stops = selectinload(Visit.stops)
    query = (
        select(Visit)
        .where(made_by(actor.staff_id), Visit.state == VisitState.planned.value)
        .where(Visit.planned_on <= today)
        .options(
            stops.joinedload(VisitStop.dwelling).joinedload(Dwelling.building),
            stops.joinedload(VisitStop.dwelling).joinedload(Dwelling.unit),
            stops.joinedload(VisitStop.person).load_only(Person.name),
            stops.joinedload(VisitStop.household).load_only(Household.name),
            selectinload(Visit.purposes),
        )
        .order_by(Visit.planned_on, Visit.slot, Visit.id)
        .limit(most + 1)
    )
    visits = list(session.scalars(query))
    cases = _cases_behind(session, visits[:most])
    return [_visit(session, v, cases, today) for v in visits[:most]], len(visits) > most


def _cases_behind(session: Session, visits: Sequence[Visit]) -> dict[str, ProxyCase]:
    uids = [p.ref_uid for v in visits for p in v.purposes if p.ref_kind == CASE]
    if not uids:
        return {}
    query = (
        select(ProxyCase)
        .where(ProxyCase.uid.in_(uids), ProxyCase.closed_at.is_(None))
        .join(ProxyCase.item_version)
        .options(case_item(), case_columns())
    )
    return {case.uid: case for case in session.scalars(query)}


def case_item() -> Any:
    """The service of a case as a line needs it."""
    return contains_eager(ProxyCase.item_version).load_only(
        ServiceItemVersion.item_id,
        ServiceItemVersion.name,
        ServiceItemVersion.sensitivity,
    )


def case_columns() -> Any:
    """What a line shows; party and answers stay encrypted and unread."""
    return load_only(
        ProxyCase.uid,
        ProxyCase.number,
        ProxyCase.party_name,
        ProxyCase.state,
        ProxyCase.visit_id,
        ProxyCase.booked_for,
        ProxyCase.booked_slot,
        ProxyCase.step_due_at,
        ProxyCase.step_warn_at,
        ProxyCase.promise_due_at,
        ProxyCase.promise_warn_at,
    )


def _visit(session: Session, visit: Visit, cases: dict[str, ProxyCase], today: date) -> VisitToday:
    why: dict[int | None, list[str]] = defaultdict(list)
    names: dict[int | None, str] = {}
    for purpose in visit.purposes:
        case = cases.get(purpose.ref_uid or "") if purpose.ref_kind == CASE else None
        if case is not None and case.visit_id != visit.id:
            continue  # moved to another round
        names.setdefault(purpose.stop_id, case.party_name if case is not None else "")
        why[purpose.stop_id].append(_purpose(session, purpose, case))
    found = VisitToday(visit, visit.planned_on < today)
    last: int | None = None
    for stop in visit.stops:
        if not found.places or stop.dwelling_id is None or stop.dwelling_id != last:
            found.places.append(PlaceToday(_address(session, stop.dwelling)))
        who = stop.person.name if stop.person else names.get(stop.id) or str(stop.household or "")
        whys = list(dict.fromkeys(why[stop.id]))
        found.places[-1].people.append(DoorToday(visit.uid, stop.uid, who, whys, stop.outcome))
        last = stop.dwelling_id
    return found


def _address(session: Session, home: Dwelling | None) -> str:
    """Without town and village, which a worker knows; building and staircase were read with the stop."""
    return (dwelling_address(session, home, division=False) or home.address) if home is not None else ""


def _purpose(session: Session, purpose: VisitPurpose, case: ProxyCase | None) -> str:
    """The service of a case, unless it is one that no list names; else the kind of work."""
    if case is not None and case.item_version.sensitivity not in SENSITIVE:
        return case.item_version.name
    return codes.label(session, "service_record_type", purpose.record_type)
