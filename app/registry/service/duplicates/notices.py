"""Who hears of a pair across communities: the level above that settles it, and the two sides. Nobody is named."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.core import clock
from app.inbox.service import notify
from app.registry.choices.duplicates import DuplicateNotice
from app.registry.models import DuplicatePair, Person
from app.registry.rules.duplicates import DECIDERS
from app.registry.service.duplicates.facts import chunks
from app.registry.service.posts import nearest_users_of

INBOX = "duplicates"
QUEUE = "/duplicate/list/"


def tell(wide: Session, opened: Iterable[DuplicatePair], now: datetime) -> None:
    """One line a day for each user, however many pairs wait: a search of the register must not flood an inbox.

    A pair that is told of before it is flushed takes no second statement.
    """
    told = [pair for pair in opened if pair.is_across and pair.told_at is None]
    if not told:
        return
    for pair in told:
        pair.told_at = now
    day = clock.to_local(now).date()
    keys = {key for pair in told for key in (pair.first_id, pair.second_id)}
    areas = {
        area
        for some in chunks(sorted(keys))
        for area in wide.scalars(select(Person.area_id).where(Person.id.in_(some)))
    }
    above = _users(wide, {pair.common_area_id for pair in told}, day)
    sides = _users(wide, areas, day) - above
    for users, notice in ((above, DuplicateNotice.decide), (sides, DuplicateNotice.above)):
        notify(
            wide,
            now,
            sorted(users),
            INBOX,
            notice.msgid,
            link=QUEUE if notice is DuplicateNotice.decide else None,
            key=f"{INBOX}:{notice}:{day}",
        )
    wide.flush()


def _users(wide: Session, areas: set[int], day: date) -> set[int]:
    paths = {
        path
        for some in chunks(sorted(areas))
        for path in wide.scalars(select(Area.path).where(Area.id.in_(some)))
    }
    return nearest_users_of(wide, paths, DECIDERS, day)
