"""A visit that nobody planned: written down at the door, on the walk of the day (S3-64, S1-37)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Invalid
from app.registry.choices import HouseholdKind
from app.registry.models import Dwelling, Household, HouseholdDwelling
from app.registry.signals import DoorVisit, door_visited
from app.worklog.choices import Outcome

EVERYDAY_RECORD = "SR2"  # code list service_record_type
FARTHEST = timedelta(days=90)


def call_now(
    session: Session,
    actor: Actor,
    now: datetime,
    home: Dwelling,
    outcome: Outcome,
    *,
    note: str = "",
    again_on: date | None = None,
) -> str | None:
    """Write down a call at a door, now; returns the uid of the visit. ``again_on``: nobody was home, the door is proposed
    from that day on (S3-62).

    Raises Invalid without a day where nobody was home, or for one in the past or more than 90 days ahead.
    """
    today = to_local(now).date()
    if outcome is Outcome.absent and again_on is None:
        raise Invalid(_("Choose the new day."), field="again_on")
    if again_on is not None and not today <= again_on <= today + FARTHEST:
        raise Invalid(_("Choose a day from today to 90 days ahead."), field="again_on")
    return door_visited(
        session,
        DoorVisit(
            area_id=home.area_id,
            outcome=outcome.value,
            record_type=EVERYDAY_RECORD,
            ref_kind=Dwelling.__tablename__,
            ref_uid=home.uid,
            dwelling_id=home.id,
            household_id=only_household(session, home),
            note=note,
            revisit_on=again_on if outcome is Outcome.absent else None,
        ),
        actor=actor,
        now=now,
    )


def only_household(session: Session, home: Dwelling) -> int | None:
    """The household that lives behind the door, where there is exactly one."""
    query = (
        select(Household.id)
        .join(HouseholdDwelling, HouseholdDwelling.household_id == Household.id)
        .where(HouseholdDwelling.dwelling_id == home.id, HouseholdDwelling.valid_to.is_(None))
        .where(Household.valid_to.is_(None), Household.kind == HouseholdKind.living)
        .limit(2)
    )
    found = list(session.scalars(query))
    return found[0] if len(found) == 1 else None
