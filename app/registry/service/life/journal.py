"""What an event opens and closes, row by row, so that it can be put back (kept in ``LifeEvent.undo``).

The journal listens to the session while an event is entered: it knows nothing of the kinds of events, so that no
service can forget to tell it something.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Date, DateTime, event, inspect, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import get_history

from app.core.crypto import EncryptedJson, EncryptedText
from app.core.models import Instant
from app.registry.models import (
    ConsentTask,
    Dwelling,
    DwellingSuccession,
    Household,
    HouseholdDwelling,
    HouseholdMember,
    Person,
    PersonArea,
    PersonDocument,
    PersonName,
    PersonPhone,
    Residence,
    Tenancy,
)

TRACKED: dict[str, type] = {
    cls.__tablename__: cls
    for cls in (
        Person,
        PersonArea,
        PersonDocument,
        PersonName,
        PersonPhone,
        ConsentTask,
        Household,
        HouseholdMember,
        HouseholdDwelling,
        Residence,
        Dwelling,
        DwellingSuccession,
        Tenancy,
    )
}
# who and when, and what a later confirmation or visit renews: none of it is what an event did
PASSING = frozenset(
    "id uid version created_at created_by updated_at updated_by confirmed_on confirmed_by source"
    " last_visit_on number number_index".split()
)
# what of a row that an event made must be unchanged when the event is revoked
HOLDING = frozenset(
    "valid_from valid_to deleted_at relation household_id dwelling_id person_id area_id head_person_id died_on status"
    " kind is_primary done_on name".split()
)


class Journal:
    """``with Journal(session) as journal: …`` then ``journal.pack()`` once everything is flushed."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.made: list[Any] = []
        self.changed: dict[Any, dict[str, list[Any]]] = {}

    def __enter__(self) -> Journal:
        event.listen(self.session, "before_flush", self._look)
        return self

    def __exit__(self, *_error: Any) -> None:
        event.remove(self.session, "before_flush", self._look)

    def _look(self, session: Session, _context: Any, _instances: Any) -> None:
        self.made += [row for row in session.new if type(row) in TRACKED.values() and row not in self.made]
        for row in session.dirty:
            if type(row) in TRACKED.values() and row not in self.made:
                self._note(row)

    def _note(self, row: Any) -> None:
        for attribute in inspect(type(row)).column_attrs:
            key = attribute.key
            if key in PASSING or is_secret(attribute):
                continue
            history = get_history(row, key)
            if not history.has_changes():
                continue
            old = history.deleted[0] if history.deleted else self._stored(row, key)
            seen = self.changed.setdefault(row, {}).setdefault(key, [plain(old), None])
            seen[1] = plain(history.added[0] if history.added else None)

    def _stored(self, row: Any, key: str) -> Any:
        """The value in the database of an attribute that was set without having been read."""
        cls = type(row)
        with self.session.no_autoflush:
            return self.session.scalar(select(getattr(cls, key)).where(cls.id == row.id))

    def pack(self) -> dict[str, Any]:
        """Plain lists for the event's row: what was made, and what was changed from what to what."""
        self.session.flush()
        return {
            "made": [[row.__tablename__, row.id, held(row)] for row in self.made],
            "changed": [
                [row.__tablename__, row.id, values]
                for row, all_values in self.changed.items()
                if (values := {k: v for k, v in all_values.items() if v[0] != v[1]})
            ],
        }


def held(row: Any) -> dict[str, Any]:
    """The values of a made row on which later rows may rest."""
    return {
        attribute.key: plain(getattr(row, attribute.key))
        for attribute in inspect(type(row)).column_attrs
        if attribute.key in HOLDING and attribute.key not in PASSING
    }


def is_secret(attribute: Any) -> bool:
    """Encrypted columns never leave their own table."""
    return isinstance(attribute.columns[0].type, EncryptedText | EncryptedJson)


def plain(value: Any) -> Any:
    """A value as JSON keeps it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def typed(cls: type, key: str, value: Any) -> Any:
    """The value as the column takes it."""
    kind = inspect(cls).columns[key].type
    if value is None:
        return None
    if isinstance(kind, Date):
        return date.fromisoformat(value)
    if isinstance(kind, Instant | DateTime):
        return datetime.fromisoformat(value)
    return value
