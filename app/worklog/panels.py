"""What the work log shows on the pages of a person, a household and a home: the doors visited and what came of each."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import and_, select, union_all
from sqlalchemy.orm import aliased

from app.core import search
from app.core.actor import Actor
from app.registry import panels
from app.registry.models import HouseholdMember
from app.registry.queries.narrow import Beside, Narrow
from app.registry.queries.parts import ME
from app.worklog.choices import Outcome, VisitState
from app.worklog.models import Visit, VisitStop


def doors(subject: str) -> Narrow:
    """The newest visits at the door of a home, of a household, or for a person and the person's present household."""
    return Narrow(
        "visits-at-the-door",
        VisitStop,
        "at note outcome",
        and_(_at(subject), Visit.state != VisitState.cancelled.value),
        (Beside(Visit, Visit.id == VisitStop.visit_id, "uid title planned_on state", must=True),),
        newest=(Visit.planned_on, VisitStop.id),
        most=panels.MOST,
    )


def door(found: Any, _subject: str, _actor: Actor) -> panels.Row:
    """One visit as a line."""
    stop, visit = found
    went = Outcome(stop.outcome) if stop.outcome in Outcome.__members__ else VisitState(visit.state)
    words = visit.title or str(_("Visit"))
    url = f"/visits/show/{visit.uid}"
    return panels.Row(stop.at or visit.planned_on, words, stop.note or "", url, went.label, str(went.badge))


def _at(subject: str) -> Any:
    if subject == panels.DWELLING:
        return VisitStop.dwelling_id == ME
    if subject == panels.HOUSEHOLD:
        return VisitStop.household_id == ME
    member, own, shared = aliased(HouseholdMember), aliased(VisitStop), aliased(VisitStop)
    mine = select(member.household_id).where(member.person_id == ME, member.valid_to.is_(None))
    # two look-ups by key, made once: with an OR over a sub-select the database would read every door
    doors_of = union_all(
        select(own.id).where(own.person_id == ME),
        select(shared.id).where(shared.person_id.is_(None), shared.household_id.in_(mine)),
    ).subquery()
    return search.one_of(VisitStop.id, select(doors_of.c.id), few=True)


panels.register(
    panels.Panel(
        "visits-at-the-door",
        _("Visits"),
        "fa-walking",
        panels.SUBJECTS,
        ("can_list", "VisitView"),
        order=30,
        part=doors,
        told=door,
    )
)
