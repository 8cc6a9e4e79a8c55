"""Parts of the page of a case: each concern adds its own card, without the page knowing it.

A part names its template (``proxy/parts/<key>.html``), where it stands (top, left, right) and what it reads:
``load(session, case, actor, now)`` gives the values of ``part.data``, or None where there is nothing to show. At most one
statement a part: a page has twelve (speed.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.proxy.models import ProxyCase

Load = Callable[[Session, ProxyCase, Actor, datetime], Any]
PLACES = ("top", "left", "right")


@dataclass(frozen=True)
class Part:
    """One card and what it shows."""

    key: str
    place: str
    load: Load

    @property
    def template(self) -> str:
        return f"proxy/parts/{self.key}.html"


@dataclass(frozen=True)
class Shown:
    """A part with what was read for it."""

    template: str
    data: Any


_parts: dict[str, Part] = {}


def part(key: str, place: str, load: Load) -> None:
    """Hang a card on the page; called while modules load. ValueError for an unknown place or a key given twice."""
    if place not in PLACES or key in _parts:
        raise ValueError(f"part {key}: unknown place or given twice")
    _parts[key] = Part(key, place, load)


def shown(session: Session, case: ProxyCase, actor: Actor, now: datetime) -> dict[str, list[Shown]]:
    """The parts that have something to show, by place."""
    found: dict[str, list[Shown]] = {place: [] for place in PLACES}
    for one in _parts.values():
        data = one.load(session, case, actor, now)
        if data is not None:
            found[one.place].append(Shown(one.template, data))
    return found
