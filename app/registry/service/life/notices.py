"""What the other side is told when an event concerns somebody of its area; a line names nobody."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.core import clock
from app.core.scope import session_actor, unscoped
from app.inbox.service import notify
from app.registry.choices import LifeNotice
from app.registry.models import Household, HouseholdMember, Person
from app.registry.rules.move_in import DECIDERS
from app.registry.service.posts import nearest_users

INBOX = "life_event"


def tell_households_elsewhere(session: Session, person: Person, *, now: datetime) -> int:
    """A dead member of a household that the actor cannot see: those who hold it settle it. Returns the lines written."""
    actor = session_actor(session)
    query = (
        select(Household.uid, Area)
        .join(Area, Area.id == Household.area_id)
        .join(HouseholdMember, HouseholdMember.household_id == Household.id)
        .where(HouseholdMember.person_id == person.id, HouseholdMember.valid_to.is_(None))
    )
    today, told = clock.to_local(now).date(), 0
    with unscoped("a death concerns a household in another area") as wide:
        found = [
            (uid, nearest_users(wide, area, DECIDERS, today))
            for uid, area in wide.execute(query)
            if not actor.covers(area.path)
        ]
    for uid, users in found:
        notice = LifeNotice.death_elsewhere
        told += notify(
            session,
            now,
            users,
            INBOX,
            notice.msgid,
            link=f"/life/household/{uid}",
            level="warn",
            key=f"{INBOX}:{uid}:{person.uid}",
        )
    return told
