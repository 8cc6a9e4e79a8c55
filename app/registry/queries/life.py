"""Selects for the pages of life events."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from app.core.errors import Finding
from app.registry.models import Dwelling, Household, LifeEvent, LifeEventPerson, Person
from app.registry.rules import Member, household_findings
from app.registry.service import households
from app.registry.service.consents import birth_of

MOST = 50


def events_of(session: Session, item: Person | Household | Dwelling) -> Sequence[LifeEvent]:
    """The newest events of a person, a household or a home, revoked ones too."""
    if isinstance(item, Person):
        mine = select(LifeEventPerson.event_id).where(LifeEventPerson.person_id == item.id)
        where = LifeEvent.id.in_(mine)
    elif isinstance(item, Dwelling):
        where = LifeEvent.dwelling_id == item.id
    else:
        where = or_(LifeEvent.household_id == item.id, LifeEvent.other_household_id == item.id)
    query = (
        select(LifeEvent)
        .where(where)
        .options(selectinload(LifeEvent.people).joinedload(LifeEventPerson.person))
        .order_by(LifeEvent.happened_on.desc(), LifeEvent.id.desc())
    )
    return session.scalars(query.limit(MOST)).all()


def doubts(session: Session, event: LifeEvent) -> list[Finding]:
    """What kinship, ages and sexes say about the households of an event: told after saving, nothing is forbidden."""
    found: list[Finding] = []
    for household in (event.household, event.other_household):
        if household is not None and household.valid_to is None:
            members = [m for m in households.members_of(session, household) if m.person is not None]
            lines = [Member(m.relation, birth_of(m.person), m.person.sex, m) for m in members]
            found += [f for f in household_findings(lines, event.happened_on) if not f.is_error]
    return found
