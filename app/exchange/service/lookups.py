"""What a check asks about people and staff by what stands closed (a number, a phone): logged and counted as at a keyboard.

A sheet is a list of questions as well: whoever writes many numbers beside one name would learn which of them is right. What
was not right counts against the hourly limit of look-ups; beyond it the rows get no answer. A run asks nothing new.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import Actor
from app.registry.service import matching


class Lookups:
    """The questions of one sheet, chunk by chunk."""

    def __init__(self, session: Session, actor: Actor) -> None:
        self.session, self.actor = session, actor
        self.is_dry = False
        self.found = self.tried = 0  # of this chunk
        self._left: int | None = None

    def ask(self) -> None:
        """Before a look-up. Raises Throttled where the hour's are used up."""
        if not self.is_dry:
            return
        if self._left is None:
            self._left = matching.lookups_left(self.session, self.actor, clock.now())
        if self.tried >= self._left:
            raise matching.too_many()

    def answer(self, is_there: bool) -> None:
        """After it."""
        self.found += is_there
        self.tried += not is_there

    def write(self, table: str) -> None:
        """A chunk was checked: what was asked goes into the access log."""
        if self.is_dry and (self.found or self.tried):
            matching.log_sheet(self.actor, table, inside=self.found, none=self.tried)
            for _miss in range(self.tried):
                matching.log(self.actor, matching.TRIED, table=table)
            self._left = max(0, (self._left or 0) - self.tried)
        self.found = self.tried = 0
