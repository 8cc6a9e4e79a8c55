"""Special groups a person belongs to for a time. Level and visiting interval come with the code (data)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, codes
from app.core.actor import Actor
from app.core.errors import Conflict, Invalid, NotAllowed
from app.registry.choices import CLOSED_LEVEL, FieldGroup
from app.registry.models import Person, PersonGroup
from app.registry.service import sources, subforms
from app.registry.service.checks import not_after
from app.registry.service.ties import last_day
from app.registry.signals import GROUP_JOINED

LIST = "special_group"
DERIVED = "derived"
MOST_DAYS = 366


def facts(session: Session, code: str) -> dict[str, Any]:
    """What the list says about a group: sensitivity, visit_interval_days, note. Invalid for an unknown code."""
    found = codes.codes(session, LIST).get(code)
    if found is None:
        raise Invalid(_("This code is not in the list."), field="group_code")
    return found.attributes


def is_derived(facts: dict[str, Any]) -> bool:
    """Groups that follow from other data (age, grade) are computed and never typed."""
    return str(facts.get("note") or "").startswith(DERIVED)


def level_of(session: Session, code: str) -> str:
    """The level of protection that comes with a group."""
    return str(facts(session, code).get("sensitivity") or "L3")


def open_to(session: Session, actor: Actor) -> list[tuple[str, str]]:
    """(code, label) of the groups that this actor may enter: no derived ones, L5 by named grant only."""
    offered = []
    for code, label in codes.choices(session, LIST):
        about = facts(session, code)
        granted = about.get("sensitivity") != CLOSED_LEVEL or code in actor.named_groups
        if granted and not is_derived(about):
            offered.append((code, label))
    return offered


def interval_of(session: Session, row: PersonGroup) -> int:
    """Days between two visits: the member's own, else the group's; 0 for none."""
    if row.visit_days is not None:
        return row.visit_days
    return int(facts(session, row.group_code).get("visit_interval_days") or 0)


def add_group(
    session: Session,
    person: Person,
    code: str,
    *,
    actor: Actor,
    now: datetime,
    since: date | None = None,
    evidence: str | None = None,
    details: Mapping[str, Any] | None = None,
    visit_days: int | None = None,
) -> PersonGroup:
    """A person belongs to a group from a day on. One open row per group. ``details`` are the values of the group's own
    form; None where they are taken down later (the clerk's page of a home).

    Raises NotAllowed for a level 5 group without the named grant, Invalid for derived groups and for details that the
    form does not take (field ``details.<name>``), Conflict when the person is already in it.
    """
    about = facts(session, code)
    level = level_of(session, code)
    if is_derived(about):
        raise Invalid(_("This group follows from other data and is not entered by hand."), field="group_code")
    if level == CLOSED_LEVEL and code not in actor.named_groups:
        raise NotAllowed(_("This group needs a grant by name."), field="group_code")
    known = select(PersonGroup.id).where(
        PersonGroup.person_id == person.id, PersonGroup.group_code == code, PersonGroup.valid_to.is_(None)
    )
    if session.scalars(known).first() is not None:
        raise Conflict(_("The person is already in this group."), field="group_code")
    today = clock.to_local(now).date()
    row = PersonGroup(
        person_id=person.id,
        group_code=code,
        level=level,
        valid_from=_in_life(person, not_after(since or today, today, field="valid_from")),
        evidence=evidence or None,
        details=subforms.settle_group(session, person, code, details),
        visit_days=_days(visit_days),
    )
    row.next_visit_on = first_visit(session, row, today)
    session.add(row)
    session.flush()
    sources.confirm(session, person, {FieldGroup.status}, actor=actor, now=now)
    GROUP_JOINED.send(row, session=session, actor=actor, now=now)  # proposals follow (S0-61)
    return row


def first_visit(session: Session, row: PersonGroup, today: date) -> date | None:
    """The day of the first visit to a new member."""
    interval = interval_of(session, row)
    return today + timedelta(days=interval) if interval else None


def edit_group(
    session: Session,
    row: PersonGroup,
    *,
    actor: Actor,
    now: datetime,
    details: Mapping[str, Any] | None = None,
) -> PersonGroup:
    """What is known about a member is put right; ``details`` None leaves the own form as it is. Evidence, interval and
    next visit are columns of the row. A row that has ended is history. Raises Conflict and Invalid as above.
    """
    if row.valid_to is not None:
        raise Conflict(_("The person is no longer in this group."))
    row.visit_days = _days(row.visit_days)
    if details is not None:
        row.details = subforms.settle_group(session, row.person, row.group_code, details)
    session.flush()
    sources.confirm(session, row.person, {FieldGroup.status}, actor=actor, now=now)
    return row


def _days(days: int | None) -> int | None:
    if days is not None and not 0 <= days <= MOST_DAYS:
        raise Invalid(_("Please give 0 to %(most)s days.", most=MOST_DAYS), field="visit_days")
    return days


def _in_life(person: Person, day: date) -> date:
    """Nobody belongs to a group before the birth or after the death."""
    if person.birth_date is not None and person.birth_precision == "day" and day < person.birth_date:
        raise Invalid(_("This day lies before the birth."), field="valid_from")
    if person.died_on is not None and day >= person.died_on:
        died = person.died_on.isoformat()
        raise Invalid(
            _("This person died on %(day)s: nothing can be entered after that.", day=died), field="valid_from"
        )
    return day


def end_group(
    session: Session, row: PersonGroup, *, reason: str, actor: Actor, now: datetime, on: date | None = None
) -> None:
    """The person is no longer in the group; ``on`` is the last day. The row stays as history."""
    if not reason.strip():
        raise Invalid(_("Please give a reason."), field="reason")
    if is_derived(facts(session, row.group_code)):
        raise Invalid(_("This group follows from other data and is not entered by hand."))
    today = clock.to_local(now).date()
    row.valid_to = not_after(on, today, field="last_day") if on else last_day(row.valid_from, today)
    row.end_reason = reason.strip()[:120]
    row.next_visit_on = None
    session.flush()
    sources.confirm(session, row.person, {FieldGroup.status}, actor=actor, now=now)
