"""What the pages of a person, a household and a home load: one statement for all that hangs on the record, and nothing that
the acting role may not list.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, aliased

from app.core.actor import Actor
from app.registry import panels
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
from app.registry.queries.narrow import PERIOD, Beside, Narrow, load
from app.registry.queries.parts import ME

# (view that lists it, part)
Parts = tuple[tuple[str, Narrow], ...]


def may_list(actor: Actor, view: str) -> bool:
    """Whether the acting role sees the lists of a view at all."""
    return actor.may("can_list", view)


def wanted(actor: Actor, parts: Iterable[tuple[str, Narrow]]) -> list[Narrow]:
    """The parts whose view the acting role may list; an empty view name needs the page itself only."""
    return [part for view, part in parts if not view or may_list(actor, view)]


def _load(session: Session, subject: str, record: Any, actor: Actor, parts: Parts) -> dict[str, Any]:
    """The parts of a page and those that upper domains hang on it (by the key of the panel)."""
    hung = (panels.part_of(panel, subject) for panel in panels.panels_of(subject, actor))
    every = [*wanted(actor, parts), *(part for part in hung if part is not None)]
    return load(session, type(record), record.id, record.uid, every)


def of_person(session: Session, person: Person, actor: Actor) -> dict[str, Any]:
    """Dated parts of a person by key, co-members of the present households, newest visits of the groups."""
    found = _load(session, panels.PERSON, person, actor, _person_parts())
    merges = [merge for (merge,) in found.get("merges", ())]
    found["merged_by"] = merged_by(session, merges) if merges else {}
    if "memberships" in found:
        found["memberships"] = _named(found["memberships"])
    return found


def _who(model: Any) -> Beside:
    """The person that a row points to, as far as the actor sees her."""
    columns = "uid name birth_date birth_precision population_kind"
    return Beside(Person, Person.id == model.person_id, columns, "name")


def _home(model: Any) -> Beside:
    return Beside(Dwelling, Dwelling.id == model.dwelling_id, "uid address", "address")


def _household(model: Any) -> tuple[Beside, Beside]:
    """The household that a row points to, and its head, by whom it is called without a name of its own."""
    household = Beside(
        Household, Household.id == model.household_id, "uid kind name household_no valid_to", "name"
    )
    return household, Beside(Person, Person.id == Household.head_person_id, "name")


def _named(rows: list[Any]) -> list[Any]:
    """(row, household) of rows that came with the head: the household bears the name that it is called by."""
    return [
        (
            row,
            household
            and household._replace(name=household.name or (head.name if head else household.household_no)),
        )
        for row, household, head in rows
    ]


@cache
def _person_parts() -> Parts:
    return (*_own_parts(), *_care(), *_places())


def _own_parts() -> Parts:
    """What hangs on the person alone."""
    happened = Beside(LifeEvent, LifeEvent.id == LifeEventPerson.event_id, "uid kind happened_on revoked_at")

    def part(key: str, view: str, model: Any, columns: str, *beside: Beside) -> tuple[str, Narrow]:
        return view, Narrow(key, model, columns, model.person_id == ME, beside)

    merged = "uid pair_id created_by gone_name reason created_at undone_at"
    return (
        part("names", "PersonNameView", PersonName, f"uid kind name {PERIOD}"),
        part("sources", "", PersonSource, "field_group source confirmed_at"),
        part("consents", "ConsentTaskView", ConsentTask, "uid kind due_on done_on"),
        part("floating", "FloatingStayView", FloatingStay, f"uid inflow_reason permit_ends_on {PERIOD}"),
        part("left_behind", "LeftBehindView", LeftBehind, f"uid {PERIOD}"),
        part("overseas", "OverseasStayView", OverseasStay, f"uid purpose {PERIOD}"),
        ("PersonMergeView", Narrow("merges", PersonMerge, merged, PersonMerge.kept_id == ME)),
        part("proposals", "ProposalView", Proposal, "uid rule topic state due_on"),
        part("events", "LifeEventView", LifeEventPerson, "role", happened),
    )


def _care() -> Parts:
    """Special groups and the newest visits to the member, of all groups, without what was written down at them."""
    columns = f"uid group_code level last_visit_on next_visit_on {PERIOD}"
    groups = Narrow("groups", PersonGroup, columns, PersonGroup.person_id == ME)
    visits = Narrow(
        "visits",
        GroupVisit,
        "group_id visited_on way",
        PersonGroup.person_id == ME,
        (Beside(PersonGroup, PersonGroup.id == GroupVisit.group_id, "", must=True),),
        newest=(GroupVisit.visited_on, GroupVisit.id),
    )
    return (("PersonGroupView", groups), ("PersonGroupView", visits))


def _places() -> Parts:
    """Where the person lives, rents and belongs, and with whom."""
    member = HouseholdMember
    mine = aliased(HouseholdMember)
    present = select(mine.household_id).where(mine.person_id == ME, mine.valid_to.is_(None))
    lives = _home(Residence)
    rents = (
        Beside(RentalHome, RentalHome.id == Tenancy.rental_home_id, ""),
        _home(RentalHome),
    )
    home = f"uid kind outside_division outside_address dwelling_id dwelling_type {PERIOD}"
    belonging = f"household_id relation {PERIOD}"
    return (
        ("ResidenceView", Narrow("homes", Residence, home, Residence.person_id == ME, (lives,))),
        (
            "TenancyView",
            Narrow("tenancies", Tenancy, f"uid head_count {PERIOD}", Tenancy.person_id == ME, rents),
        ),
        (
            "HouseholdMemberView",
            Narrow("memberships", member, belonging, member.person_id == ME, _household(member)),
        ),
        (
            "HouseholdMemberView",
            Narrow(
                "members",
                member,
                belonging,
                and_(member.household_id.in_(present), member.valid_to.is_(None)),
                (_who(member),),
            ),
        ),
    )


def merged_by(session: Session, merges: list[Any]) -> dict[int, str]:
    """Who made each merge, by its key, called as in the step they took then."""
    query = select(
        DuplicateStep.pair_id, DuplicateStep.at, DuplicateStep.by_user, DuplicateStep.by_label
    ).where(
        DuplicateStep.pair_id.in_([merge.pair_id for merge in merges]),
        DuplicateStep.action == str(DuplicateAction.merge),
    )
    steps = session.execute(query).all()
    found = {}
    for merge in merges:
        mine = [
            (abs(at - merge.created_at), label)
            for pair, at, user, label in steps
            if (pair, user) == (merge.pair_id, merge.created_by)
        ]
        found[merge.id] = min(mine)[1] if mine else ""
    return found


def of_household(session: Session, household: Household, actor: Actor) -> dict[str, Any]:
    """Members, homes, help, life events of a household, each with whom it is about."""
    return _load(session, panels.HOUSEHOLD, household, actor, _household_parts())


@cache
def _household_parts() -> Parts:
    happened = or_(LifeEvent.household_id == ME, LifeEvent.other_household_id == ME)
    me = aliased(Household)
    heads = select(me.head_person_id).where(me.id == ME)
    return (
        ("", Narrow("head", Person, "uid name", Person.id.in_(heads), words="name")),
        (
            "HouseholdMemberView",
            Narrow(
                "members",
                HouseholdMember,
                f"uid relation {PERIOD}",
                HouseholdMember.household_id == ME,
                (_who(HouseholdMember),),
            ),
        ),
        (
            "",
            Narrow(
                "homes",
                HouseholdDwelling,
                PERIOD,
                HouseholdDwelling.household_id == ME,
                (_home(HouseholdDwelling),),
            ),
        ),
        ("ResidenceView", _residents("residences", Residence.household_id == ME, _home(Residence))),
        (
            "HelpRecordView",
            Narrow(
                "help",
                HelpRecord,
                "uid person_id given_on what amount source",
                HelpRecord.household_id == ME,
                (_who(HelpRecord),),
            ),
        ),
        ("LifeEventView", Narrow("events", LifeEvent, "uid kind happened_on revoked_at", happened)),
    )


def _residents(key: str, on: Any, *beside: Beside) -> Narrow:
    return Narrow(
        key, Residence, f"kind outside_address dwelling_id {PERIOD}", on, (_who(Residence), *beside)
    )


def of_dwelling(session: Session, dwelling: Dwelling, actor: Actor) -> dict[str, Any]:
    """Households and people of a home over time, what is let, venues, life events."""
    found = _load(session, panels.DWELLING, dwelling, actor, _dwelling_parts())
    if "households" in found:
        found["households"] = _named(found["households"])
    return found


@cache
def _dwelling_parts() -> Parts:
    rented = aliased(RentalHome)
    mine = select(rented.id).where(rented.dwelling_id == ME)
    let = "uid name risk landlord_name lease_from lease_until"
    return (
        (
            "HouseholdView",
            Narrow(
                "households",
                HouseholdDwelling,
                PERIOD,
                HouseholdDwelling.dwelling_id == ME,
                _household(HouseholdDwelling),
            ),
        ),
        ("ResidenceView", _residents("residents", Residence.dwelling_id == ME)),
        ("RentalHomeView", Narrow("rentals", RentalHome, let, RentalHome.dwelling_id == ME)),
        (
            "TenancyView",
            Narrow(
                "tenancies",
                Tenancy,
                f"uid head_count {PERIOD}",
                Tenancy.rental_home_id.in_(mine),
                (_who(Tenancy),),
            ),
        ),
        ("VenueView", Narrow("venues", Venue, "uid name venue_key operator_name", Venue.dwelling_id == ME)),
        (
            "LifeEventView",
            Narrow("events", LifeEvent, "uid kind happened_on revoked_at", LifeEvent.dwelling_id == ME),
        ),
    )
