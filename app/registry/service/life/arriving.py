"""Birth and moving in: somebody joins a household, and a home."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import Conflict, Finding, Invalid
from app.registry.choices import EventKind, EventRole, HouseholdKind, MatchPlace
from app.registry.models import Dwelling, Household, LifeEvent, Person
from app.registry.rules import Birth
from app.registry.rules.household import HEAD
from app.registry.rules.life import Parent, check_birth
from app.registry.service import documents, households, matching, persons, proposals
from app.registry.service.consents import birth_of
from app.registry.service.homes import home_area
from app.registry.service.life.entering import Told, entering
from app.registry.service.life.heads import NOBODY, Heads, asks_head, settle_left
from app.registry.service.life.leaving import EFFECTIVE, households_of

CONSISTENT, SEPARATED = "01", "02"


@dataclass(frozen=True)
class Child:
    """What is told of a newborn; a document is not needed."""

    name: str
    sex: str | None
    ethnic: str | None = None


def birth(
    session: Session,
    child: Child,
    told: Told,
    *,
    mother: Person | None,
    father: Person | None,
    joins: Sequence[tuple[Household, str]],
    actor: Actor,
    now: datetime,
) -> LifeEvent:
    """A child is born into the mother's or the father's household: living, registered, or one of each.

    ``joins`` is household → relation to its head. The guardian's consent (F29) becomes a task; registration and
    insurance become proposals. Raises Conflict when a child of this name and birth date is on record here.
    """
    day = told.happened_on
    check_birth(day, _parent(mother), _parent(father))
    _check_joins(session, joins, [p for p in (mother, father) if p is not None])
    _refuse_known(session, child.name, day)
    main = next((h for h, _r in joins if h.kind == HouseholdKind.living), joins[0][0])
    with entering(session, EventKind.birth, told, [], household=main, actor=actor, now=now) as entry:
        person = persons.create_person(
            session,
            name=child.name,
            area_id=main.area_id,
            birth=Birth(day),
            fields={"sex": child.sex, "ethnic": child.ethnic},
            actor=actor,
            now=now,
        )
        entry.add(EventRole.subject, person)
        entry.add(EventRole.mother, mother)
        entry.add(EventRole.father, father)
        for household, relation in joins:
            _join(session, household, person, relation, day, actor=actor, now=now)
        proposals.follow_event(session, entry.event, [person], actor=actor, now=now)
    return entry.event


def move_in(
    session: Session,
    person: Person,
    dwelling: Dwelling,
    told: Told,
    *,
    household: Household | None = None,
    kind: HouseholdKind = HouseholdKind.living,
    relation: str | None = None,
    household_no: str | None = None,
    fields: Mapping[str, Any] | None = None,
    heads: Heads = NOBODY,
    actor: Actor,
    now: datetime,
) -> LifeEvent:
    """Somebody on record comes to live (or to be registered) in a home, in a household there or one of their own.

    From outside this site: the record is new or was kept from an earlier stay. Between areas only whoever holds both
    may enter it; else a move-in is asked for (guards, section 1), which services raise as Conflict.
    """
    home_area(session, dwelling.area_id)
    _check_target(session, household, dwelling, kind, relation)
    old = [h for h in households_of(session, [person], (kind,)) if household is None or h.id != household.id]
    with entering(
        session,
        EventKind.move_in,
        told,
        [person],
        household=household,
        dwelling=dwelling,
        actor=actor,
        now=now,
    ) as entry:
        entry.add(EventRole.subject, person)
        entry.details = {"kind": str(kind), **(fields or {})}
        rests = [(h, asks_head(session, h, {person.id})) for h in old]
        households.refuse_foreign_membership(household or Household(kind=str(kind)), person, actor)
        made = household or households.create_household(
            session, dwelling, kind=kind, household_no=household_no, since=told.happened_on, now=now
        )
        entry.event.household_id = made.id
        _join(
            session,
            made,
            person,
            relation or HEAD,
            told.happened_on,
            dwelling=dwelling,
            fields=fields,
            actor=actor,
            now=now,
        )
        for left, rest in rests:
            settle_left(session, left, rest, heads, told.happened_on)
        _settle_status(session, person)
        proposals.follow_event(session, entry.event, [person], actor=actor, now=now)
    return entry.event


def newcomer(
    session: Session,
    *,
    name: str,
    dwelling: Dwelling,
    fields: Mapping[str, Any],
    birth: Birth | None,
    document: Mapping[str, Any] | None,
    phone: str | None,
    actor: Actor,
    now: datetime,
) -> Person:
    """A record for somebody nobody knew before, managed by the area of the home. ``document`` as ``add_document``."""
    if not document:
        _refuse_known(session, name, birth.date if birth and birth.precision == "day" else None)
    person = persons.enter_person(
        session, name=name, area_id=dwelling.area_id, birth=birth, fields=fields, actor=actor, now=now
    )
    if document:
        documents.add_document(session, person, actor=actor, now=now, **document)
    if phone:
        persons.set_phone(session, person, phone, actor=actor, now=now)
    session.flush()
    return person


def _parent(person: Person | None) -> Parent | None:
    return None if person is None else Parent(person.sex, birth_of(person), person.died_on)


def _check_joins(session: Session, joins: Sequence[tuple[Household, str]], parents: Sequence[Person]) -> None:
    if not joins:
        raise Invalid(_("Please choose the household that the child joins."), field="household")
    theirs = {h.id for h in households_of(session, parents)}
    for household, relation in joins:
        if household.id not in theirs or household.valid_to is not None:
            raise Invalid(_("The child joins a household of the mother or the father."), field="household")
        if not relation or relation == HEAD:
            text = _("Please say how the child is related to the head.")
            raise Invalid(text, field=f"join_{household.uid}")
    if len({h.kind for h, _relation in joins}) < len(joins):
        raise Invalid(_("One household of each kind only."), field="household")


def _refuse_known(session: Session, name: str, day: date | None) -> None:
    """The same child entered twice. Only records of the own area are mentioned: others would be told of without need."""
    found = matching.find(session, name=name, birth=Birth(day)) if day else []
    if any(match.place is MatchPlace.inside for match in found):
        text = _("Somebody of this name and birth date is on record here already.")
        raise Conflict(text, field="name", finding="known")


def _check_target(
    session: Session,
    household: Household | None,
    dwelling: Dwelling,
    kind: HouseholdKind,
    relation: str | None,
) -> None:
    if dwelling.valid_to is not None:
        raise Invalid(_("This home is closed."), field="dwelling")
    if household is None:
        return
    if household.kind != kind or household.valid_to is not None:
        raise Invalid(_("This household is of another kind, or has ended."), field="household")
    home = households.home_of(session, household)
    if home is None or home.id != dwelling.id:
        raise Invalid(_("This household lives in another home."), field="household")
    if kind is not HouseholdKind.collective and (not relation or relation == HEAD):
        raise Invalid(_("Please say how this person is related to the head."), field="relation")


def _join(
    session: Session,
    household: Household,
    person: Person,
    relation: str,
    day: date,
    *,
    dwelling: Dwelling | None = None,
    fields: Mapping[str, Any] | None = None,
    actor: Actor,
    now: datetime,
) -> list[Finding]:
    home = dwelling or households.home_of(session, household)
    households.add_member(
        session, household, person, relation, dwelling=home, since=day, fields=fields, actor=actor, now=now
    )
    members = households.settle_head(session, household)
    return households.check_household(session, household, day, members=members)


def _settle_status(session: Session, person: Person) -> None:
    person.status, person.status_reason = EFFECTIVE, None
    mine = {h.kind: h for h in households_of(session, [person])}
    living, registered = mine.get(str(HouseholdKind.living)), mine.get(str(HouseholdKind.registered))
    if living is not None and registered is not None:
        same = _home_id(session, living) == _home_id(session, registered)
        person.consistency = CONSISTENT if same else SEPARATED


def _home_id(session: Session, household: Household) -> int | None:
    home = households.home_of(session, household)
    return home.id if home else None
