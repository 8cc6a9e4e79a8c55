"""A checked entry written in one unit of work: all of the home or nothing of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.core.errors import DomainError
from app.registry.choices import HouseholdKind
from app.registry.models import Dwelling, Household, HouseholdMember, Person
from app.registry.rules import suggest_population
from app.registry.rules.household import HEAD
from app.registry.service import (
    awaited,
    duplicates,
    groups,
    households,
    move_in,
    persons,
    residences,
)
from app.registry.service.census import extras
from app.registry.service.census import known as on_record
from app.registry.service.census.check import Checked, CheckedHousehold, EntryRefused
from app.registry.service.census.entry import Problem
from app.registry.service.census.parse import Row

HERE = "01"


@dataclass
class Saved:
    """What a save did: numbers and public keys, so that it may stand in the submission table."""

    households: int = 0
    added: int = 0
    changed: int = 0
    left: int = 0
    asked: int = 0
    corrections: int = 0
    refs: dict[str, str] = field(default_factory=dict, repr=False)
    people: dict[str, Person] = field(default_factory=dict, repr=False)

    def numbers(self) -> dict[str, int]:
        """The counts."""
        counts = ("households", "added", "changed", "left", "asked", "corrections")
        return {key: getattr(self, key) for key in counts}

    def answer(self) -> dict[str, Any]:
        """The counts, and which row became which membership (uid), for a page that lost the first answer."""
        return {**self.numbers(), "refs": dict(self.refs)}


def save_entry(session: Session, checked: Checked, *, actor: Actor, now: datetime) -> Saved:
    """Write everything. Call it inside the unit of work; raises EntryRefused for what another writer did meanwhile."""
    saved = Saved()
    saved.changed += int(extras.write(checked.dwelling, checked.home))
    for part in checked.households:
        household = _household(session, checked, part, now)
        saved.changed += int(extras.write(household, part.values) and part.household is not None)
        saved.households += 1
        for row in part.rows:
            try:
                _row(session, checked, household, part, row, saved, actor=actor, now=now)
            except EntryRefused:
                raise
            except DomainError as refusal:
                raise EntryRefused([_problem(row, refusal)]) from refusal
        _leave(session, part, saved, actor=actor, now=now)
        _settle(session, household, part, checked, now)
    typed = [row.entry.ref for row in checked.rows if row.is_new or row.number]
    known = [saved.people[ref] for ref in typed if ref in saved.people]
    duplicates.entered(session, known, actor=actor, now=now)
    return saved


def _problem(row: Row, refusal: DomainError) -> Problem:
    code = str(refusal.data.get("finding", refusal.code))
    return Problem(row.entry.ref, refusal.field or "name", code, refusal.message)


def _household(session: Session, checked: Checked, part: CheckedHousehold, now: datetime) -> Household:
    entry, household = part.entry, part.household or _waiting(session, checked, part)
    if household is not None:
        awaited.begin(session, household, clock.to_local(now).date())
    if household is None:
        return households.create_household(
            session,
            checked.dwelling,
            kind=HouseholdKind(entry.kind),
            now=now,
            household_no=entry.household_no,
            note=entry.note,
        )
    if entry.changed:
        household.household_no = entry.household_no or None
        household.note = entry.note or None
        session.flush()
    return household


def _waiting(session: Session, checked: Checked, part: CheckedHousehold) -> Household | None:
    """The household an earlier save made for somebody asked for: typed again, it gets no second one beside it."""
    asked = [checked.asked[row.entry.ref] for row in part.rows if row.entry.ref in checked.asked]
    found = (move_in.waiting_household(session, p, checked.dwelling, part.entry.kind) for p in asked)
    return next((household for household in found if household is not None), None)


def _row(
    session: Session,
    checked: Checked,
    household: Household,
    part: CheckedHousehold,
    row: Row,
    saved: Saved,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    entry = row.entry
    if entry.leave is not None:
        return
    if entry.ref in checked.asked:
        _ask(session, checked, household, row, actor=actor, now=now)
        saved.asked += 1
        return
    person = _person(session, checked, row, saved, actor=actor, now=now)
    member = part.members.get(entry.membership or "")
    if member is None:
        member = households.add_member(
            session,
            household,
            person,
            entry.relation or "",
            dwelling=checked.dwelling,
            actor=actor,
            now=now,
            fields=row.residence_fields,
        )
    else:
        _change_member(session, checked, household, member, row, actor=actor, now=now)
    saved.refs[entry.ref] = member.uid
    if row.groups:
        session.flush()
    for code in row.groups:
        if code not in _groups_of(person):
            groups.add_group(session, person, code, actor=actor, now=now)


def _person(
    session: Session, checked: Checked, row: Row, saved: Saved, *, actor: Actor, now: datetime
) -> Person:
    entry = row.entry
    if entry.same_as:
        return saved.people[entry.same_as]
    if row.person is None:
        person = _create(session, checked, row, actor=actor, now=now)
        extras.write(person, row.extras)
        saved.added += 1
    else:
        person = row.person
        changed, requests = on_record.edit(session, row, person, checked.entry.source, actor=actor, now=now)
        saved.changed += int(extras.write(person, row.extras) or changed)
        saved.corrections += requests
    on_record.contact(session, row, person, actor=actor, now=now)
    saved.people[entry.ref] = person
    return person


def _create(session: Session, checked: Checked, row: Row, *, actor: Actor, now: datetime) -> Person:
    fields = dict(row.person_fields)
    fields["sex"] = fields.get("sex") or row.sex
    with session.no_autoflush:  # nothing is asked of a family's rows: they go to the database together
        _fill_registration(checked.dwelling, row, fields)
    person = persons.enter_person(
        session,
        name=row.name or "",
        area_id=checked.dwelling.area_id,
        actor=actor,
        now=now,
        birth=row.birth,
        fields=fields,
        source=checked.entry.source,
    )
    if row.number:
        on_record.set_document(session, row, person, actor=actor, now=now)
    return person


def _fill_registration(dwelling: Dwelling, row: Row, fields: dict[str, Any]) -> None:
    """Who is registered where they live has this home as registered address; the kind of resident follows."""
    if fields.get("consistency") == HERE:
        fields["register_address"] = fields.get("register_address") or dwelling.address[:160]
        fields["population_kind"] = fields.get("population_kind") or "registered"
    elif not fields.get("population_kind"):
        hint = suggest_population(
            living_code=dwelling.area.code,
            registered_code=fields.get("register_division"),
            document_kind=row.doc_kind if row.number else None,
            nationality=fields.get("nationality"),
        )
        fields["population_kind"] = hint.kind if hint else None


def _change_member(
    session: Session,
    checked: Checked,
    household: Household,
    member: HouseholdMember,
    row: Row,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    if row.entry.relation and member.relation != row.entry.relation:
        member.relation = row.entry.relation
        session.flush()
    if row.residence_fields and member.person is not None:
        residences.open_residence(
            session,
            member.person,
            checked.dwelling,
            actor=actor,
            now=now,
            kind=households.residence_kind(household.kind),
            household=household,
            fields=row.residence_fields,
        )


def _leave(session: Session, part: CheckedHousehold, saved: Saved, *, actor: Actor, now: datetime) -> None:
    """Those who are taken out go last: their household must not look empty while others are being added."""
    for row in part.rows:
        member = part.members.get(row.entry.membership or "")
        if row.entry.leave is not None and member is not None:
            households.end_membership(session, member, reason=row.entry.leave, actor=actor, now=now)
            saved.left += 1


def _ask(
    session: Session, checked: Checked, household: Household, row: Row, *, actor: Actor, now: datetime
) -> None:
    move_in.ask(
        session,
        checked.asked[row.entry.ref],
        checked.dwelling,
        entered_name=row.name or "",
        household=household,
        relation=row.entry.relation,
        reason=row.entry.dup_reason or None,
        actor=actor,
        now=now,
    )


def _settle(
    session: Session, household: Household, part: CheckedHousehold, checked: Checked, now: datetime
) -> None:
    today = clock.to_local(now).date()
    if household.valid_to is not None:
        return
    members = households.settle_head(session, household)
    waiting = [row for row in part.rows if row.entry.ref in checked.asked]
    if waiting and not members:
        awaited.hold_back(session, household, today)
    head_waits = any(row.entry.relation == HEAD for row in waiting)
    try:
        households.check_household(session, household, today, pending_head=head_waits, members=members)
    except DomainError as refusal:
        raise EntryRefused([_problem(part.rows[0], refusal)]) from refusal


def _groups_of(person: Person) -> set[str]:
    return {g.group_code for g in person.groups if g.valid_to is None and g.deleted_at is None}
