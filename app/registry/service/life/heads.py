"""A new head: every relation in a household is one to its head, so all of them are asked for anew (GB/T 4761)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.orm import Session

from app.core.errors import Finding
from app.registry.choices import HouseholdKind
from app.registry.models import Household, HouseholdMember
from app.registry.rules.household import HEAD
from app.registry.rules.life import needs_head, relations_of
from app.registry.service import households
from app.registry.service.checks import check_code
from app.registry.service.ties import last_day


@dataclass(frozen=True)
class NewHead:
    """Who is the head from now on, and what everybody else is to the head (person → code)."""

    head: int | None
    relations: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Heads:
    """The answers for all households that an event touches, by household; NEW stands for one that the event makes."""

    choices: Mapping[int, NewHead] = field(default_factory=dict)

    def of(self, household_id: int) -> NewHead | None:
        return self.choices.get(household_id)


NEW = 0
NOBODY = Heads()


def staying(members: Sequence[HouseholdMember], leaving: Collection[int]) -> list[HouseholdMember]:
    """Members who do not leave and who live: somebody entered as dead cannot become a head."""
    return [m for m in members if m.person_id not in leaving and m.person is not None]


def asks_head(session: Session, household: Household, leaving: Collection[int]) -> list[HouseholdMember]:
    """The members who must choose a new head when these leave; nobody when none is needed."""
    if household.kind == HouseholdKind.collective:
        return []
    members = households.members_of(session, household)
    rest = staying(members, leaving)
    heads = {m.person_id for m in members if m.relation == HEAD}
    head = household.head_person_id or (next(iter(heads)) if len(heads) == 1 else None)
    return rest if needs_head(head, leaving, [m.person_id for m in rest]) else []


def answers(household_key: str, rest: Sequence[HouseholdMember], choice: NewHead | None) -> dict[int, str]:
    """Person → relation for everybody who stays; Invalid at the field that is missing."""
    people = {m.person_id: (m.person.uid, m.person.name) for m in rest}
    return relations_of(choice, people, field=household_key)


def relate(session: Session, household: Household, relations: Mapping[int, str], day: date) -> list[Finding]:
    """Give the members their relations from a day on and settle the head. Errors raise, doubts come back.

    A relation that held for a time stays as a closed row; one that began on the day or later is put right in place.
    """
    for member in households.members_of(session, household):
        relation = relations.get(member.person_id)
        if relation is None or relation == member.relation:
            continue
        check_code(session, "household_relation", relation, field="relation")
        if member.valid_from is not None and member.valid_from >= day:
            member.relation = relation
            continue
        member.valid_to = last_day(member.valid_from, day)
        session.flush()
        session.add(
            HouseholdMember(
                household_id=household.id, person_id=member.person_id, relation=relation, valid_from=day
            )
        )
    session.flush()
    households.settle_head(session, household)
    return households.check_household(session, household, day) if relations else []


def settle_left(
    session: Session, household: Household, rest: Sequence[HouseholdMember], heads: Heads, day: date
) -> list[Finding]:
    """After somebody left: give the household its new head where ``asks_head`` said that it needs one."""
    if not rest:
        return []
    return relate(session, household, answers(household.uid, rest, heads.of(household.id)), day)
