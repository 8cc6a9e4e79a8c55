"""Hazards from the day they are found until they are gone (F09)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Area, OrgUnit
from app.areas.queries import in_force, prefixes
from app.core import clock
from app.core.actor import Actor
from app.core.errors import Invalid
from app.core.workflow import Offer, Step
from app.registry.choices import HazardAction, HazardState
from app.registry.models import Hazard, HazardStep, RentalHome, SafetyCheck, Venue
from app.registry.rules.hazards import MACHINE
from app.registry.service import risk
from app.registry.signals import DoorVisit, door_visited

LATEST_FIX = 180  # days ahead
RECORD_TYPE = "SR4"  # code list service_record_type: hazards looked for
WITH_POWERS = ("department", "enforcement", "police")  # code list org_kind
AT_THE_PLACE = frozenset({HazardAction.passed, HazardAction.failed})


def open_hazard(
    session: Session, actor: Actor, check: SafetyCheck, item: str, *, text: str, fix_by: date, now: datetime
) -> Hazard:
    """A hazard of an item that is not in order. One that is open for the item already stays the same hazard, with what was
    found now: said to be put right and bad again is a recheck that failed.
    """
    known = select(Hazard).where(
        Hazard.rental_home_id == check.rental_home_id
        if check.rental_home_id
        else Hazard.venue_id == check.venue_id,
        Hazard.item == item,
        Hazard.state != HazardState.closed,
    )
    found = session.scalars(known).first()
    if found is not None:
        return _found_again(session, actor, found, text, fix_by, check.checked_on, now)
    given = {"fix_by": fix_day(fix_by, check.checked_on)}
    step = MACHINE.apply(None, HazardAction.find, [actor.role], given)
    hazard = Hazard(
        area_id=check.area_id,
        check_id=check.id,
        rental_home_id=check.rental_home_id,
        venue_id=check.venue_id,
        item=item,
        kind=_kind(check, item),
        text=text[:300],
        found_on=check.checked_on,
        fix_by=fix_by,
        state=str(step.target),
    )
    session.add(hazard)
    session.flush()
    _write(session, hazard, step, actor, now, reason=text, fix_by=fix_by)
    return hazard


def _found_again(
    session: Session, actor: Actor, hazard: Hazard, text: str, fix_by: date, day: date, now: datetime
) -> Hazard:
    """Worse or not gone: the newest sheet says how it stands. What was passed on stays with the department."""
    again = {HazardState.found: HazardAction.give_time, HazardState.rectified: HazardAction.failed}
    action = again.get(HazardState.parse(hazard.state))
    if action is None or day < hazard.found_on:
        return hazard
    given = {"fix_by": fix_day(fix_by, day), "note": text}
    step = MACHINE.apply(HazardState.parse(hazard.state), action, [actor.role], given)
    hazard.state, hazard.text, hazard.fix_by = str(step.target), text[:300], fix_by
    _write(session, hazard, step, actor, now, reason=text, fix_by=fix_by)
    return hazard


def _kind(check: SafetyCheck, item: str) -> str:
    spec = risk.spec()
    kinds = spec["home_hazards"] if check.rental_home_id else spec["venue_hazards"]
    return str(kinds.get(item, spec["other_hazard"]))


def fix_day(day: date | None, today: date) -> date:
    """A day by which something is put right: from today on, at most half a year ahead."""
    if day is None or not today <= day <= today + timedelta(days=LATEST_FIX):
        text = _(
            "Give the day by which it is put right: from today on, within %(days)s days.", days=LATEST_FIX
        )
        raise Invalid(text, field="fix_by")
    return day


def competent(session: Session, hazard: Hazard, day: date) -> list[OrgUnit]:
    """Who may be handed a hazard: departments, enforcement teams and police that answer for its area, the nearest first."""
    above = prefixes(hazard.area.path, own=True)
    query = (
        select(OrgUnit)
        .join(Area, Area.id == OrgUnit.area_id)
        .where(OrgUnit.kind.in_(WITH_POWERS), Area.path.in_(above), *in_force(OrgUnit, day))
        .order_by(Area.path.desc(), OrgUnit.path)
    )
    return list(session.scalars(query))


def offers(hazard: Hazard, actor: Actor) -> list[Offer]:
    """What the acting role may do with a hazard now."""
    return MACHINE.actions(HazardState.parse(hazard.state), [actor.role])


def act(
    session: Session,
    actor: Actor,
    hazard: Hazard,
    action: HazardAction,
    given: Mapping[str, Any],
    *,
    now: datetime,
) -> HazardStep:
    """Take one step; ``given``: note (text), fix_by (date), department (OrgUnit), as the table asks.

    A second look at the place is a visit at the door. The colour of a rented home follows. Raises what the machine
    raises.
    """
    today = clock.to_local(now).date()
    step = MACHINE.apply(HazardState.parse(hazard.state), action, [actor.role], given)
    fix_by, unit = step.given.get("fix_by"), step.given.get("department")
    if fix_by is not None:
        hazard.fix_by = fix_day(fix_by, today)
    hazard.state = str(step.target)
    if isinstance(unit, OrgUnit):
        if unit not in competent(session, hazard, today):
            raise Invalid(_("This office cannot have it put right here."), field="department")
        hazard.reported_unit_id = unit.id
    note = str(step.given.get("note") or "").strip()
    reason = f"{unit.name}: {note}" if isinstance(unit, OrgUnit) else note
    row = _write(session, hazard, step, actor, now, reason=reason, fix_by=fix_by)
    if action in AT_THE_PLACE:
        _look_again(session, actor, hazard, now)
    settle_place(session, hazard.rental_home or hazard.venue, now=now)
    return row


def settle_place(session: Session, place: RentalHome | Venue | None, *, now: datetime) -> None:
    """What the hazards of a place say about it: the kind that stands in the register, and the colour of a home."""
    if place is None:
        return
    session.flush()
    mine = Hazard.rental_home_id if isinstance(place, RentalHome) else Hazard.venue_id
    kinds = session.scalars(select(Hazard.kind).where(mine == place.id, Hazard.state != HazardState.closed))
    found = sorted(kind for kind in kinds if kind)
    place.hazard = "02" if "02" in found else found[0] if found else risk.spec()["no_hazard"]
    if isinstance(place, RentalHome):
        risk.settle_risk(session, place, now=now)
    session.flush()


def _look_again(session: Session, actor: Actor, hazard: Hazard, now: datetime) -> None:
    place = hazard.rental_home or hazard.venue
    visit = DoorVisit(
        area_id=hazard.area_id,
        outcome="met",
        record_type=RECORD_TYPE,
        ref_kind="hazard",
        ref_uid=hazard.uid,
        dwelling_id=place.dwelling_id if place is not None else None,
    )
    door_visited(session, visit, actor=actor, now=now)


def _write(
    session: Session,
    hazard: Hazard,
    step: Step,
    actor: Actor,
    now: datetime,
    *,
    reason: str,
    fix_by: date | None,
) -> HazardStep:
    row = HazardStep.of(
        step.action,
        step.source,
        step.target,
        actor=actor,
        now=now,
        reason=reason,
        hazard_id=hazard.id,
        fix_by=fix_by,
    )
    session.add(row)
    session.flush()
    return row
