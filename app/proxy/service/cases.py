"""Booking a case and moving it: load, rule, write, tag. The machine decides; this module only carries it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Area, OrgUnit
from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Invalid
from app.core.numbering import next_serial
from app.core.serials import format_serial
from app.proxy.choices import Action, State
from app.proxy.models import CaseMaterial, CaseStep, ProxyCase, ServiceItemVersion
from app.proxy.rules import MACHINE, asks_for, case_facts
from app.proxy.service import effects
from app.proxy.service.catalogue import version_on
from app.proxy.service.clocks import tick
from app.proxy.service.party import party_of
from app.registry.models import Person

SERIAL_KIND = "DB"


def book(
    session: Session,
    actor: Actor,
    now: datetime,
    *,
    person: Person,
    item_code: str,
    appointment: date,
    slot: str | None = None,
    staff_id: int | None = None,
    applicant: Mapping[str, Any] | None = None,
    relation: str | None = None,
    visit_id: int | None = None,
    answers: Mapping[str, bool | None] | None = None,
) -> ProxyCase:
    """Open a case for a person of the registry (S3-55: one owner per case).

    ``answers`` says which conditions of conditional papers apply (text → yes/no); open ones stay open and bar the
    hand-in. Raises Invalid for an appointment in the past, NotFound for an unknown item.
    """
    today = to_local(now).date()
    if appointment < today:
        raise Invalid(_("The appointment lies in the past."), field="appointment")
    version = version_on(session, item_code, today)
    area = session.get_one(Area, person.area_id)
    given = {"applicant": person.name, "item": item_code, "appointment": appointment.isoformat()}
    step = MACHINE.apply(None, Action.book, [actor.role], given)
    case = ProxyCase(
        number=_number(session, area, today.year),
        area_id=area.id,
        item_version_id=version.id,
        item_version=version,
        person_uid=person.uid,
        party=party_of(session, person),
        party_name=person.name,
        applicant=dict(applicant) if applicant else None,
        applicant_relation=relation,
        staff_id=staff_id or actor.staff_id,
        department_id=department_for(session, version, area),
        visit_id=visit_id,
        state=str(step.target.value),
        booked_for=appointment,
        booked_slot=slot,
        opened_at=now,
    )
    case.materials = _materials(version, answers or {})
    session.add(case)
    session.flush()
    _write_step(session, actor, case, step, now, given)
    tick(session, case, step.clocks, now)
    session.flush()
    return case


def act(
    session: Session,
    actor: Actor,
    now: datetime,
    case: ProxyCase,
    action: Action,
    given: Mapping[str, Any] | None = None,
) -> CaseStep:
    """Take one step. ``given`` holds what the step needs by name (``app.proxy.rules``); facts come from the rows.

    Raises Conflict, NotAllowed or Invalid as the machine says, and leaves the case as it was.
    """
    given = dict(given or {})
    known = {**given, **facts(session, case, given)}
    resume = State(case.resume_to) if case.resume_to else None
    step = MACHINE.apply(State(case.state), action, [actor.role], known, resume=resume)
    effect: Callable[..., None] | None = effects.EFFECTS.get(action)
    if effect is not None:
        effect(session, actor, now, case, given)
    row = _write_step(session, actor, case, step, now, given)
    case.state = str(step.target.value)
    case.resume_to = str(step.resume.value) if step.resume else None
    if case.state in effects.CLOSED:
        case.closed_at = case.closed_at or now
    else:
        case.closed_at = None
    tick(session, case, step.clocks, now)
    session.flush()
    effects.tell(session, actor, now, case, action)
    return row


def facts(session: Session, case: ProxyCase, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the machine's bars and conditions ask, read from the rows and from what is about to be taken over."""
    version = case.item_version
    papers = list(case.materials)
    steps = list(session.scalars(select(CaseStep).where(CaseStep.case_id == case.id)))
    custody = list(case.custody)  # loaded before the papers are changed for the judgement: a load would flush
    taken = effects.taken_papers(case, (given or {}).get("materials"))
    with effects.as_if_taken(taken):
        return case_facts(
            papers=papers,
            custody=custody,
            kept=[(m.name, m.form) for m, entry in taken if effects.stays(m, entry)],
            asked_before=any(
                s.action == Action.request_supplement and s.from_state == case.state for s in steps
            ),
            unanswered=[m.condition or m.name for m in papers if m.applies is None],
            publicity_needed=bool(version.publicity_days),
            publicity_held=any(s.action == Action.publish for s in steps),
            person_must_appear=version.person_must_appear,
            appeared=_appeared(version, steps, given),
            delivery_needed=version.delivery_needed,
        )


def _appeared(version: ServiceItemVersion, steps: list[CaseStep], given: Mapping[str, Any] | None) -> bool:
    """A home meeting is the visit at which the papers were collected; other appearances are said explicitly."""
    if (given or {}).get("appeared"):
        return True
    if version.person_must_appear == "home_meeting":
        return any(s.action == Action.collect for s in steps)
    return any((s.data or {}).get("appeared") for s in steps)


def department_for(session: Session, version: ServiceItemVersion, area: Area) -> int | None:
    """The department that decides the item for an area: the nearest unit of that code above it."""
    query = (
        select(OrgUnit.id, Area.path)
        .join(Area, Area.id == OrgUnit.area_id)
        .where(OrgUnit.department_code == version.department_code, OrgUnit.valid_to.is_(None))
    )
    above = [(len(path), unit_id) for unit_id, path in session.execute(query) if area.path.startswith(path)]
    return max(above)[1] if above else None


def answer_condition(session: Session, case: ProxyCase, seq: int, applies: bool) -> CaseMaterial:
    """Say whether a conditional paper is needed in this case."""
    material = next((m for m in case.materials if m.seq == seq), None)
    if material is None or material.condition is None:
        raise Invalid(_("This paper has no condition to answer."), field="materials")
    material.applies = applies
    session.flush()
    return material


def _number(session: Session, area: Area, year: int) -> str:
    """Serial of the community the grid lies in, or of the area itself."""
    office = area.parent if area.level.kind in {"grid", "cell"} and area.parent else area
    return format_serial(SERIAL_KIND, office.code, year, next_serial(session, SERIAL_KIND, office.code, year))


def _materials(version: ServiceItemVersion, answers: Mapping[str, bool | None]) -> list[CaseMaterial]:
    rows = []
    for need in version.materials:
        answer = asks_for(need, answers)
        rows.append(
            CaseMaterial(
                seq=need.seq,
                name=need.name,
                form=need.form,
                copies=need.copies,
                required=answer.required,
                applies=answer.applies,
                condition=need.condition if need.required == "conditional" else None,
                is_authorization=need.is_authorization,
                share_exempt=need.share_exempt,
                note=need.note,
            )
        )
    return rows


def _write_step(
    session: Session, actor: Actor, case: ProxyCase, step: Any, now: datetime, given: Mapping[str, Any]
) -> CaseStep:
    row = CaseStep(
        case_id=case.id,
        at=now,
        by_label=actor.label,
        by_role=actor.role,
        action=str(step.action.value),
        from_state=str(step.source.value) if step.source else None,
        to_state=str(step.target.value),
        reason=given.get("reason"),
        data={k: v for k, v in given.items() if k != "reason"} or None,
    )
    session.add(row)
    return row
