"""Death and moving out: memberships and homes end, and households that lose their head choose another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import Finding, Invalid
from app.registry.choices import EventKind, EventRole, HouseholdKind, Leaving, ResidenceKind
from app.registry.models import Household, HouseholdMember, LifeEvent, Person, Tenancy
from app.registry.service import households, proposals, proposals_groups, rentals, residences
from app.registry.service.life import notices
from app.registry.service.life.entering import Entry, Told, entering
from app.registry.service.life.heads import NOBODY, Heads, asks_head, settle_left

CANCELLED, EFFECTIVE = "cancelled", "effective"
SEPARATED = "02"
GIVEN_UP = {
    Leaving.living: (HouseholdKind.living, HouseholdKind.collective),
    Leaving.registered: (HouseholdKind.registered,),
    Leaving.both: tuple(HouseholdKind),
}
HOMES_GIVEN_UP = {
    Leaving.living: (ResidenceKind.living,),
    Leaving.registered: (ResidenceKind.registered,),
    Leaving.both: tuple(ResidenceKind),
}


def death(
    session: Session,
    person: Person,
    told: Told,
    *,
    heads: Heads = NOBODY,
    cause: str | None = None,
    actor: Actor,
    now: datetime,
) -> LifeEvent:
    """Somebody has died: every household, home and tenancy of theirs that the actor sees ends on the day.

    Groups and benefits stay: a proposal asks whether each shall be closed. A household elsewhere is told (it loses a
    member and perhaps its head); it is settled by those who hold it.
    """
    mine = households_of(session, [person])
    with entering(
        session, EventKind.death, told, [person], household=first(mine), actor=actor, now=now
    ) as entry:
        entry.add(EventRole.subject, person)
        entry.details = {"cause": cause}
        day = told.happened_on
        person.died_on, person.status, person.status_reason = day, CANCELLED, "death"
        session.flush()
        proposals.follow_event(session, entry.event, [person], actor=actor, now=now)
        proposals_groups.ask(session, entry.event, now=now)
        leave(session, entry, [person], mine, heads, reason="death", actor=actor, now=now)
        end_homes(session, person, tuple(ResidenceKind), day, reason="death", actor=actor, now=now)
        for tenancy in _tenancies(session, person):
            rentals.end_tenancy(session, tenancy, now=now, on=max(day, tenancy.valid_from or day))
    notices.tell_households_elsewhere(session, person, now=now)
    return entry.event


def move_out(
    session: Session,
    people: Sequence[Person],
    told: Told,
    *,
    gives_up: Leaving = Leaving.living,
    division: str | None = None,
    address: str | None = None,
    heads: Heads = NOBODY,
    actor: Actor,
    now: datetime,
) -> LifeEvent:
    """People leave for somewhere outside this site. Who gives up the home only stays registered here (separated);
    who keeps nothing here is no longer counted, and the record stays with its history.
    """
    if not people:
        raise Invalid(_("Please choose who moves out."), field="who")
    mine = households_of(session, people, GIVEN_UP[gives_up])
    with entering(
        session, EventKind.move_out, told, people, household=first(mine), actor=actor, now=now
    ) as entry:
        entry.add(EventRole.subject, *people)
        entry.details = {"gives_up": str(gives_up), "division": division, "address": address}
        for person in people:
            _settle_status(session, person, gives_up, actor)
        session.flush()
        proposals.follow_event(session, entry.event, people, actor=actor, now=now)
        leave(session, entry, people, mine, heads, reason="moveout", actor=actor, now=now)
        for person in people:
            day = told.happened_on
            end_homes(session, person, HOMES_GIVEN_UP[gives_up], day, reason="moveout", actor=actor, now=now)
            if gives_up is not Leaving.registered and (division or address):
                residences.add_home(
                    session,
                    person,
                    None,
                    kind=ResidenceKind.living,
                    since=day,
                    fields={"outside_division": division, "outside_address": address},
                    actor=actor,
                    now=now,
                )
    return entry.event


def leave(
    session: Session,
    entry: Entry,
    people: Sequence[Person],
    mine: Sequence[Household],
    heads: Heads,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> list[Finding]:
    """People leave these households together; each that loses its head gets the one that was chosen."""
    ids = {p.id for p in people}
    found: list[Finding] = []
    for household in mine:
        rest = asks_head(session, household, ids)
        for member in households.members_of(session, household):
            if member.person_id in ids:
                households.end_membership(session, member, reason=reason, on=entry.day, actor=actor, now=now)
        found += settle_left(session, household, rest, heads, entry.day)
        if rest:
            choice = heads.of(household.id)
            entry.add(EventRole.head, session.get(Person, choice.head) if choice and choice.head else None)
    return found


def households_of(
    session: Session, people: Sequence[Person], kinds: tuple[HouseholdKind, ...] = tuple(HouseholdKind)
) -> list[Household]:
    """Open households of these people that the actor sees, living ones first."""
    query = (
        select(Household)
        .join(HouseholdMember, HouseholdMember.household_id == Household.id)
        .where(
            HouseholdMember.person_id.in_([p.id for p in people]),
            HouseholdMember.valid_to.is_(None),
            Household.kind.in_([str(kind) for kind in kinds]),
        )
        .order_by(Household.kind, Household.id)
    )
    return list(session.scalars(query).unique())


def end_homes(
    session: Session,
    person: Person,
    kinds: tuple[ResidenceKind, ...],
    day: date,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Homes that no household held end as well."""
    for kind in kinds:
        for residence in residences.open_residences(session, person, kind):
            residences.close_residence(session, residence, reason=reason, on=day, actor=actor, now=now)


def _settle_status(session: Session, person: Person, gives_up: Leaving, actor: Actor) -> None:
    """What the record says from now on; decided before the ties go, while the actor still sees the person."""
    if person.area is None or not actor.covers(person.area.path):
        return  # managed elsewhere: the other side goes on counting the person
    homes = {HouseholdKind(h.kind) for h in households_of(session, [person])} - set(GIVEN_UP[gives_up])
    kept = [k for k in ResidenceKind if k not in HOMES_GIVEN_UP[gives_up] and _at_home(session, person, k)]
    if homes or kept:
        person.consistency = SEPARATED if gives_up is Leaving.living else person.consistency
    else:
        person.status, person.status_reason, person.consistency = CANCELLED, "moveout", None


def _at_home(session: Session, person: Person, kind: ResidenceKind) -> bool:
    return bool(residences.open_residences(session, person, kind))


def first(found: Sequence[Household]) -> Household | None:
    """The household that an event stands with where there are several."""
    return found[0] if found else None


def _tenancies(session: Session, person: Person) -> Sequence[Tenancy]:
    query = select(Tenancy).where(Tenancy.person_id == person.id, Tenancy.valid_to.is_(None))
    return session.scalars(query).all()
