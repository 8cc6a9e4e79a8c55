"""Sections that the domains above hang on the pages of a person, a household and a home (ADR 0009).

The registry must not import who uses it; the proxy service, the papers of its cases and the work log register here what
they have about a record. A loader runs only for a role that holds the panel's permission, in the scope of the actor,
and makes one statement: a page has a budget of twelve.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.registry.queries.narrow import Narrow

PERSON, HOUSEHOLD, DWELLING = "person", "household", "dwelling"
SUBJECTS = frozenset({PERSON, HOUSEHOLD, DWELLING})
MOST = 20  # rows of a panel: the newest ones


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a panel: when, what in words, where it leads. ``level`` colours ``state`` (green, yellow, red …)."""

    at: date | datetime | None
    words: str
    note: str = ""
    url: str | None = None
    state: Any = ""
    level: str = "grey"


# (session, record, actor) -> the newest rows; the record is a Person, Household or Dwelling that the actor sees
Loader = Callable[[Session, Any, Actor], Sequence[Row]]
# subject -> its branch of the page's statement; (a row of it, subject, actor) -> the line
Branch = Callable[[str], Narrow]
Teller = Callable[[Any, str, Actor], Row]


@dataclass(frozen=True, slots=True)
class Panel:
    """A section of a page. ``permission`` is the pair that a role must hold, such as ("can_list", "ProxyCaseView").

    Either ``load``, or ``part`` and ``told``. The part of a subject is made once; its key is that of the panel.
    """

    key: str
    title: Any
    icon: str
    subjects: frozenset[str]
    permission: tuple[str, str]
    load: Loader | None = None
    order: int = 50
    part: Branch | None = None
    told: Teller | None = None


_panels: dict[str, Panel] = {}
_parts: dict[tuple[str, str], Narrow] = {}


def register(panel: Panel) -> None:
    """Hang a panel on the pages of its subjects. Raises ValueError for an unknown subject and for a key that is taken."""
    if not panel.subjects <= SUBJECTS:
        raise ValueError(f"panel {panel.key!r}: no such page: {sorted(panel.subjects - SUBJECTS)}")
    if panel.key in _panels:
        raise ValueError(f"panel {panel.key!r} is registered twice")
    _panels[panel.key] = panel


def remove(key: str) -> None:
    """Take a panel away again."""
    _panels.pop(key, None)
    for known in [known for known in _parts if known[0] == key]:
        del _parts[known]


def panels_of(subject: str, actor: Actor) -> list[Panel]:
    """The panels of a page that the actor's role may see, in their order."""
    found = (p for p in _panels.values() if subject in p.subjects and actor.may(*p.permission))
    return sorted(found, key=lambda p: (p.order, p.key))


def part_of(panel: Panel, subject: str) -> Narrow | None:
    """The branch of the page's statement; None for a panel with a loader."""
    if panel.part is None:
        return None
    found = _parts.get((panel.key, subject))
    if found is None:
        found = _parts[panel.key, subject] = panel.part(subject)
    return found


def rows_of(
    panel: Panel, subject: str, found: dict[str, Any], session: Session, record: Any, actor: Actor
) -> Sequence[Row]:
    """The lines of a panel, from what the page has ``found`` or by its loader."""
    if panel.told is None:
        return panel.load(session, record, actor) if panel.load is not None else ()
    return [panel.told(row, subject, actor) for row in found[panel.key]]
