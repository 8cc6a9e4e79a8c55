"""What a sheet tells of people whom the actor would else ask for one by one: logged, and within the keyboard's hourly limit.

That a number belongs to somebody elsewhere, or to somebody under another name, is such an answer. To be told again of the
same person within the hour tells nothing: a sheet may be corrected and checked once more.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import Throttled
from app.registry.choices import MatchPlace
from app.registry.models import Person
from app.registry.service import matching

PLACES = {matching.FOUND: MatchPlace.inside, matching.ELSEWHERE: MatchPlace.elsewhere}


class Telling:
    """The answers of one sheet; ``is_dry`` is its check. A run says what the check has said and is not stopped."""

    def __init__(self, actor: Actor) -> None:
        self.actor, self.is_dry = actor, False
        self.counts = dict.fromkeys(PLACES, 0)  # of this chunk
        self._logged: set[int] = set()  # of this sheet
        self._told: set[int] | None = None
        self._spent: Throttled | None = None

    def tell(self, session: Session, detail: str, person: int, now: datetime) -> None:
        """Before a row is told of a person. Raises Throttled where too many were asked for before this sheet."""
        self.counts[detail] += 1
        if self._told is None:
            self._told = matching.told_of(session, self.actor, now)
            try:
                matching.check_throttle(session, self.actor, now)
            except Throttled as spent:
                self._spent = spent
        if person in self._logged:
            return
        if self._spent is not None and self.is_dry and person not in self._told:
            raise self._spent
        self._logged.add(person)
        matching.log(self.actor, detail, matching.Match(PLACES[detail], matching.DOCUMENT, person))

    def write(self, asked: int) -> None:
        """A chunk was checked: how much was asked, and what came of it."""
        if asked and self.is_dry:
            inside, elsewhere = (self.counts[detail] for detail in (matching.FOUND, matching.ELSEWHERE))
            none = asked - inside - elsewhere
            matching.log_sheet(
                self.actor, Person.__tablename__, inside=inside, elsewhere=elsewhere, none=none
            )
        self.counts = dict.fromkeys(PLACES, 0)
