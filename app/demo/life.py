"""What happened to people of the demo: a death, a birth, a split, a move; proposals that follow; corrections that wait."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.clock import to_local
from app.demo.acting import Cast
from app.proxy.service import renewals
from app.registry.choices import HouseholdKind, ProposalAction
from app.registry.models import Household, HouseholdMember, Person, Proposal
from app.registry.rules.life import newborn_relation
from app.registry.service import corrections, households, life, proposals, proposing

HEAD, SPOUSES = "02", ("10", "11", "12")
SON, DAUGHTER = "20", "30"
MOTHERS = range(20, 40)
MOST = 200


def happened(cast: Cast, people: Sequence[Person], now: datetime, words: dict[str, Any]) -> None:
    """Events of the clerk's area, through the services, each a few days ago."""
    session, today = cast.session, to_local(now).date()
    proposing.look_at_once(session, now=now)
    renewals.look_at_once(session, now=now)
    families = list(_families(session, [p.id for p in people]))
    with cast.playing("clerk") as (session, actor):
        hands = {"actor": actor, "now": now}
        told = life.Told(today - timedelta(days=3), words["evidence"])
        for family in families[:1]:
            _death_of_head(session, family, told, hands)
        for family in families[1:]:
            if _birth(session, family, today - timedelta(days=9), words, hands):
                break
        if len(families) > 3:
            child = families[3][-1]
            told = life.Told(today - timedelta(days=20))
            life.move_out(
                session, [child.person], told, division=words["went"], address=words["address"], **hands
            )
        _decline(session, words["declined"], hands)
    with cast.playing("worker") as (session, actor):
        for person in [m.person for family in families[4:6] for m in family[:1]]:
            new = {"register_division": words["register"], "register_address": words["address"]}
            corrections.ask(session, person, new, reason=words["reason"], actor=actor, now=now)


def _families(session: Session, people: Sequence[int]) -> list[list[HouseholdMember]]:
    """Living households of a head, a spouse and one or more children."""
    query = (
        select(Household)
        .join(HouseholdMember, HouseholdMember.household_id == Household.id)
        .where(
            Household.kind == str(HouseholdKind.living),
            Household.valid_to.is_(None),
            HouseholdMember.person_id.in_(people),
            HouseholdMember.relation == HEAD,
        )
        .order_by(Household.id)
        .limit(MOST)
    )
    found = []
    for household in session.scalars(query).unique():
        members = sorted(households.members_of(session, household), key=lambda m: m.relation)
        if len(members) > 2 and members[1].relation in SPOUSES:
            found.append(members)
    return found


def _death_of_head(
    session: Session, family: Sequence[HouseholdMember], told: life.Told, hands: dict[str, Any]
) -> None:
    """The spouse becomes the head; the children stay children."""
    head, spouse, *children = family
    chosen = life.NewHead(
        spouse.person_id,
        {c.person_id: DAUGHTER if c.person.sex == "2" else SON for c in children},
    )
    answers = {h.id: chosen for h in life.households_of(session, [head.person])}
    life.death(session, head.person, told, heads=life.Heads(answers), **hands)


def _birth(
    session: Session,
    family: Sequence[HouseholdMember],
    day: Any,
    words: dict[str, Any],
    hands: dict[str, Any],
) -> bool:
    """A child of the head and a spouse of the age; False for a family where that cannot be."""
    couple = [m for m in family[:2] if m.person.birth_date is not None]
    mother = next((m for m in couple if m.person.sex == "2"), None)
    father = next((m for m in couple if m.person.sex == "1"), None)
    if mother is None or father is None or day.year - mother.person.birth_date.year not in MOTHERS:
        return False
    sex = "2"
    child = life.Child(father.person.name[:1] + words["newborn"], sex)
    relation = newborn_relation(mother.relation, sex) or DAUGHTER
    told = life.Told(day, words["born"])
    life.birth(
        session,
        child,
        told,
        mother=mother.person,
        father=father.person,
        joins=[(mother.household, relation)],
        **hands,
    )
    return True


def _decline(session: Session, reason: str, hands: dict[str, Any]) -> None:
    row = session.scalars(select(Proposal).where(Proposal.item_code == "RS-02").limit(1)).first()
    if row is not None:
        proposals.act(session, row, ProposalAction.decline, reason=reason, **hands)
