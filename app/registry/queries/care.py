"""Visits to members of special groups as a page shows them: each with what changed since the one before."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import codes
from app.registry.models import GroupVisit, PersonGroup
from app.registry.rules.subforms import SubForm, differences

MOST = 50


def visits_of(session: Session, group_ids: list[int], most: int = MOST) -> list[GroupVisit]:
    """The newest visits of some members, newest first."""
    query = select(GroupVisit).where(GroupVisit.group_id.in_(group_ids))
    return list(
        session.scalars(query.order_by(GroupVisit.visited_on.desc(), GroupVisit.id.desc()).limit(most))
    )


def visit_of_day(session: Session, group_id: int, day: date) -> GroupVisit | None:
    """The visit to a member on a day that was written down last."""
    query = select(GroupVisit).where(GroupVisit.group_id == group_id, GroupVisit.visited_on == day)
    return session.scalars(query.order_by(GroupVisit.id.desc()).limit(1)).first()


def visit_lines(session: Session, row: PersonGroup, form: SubForm | None) -> list[dict[str, Any]]:
    """Visits to one member, newest first: ``changes`` are (field, before, after) against the visit before."""
    found = visits_of(session, [row.id])
    lines = []
    for at, visit in enumerate(found):
        details = visit.details or {}
        before: dict[str, Any] = next(
            (s for v in found[at + 1 :] if (s := (v.details or {}).get("state"))), {}
        )
        state = details.get("state") or {}
        fields = form.fields if form else {}
        lines.append(
            {
                "visit": visit,
                "outcome": codes.label(session, "visit_outcome", visit.way),
                "late": bool(visit.planned_on and visit.visited_on > visit.planned_on),
                "words": details.get("words") or {},
                "measures": [codes.label(session, "visit_measure", m) for m in details.get("measures") or ()],
                "changes": [
                    (fields[name], before.get(name), state.get(name))
                    for name in differences(before, state)
                    if state and name in fields
                ],
                "first": not before,
            }
        )
    return lines
