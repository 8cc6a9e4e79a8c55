"""What lies in the recycle bin: put away by somebody, or taken away by a step that is undone elsewhere.

A record that somebody deleted comes back from the bin. A row that a merge or a revocation took away comes back with the
undoing of that step only: alone it would give a person two present names or two first documents. Such a row bears the
code of its step, a fact of its own that no words of people can be taken for, and its sentence as the reason. The
sentence is kept in the database in English, as the logs keep theirs, and shown in the reader's language; it is never
reworded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from flask_babel import gettext
from sqlalchemy import ColumnElement

LENGTH = 200


@dataclass(frozen=True)
class Step:
    """A step that takes rows away: its code (``deleted_step``), its lazy sentence, and in words where it is undone."""

    code: str
    label: Any
    way: Any

    @property
    def sentence(self) -> str:
        """The English sentence that stands in ``delete_reason``."""
        return str(self.label._args[0])


_steps: dict[str, Step] = {}


def step(code: str, label: Any, way: Any) -> Step:
    """Declare a step once, at import. The code is kept in the database and never changes."""
    return _steps.setdefault(code, Step(code, label, way))


def steps() -> set[Step]:
    """Every step that takes rows away."""
    return set(_steps.values())


def put_away(row: Any, reason: str, *, by: int | None, now: datetime) -> None:
    """Somebody deletes a record for a reason; it comes back from the bin."""
    row.deleted_at, row.deleted_by, row.delete_reason = now, by, reason.strip()[:LENGTH]
    row.deleted_step = None


def take_away(row: Any, how: Step, *, now: datetime, by: int | None = None) -> None:
    """A step takes a row away; it comes back when the step is undone, never from the bin."""
    for column, value in marks(how, now=now, by=by).items():
        setattr(row, column, value)


def marks(how: Step, *, now: datetime, by: int | None) -> dict[str, Any]:
    """What a row bears that a step took away, by column."""
    return {"deleted_at": now, "deleted_by": by, "delete_reason": how.sentence, "deleted_step": how.code}


def bring_back(row: Any) -> None:
    """A row is there again, with nothing left of its deletion."""
    row.deleted_at = row.deleted_by = row.delete_reason = row.deleted_step = None


def step_of(row: Any) -> Step | None:
    """The step that took a row away; None for one that somebody deleted."""
    return _steps.get(row.deleted_step or "")


def put_away_rows(model: Any) -> ColumnElement[bool]:
    """The deleted rows of a class that the bin offers."""
    return cast(ColumnElement[bool], model.deleted_step.is_(None))


def words(reason: str | None) -> str:
    """The reason of a deletion as it is shown: the program's in the reader's language, people's as they wrote it."""
    ours = any(how.sentence == reason for how in _steps.values())
    return gettext(reason) if ours else reason or ""


# --- what hangs on a record and goes with it --------------------------------------------------------------------------


@dataclass(frozen=True)
class Follower:
    """Rows that the program itself hangs on a record (a home's line in a campaign, a pair of duplicates, a proposal): they
    are no hindrance when the step that brought the record is undone.

    ``by_hand(since)`` is true of rows that somebody has dealt with since: those keep the record. Without it the change log
    says whether anybody wrote the row. ``fall(session, row, actor, now)`` is called for a row whose record has gone, without
    row scope; without it the row is taken away, or follows by other ways.
    """

    model: type
    by_hand: Callable[[datetime], ColumnElement[bool]] | None = None
    fall: Callable[..., Any] | None = None


_followers: dict[str, Follower] = {}


def follows(follower: Follower) -> None:
    """Declare once, at import, that rows of a model go with the record they hang on."""
    _followers[follower.model.__tablename__] = follower  # type: ignore[attr-defined]


def follower(table: str) -> Follower | None:
    """What is declared of a table; None where its rows hold the record that they point at."""
    return _followers.get(table)


_quiet: set[str] = set()


def quiet(*models: type) -> None:
    """Declare once, at import, that nothing follows from the going of rows of these models (a name, a phone): they go by the
    hundred, in one statement, when the record they belong to goes.
    """
    _quiet.update(model.__tablename__ for model in models)  # type: ignore[attr-defined]


def is_quiet(table: str) -> bool:
    """Whether rows of a table may go without being looked at one by one."""
    return table in _quiet
