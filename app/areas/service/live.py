"""What lives in an area and moves when areas are divided anew: upper domains register it here (ADR 0003).

This package may not import the tables of dwellings, people and cases; they say themselves which of their rows are
live, which ground each stands on, and how it moves. A row that nobody registered stays where it was, and the
successors of a closed area read it there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from app.core.scope import session_actor, unscoped


@dataclass(frozen=True)
class Ground:
    """The unit of ground that a plan hands out (a dwelling). ``group`` is the column of what many of them share
    (a building of ``group_model``), so that a plan can name the whole of it; ``title`` is what a clerk reads.
    """

    model: Any
    label: Any
    where: Any
    title: Any
    group: Any = None
    group_model: Any = None
    group_title: Any = None


@dataclass(frozen=True)
class Live:
    """A kind of live rows. See `register_live` for what the fields mean."""

    key: str
    model: Any
    label: Any
    where: Any = None
    via: Any = None
    dated: tuple[str, ...] = ()
    measures: bool = False

    def rows(self, area_ids: Sequence[int]) -> Select[Any]:
        """Select of the ids of live rows in areas."""
        query = select(self.model.id).where(self.model.area_id.in_(area_ids))
        return query if self.where is None else query.where(self.where)


# counters that an area may declare before its homes are registered (columns of Area)
DECLARED = {"household.living": "declared_households", "person.present": "declared_persons"}

_grounds: list[Ground] = []
_live: dict[str, Live] = {}
_counts: dict[str, Any] = {}


def register_ground(
    model: Any,
    *,
    label: Any,
    title: Any,
    where: Any = None,
    group: Any = None,
    group_model: Any = None,
    group_title: Any = None,
) -> None:
    """Name the unit of ground; there is one. A second call replaces the first (modules are loaded once)."""
    _grounds[:] = [Ground(model, label, where, title, group, group_model, group_title)]


def register_live(
    key: str,
    model: Any,
    *,
    label: Any,
    where: Any = None,
    via: Any = None,
    dated: Sequence[str] = (),
    measures: bool = False,
) -> None:
    """Rows of a model with ``area_id`` that follow their ground.

    ``where`` says which rows are live; ``via`` is a select of (row id, ground id): the first pair of a row counts,
    a row without a pair goes to the piece that takes the rest and stays in a transfer. ``dated`` rows are closed on
    the day before and opened anew, the columns named there and the area tell open rows apart; all others get the
    new ``area_id``. ``measures`` marks the rows that the 300–500 rule counts; their key is an area counter.
    Area counters follow the flush by themselves.
    """
    _live[key] = Live(key, model, label, where, via, tuple(dated), measures)


def register_count(kind: str, *, label: Any) -> None:
    """A kind of area counter (a table name, see core.counters) that the pages of areas show."""
    _counts[kind] = label


def forget(*keys: str) -> None:
    """Take registrations back (tests)."""
    for key in keys:
        _live.pop(key, None)
        _counts.pop(key, None)


def ground() -> Ground | None:
    return _grounds[0] if _grounds else None


def registered() -> list[Live]:
    """All kinds, in the order in which they were registered."""
    return list(_live.values())


def measure() -> Live | None:
    """The kind that the size rule counts (living households)."""
    return next((one for one in _live.values() if one.measures), None)


def counts() -> dict[str, Any]:
    """Label by counter kind, in the order in which they were registered."""
    return dict(_counts)


def count_in(session: Session, one: Live, area_ids: Sequence[int]) -> int:
    """How many live rows of a kind the areas hold, whoever asks: a number, no row leaves here."""
    with whole(session) as reader:
        return reader.scalar(select(func.count()).select_from(one.rows(area_ids).subquery())) or 0


@contextmanager
def whole(session: Session) -> Iterator[Session]:
    """The session itself when it is a system session, else a second one without row scope for counting.

    An administrator who may not see residents must still be told that an area is not empty.
    """
    if session_actor(session).is_system:
        yield session
        return
    with unscoped("numbers of a plan or of an area: counts only") as reader:
        yield reader
