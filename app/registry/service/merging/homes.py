"""One person lives in one place and belongs to one household of a kind: what was chosen stays, the rest ends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import Conflict
from app.registry.choices import AreaTie, HouseholdKind, ResidenceKind
from app.registry.models import Dwelling, Household, HouseholdMember, Person, PersonArea, Residence
from app.registry.rules.household import HEAD
from app.registry.service import households
from app.registry.service.merging.fields import GONE
from app.registry.service.merging.ledger import Left
from app.registry.service.merging.parts import REASON, is_open, rows_of
from app.registry.service.residences import TIE
from app.registry.service.ties import last_day, manage_in


def side_of(household_kind: str) -> str:
    """Which of the two choices (living, registered) a household of a kind belongs to."""
    return str(households.residence_kind(household_kind))


def move_homes(session: Session, kept: Person, gone: Person, choices: Mapping[str, str], day: date) -> None:
    """Residences and memberships go over. Where both records have one in force, the one not chosen ends."""
    _residences(session, kept, gone, choices, day)
    touched = _memberships(session, kept, gone, choices, day)
    for household in touched:
        households.settle_head(session, household)
        if household.valid_to is None:
            households.close_if_empty(session, household, day)


def _residences(session: Session, kept: Person, gone: Person, choices: Mapping[str, str], day: date) -> None:
    mine = rows_of(session, Residence, "person_id", kept.id)
    theirs = rows_of(session, Residence, "person_id", gone.id)
    for kind in ResidenceKind:
        here = [r for r in mine if r.kind == kind and is_open(r)]
        there = [r for r in theirs if r.kind == kind and is_open(r)]
        if here and there:
            take_theirs = choices.get(str(kind)) == GONE
            winner, losers = (there[0], here) if take_theirs else (here[0], there)
            for row in losers:
                _end(row, day)
                if winner.dwelling_id == row.dwelling_id and winner.household_id is None:
                    winner.household_id = row.household_id
    for row in theirs:
        row.person_id = kept.id
    session.flush()


def _end(residence: Residence, day: date) -> None:
    residence.valid_to, residence.end_reason = last_day(residence.valid_from, day), REASON


def _memberships(
    session: Session, kept: Person, gone: Person, choices: Mapping[str, str], day: date
) -> list[Household]:
    """Returns the households in which something changed."""
    theirs = rows_of(session, HouseholdMember, "person_id", gone.id)
    mine = [m for m in rows_of(session, HouseholdMember, "person_id", kept.id) if is_open(m)]
    touched: dict[int, Household] = {}
    for member in theirs:
        household = session.get_one(Household, member.household_id, execution_options={"with_deleted": True})
        rivals = [m for m in mine if is_open(m) and _rival(session, m, household)] if is_open(member) else []
        for rival in rivals:
            same = rival.household_id == member.household_id
            if not same and choices.get(side_of(household.kind)) == GONE:
                rival.valid_to = last_day(rival.valid_from, day)
                touched[rival.household_id] = session.get_one(Household, rival.household_id)
                continue
            if same and member.relation == HEAD:
                rival.relation = HEAD
            member.valid_to = last_day(member.valid_from, day)
        session.flush()
        member.person_id = kept.id
        touched[household.id] = household
    for member in mine:
        touched.setdefault(member.household_id, session.get_one(Household, member.household_id))
    session.flush()
    session.expire_all()
    return [h for h in touched.values() if h.deleted_at is None and h.valid_to is None]


def _rival(session: Session, member: HouseholdMember, household: Household) -> bool:
    """A membership of the same kind, of which a person has one at a time; collective ones stand by themselves."""
    other = session.get_one(Household, member.household_id, execution_options={"with_deleted": True})
    return other.id == household.id or (
        other.kind == household.kind and household.kind != HouseholdKind.collective
    )


def settle_places(session: Session, kept: Person, gone: Person, day: date) -> None:
    """Ties to areas follow the homes in force, and the record is managed where the person lives."""
    for kind in ResidenceKind:
        wanted = _areas(session, kept, kind)
        for tie in _ties(session, kept, TIE[kind]):
            if tie.area_id not in wanted:
                tie.valid_to = last_day(tie.valid_from, day)
    session.flush()
    living = _areas(session, kept, ResidenceKind.living)
    if living and kept.area_id not in living and gone.area_id in living:
        manage_in(session, kept, gone.area_id, day)
    for tie in _ties(session, kept, AreaTie.managing):
        if tie.area_id != kept.area_id:
            tie.valid_to = last_day(tie.valid_from, day)
    session.flush()


def _areas(session: Session, person: Person, kind: ResidenceKind) -> set[Any]:
    query = (
        select(Dwelling.area_id)
        .join(Residence, Residence.dwelling_id == Dwelling.id)
        .where(Residence.person_id == person.id, Residence.kind == str(kind), Residence.valid_to.is_(None))
    )
    return set(session.scalars(query))


def _ties(session: Session, person: Person, kind: AreaTie) -> list[PersonArea]:
    query = select(PersonArea).where(
        PersonArea.person_id == person.id, PersonArea.kind == str(kind), PersonArea.valid_to.is_(None)
    )
    return list(session.scalars(query.execution_options(populate_existing=True)))


__all__ = ["move_homes", "settle_places", "side_of"]


def refuse_half_dead(session: Session, kept: Person, gone: Person) -> None:
    """A death settles the household, its head and what follows; a merge cannot do that on the quiet. Raises Conflict when
    one record died and the other still belongs to a household.
    """
    alive = [person for person in (kept, gone) if person.died_on is None]
    if len(alive) != 1:
        return
    member = select(HouseholdMember.id).where(
        HouseholdMember.person_id == alive[0].id, HouseholdMember.valid_to.is_(None)
    )
    if session.scalars(member).first() is not None:
        text = _(
            "One of the records has died, the other still belongs to a household. Enter the death there, or revoke it,"
            " and then merge."
        )
        raise Conflict(text, finding="half_dead")


def one_home_each(session: Session, kept: Person, operations: list[dict[str, Any]]) -> list[Left]:
    """A home or a household that the way back opened again beside a newer one of the person ends again, and is named:
    somebody has entered since where the person lives.
    """
    opened = {
        (op["table"], op["id"])
        for op in operations
        if op["op"] == "update" and op["columns"].get("valid_to", [0])[0] is None
    }
    left = []
    for model in (Residence, HouseholdMember):
        rows = [row for row in rows_of(session, model, "person_id", kept.id) if is_open(row)]
        for row in rows:
            again = (model.__tablename__, row.id) in opened
            if again and any(_same_kind(session, row, other) for other in rows if other.id > row.id):
                row.valid_to = last_day(row.valid_from, clock.today())
                left.append(Left(model.__tablename__, row.id, "valid_to"))
    session.flush()
    return left


def _same_kind(session: Session, row: Any, other: Any) -> bool:
    if isinstance(row, Residence):
        return bool(row.kind == other.kind)
    household = session.get_one(Household, row.household_id, execution_options={"with_deleted": True})
    return _rival(session, other, household)
