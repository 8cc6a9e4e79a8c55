"""New codes below an area that gets another code: the serial is kept where it is free."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas import queries
from app.areas.models import Area
from app.areas.rules import recoded
from app.areas.service.plans.definition import Shape

Recode = tuple[int, str, str, str]


def recode_below(session: Session, shape: Shape, sources: dict[int, Area], day: date) -> list[Recode]:
    """(area id, name, old code, new code) of the areas below whose code hangs on a code that changes."""
    found: list[Recode] = []
    for piece in shape.pieces:
        source = sources.get(piece.id or 0)
        if shape.moves_area and source is not None:
            _recode(session, source.id, source.code, piece.code or source.code, day, found)
        taken: set[str] = set()
        for child in session.scalars(select(Area).where(Area.id.in_(piece.children)).order_by(Area.path)):
            _one(session, child, child.parent.code if child.parent else "", piece.code, taken, day, found)
    return found


def _recode(session: Session, parent_id: int, old: str, new: str, day: date, found: list[Any]) -> None:
    taken: set[str] = set()
    for child in queries.children(session, parent_id, day) if old != new else ():
        _one(session, child, old, new, taken, day, found)


def _one(
    session: Session, child: Area, old: str, new: str, taken: set[str], day: date, found: list[Any]
) -> None:
    code = recoded(child.code, old, new, taken)
    taken.add(code)
    if code != child.code:
        found.append((child.id, child.name, child.code, code))
        _recode(session, child.id, child.code, code, day, found)
