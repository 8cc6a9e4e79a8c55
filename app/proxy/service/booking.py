"""Booking a case: whose it is, where it lies, which department decides it, which papers it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Area, Staff
from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Finding, Invalid, NotAllowed
from app.core.numbering import next_serial
from app.core.serials import format_serial
from app.proxy.choices import Action
from app.proxy.models import ProxyCase, ServiceItemVersion
from app.proxy.rules import age_finding, check_appointment, parse_slot
from app.proxy.service import others, relations
from app.proxy.service.cases import write_step
from app.proxy.service.catalogue import version_on
from app.proxy.service.clocks import tick
from app.proxy.service.deciders import nearest_unit
from app.proxy.service.materials import materials_of
from app.proxy.service.party import party_of
from app.proxy.service.proposed import tell_booked
from app.proxy.service.step_roles import machine_for
from app.registry.models import Person, PersonArea
from app.registry.rules import Birth, Precision, age_on, check_name, normalise_phone

SERIAL_KIND = "DB"
SMALL = frozenset({"grid", "cell"})


@dataclass(frozen=True)
class Booking:
    """What is asked for: one service for one person on a day.

    ``answers`` says which conditions of conditional papers apply (text → yes/no); open ones stay open and bar the
    hand-in. ``applicant`` is who asks for somebody else, with the ``relation``. ``again`` allows a second open case
    of the same service for the same person; ``overbook`` says that the worker has no room then and that it was agreed.
    """

    person: Person
    item_code: str
    appointment: date
    slot: str | None = None
    staff_id: int | None = None
    applicant: Mapping[str, Any] | None = None
    relation: str | None = None
    visit_id: int | None = None
    answers: Mapping[str, bool | None] = field(default_factory=dict)
    note: str | None = None
    again: bool = False
    overbook: bool = False


def book(session: Session, actor: Actor, now: datetime, **asked: Any) -> ProxyCase:
    """Open a case for a person of the registry (S3-55: one owner per case). Keywords: see `Booking`.

    Raises Invalid for a day in the past or far ahead, a time or a phone that is none, a service that is not offered or
    a worker out of reach, Conflict
    when the same service is open for the person already, NotAllowed for a person who does not live in one's area.
    """
    wanted, today = Booking(**asked), to_local(now).date()
    check_appointment(wanted.appointment, today)
    wanted = replace(wanted, slot=parse_slot(wanted.slot), applicant=applicant_of(wanted.applicant))
    version, person = version_on(session, wanted.item_code, today), wanted.person
    given = {
        "applicant": person.name,
        "item": wanted.item_code,
        "appointment": wanted.appointment.isoformat(),
        "slot": wanted.slot,
        "overbook": wanted.overbook or None,
    }
    step = machine_for(session, version.item_id).apply(None, Action.book, [actor.role], given)
    if not wanted.again:
        others.need_none(session, person.uid, person.name, version.item_id)
    area = area_for(session, actor, person)
    case = _row(session, actor, now, wanted, version, area)
    case.state = str(step.target.value)
    session.add(case)
    session.flush()
    write_step(actor, now, case, step, given)
    tick(session, case, step.clocks, now)
    related = relations.look(session, case, now)
    session.flush()
    if related and case.staff_id != actor.staff_id:
        relations.tell_handler(session, now, case, case.staff_id)
    tell_booked(session, actor, now, case)
    return case


def _row(
    session: Session, actor: Actor, now: datetime, asked: Booking, version: ServiceItemVersion, area: Area
) -> ProxyCase:
    case = ProxyCase(
        number=number_for(session, area, to_local(now).year),
        area_id=area.id,
        item_version_id=version.id,
        item_version=version,
        person_uid=asked.person.uid,
        party=party_of(session, asked.person),
        party_name=asked.person.name,
        applicant=dict(asked.applicant) if asked.applicant else None,
        applicant_relation=asked.relation,
        staff_id=owner_of(session, actor, asked.staff_id),
        department_id=department_for(session, version, area, to_local(now).date()),
        visit_id=asked.visit_id,
        booked_for=asked.appointment,
        booked_slot=asked.slot,
        opened_at=now,
        note=asked.note,
    )
    case.materials = materials_of(version, asked.answers)
    return case


def applicant_of(given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Who asks for somebody else, with name and phone as the registry keeps them; Invalid for what is neither."""
    found = dict(given or {})
    if found.get("name"):
        found["name"] = check_name(found["name"], field="applicant_name")
    if found.get("phone"):
        found["phone"] = normalise_phone(found["phone"], field="applicant_phone").number
    return found or None


def wonders(person: Person, version: ServiceItemVersion, day: date) -> list[Finding]:
    """What does not keep a case from being booked but is told: the age for which the service is meant."""
    birth = (
        Birth(person.birth_date, Precision(person.birth_precision or "day")) if person.birth_date else None
    )
    found = age_finding((version.more or {}).get("age"), age_on(birth, day))
    return [found] if found is not None else []


def owner_of(session: Session, actor: Actor, staff_id: int | None) -> int | None:
    """Who carries the case: the one named, inside the scope, else whoever books it."""
    if staff_id is None or staff_id == actor.staff_id:
        return actor.staff_id
    if session.scalar(select(Staff.id).where(Staff.id == staff_id)) is None:
        raise Invalid(_("Choose a worker of your area."), field="staff")
    return staff_id


def area_for(session: Session, actor: Actor, person: Person) -> Area:
    """Where the case lies: the person's managing area, or another area of the person that the actor works in (a
    tenant is managed elsewhere). NotAllowed when there is none.
    """
    area = session.get_one(Area, person.area_id)
    if actor.covers(area.path):
        return area
    query = (
        select(Area)
        .join(PersonArea, PersonArea.area_id == Area.id)
        .where(PersonArea.person_id == person.id, PersonArea.valid_to.is_(None))
        .order_by(PersonArea.id)
    )
    for other in session.scalars(query):
        if actor.covers(other.path):
            return other
    raise NotAllowed()


def department_for(session: Session, version: ServiceItemVersion, area: Area, day: date) -> int | None:
    """The department that decides the item for an area: the nearest unit of that code above it."""
    return nearest_unit(session, version.department_code, area, day)


def number_for(session: Session, area: Area, year: int) -> str:
    """The case number: a serial of the community the grid lies in, or of the area itself."""
    office = area
    while office.level.kind in SMALL and office.parent is not None:
        office = office.parent
    return format_serial(SERIAL_KIND, office.code, year, next_serial(session, SERIAL_KIND, office.code, year))
