"""An original goes on by itself: to an office, or to a colleague who says so; and one that was lost turns up (S3-49).

Handing on to a colleague is done when the colleague says it: by the own account, or by signing on the spot. Until then it
stays with its holder, who is asked for it when it is overdue; both see what is pending, and either calls it off.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.service.calendars import calendar_for
from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.core.sla import Unit, deadline, due_date
from app.inbox.service import notify_staff
from app.proxy.choices import Entry, SignedFor
from app.proxy.models import CaseAlarm, Custody, ProxyCase
from app.proxy.service import custody as hands
from app.proxy.service import signing
from app.proxy.service.custody import HAND_ORDER, HANDS, ON_THE_WAY, STAFF, UNIT, Hand
from app.proxy.service.notices import CALLED_OFF, N_, link_of
from app.proxy.service.openers import openers

OFFERED = N_("Case %(number)s: an original is to be taken over by you. Say so on its page once you have it.")
TAKEN = N_("Case %(number)s: the original was taken over.")
GIVEN = N_(
    "Case %(number)s: an original was handed over to you and signed for. If you have not got it, say so at once."
)
GONE = N_(
    "Case %(number)s: an original that was with you is booked to %(name)s now. If that is wrong, say so at once."
)


def may_receive(actor: Actor, original: Custody) -> bool:
    """Whether the acting person is the one who is to take the original over."""
    mine = actor.staff_id is not None and original.offered_to_id == actor.staff_id
    return mine and not actor.read_only and original.returned_at is None and original.lost_at is None


def may_find(actor: Actor, original: Custody) -> bool:
    """Whether the acting post writes down that a lost original turned up: who carries papers, and the office it was with."""
    if actor.read_only or original.lost_at is None or original.returned_at is not None:
        return False
    return actor.role in HANDS or original.holder_unit_id in actor.org_unit_ids


def hand_on(
    session: Session,
    actor: Actor,
    now: datetime,
    case: ProxyCase,
    original: Custody,
    *,
    to: Hand | None,
    note: str = "",
    due_back_on: date | None = None,
    signed: Mapping[str, Any] | None = None,
) -> Entry:
    """An office gets the original at once, as does who writes it down for the own hands or signs for it (``signed``, as a
    step takes a signature); who had it hears of it. Any other colleague is asked to say so. Raises what
    `custody.check_hand_on` does; Invalid where the colleague could not say so, having no account that sees the case.
    """
    before = original.due_back_on
    gets = hands.check_hand_on(now, case, original, to, due_back_on)
    original.due_back_on = due_back_on or before
    if original.due_back_on != before:
        settle_alarms(session, now, original)
    if gets.kind == UNIT or gets.id == actor.staff_id or signed:
        _goes(session, actor, now, case, original, gets, note, signed)
        return Entry.hand_on
    if not sees(case, gets.id, now):
        words = _("%(name)s has no account that sees this case: let the colleague sign here.", name=gets.name)
        raise Invalid(words, field="signature")
    hands.unasked(session, now, original, gets.id)
    original.offered_to_id, original.offered_at = gets.id, now
    _tell(session, now, case, gets.id, OFFERED)
    return Entry.offer


def _goes(
    session: Session,
    actor: Actor,
    now: datetime,
    case: ProxyCase,
    original: Custody,
    gets: Hand,
    note: str,
    signed: Mapping[str, Any] | None,
) -> None:
    """An original changes hands at once; who had it, and on whom it is booked, hear of it where another hand writes it."""
    had, row = original.holder_staff_id, None
    if signed and gets.kind == STAFF and gets.id != actor.staff_id:
        row = signing.sign(session, actor, now, case, SignedFor.handover, signed, signer=gets.name)
        _tell(session, now, case, gets.id, GIVEN)
    hands.move(session, now, original, gets.kind, gets.id, gets.name, signature=row, note=note)
    if had is not None and had != actor.staff_id:
        _tell(session, now, case, had, GONE, name=gets.name)


def sees(case: ProxyCase, staff_id: int, now: datetime) -> bool:
    """Whether somebody who carries papers holds a post with an account at or above the area of the case."""
    return any(one.staff_id == staff_id for one in openers(case, now, HAND_ORDER))


def receive(session: Session, actor: Actor, now: datetime, case: ProxyCase, original: Custody) -> str:
    """The colleague has the original; returns from whom. NotAllowed for anybody else, Conflict where nothing is pending."""
    _need_pending(original)
    if not may_receive(actor, original):
        raise NotAllowed(_("Only who is to take the original over can say so."))
    giver = original.holder_staff_id
    hands.move(session, now, original, STAFF, actor.staff_id, actor.label)
    if giver is not None and giver != actor.staff_id:
        _tell(session, now, case, giver, TAKEN)
    return hands.keeper_of(session, giver)[1]


def call_off(session: Session, actor: Actor, now: datetime, case: ProxyCase, original: Custody) -> str:
    """The original stays where it is: said by who was to take it over, or by who may hand it on; returns who was asked."""
    _need_pending(original)
    if not (may_receive(actor, original) or hands.may_move(actor, original)):
        raise NotAllowed()
    asked = original.offered_to_id
    original.offered_to_id = original.offered_at = None
    for staff_id in {asked, original.holder_staff_id} - {None, actor.staff_id}:
        _tell(session, now, case, staff_id or 0, CALLED_OFF)
    return hands.keeper_of(session, asked)[1]


def lost_one(actor: Actor, case: ProxyCase, uid: str) -> Custody:
    """A lost original of a case, for who may write down that it turned up. NotFound, Conflict, NotAllowed."""
    found = next((c for c in case.custody if c.uid == uid), None)
    if found is None:
        raise NotFound()
    if found.lost_at is None:
        raise Conflict(_("This original is not lost."))
    if not may_find(actor, found):
        raise NotAllowed()
    return found


def find(
    session: Session,
    actor: Actor,
    now: datetime,
    case: ProxyCase,
    original: Custody,
    *,
    note: str,
    due_back_on: date | None = None,
) -> None:
    """A lost original turned up: the chain goes on with who has it now, and it has a day again to go home by. What was
    told about the old day is settled. Invalid without where it was found, and for a day before today.
    """
    if not note.strip():
        raise Invalid(_("Say where the original was found."), field="note")
    today = to_local(now).date()
    if due_back_on is not None and due_back_on < today:
        raise Invalid(_("This day is over already."), field="due_back_on")
    calendar = calendar_for(session, case.area_id)
    usual = due_date(deadline(now, ON_THE_WAY, Unit.work_day, calendar).at)
    settle_alarms(session, now, original)
    office = original.holder_unit_id if original.holder_unit_id in actor.org_unit_ids else None
    name = original.holder_unit.name if office and original.holder_unit else actor.label
    hands.move(session, now, original, UNIT if office else STAFF, office or actor.staff_id, name, note=note)
    original.lost_at = original.lost_note = None
    original.due_back_on = due_back_on or usual


def settle_alarms(session: Session, now: datetime, original: Custody) -> None:
    """What was told about the day of an original is done with: it has another one, or turned up."""
    query = select(CaseAlarm).where(
        CaseAlarm.case_id == original.case_id,
        CaseAlarm.about == f"custody:{original.uid}",
        CaseAlarm.settled_at.is_(None),
    )
    for alarm in session.scalars(query):
        alarm.settled_at = now


def _need_pending(original: Custody) -> None:
    if original.offered_to_id is None:
        raise Conflict(_("Nobody is asked to take this original over."))


def _tell(session: Session, now: datetime, case: ProxyCase, staff_id: int, words: str, **values: str) -> None:
    told = {"number": case.number, **values}
    notify_staff(session, now, staff_id, "proxy", words, told, link=link_of(case))
