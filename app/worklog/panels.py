"""What the work log shows on the pages of a person, a household and a home: the doors visited and what came of each."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import or_, select
from sqlalchemy.orm import Session, contains_eager

from app.core.actor import Actor
from app.registry import panels
from app.registry.models import Dwelling, Household, HouseholdMember
from app.worklog.choices import Outcome, VisitState
from app.worklog.models import Visit, VisitStop


def doors(session: Session, record: Any, _actor: Actor) -> list[panels.Row]:
    """The newest visits at the door of a home, of a household, or for a person and the person's present household."""
    query = (
        select(VisitStop)
        .join(VisitStop.visit)
        .where(_at(record), Visit.state != VisitState.cancelled.value)
        .options(contains_eager(VisitStop.visit))
        .order_by(Visit.planned_on.desc(), VisitStop.id.desc())
        .limit(panels.MOST)
    )
    found = []
    for stop in session.scalars(query):
        went = Outcome(stop.outcome) if stop.outcome in Outcome.__members__ else VisitState(stop.visit.state)
        words = stop.visit.title or str(_("Visit"))
        url = f"/visits/show/{stop.visit.uid}"
        found.append(
            panels.Row(
                stop.at or stop.visit.planned_on, words, stop.note or "", url, went.label, str(went.badge)
            )
        )
    return found


def _at(record: Any) -> Any:
    if isinstance(record, Dwelling):
        return VisitStop.dwelling_id == record.id
    if isinstance(record, Household):
        return VisitStop.household_id == record.id
    mine = select(HouseholdMember.household_id).where(
        HouseholdMember.person_id == record.id, HouseholdMember.valid_to.is_(None)
    )
    return or_(
        VisitStop.person_id == record.id,
        VisitStop.person_id.is_(None) & VisitStop.household_id.in_(mine),
    )


panels.register(
    panels.Panel(
        "visits-at-the-door",
        _("Visits"),
        "fa-walking",
        panels.SUBJECTS,
        ("can_list", "VisitView"),
        doors,
        order=30,
    )
)
