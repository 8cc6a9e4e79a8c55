"""Planning a round: which services are offered, who of the own grid may be visited, who comes along (S3-65)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from app.areas.models import Area, Staff
from app.core.actor import Actor
from app.core.errors import NotFound
from app.proxy.models import ProxyCase, ServiceItem, ServiceItemVersion
from app.proxy.service.catalogue import in_force
from app.proxy.service.rounds import homes_of
from app.registry.models import Person
from app.registry.queries import names

MOST_PEOPLE = 60
OFFERED = "WJ-02"  # the yearly stamp: what rounds are made for most often (S3-65)


@dataclass
class Candidate:
    """Somebody to plan a visit for; ``busy`` names the open case of the service, ``hint`` the name that was typed where
    it is not the present one.
    """

    uid: str
    name: str
    born: int | None
    address: str
    busy: str | None = None
    hint: str = ""


def items_on(session: Session, today: date) -> list[ServiceItemVersion]:
    """Services that are offered on a day, in the order of the catalogue."""
    query = (
        select(ServiceItemVersion)
        .join(ServiceItem)
        .where(ServiceItem.active, *in_force(today))
        .options(joinedload(ServiceItemVersion.item, innerjoin=True))
        .order_by(ServiceItem.seq, ServiceItemVersion.number.desc())
    )
    newest: dict[int, ServiceItemVersion] = {}
    for version in session.scalars(query):
        newest.setdefault(version.item_id, version)
    return list(newest.values())


def colleagues(session: Session, actor: Actor) -> list[Staff]:
    """Workers of the actor's areas who may come along."""
    query = (
        select(Staff)
        .join(Area, Area.id == Staff.area_id)
        .where(Staff.id != (actor.staff_id or 0), _own(actor))
        .order_by(Staff.name, Staff.id)
        .limit(MOST_PEOPLE)
    )
    return list(session.scalars(query))


def _own(actor: Actor) -> Any:
    return or_(*(Area.path.between(low, high) for low, high in actor.ranges))


def candidates(
    session: Session, actor: Actor, today: date, *, text: str = "", age: int = 0, item_code: str = ""
) -> tuple[list[Candidate], bool]:
    """People of the actor's own areas of at least an age whose name, present or other, fits, by name; and whether there
    are more.
    """
    query = (
        select(Person)
        .join(Area, Area.id == Person.area_id)
        .where(_own(actor), Person.died_on.is_(None))
        .order_by(Person.name_pinyin, Person.id)
        .limit(MOST_PEOPLE + 1)
    )
    if age:
        # 29 February becomes 1 March: nobody is offered before the birthday
        year = today.year - age
        leap = (today.month, today.day) == (2, 29)
        query = query.where(Person.birth_date <= (date(year, 2, 28) if leap else today.replace(year=year)))
    if text:
        query = query.where(names.known_as(text))
    rows = list(session.scalars(query))
    if text:
        names.tell(session, rows, text)
    return _candidates(session, rows[:MOST_PEOPLE], item_code), len(rows) > MOST_PEOPLE


def _candidates(session: Session, people: Sequence[Person], item_code: str) -> list[Candidate]:
    homes = homes_of(session, [p.id for p in people])
    open_cases = (
        select(ProxyCase.person_uid, ProxyCase.number)
        .join(ServiceItemVersion, ServiceItemVersion.id == ProxyCase.item_version_id)
        .join(ServiceItem, ServiceItem.id == ServiceItemVersion.item_id)
        .where(ServiceItem.code == item_code, ProxyCase.closed_at.is_(None))
        .where(ProxyCase.person_uid.in_([p.uid for p in people]))
    )
    busy = dict(session.execute(open_cases).all())
    found = []
    for person in people:
        dwelling = homes.get(person.id, (None, None))[0]
        address = dwelling.address if dwelling is not None else person.register_address or ""
        born = person.birth_date.year if person.birth_date else None
        found.append(Candidate(person.uid, person.name, born, address, busy.get(person.uid), person.found_as))
    return found


def with_chosen(
    session: Session, actor: Actor, found: Sequence[Candidate], uids: Sequence[str], item_code: str
) -> list[Candidate]:
    """The candidates of a page with those who were ticked before and are not among them, the ticked ones first."""
    there = {c.uid for c in found}
    query = (
        select(Person)
        .join(Area, Area.id == Person.area_id)
        .where(Person.uid.in_([uid for uid in uids if uid not in there]), _own(actor))
        .order_by(Person.name_pinyin, Person.id)
    )
    return [*_candidates(session, session.scalars(query).all(), item_code), *found] if uids else list(found)


def people_by_uid(session: Session, uids: Sequence[str]) -> list[Person]:
    """People by uid inside the scope. NotFound when one of them is not there."""
    found = {p.uid: p for p in session.scalars(select(Person).where(Person.uid.in_(uids)))}
    if set(uids) - set(found):
        raise NotFound()
    return [found[uid] for uid in dict.fromkeys(uids)]


def staff_by_uid(session: Session, uids: Sequence[str]) -> list[int]:
    """Staff ids by uid inside the scope. NotFound when one of them is not there."""
    found = dict(session.execute(select(Staff.uid, Staff.id).where(Staff.uid.in_(uids))).all())
    if set(uids) - set(found):
        raise NotFound()
    return [found[uid] for uid in dict.fromkeys(uids)]
