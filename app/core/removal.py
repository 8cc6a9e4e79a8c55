"""What lies in the recycle bin: put away by somebody, or taken away by a step that is undone elsewhere.

A record that somebody deleted comes back from the bin. A row that a merge or a revocation took away comes back with the
undoing of that step only: alone it would give a person two present names or two first documents. Such a row bears the
sentence of its step as the reason. The sentence is kept in the database in English, as the logs keep theirs, and shown
in the reader's language; it is never reworded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext
from sqlalchemy import ColumnElement, or_

LENGTH = 200


@dataclass(frozen=True)
class Step:
    """A step that takes rows away: its lazy sentence, and in words where it is undone."""

    label: Any
    way: Any

    @property
    def sentence(self) -> str:
        """The English sentence that stands in ``delete_reason``."""
        return str(self.label._args[0])


_steps: dict[str, Step] = {}


def step(label: Any, way: Any, *former: str) -> Step:
    """Declare a step once, at import; ``former`` are words that older rows bear for it."""
    made = Step(label, way)
    _steps.update(dict.fromkeys((made.sentence, *former), made))
    return made


def steps() -> set[Step]:
    """Every step that takes rows away."""
    return set(_steps.values())


def put_away(row: Any, reason: str, *, by: int | None, now: datetime) -> None:
    """Somebody deletes a record for a reason; it comes back from the bin."""
    row.deleted_at, row.deleted_by, row.delete_reason = now, by, reason.strip()[:LENGTH]


def take_away(row: Any, how: Step, *, now: datetime, by: int | None = None) -> None:
    """A step takes a row away; it comes back when the step is undone, never from the bin."""
    row.deleted_at, row.deleted_by, row.delete_reason = now, by, how.sentence


def step_of(row: Any) -> Step | None:
    """The step that took a row away; None for one that somebody deleted."""
    return _steps.get(row.delete_reason)


def put_away_rows(model: Any) -> ColumnElement[bool]:
    """The deleted rows of a class that the bin offers."""
    return or_(model.delete_reason.is_(None), model.delete_reason.not_in(sorted(_steps)))


def words(reason: str | None) -> str:
    """The reason of a deletion as it is shown: the program's in the reader's language, people's as they wrote it."""
    how = _steps.get(reason or "")
    return gettext(how.sentence) if how else reason or ""
