"""A household that only waits for somebody asked for elsewhere: it has not begun, so it counts as none (S0-17).

It stands as a row without a first day that is over, and keeps its place in the home; the first member who comes makes
it begin. When the last request is declined or withdrawn, the place in the home is given up as well.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import and_, exists, not_, select
from sqlalchemy.orm import Session

from app.registry.choices import MoveInState
from app.registry.models import Household, HouseholdDwelling, HouseholdMember, MoveInRequest
from app.registry.service import households


def has_not_begun(household: Household) -> bool:
    """Whether the household waits for its first member, or waited in vain."""
    return household.valid_from is None and household.valid_to is not None


def hold_back(session: Session, household: Household, today: date) -> None:
    """Nobody is in the household yet: it counts from the day on which somebody comes."""
    household.valid_from, household.valid_to = None, today
    session.flush()


def begin(session: Session, household: Household, day: date) -> None:
    """The first member comes; a household that has begun stays as it is."""
    if has_not_begun(household):
        household.valid_from, household.valid_to = day, None
        session.flush()


def drop(session: Session, household_id: int | None, today: date) -> None:
    """A household that only waited for somebody, and now waits for nobody, has no place in the home any more."""
    asked = select(MoveInRequest.id).where(
        MoveInRequest.household_id == household_id, MoveInRequest.state == str(MoveInState.asked)
    )
    household = session.get(Household, household_id) if household_id else None
    if household is not None and session.scalars(asked).first() is None:
        households.close_if_empty(session, household, today)


def in_home(dwelling_id: int) -> Any:
    """Condition: the household waits for somebody asked for into this home."""
    waiting = select(MoveInRequest.household_id).where(
        MoveInRequest.dwelling_id == dwelling_id, MoveInRequest.state == str(MoveInState.asked)
    )
    return and_(Household.valid_from.is_(None), Household.id.in_(waiting))


def begun() -> Any:
    """Condition of lists: not a household that nobody ever belonged to."""
    member = exists().where(HouseholdMember.household_id == Household.id)
    return not_(and_(Household.valid_from.is_(None), Household.valid_to.is_not(None), not_(member)))


def still_expected(session: Session, household: Household, dwelling_id: int) -> bool:
    """Whether a household that has not begun still has its place in the home."""
    link = select(HouseholdDwelling.id).where(
        HouseholdDwelling.household_id == household.id,
        HouseholdDwelling.dwelling_id == dwelling_id,
        HouseholdDwelling.valid_to.is_(None),
    )
    return has_not_begun(household) and session.scalars(link).first() is not None
