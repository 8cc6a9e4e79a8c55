"""Visits to members of special groups: written once, and the current state of the member follows (standards 1.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.core.errors import Conflict, Invalid
from app.core.models import new_uid
from app.registry import signals
from app.registry.choices import CLOSED_LEVEL
from app.registry.models import Dwelling, GroupVisit, Household, HouseholdMember, PersonGroup, Residence
from app.registry.rules import care
from app.registry.rules.subforms import SubForm
from app.registry.service import groups, subforms
from app.registry.service.checks import check_code, not_after

OUTCOMES, MEASURES, RECORD_TYPE = "visit_outcome", "visit_measure", "SR2"
CONDITION = ("body", "mood", "work", "life")  # F07: how the member is
WORDS = (*CONDITION, "needs", "measure_note")
LONGEST = 1024


@dataclass(frozen=True)
class VisitEntry:
    """What is written down about one visit (F07). ``state`` holds the fields of the group's form that are taken down at
    each visit, None where nobody could say; ``next_on`` overrides the day that follows from the interval.
    """

    visited_on: date
    way: str
    companions: str | None = None
    state: Mapping[str, Any] | None = None
    words: Mapping[str, str | None] = field(default_factory=dict)
    measures: tuple[str, ...] = ()
    next_on: date | None = None


def record_visit(
    session: Session, row: PersonGroup, entry: VisitEntry, *, actor: Actor, now: datetime
) -> GroupVisit:
    """One visit. The member's state, last and next visit are brought up to date in the same transaction, unless a later
    visit is known already; the work log gets its visit (ADR 0010), which does not say which group it was for. Of a visit
    to a member of a group of level 5 it gets a line that names neither person nor door.

    Raises Conflict for a member who has left the group, Invalid with the field for a day in the future or before the
    member joined, unknown codes, and values that the group's form does not take (``details.<name>``).
    """
    if row.valid_to is not None:
        raise Conflict(_("The person is no longer in this group."))
    today = clock.to_local(now).date()
    _check(session, row, entry, today)
    form = subforms.group_form(row.group_code)
    state = _state(session, form, entry.state)
    latest = row.last_visit_on is None or entry.visited_on >= row.last_visit_on
    if latest and state is not None and form is not None:
        kept = {k: v for k, v in (row.details or {}).items() if k not in {f.name for f in form.at_visit}}
        row.details = subforms.settle_group(session, row.person, row.group_code, kept | state, complete=False)
    follows = entry.next_on or care.next_visit(entry.visited_on, groups.interval_of(session, row), entry.way)
    uid = new_uid()
    visit = GroupVisit(
        uid=uid,
        group_id=row.id,
        planned_on=row.next_visit_on,
        visited_on=entry.visited_on,
        next_visit_on=follows,
        way=entry.way,
        companions=entry.companions or None,
        by_user=actor.user_id,
        by_label=actor.label,
        details=_details(entry, state),
        visit_uid=_tell(session, row, entry, uid, actor, now),
    )
    session.add(visit)
    if latest:
        row.last_visit_on, row.next_visit_on = entry.visited_on, follows
    session.flush()
    return visit


def _check(session: Session, row: PersonGroup, entry: VisitEntry, today: date) -> None:
    not_after(entry.visited_on, today, field="visited_on")
    if row.valid_from and entry.visited_on < row.valid_from:
        raise Invalid(_("The person was not in this group on that day."), field="visited_on")
    if entry.next_on and entry.next_on <= entry.visited_on:
        raise Invalid(_("The next visit comes after this one."), field="next_on")
    check_code(session, OUTCOMES, entry.way, field="way")
    for code in entry.measures:
        check_code(session, MEASURES, code, field="measures")
    for name, words in entry.words.items():
        if name not in WORDS or len(words or "") > LONGEST:
            raise Invalid(_("Please keep this to %(most)s characters.", most=LONGEST), field=name)


def _state(session: Session, form: SubForm | None, given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The fields that are taken down again, checked; the others cannot be set by a visit."""
    if form is None or given is None:
        return None
    names = {f.name for f in form.at_visit}
    return (
        subforms.settle(session, form, {k: v for k, v in given.items() if k in names}, complete=False) or {}
    )


def _details(entry: VisitEntry, state: dict[str, Any] | None) -> dict[str, Any] | None:
    words = {name: text.strip() for name, text in entry.words.items() if text and text.strip()}
    found = {"state": state, "words": words, "measures": list(entry.measures)}
    return {key: value for key, value in found.items() if value} or None


def _tell(
    session: Session, row: PersonGroup, entry: VisitEntry, uid: str, actor: Actor, now: datetime
) -> str | None:
    """Today's visit is a visit of the work log too. What is written down later is not a walk of today, and a door at which
    only a group of level 5 was the reason would tell of it: both are a line of the worker's day and nothing else, and in
    the change log one looks like the other. The household is not counted as visited by it (guards, section 3).
    """
    line_only = row.level == CLOSED_LEVEL or entry.visited_on != clock.to_local(now).date()
    household, dwelling = _door(session, row.person_id)
    area = dwelling.area_id if dwelling else household.area_id if household else None
    if area is None:
        if not actor.covers(row.person.area.path):
            return None
        area = row.person.area_id
    visit = signals.DoorVisit(
        area_id=area,
        outcome=entry.way,
        record_type=RECORD_TYPE,
        ref_kind=GroupVisit.__tablename__,
        ref_uid=uid,
        dwelling_id=dwelling.id if dwelling and not line_only else None,
        household_id=household.id if household and not line_only else None,
        person_id=None if line_only else row.person_id,
        line_only=line_only,
        done_on=entry.visited_on,
    )
    return signals.door_visited(session, visit, actor=actor, now=now)


def _door(session: Session, person_id: int) -> tuple[Household | None, Dwelling | None]:
    """The living household and the home of a person, as far as the actor sees them."""
    household = session.scalars(
        select(Household)
        .join(HouseholdMember, HouseholdMember.household_id == Household.id)
        .where(
            HouseholdMember.person_id == person_id,
            HouseholdMember.valid_to.is_(None),
            Household.kind == "living",
        )
    ).first()
    dwelling = session.scalars(
        select(Dwelling)
        .join(Residence, Residence.dwelling_id == Dwelling.id)
        .where(Residence.person_id == person_id, Residence.valid_to.is_(None), Residence.kind == "living")
    ).first()
    return household, dwelling
