"""Households divided (分户), joined (并户), with another head, in another home."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import Conflict, Invalid
from app.registry.choices import EventKind, EventRole, HouseholdKind
from app.registry.models import (
    Dwelling,
    Household,
    HouseholdDwelling,
    HouseholdMember,
    LifeEvent,
    Person,
    Residence,
)
from app.registry.service import households, residences
from app.registry.service.homes import home_area
from app.registry.service.life.entering import Told, entering
from app.registry.service.life.heads import (
    NEW,
    NOBODY,
    Heads,
    answers,
    asks_head,
    relate,
    settle_left,
    staying,
)
from app.registry.service.ties import last_day

NEW_KEY = "new"


def split(
    session: Session,
    household: Household,
    leaving: Sequence[Person],
    told: Told,
    *,
    dwelling: Dwelling | None = None,
    household_no: str | None = None,
    heads: Heads = NOBODY,
    actor: Actor,
    now: datetime,
) -> LifeEvent:
    """Some members found a household of their own, in the same home or another, with a head and relations of its own.

    Where the old head goes along, those who stay choose another. ``heads`` holds the new household under ``NEW``.
    """
    members, home = _who_may_split(session, household, leaving, dwelling)
    ids = {p.id for p in leaving}
    going = [m for m in members if m.person_id in ids]
    relations = answers(NEW_KEY, going, heads.of(NEW))
    with entering(
        session, EventKind.split, told, list(leaving), household=household, actor=actor, now=now
    ) as entry:
        entry.add(EventRole.left, *leaving)
        rest = asks_head(session, household, ids)
        made = households.create_household(
            session,
            home,
            kind=HouseholdKind(household.kind),
            household_no=household_no,
            since=told.happened_on,
            now=now,
        )
        entry.event.other_household_id, entry.event.dwelling_id = made.id, home.id
        entry.details = {"household_no": household_no}
        for person in sorted(leaving, key=lambda p: relations[p.id] != "02"):
            households.add_member(
                session,
                made,
                person,
                relations[person.id],
                dwelling=home,
                since=told.happened_on,
                actor=actor,
                now=now,
            )
        relate(session, made, relations, told.happened_on)
        settle_left(session, household, rest, heads, told.happened_on)
    return entry.event


def _who_may_split(
    session: Session, household: Household, leaving: Sequence[Person], dwelling: Dwelling | None
) -> tuple[list[HouseholdMember], Dwelling]:
    """Members of the household and the home of the new one. Raises Invalid: nobody goes, nobody stays, no home."""
    _must_stand(household)
    members = households.members_of(session, household)
    ids = {p.id for p in leaving}
    if not ids or not ids <= {m.person_id for m in members}:
        raise Invalid(_("Please choose who founds the new household."), field="who")
    if len(ids) == len(members):
        raise Invalid(_("Somebody must stay: else it is the same household."), field="who")
    home = dwelling or households.home_of(session, household)
    if home is None or home.valid_to is not None:
        raise Invalid(_("Please choose a home."), field="dwelling")
    home_area(session, home.area_id)
    return list(members), home


def merge(
    session: Session,
    household: Household,
    other: Household,
    told: Told,
    *,
    heads: Heads = NOBODY,
    actor: Actor,
    now: datetime,
) -> LifeEvent:
    """The other household joins this one, in this one's home; everybody's relation to the one head is asked anew."""
    _must_stand(household)
    _must_stand(other, field="other")
    if other.id == household.id or other.kind != household.kind:
        raise Invalid(_("Please choose another household of the same kind."), field="other")
    here, coming = households.members_of(session, household), households.members_of(session, other)
    relations = answers(household.uid, staying([*here, *coming], ()), heads.of(household.id))
    people = [m.person for m in (*here, *coming)]
    home = households.home_of(session, household)
    with entering(
        session, EventKind.merge, told, people, household=household, other=other, actor=actor, now=now
    ) as entry:
        entry.add(EventRole.came, *(m.person for m in coming))
        entry.add(EventRole.head, session.get(Person, _head_of(heads, household)))
        for member in coming:
            person = member.person
            households.add_member(
                session,
                household,
                person,
                relations[person.id],
                dwelling=home,
                since=told.happened_on,
                actor=actor,
                now=now,
            )
        relate(session, household, relations, told.happened_on)
    return entry.event


def change_head(
    session: Session,
    household: Household,
    told: Told,
    *,
    heads: Heads,
    actor: Actor,
    now: datetime,
) -> LifeEvent:
    """Another member becomes the head. Members who died elsewhere leave by this; every relation is asked anew."""
    _must_stand(household)
    members = households.members_of(session, household)
    dead = [m for m in members if m.person is not None and m.person.died_on is not None]
    rest = [m for m in staying(members, ()) if m not in dead]
    if not rest:
        raise Conflict(_("Nobody is left in this household."), finding="empty")
    relations = answers(household.uid, rest, heads.of(household.id))
    with entering(
        session,
        EventKind.change_head,
        told,
        [m.person for m in rest],
        household=household,
        actor=actor,
        now=now,
    ) as entry:
        entry.add(EventRole.head, session.get(Person, _head_of(heads, household)))
        entry.add(EventRole.left, *(m.person for m in dead))
        for member in dead:
            households.end_membership(
                session, member, reason="death", on=told.happened_on, actor=actor, now=now
            )
        relate(session, household, relations, told.happened_on)
    return entry.event


def change_home(
    session: Session, household: Household, dwelling: Dwelling, told: Told, *, actor: Actor, now: datetime
) -> LifeEvent:
    """A whole household moves to another home; whoever lived elsewhere before goes on living there."""
    _must_stand(household)
    home_area(session, dwelling.area_id)
    old = households.home_of(session, household)
    if dwelling.valid_to is not None:
        raise Invalid(_("This home is closed."), field="dwelling")
    if old is not None and old.id == dwelling.id:
        raise Invalid(_("The household lives in this home already."), field="dwelling")
    members = households.members_of(session, household)
    with entering(
        session,
        EventKind.change_home,
        told,
        [m.person for m in members if m.person is not None],
        household=household,
        dwelling=dwelling,
        actor=actor,
        now=now,
    ) as entry:
        entry.add(EventRole.subject, *(m.person for m in members))
        relink(session, household, dwelling, told)
        for member in _movers(session, members, household, old):
            residences.open_residence(
                session,
                member.person,
                dwelling,
                kind=households.residence_kind(household.kind),
                household=household,
                since=told.happened_on,
                actor=actor,
                now=now,
            )
    return entry.event


def relink(session: Session, household: Household, dwelling: Dwelling, told: Told) -> None:
    """The household is linked to this home from the day on, and to no other."""
    links = select(HouseholdDwelling).where(
        HouseholdDwelling.household_id == household.id, HouseholdDwelling.valid_to.is_(None)
    )
    for link in session.scalars(links):
        link.valid_to = last_day(link.valid_from, told.happened_on)
    session.flush()
    households.link_dwelling(session, household, dwelling, told.happened_on)
    household.area_id = dwelling.area_id
    session.flush()


def _movers(
    session: Session, members: Sequence[HouseholdMember], household: Household, old: Dwelling | None
) -> list[HouseholdMember]:
    """Members who live where the household lived, or nowhere as far as is known."""
    kind = households.residence_kind(household.kind)
    query = select(Residence.person_id, Residence.dwelling_id, Residence.household_id).where(
        Residence.person_id.in_([m.person_id for m in members]),
        Residence.kind == str(kind),
        Residence.valid_to.is_(None),
    )
    elsewhere = {
        person
        for person, dwelling_id, household_id in session.execute(query)
        if household_id != household.id and (old is None or dwelling_id != old.id)
    }
    return [m for m in members if m.person is not None and m.person_id not in elsewhere]


def _head_of(heads: Heads, household: Household) -> int:
    choice = heads.of(household.id)
    return choice.head or 0 if choice else 0


def _must_stand(household: Household, field: str | None = None) -> None:
    if household.valid_to is not None or household.deleted_at is not None:
        raise Conflict(_("This household has ended."), field=field, finding="ended")
