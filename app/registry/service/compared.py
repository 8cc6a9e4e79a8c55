"""What the check of a sheet says of a value that stands masked.

"Changed" or "same" of a row whose only news is a phone is an answer about that phone. The real value is compared, by its
blind index where there is one, and nothing of it is shown; but who sent one number after the other would learn the right
one. So each wrong one is logged with the record, and after a few of them the check says "changed" of any number. (A run
that writes a wrong number has overwritten what was to be found out.)
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.models import AccessLog
from app.audit.service import log_access
from app.core.actor import Actor
from app.core.keysets import pieces

COMPARED = "match: compared"
LABEL = _("match: compared")  # as the access log shows it
MOST_WRONG, TERM = (
    5,
    timedelta(days=30),
)  # wrong values that one user may try of one record, and for how long they count
SEARCH = "SEARCH"


class Compared:
    """The closed values of one sheet that were compared with those of the records of a table."""

    def __init__(self, actor: Actor, table: str) -> None:
        self.actor, self.table = actor, table
        self._wrong: dict[int, int] = {}
        self._asked: set[int] = set()
        self._to_log: list[int] = []

    def look_up(self, session: Session, records: Iterable[int], now: datetime) -> None:
        """Read how many wrong values were tried of these records; else each is asked for alone."""
        wanted = sorted(set(records) - self._wrong.keys())
        self._wrong |= dict.fromkeys(wanted, 0)
        for some in pieces(wanted):
            query = select(AccessLog.row_id, func.count()).where(
                AccessLog.table_name == self.table,
                AccessLog.row_id.in_(some),
                AccessLog.user_id == self.actor.user_id,
                AccessLog.action == SEARCH,
                AccessLog.detail == COMPARED,
                AccessLog.at >= now - TERM,
            )
            for record, n in session.execute(query.group_by(AccessLog.row_id)):
                if record is not None:
                    self._wrong[record] = n

    def differs(self, session: Session, record: int, value: str, is_other: bool, now: datetime) -> bool:
        """Whether the check may say that a record has another value than the sheet's; after too many tries always."""
        self.look_up(session, [record], now)
        if self.is_silent(record):
            return True
        mark = hash((record, value))
        if is_other and mark not in self._asked:
            self._asked.add(mark)
            self._wrong[record] += 1
            self._to_log.append(record)
        return is_other

    def is_silent(self, record: int) -> bool:
        """Whether nothing is said of this record's value any more."""
        return self._wrong.get(record, 0) >= MOST_WRONG

    def write(self) -> None:
        """A chunk was checked: the wrong ones go into the access log, without the values."""
        for record in self._to_log:
            log_access(SEARCH, self.table, row_id=record, detail=COMPARED, actor=self.actor)
        self._to_log.clear()
