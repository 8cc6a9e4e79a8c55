"""Safety checks of rented homes (14 items) and venues (16 items): written once, then only hazards move on (F08, F09)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import clock, codes
from app.core.actor import Actor
from app.core.errors import Invalid
from app.registry.choices import CheckResult
from app.registry.models import RentalHome, SafetyCheck, SafetyCheckItem, Venue
from app.registry.service import hazards, risk
from app.registry.signals import DoorVisit, door_visited

MOST_PEOPLE = 200
OLDEST = timedelta(days=366)  # a sheet of paper is keyed in within a year
LEAST_INSPECTORS = 2  # at a venue (F09)
VISIT_TYPES, HOME_VISIT, VENUE_VISIT = "visit_type", "V4", "V5"
SEPARATORS = str.maketrans({"\u3001": ",", "\uff0c": ",", ";": ",", "\uff1b": ",", "/": ","})


@dataclass(frozen=True)
class ItemResult:
    """One item: its result, what was seen, and by when a bad one is put right."""

    result: CheckResult
    note: str = ""
    fix_by: date | None = None


@dataclass(frozen=True)
class CheckEntry:
    """A check as it was typed in at the door."""

    results: Mapping[str, ItemResult]
    inspectors: str
    people_found: int | None = None
    summary: str = ""
    checked_on: date | None = None
    next_check_on: date | None = field(default=None)


def items_of(session: Session, place: RentalHome | Venue) -> dict[str, str]:
    """The items to check at a place: code to label, in order."""
    name = risk.HOME_ITEMS if isinstance(place, RentalHome) else risk.VENUE_ITEMS
    return dict(codes.choices(session, name))


def record_check(
    session: Session, actor: Actor, place: RentalHome | Venue, entry: CheckEntry, *, now: datetime
) -> SafetyCheck:
    """Write a check down. Every item has a result; each bad one opens a hazard; colour and next check follow; it is a visit
    at the door. Raises Invalid naming the field (``item.C04``, ``inspectors`` …).
    """
    today = clock.to_local(now).date()
    day = entry.checked_on or today
    if day > today:
        raise Invalid(_("This day lies in the future."), field="checked_on")
    if day < today - OLDEST:
        raise Invalid(_("This day is too far in the past."), field="checked_on")
    labels = items_of(session, place)
    _check_entry(place, entry, labels)
    is_home = isinstance(place, RentalHome)
    check = SafetyCheck(
        area_id=place.area_id,
        rental_home_id=place.id if is_home else None,
        venue_id=None if is_home else place.id,
        checked_on=day,
        inspectors=", ".join(names(entry.inspectors)),
        people_found=entry.people_found,
        summary=entry.summary.strip()[:300] or None,
        items=[
            SafetyCheckItem(item=item, result=str(given.result), note=given.note.strip()[:200] or None)
            for item, given in ((item, entry.results[item]) for item in labels)
        ],
    )
    bad = [item for item in labels if entry.results[item].result is CheckResult.bad]
    _foresee(session, place, check, entry, bad)
    session.add(check)
    session.flush()
    for item in bad:
        given = entry.results[item]
        text = labels[item] + (f": {given.note.strip()}" if given.note.strip() else "")
        hazards.open_hazard(session, actor, check, item, text=text, fix_by=given.fix_by or day, now=now)
    if place.last_check_on is None or place.last_check_on <= day:
        place.last_check_on = day
        if not is_home:
            place.next_check_on = check.next_check_on
    hazards.settle_place(session, place, now=now)
    if day == today:  # what is written down later is not a walk of today
        _tell(session, actor, place, check, "met", now)
    return check


def _foresee(
    session: Session, place: RentalHome | Venue, check: SafetyCheck, entry: CheckEntry, bad: list[str]
) -> None:
    """Colour and next check as they stand on the sheet: it is written once, so both are known before it is."""
    if isinstance(place, RentalHome):
        found, days = risk.foresee(session, place, frozenset(bad), entry.people_found)
        check.risk, check.next_check_on = found.colour, check.checked_on + days
        return
    wanted = entry.next_check_on or risk.next_venue_check(check.checked_on, len(bad))
    if wanted <= check.checked_on:
        raise Invalid(_("The next check lies after this one."), field="next_check_on")
    check.next_check_on = wanted


def _check_entry(place: RentalHome | Venue, entry: CheckEntry, labels: Mapping[str, str]) -> None:
    for item, label in labels.items():
        given = entry.results.get(item)
        if given is None:
            raise Invalid(_("Say how it stands: %(item)s.", item=label), field=f"item.{item}")
    if set(entry.results) - set(labels):
        raise Invalid(_("This item is not one of the list."), field="items")
    people = names(entry.inspectors)
    if not people:
        raise Invalid(_("Say who checked."), field="inspectors")
    if isinstance(place, Venue) and len(people) < LEAST_INSPECTORS:
        raise Invalid(_("A venue is checked by two people at least: name both."), field="inspectors")
    found = entry.people_found
    if found is not None and not 0 <= found <= MOST_PEOPLE:
        raise Invalid(_("Between 0 and %(most)s people.", most=MOST_PEOPLE), field="people_found")


def names(text: str) -> list[str]:
    """Names of the inspectors, given with commas of either script."""
    given = (part.strip() for part in (text or "").translate(SEPARATORS).split(","))
    return list(dict.fromkeys(part for part in given if part))


def nobody_there(session: Session, actor: Actor, place: RentalHome | Venue, *, now: datetime) -> None:
    """Nobody opened: no check, but a visit that was tried."""
    _tell(session, actor, place, None, "absent", now)


def _tell(
    session: Session,
    actor: Actor,
    place: RentalHome | Venue,
    check: SafetyCheck | None,
    outcome: str,
    now: datetime,
) -> None:
    is_home = isinstance(place, RentalHome)
    kind = codes.label(session, VISIT_TYPES, HOME_VISIT if is_home else VENUE_VISIT)
    visit = DoorVisit(
        area_id=place.area_id,
        outcome=outcome,
        record_type=hazards.RECORD_TYPE,
        ref_kind="safety_check" if check is not None else place.__tablename__,
        ref_uid=check.uid if check is not None else place.uid,
        dwelling_id=place.dwelling_id,
        content=kind,
        result="done" if check is not None else "impossible",
    )
    door_visited(session, visit, actor=actor, now=now)
