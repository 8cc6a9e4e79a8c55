"""Originals out of their owner's hands: who holds them since when (S3-49; Resident ID Card Law art. 15).

A case has one chain of hands: the worker takes an original, the department gets it with the papers, the worker
fetches it with the result, the owner signs for it; each change of hands is a row. In between one original may be handed
on by itself. Nothing is archived while one is out; one that is lost is written down with what is done about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.areas.models import Staff
from app.areas.service.calendars import calendar_for
from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.core.scope import session_actor, unscoped
from app.core.sla import Unit, deadline, due_date
from app.inbox.service import notify_staff
from app.proxy.models import CaseMaterial, CaseSignature, Custody, CustodyMove, ProxyCase
from app.proxy.rules import kept_cards
from app.proxy.service.materials import Given, Taken, stays
from app.proxy.service.notices import CALLED_OFF, link_of

CARRIERS = frozenset({"grid_worker", "workstation", "office_clerk"})
HAND_ORDER = ("grid_worker", "workstation", "office_clerk", "town_staff")
HANDS = frozenset(HAND_ORDER)
OWNER, STAFF, UNIT, LOST = "owner", "staff", "unit", "lost"
DAYS = 10  # working days within which an original goes home where the item promises nothing
ON_THE_WAY = 3  # and for the way to the window and back


@dataclass(frozen=True)
class Hand:
    """Somebody an original may be handed to: a worker or an office."""

    kind: str
    id: int
    name: str


def held(case: ProxyCase) -> list[Custody]:
    """Originals that are out."""
    return [c for c in case.custody if c.returned_at is None and c.lost_at is None]


def take(session: Session, actor: Actor, now: datetime, case: ProxyCase, taken: Taken, given: Given) -> None:
    """An original that stays out gets a row; one that is out already does not get a second.

    ``given["originals"]`` has number and reason of each by the paper's number. Invalid for a day before today.
    """
    out = {c.material_id for c in held(case)}
    told: Mapping[str, Mapping[str, str]] = given.get("originals") or {}
    for material, entry in taken:
        if stays(material, entry) and material.id not in out:
            _take_one(session, actor, now, case, material, given, told.get(str(material.seq)) or {})


def _take_one(
    session: Session,
    actor: Actor,
    now: datetime,
    case: ProxyCase,
    material: CaseMaterial,
    given: Given,
    told: Mapping[str, str],
) -> None:
    keeper = actor.staff_id or case.staff_id
    row = Custody(
        case_id=case.id,
        material_id=material.id,
        name=material.name,
        document_no=str(told.get("document_no") or "").strip()[:40] or None,
        copies=material.copies,
        reason=(str(told.get("reason") or "").strip() or case.item_version.name)[:80],
        holder_staff_id=keeper,
        taken_at=now,
        due_back_on=_due_back(session, now, case, given.get("due_back_on")),
    )
    case.custody.append(row)
    name = _staff_name(session, actor, keeper)
    row.moves.append(
        CustodyMove(
            case_id=case.id, at=now, from_kind=OWNER, to_kind=STAFF, to_staff_id=keeper, to_name=name[:50]
        )
    )


def _due_back(session: Session, now: datetime, case: ProxyCase, day: str | None) -> date:
    """The day that was agreed, else the promise of the item and the way there and back: an original without a day
    would never be missed.
    """
    if day:
        wanted = date.fromisoformat(day)
        if wanted < to_local(now).date():
            raise Invalid(_("This day is over already."), field="due_back_on")
        return wanted
    version = case.item_version
    days = (version.promised_days or version.statutory_days or DAYS) + ON_THE_WAY
    return due_date(deadline(now, days, Unit.work_day, calendar_for(session, case.area_id)).at)


def to_department(session: Session, actor: Actor, now: datetime, case: ProxyCase) -> None:
    """The originals go along with the papers."""
    for custody in held(case):
        if case.department_id and custody.holder_unit_id != case.department_id:
            name = case.department.name if case.department else ""
            move(session, now, custody, UNIT, case.department_id, name)


def to_worker(session: Session, actor: Actor, now: datetime, case: ProxyCase) -> None:
    """What a department has comes back with the papers or with the result: to whoever carries them, else to the owner
    of the case. What a colleague holds stays there.
    """
    for custody in held(case):
        if custody.holder_unit_id is not None:
            keeper = actor.staff_id if actor.role in CARRIERS and actor.staff_id else case.staff_id
            move(session, now, custody, STAFF, keeper, _staff_name(session, actor, keeper))


def give_back(
    session: Session, now: datetime, case: ProxyCase, to: str, signature: CaseSignature | None = None
) -> list[str]:
    """Every original that is out goes home and is signed for by name; returns what it was."""
    going = held(case)
    for custody in going:
        move(session, now, custody, OWNER, None, to, signature=signature)
        custody.returned_at, custody.returned_to = now, to[:50]
    return [c.name for c in going]


def need_held(case: ProxyCase) -> list[Custody]:
    """The originals that are out and in our hands; Conflict when there are none or the department has them."""
    going = held(case)
    if not going:
        raise Conflict(_("No original of this case is out."))
    if any(c.holder_unit_id for c in going):
        raise Conflict(_("The originals are with the department. Fetch them first."))
    return going


# --- one original by itself -----------------------------------------------------------------------------------------


def may_move(actor: Actor, custody: Custody) -> bool:
    """Whether the acting post writes down where this original goes: who carries papers, and the office that has it."""
    if actor.read_only or custody.returned_at is not None or custody.lost_at is not None:
        return False
    return actor.role in HANDS or custody.holder_unit_id in actor.org_unit_ids


def original_of(actor: Actor, case: ProxyCase, uid: str) -> Custody:
    """One original that is out, for somebody who may move it. NotFound for one of another case, Conflict for one that
    went home or is lost, NotAllowed for other posts.
    """
    found = next((c for c in case.custody if c.uid == uid), None)
    if found is None:
        raise NotFound()
    if found.returned_at is not None or found.lost_at is not None:
        raise Conflict(_("This original is no longer out."))
    if not may_move(actor, found):
        raise NotAllowed()
    return found


def check_hand_on(
    now: datetime, case: ProxyCase, custody: Custody, to: Hand | None, due_back_on: date | None
) -> Hand:
    """Who gets one original: a colleague or an office of the case. Invalid for nobody, for whoever has it already, for an
    office that has nothing to do with the case or has not got it yet, for a day before today, and for a card that nobody
    may keep.
    """
    if kept_cards([(custody.name, "original")]):
        raise Invalid(_("An ID card or a bank card is shown and returned, never kept."), field="to")
    if due_back_on is not None and due_back_on < to_local(now).date():
        raise Invalid(_("This day is over already."), field="due_back_on")
    if to is None:
        raise Invalid(_("Say who gets the original."), field="to")
    offices = {case.department_id, *(a.org_unit_id for a in case.assists)}
    if to.kind == UNIT and not (case.submitted_to_department and to.id in offices):
        raise Invalid(_("This office has not got the case: hand the case in first."), field="to")
    if to.id == (custody.holder_unit_id if to.kind == UNIT else custody.holder_staff_id):
        raise Invalid(_("The original is there already."), field="to")
    return to


def lose(session: Session, now: datetime, custody: Custody, *, note: str, done: str) -> CustodyMove:
    """An original is lost: what happened, and what is done for the owner. Invalid without either."""
    if not note.strip():
        raise Invalid(_("Say what happened to the original."), field="note")
    if not done.strip():
        raise Invalid(_("Say what is done for the owner."), field="done")
    row = move(session, now, custody, LOST, None, "", note=done)
    custody.lost_at, custody.lost_note = now, note.strip()[:300]
    return row


def need_word_on_loss(case: ProxyCase, reason: str | None) -> None:
    """A file with a lost original is closed with a reason: how it was settled with the owner."""
    if any(c.lost_at is not None for c in case.custody) and not str(reason or "").strip():
        raise Invalid(
            _("An original of this case was lost: say how it was settled with the owner."), field="reason"
        )


def move(
    session: Session,
    now: datetime,
    custody: Custody,
    kind: str,
    to_id: int | None,
    name: str,
    *,
    signature: CaseSignature | None = None,
    note: str = "",
) -> CustodyMove:
    """One link of the chain, and the holder as it stands from now on. Who lost it stays named."""
    unit = custody.holder_unit_id
    row = CustodyMove(
        custody=custody,
        case_id=custody.case_id,
        at=now,
        from_kind=LOST if custody.lost_at else UNIT if unit else STAFF,
        from_staff_id=custody.holder_staff_id,
        from_unit_id=unit,
        to_kind=kind,
        to_staff_id=to_id if kind == STAFF else None,
        to_unit_id=to_id if kind == UNIT else None,
        to_name=name[:50] or None,
        signature=signature,
        note=note.strip()[:200] or None,
    )
    session.add(row)
    unasked(session, now, custody, row.to_staff_id)
    if kind in (STAFF, UNIT):
        custody.holder_staff_id, custody.holder_unit_id = row.to_staff_id, row.to_unit_id
    return row


def unasked(session: Session, now: datetime, custody: Custody, gets: int | None) -> None:
    """The original goes to ``gets`` (staff id, None for anybody else): a colleague who was asked to take it over, and does
    not see it go, hears that this came to nothing.
    """
    asked = custody.offered_to_id
    custody.offered_to_id = custody.offered_at = None
    if asked is not None and asked not in (gets, session_actor(session).staff_id):
        told = {"number": custody.case.number}
        notify_staff(session, now, asked, "proxy", CALLED_OFF, told, link=link_of(custody.case))


def keeper_of(session: Session, staff_id: int | None) -> tuple[str, str]:
    """(uid, name) of who holds papers; a department does not see the staff of an area, and hands them papers."""
    if staff_id is None:
        return "", ""
    known = session.get(Staff, staff_id)
    if known is not None:
        return known.uid, known.name
    with unscoped("proxy: the name of who is handed an original") as other:
        found = other.get(Staff, staff_id)
        return (found.uid, found.name) if found is not None else ("", "")


def _staff_name(session: Session, actor: Actor, staff_id: int | None) -> str:
    return actor.label if staff_id == actor.staff_id else keeper_of(session, staff_id)[1]
