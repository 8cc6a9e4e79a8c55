"""Corrections: plain fields at once, identity by a request that somebody else accepts (S4-54)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.core import clock
from app.core.actor import Actor
from app.core.errors import Conflict, Invalid
from app.core.scope import unscoped
from app.inbox.service import notify
from app.registry.choices import CorrectionAction, CorrectionNotice, CorrectionState
from app.registry.models import ChangeRequest, ChangeRequestStep, Person, PersonDocument
from app.registry.rules import Birth, check_name, normalise_number, parse_birth
from app.registry.rules.corrections import DECIDERS, MACHINE, SENSITIVE, decides, moved
from app.registry.service import consents, documents, persons
from app.registry.service.checks import check_code, check_fields, expect_version
from app.registry.service.posts import nearest_users

INBOX = "correction"
LONGEST = 200


def current(person: Person) -> dict[str, str]:
    """The identity of a person as the register has it now, by the names of a request."""
    birth = consents.birth_of(person)
    document = primary(person)
    return {
        "name": person.name,
        "sex": person.sex or "",
        "birth": str(birth) if birth else "",
        "number": document.number if document else "",
        "register_division": person.register_division or "",
        "register_address": person.register_address or "",
    }


def primary(person: Person) -> PersonDocument | None:
    """The document in force that stands for the person."""
    live = [d for d in person.documents if d.deleted_at is None and d.valid_to is None]
    return next((d for d in live if d.is_primary), live[0] if live else None)


def is_free(person: Person, actor: Actor, now: datetime) -> bool:
    """Whether this actor may change the identity of a person at once; everybody else asks for it."""
    made = person.created_by is not None and person.created_by == actor.user_id
    is_own = made and clock.to_local(person.created_at).date() == clock.to_local(now).date()
    return actor.is_system or decides(actor.role, is_own=is_own)


def ask_for_what_differs(
    session: Session, person: Person, new: Mapping[str, Any], *, reason: str, actor: Actor, now: datetime
) -> ChangeRequest | None:
    """A request for the identity fields that differ and are not asked for yet; None when there is nothing to ask."""
    have = current(person)
    waiting = {name for other in open_requests(session, person) for name in other.fields}
    given = {k: str(v or "").strip() for k, v in new.items()}
    wanted = {k: v for k, v in given.items() if v and v != have[k] and k not in waiting}
    return ask(session, person, wanted, reason=reason, actor=actor, now=now) if wanted else None


def ask(
    session: Session,
    person: Person,
    new: Mapping[str, str],
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> ChangeRequest:
    """Ask for a correction of identity fields; what equals the register is left out.

    Raises Invalid for values that cannot be right and for nothing to change, Conflict when the same field is asked
    for already.
    """
    today = clock.to_local(now).date()
    have = current(person)
    values = {
        k: _checked(session, person, k, v, today) for k, v in new.items() if k in SENSITIVE and v.strip()
    }
    fields = {k: {"old": have[k], "new": v} for k, v in values.items() if v != have[k]}
    step = MACHINE.apply(None, CorrectionAction.ask, [actor.role], {"fields": fields, "reason": reason})
    for other in open_requests(session, person):
        if set(other.fields) & set(fields):
            text = _("A correction of this is asked for already; it waits for a clerk.")
            raise Conflict(text, field=next(iter(set(other.fields) & set(fields))), finding="asked")
    request = ChangeRequest(
        person_id=person.id, fields=fields, reason=reason.strip()[:LONGEST], state=str(step.target)
    )
    session.add(request)
    session.flush()
    step = ChangeRequestStep.of(
        CorrectionAction.ask, None, request.state, actor=actor, now=now, reason=reason, request_id=request.id
    )
    session.add(step)
    _tell_deciders(session, request, actor, now)
    return request


def open_requests(session: Session, person: Person) -> list[ChangeRequest]:
    """Requests about a person that wait."""
    query = select(ChangeRequest).where(
        ChangeRequest.person_id == person.id, ChangeRequest.state == str(CorrectionState.asked)
    )
    return list(session.scalars(query))


def sides(request: ChangeRequest, actor: Actor) -> dict[str, bool]:
    """Whether the request is the actor's own: nobody decides on their own."""
    mine = request.created_by is not None and request.created_by == actor.user_id
    return {"mine": mine, "others": not mine}


def offers(request: ChangeRequest, actor: Actor) -> list[CorrectionAction]:
    """What the actor may do with the request now."""
    if actor.read_only or request.state not in set(CorrectionState):
        return []
    state = CorrectionState.parse(request.state)
    return [o.action for o in MACHINE.actions(state, [actor.role], sides(request, actor))]


def decide(
    session: Session,
    request: ChangeRequest,
    action: CorrectionAction,
    *,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
    version: int | str | None = None,
) -> ChangeRequest:
    """Accept, decline with a reason, or withdraw. Accepting is what changes the record.

    Raises Conflict where the register has moved on since the request was made (``data["moved"]`` names the fields;
    nothing is changed), NotAllowed and Invalid as the table says.
    """
    expect_version(request, version)
    before = CorrectionState.parse(request.state)
    given = {**sides(request, actor), "reason": reason}
    step = MACHINE.apply(before, action, [actor.role], given)
    if action is CorrectionAction.accept:
        _apply(session, request, actor, now)
    request.state = str(step.target)
    request.decided_at, request.decided_by = now, actor.user_id
    request.decision = (reason or "").strip()[:LONGEST] or None
    session.flush()
    step = ChangeRequestStep.of(
        action, before, request.state, actor=actor, now=now, reason=reason, request_id=request.id
    )
    session.add(step)
    if action is not CorrectionAction.withdraw and request.created_by:
        _tell(session, now, [request.created_by], CorrectionNotice(request.state), request)
    return request


def _apply(session: Session, request: ChangeRequest, actor: Actor, now: datetime) -> None:
    person, fields = request.person, request.fields
    gone = moved(fields, current(person))
    if gone:
        text = _(
            "The record was changed since this was asked for. Please compare both and decline, or ask anew."
        )
        raise Conflict(text, finding="moved", moved=gone)
    new = {name: pair["new"] for name, pair in fields.items()}
    number = new.pop("number", None)
    values: dict[str, Any] = dict(new)
    if "birth" in values:
        values["birth"] = parse_birth(values["birth"], clock.to_local(now).date())
    if values:
        persons.edit_person(session, person, values, actor=actor, now=now)
    if number:
        _put_number(session, person, number, request.reason, actor, now)


def _put_number(
    session: Session, person: Person, number: str, reason: str, actor: Actor, now: datetime
) -> None:
    old = primary(person)
    more = {"kind": old.kind if old else "111", "number": number, "warning_reason": reason}
    if old is None:
        documents.add_document(session, person, actor=actor, now=now, **more)
    else:
        documents.replace_document(session, person, old, reason=reason, actor=actor, now=now, **more)


def _checked(session: Session, person: Person, name: str, text: str, today: Any) -> str:
    """The value as it would be stored. Raises Invalid at its field."""
    if name == "name":
        return check_name(text)
    if name == "birth":
        try:
            found: Birth = parse_birth(text, today)
        except Invalid as refusal:
            refusal.field = "birth"
            raise
        return str(found)
    if name == "sex":
        return check_code(session, "gender", text, field="sex")
    if name == "number":
        old = primary(person)
        plain = normalise_number(text)
        documents.doubts(old.kind if old else "111", plain, today, reason="asked")
        return plain
    check_fields(session, Person, {name: text}, frozenset({name}))
    return text.strip()


def _tell_deciders(session: Session, request: ChangeRequest, actor: Actor, now: datetime) -> None:
    with unscoped("a correction waits for the clerks of the person's area") as wide:
        area = wide.get_one(Area, request.person.area_id)
        users = nearest_users(wide, area, DECIDERS, clock.to_local(now).date())
    _tell(session, now, [u for u in users if u != actor.user_id], CorrectionNotice.asked, request)


def _tell(
    session: Session, now: datetime, users: list[int], notice: CorrectionNotice, request: ChangeRequest
) -> None:
    notify(
        session,
        now,
        users,
        INBOX,
        notice.msgid,
        link=f"/correction/show/{request.uid}",
        level="warn" if notice is CorrectionNotice.asked else "info",
        key=f"{INBOX}:{request.uid}:{notice}",
    )
