"""Who is entitled and has not applied, and whose review is due: open proposals by grid (S0-61)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, contains_eager, load_only

from app.areas.models import Area
from app.registry.choices import ProposalState, ProposalTopic
from app.registry.models import Person, Proposal
from app.registry.rules.proposals import MAYBE
from app.registry.service.renewing import ALIVE

PAGE, MOST_GRIDS = 30, 300
KINDS = ("all", "benefit", "renewal", "maybe", "late")
TOPICS = (str(ProposalTopic.benefit), str(ProposalTopic.renewal))


@dataclass(frozen=True, slots=True)
class GridCount:
    """Open proposals of one grid."""

    area: Area
    open: int
    late: int
    maybe: int
    renewals: int


def _open() -> tuple[Any, ...]:
    return (Proposal.state == str(ProposalState.open), Proposal.topic.in_(TOPICS), *ALIVE)


def by_grid(session: Session, today: date) -> list[GridCount]:
    """Counts by the managing area of the person, the most overdue first; one statement. At most 300 areas."""
    late = func.sum(case((Proposal.due_on < today, 1), else_=0))
    counts = (
        select(Person.area_id, func.count(Proposal.id).label("open"), late.label("late"))
        .add_columns(func.sum(case((Proposal.certainty == MAYBE, 1), else_=0)).label("maybe"))
        .add_columns(func.sum(case((Proposal.topic == TOPICS[1], 1), else_=0)).label("renewals"))
        .join(Person, Person.id == Proposal.person_id)
        .where(*_open())
        .group_by(Person.area_id)
        .subquery()
    )
    query = (
        select(Area, counts.c.open, counts.c.late, counts.c.maybe, counts.c.renewals)
        .join(counts, counts.c.area_id == Area.id)
        .order_by(counts.c.late.desc(), counts.c.open.desc(), Area.path)
        .limit(MOST_GRIDS)
    )
    return [GridCount(*row) for row in session.execute(query)]


def listed(
    session: Session, today: date, *, kind: str, area: Area | None, after: Proposal | None
) -> tuple[list[Proposal], bool]:
    """A page of open proposals, the longest overdue first, and whether there are more."""
    query = _rows().where(*_open())
    if kind in TOPICS:
        query = query.where(Proposal.topic == kind)
    elif kind == "maybe":
        query = query.where(Proposal.certainty == MAYBE)
    elif kind == "late":
        query = query.where(Proposal.due_on < today)
    if area is not None:
        query = query.where(Person.area_id == area.id)
    if after is not None and after.due_on is not None:
        later = and_(Proposal.due_on == after.due_on, Proposal.id > after.id)
        query = query.where(or_(Proposal.due_on > after.due_on, later))
    rows = list(session.scalars(query.order_by(Proposal.due_on, Proposal.id).limit(PAGE + 1)))
    return rows[:PAGE], len(rows) > PAGE


def chosen(session: Session, uids: Sequence[str]) -> list[Proposal]:
    """The ticked ones in the order of the list, as far as the session sees them, whatever became of them meanwhile."""
    query = _rows().where(Proposal.uid.in_(uids)).order_by(Proposal.due_on, Proposal.id)
    return list(session.scalars(query))


def _rows() -> Select[Any]:
    person = contains_eager(Proposal.person).load_only(
        Person.uid, Person.name, Person.birth_date, Person.birth_precision, Person.area_id, Person.status
    )
    return (
        select(Proposal)
        .join(Person, Person.id == Proposal.person_id)
        .options(person.joinedload(Person.area).options(load_only(Area.name, Area.path)))
    )
