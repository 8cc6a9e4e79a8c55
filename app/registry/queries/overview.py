"""What the pages of a person, a household and a home load: a handful of statements each, and nothing that the acting role
may not list.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased, defer

from app.core.actor import Actor
from app.registry.choices.duplicates import DuplicateAction
from app.registry.models import (
    ConsentTask,
    DuplicateStep,
    Dwelling,
    FloatingStay,
    GroupVisit,
    HelpRecord,
    Household,
    HouseholdDwelling,
    HouseholdMember,
    LeftBehind,
    LifeEvent,
    LifeEventPerson,
    OverseasStay,
    Person,
    PersonGroup,
    PersonMerge,
    PersonName,
    PersonSource,
    Proposal,
    RentalHome,
    Residence,
    Tenancy,
    Venue,
)
from app.registry.queries.parts import ME, Part, load

VISITS = 20


def may_list(actor: Actor, view: str) -> bool:
    """Whether the acting role sees the lists of a view at all."""
    return actor.may("can_list", view)


def wanted(actor: Actor, parts: Iterable[tuple[str, Part]]) -> list[Part]:
    """The parts whose view the acting role may list; an empty view name needs the page itself only."""
    return [part for view, part in parts if not view or may_list(actor, view)]


def of_person(session: Session, person: Person, actor: Actor) -> dict[str, Any]:
    """Dated parts of a person by key, co-members of the present households, newest visits of the groups."""
    found: dict[str, Any] = load(session, wanted(actor, _person_parts()), person.id)
    now_in = [m.household_id for m, _h in found.get("memberships", ()) if m.valid_to is None]
    found["members"] = members_of(session, now_in) if now_in else []
    group_ids = [g.id for (g,) in found.get("groups", ())]
    found["visits"] = visits_of(session, group_ids) if group_ids else []
    merges = [merge for (merge,) in found.get("merges", ())]
    found["merged_by"] = merged_by(session, merges) if merges else {}
    return found


# (view that lists it, part)
Parts = tuple[tuple[str, Part], ...]


@cache
def _person_parts() -> Parts:
    return (*_own_parts(), *_places())


def _own_parts() -> Parts:
    """What hangs on the person alone."""
    happened = ((LifeEvent, LifeEvent.id == LifeEventPerson.event_id),)
    return (
        ("PersonNameView", Part("names", PersonName, PersonName.person_id == ME)),
        ("", Part("sources", PersonSource, PersonSource.person_id == ME)),
        ("PersonGroupView", Part("groups", PersonGroup, PersonGroup.person_id == ME)),
        ("ConsentTaskView", Part("consents", ConsentTask, ConsentTask.person_id == ME)),
        ("FloatingStayView", Part("floating", FloatingStay, FloatingStay.person_id == ME)),
        ("LeftBehindView", Part("left_behind", LeftBehind, LeftBehind.person_id == ME)),
        ("OverseasStayView", Part("overseas", OverseasStay, OverseasStay.person_id == ME)),
        ("PersonMergeView", Part("merges", PersonMerge, PersonMerge.kept_id == ME)),
        ("ProposalView", Part("proposals", Proposal, Proposal.person_id == ME)),
        ("LifeEventView", Part("events", LifeEventPerson, LifeEventPerson.person_id == ME, happened)),
    )


def _places() -> Parts:
    """Where the person lives, rents and belongs."""
    home, rented = aliased(Dwelling), aliased(Dwelling)
    lives = ((home, home.id == Residence.dwelling_id),)
    rents = (
        (RentalHome, RentalHome.id == Tenancy.rental_home_id),
        (rented, rented.id == RentalHome.dwelling_id),
    )
    belongs = ((Household, Household.id == HouseholdMember.household_id),)
    return (
        ("ResidenceView", Part("homes", Residence, Residence.person_id == ME, lives)),
        ("TenancyView", Part("tenancies", Tenancy, Tenancy.person_id == ME, rents)),
        (
            "HouseholdMemberView",
            Part("memberships", HouseholdMember, HouseholdMember.person_id == ME, belongs),
        ),
    )


def members_of(session: Session, household_ids: list[int]) -> list[tuple[HouseholdMember, Person | None]]:
    """Present members of some households with the person as far as the actor sees them."""
    query = (
        select(HouseholdMember, Person)
        .outerjoin(Person, Person.id == HouseholdMember.person_id)
        .where(HouseholdMember.household_id.in_(household_ids), HouseholdMember.valid_to.is_(None))
        .order_by(HouseholdMember.household_id, HouseholdMember.id)
    )
    return [(member, person) for member, person in session.execute(query)]


def merged_by(session: Session, merges: list[PersonMerge]) -> dict[int, str]:
    """Who made each merge, by its key: the step of its pair that was taken in the same transaction."""
    query = select(DuplicateStep.pair_id, DuplicateStep.at, DuplicateStep.by_label).where(
        DuplicateStep.pair_id.in_([merge.pair_id for merge in merges]),
        DuplicateStep.action == str(DuplicateAction.merge),
    )
    steps = session.execute(query).all()
    found = {}
    for merge in merges:
        mine = [(abs(at - merge.created_at), label) for pair, at, label in steps if pair == merge.pair_id]
        found[merge.id] = min(mine)[1] if mine else ""
    return found


def visits_of(session: Session, group_ids: list[int]) -> list[GroupVisit]:
    """The newest visits to a member, of all groups, without what was written down at them."""
    query = select(GroupVisit).where(GroupVisit.group_id.in_(group_ids)).options(defer(GroupVisit.details))
    query = query.order_by(GroupVisit.visited_on.desc(), GroupVisit.id.desc())
    return list(session.scalars(query.limit(VISITS)))


def of_household(session: Session, household: Household, actor: Actor) -> dict[str, Any]:
    """Members, homes, help, life events of a household, and who is registered or lives with it; ``people`` by key."""
    found = load(session, wanted(actor, _household_parts()), household.id)
    return _with_people(session, found, ("members", "residences", "help"))


@cache
def _household_parts() -> Parts:
    home, lived = aliased(Dwelling), aliased(Dwelling)
    return (
        (
            "HouseholdMemberView",
            Part("members", HouseholdMember, HouseholdMember.household_id == ME),
        ),
        (
            "",
            Part(
                "homes",
                HouseholdDwelling,
                HouseholdDwelling.household_id == ME,
                ((home, home.id == HouseholdDwelling.dwelling_id),),
            ),
        ),
        (
            "ResidenceView",
            Part(
                "residences",
                Residence,
                Residence.household_id == ME,
                ((lived, lived.id == Residence.dwelling_id),),
            ),
        ),
        ("HelpRecordView", Part("help", HelpRecord, HelpRecord.household_id == ME)),
        (
            "LifeEventView",
            Part("events", LifeEvent, or_(LifeEvent.household_id == ME, LifeEvent.other_household_id == ME)),
        ),
    )


def of_dwelling(session: Session, dwelling: Dwelling, actor: Actor) -> dict[str, Any]:
    """Households and people of a home over time, what is let, venues, life events; ``people`` by key."""
    found = load(session, wanted(actor, _dwelling_parts()), dwelling.id)
    return _with_people(session, found, ("residents", "tenancies"))


@cache
def _dwelling_parts() -> Parts:
    rented = aliased(RentalHome)
    mine = select(rented.id).where(rented.dwelling_id == ME)
    return (
        (
            "HouseholdView",
            Part(
                "households",
                HouseholdDwelling,
                HouseholdDwelling.dwelling_id == ME,
                ((Household, Household.id == HouseholdDwelling.household_id),),
            ),
        ),
        ("ResidenceView", Part("residents", Residence, Residence.dwelling_id == ME)),
        ("RentalHomeView", Part("rentals", RentalHome, RentalHome.dwelling_id == ME)),
        ("TenancyView", Part("tenancies", Tenancy, Tenancy.rental_home_id.in_(mine))),
        ("VenueView", Part("venues", Venue, Venue.dwelling_id == ME)),
        ("LifeEventView", Part("events", LifeEvent, LifeEvent.dwelling_id == ME)),
    )


def _with_people(session: Session, found: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """The persons that rows point to, as far as the actor sees them, in one statement.

    Not beside the rows: the guard of persons cannot be told of a second name of their table.
    """
    ids = {row.person_id for key in keys for row, *_rest in found.get(key, ()) if row.person_id}
    people = session.scalars(select(Person).where(Person.id.in_(ids))) if ids else ()
    found["people"] = {person.id: person for person in people}
    return found
