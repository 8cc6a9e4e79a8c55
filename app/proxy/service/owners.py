"""Giving a case to another worker: the case stays where it is, who has it in hand changes (S3-55: one owner at any time)."""

from __future__ import annotations

from datetime import date, datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Staff
from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Conflict, Invalid, NotAllowed
from app.inbox.service import notify_staff
from app.proxy.choices import Entry, State
from app.proxy.models import CaseStep, ProxyCase
from app.proxy.rules.errands import TO_COLLECT
from app.proxy.rules.stages import APPOINTED, TO_DELIVER
from app.proxy.service import handing, places, relations
from app.proxy.service.cases import CLOSED, write_entry
from app.proxy.service.custody import HAND_ORDER
from app.proxy.service.notices import N_, link_of
from app.proxy.service.openers import Opener, openers
from app.worklog.choices import VisitState
from app.worklog.models import Visit

# who hands out work; a worker hands on what is the worker's own
GIVERS = ("workstation", "office_clerk", "town_staff", "center_operator")
GIVEN = N_("Case %(number)s (%(item)s) is yours from now on.")
GONE = N_("Case %(number)s (%(item)s) was given to %(name)s.")
OFF_ROUND = N_(
    "Case %(number)s (%(item)s) was given to %(name)s. It stood on your round of %(day)s: nobody need go there for it."
)


# the work is done: what is said of it is said of who did it
DONE = frozenset({State.delivered.value, State.evaluated.value})


def is_settled(case: ProxyCase) -> bool:
    """Whether the owner stands: the result is handed over, or the resident has rated the work (S3-51)."""
    return case.state in DONE or case.rating is not None or bool(case.callbacks)


def may_give(actor: Actor, case: ProxyCase) -> bool:
    """Whether the acting post may give the case to somebody else."""
    if actor.read_only or case.state in CLOSED or is_settled(case):
        return False
    mine = actor.staff_id is not None and actor.staff_id == case.staff_id
    return actor.role in GIVERS or mine


def need_giver(actor: Actor, case: ProxyCase) -> None:
    """Raises Conflict for a closed case and one that is delivered or rated, NotAllowed for who hands out no work."""
    if case.state in CLOSED:
        raise Conflict(_("This case is closed."))
    if is_settled(case):
        raise Conflict(_("The result is delivered or the work was rated: the case stays with who did it."))
    if not may_give(actor, case):
        raise NotAllowed()


def receivers(session: Session, case: ProxyCase, now: datetime) -> list[Opener]:
    """Who a case may be given to: workers of the scope who can open it and have it not, the nearest first."""
    found = [one for one in openers(case, now, HAND_ORDER) if one.staff_id != case.staff_id]
    seen = set(session.scalars(select(Staff.id).where(Staff.id.in_([one.staff_id for one in found]))))
    return [one for one in found if one.staff_id in seen]


def give(
    session: Session,
    actor: Actor,
    now: datetime,
    case: ProxyCase,
    staff: Staff | None,
    reason: str,
    *,
    agreed: bool = False,
) -> CaseStep:
    """The case is this worker's from now on; relations are looked at anew, and who is related is told. Originals stay with
    who holds them until they are handed on by name. The appointment stays; a round of somebody else goes on without the
    case, and ``off_round`` in the entry is its day.

    Raises what `need_giver` does, Invalid without a worker of the scope, for the one who has the case, for one who could
    not open it, without a reason; NoRoom where the worker has no room at the time of the appointment, unless ``agreed``.
    """
    found = _receiver(actor, now, case, staff, reason)
    before, why = case.staff, reason.strip()[:300]
    data = {"from": before.name if before else "", "from_id": case.staff_id, "to": found.name, "why": why}
    if case.state in APPOINTED and case.booked_for and case.booked_for >= to_local(now).date():
        asked = {"agreed": agreed, "person_uid": case.person_uid, "without": case.id}
        if places.need_place(session, found.id, case.booked_for, case.booked_slot, **asked) is not None:
            data["overbook"] = True
    day = _leave_round(session, case, found.id)
    if day is not None:
        data["off_round"] = day.isoformat()
    case.staff_id, case.staff = found.id, found
    row = write_entry(actor, now, case, Entry.give, data)
    related = relations.look(session, case, now)
    session.flush()
    _tell(session, actor, now, case, before, day)
    if related:
        relations.tell_handler(session, now, case, found.id)
    return row


def _receiver(actor: Actor, now: datetime, case: ProxyCase, staff: Staff | None, reason: str) -> Staff:
    need_giver(actor, case)
    if staff is None:
        raise Invalid(_("Choose a worker of your area."), field="staff")
    if staff.id == case.staff_id:
        raise Invalid(_("This worker has the case already."), field="staff")
    if not handing.sees(case, staff.id, now):
        words = _(
            "%(name)s has no account that sees this case: choose somebody of its area.", name=staff.name
        )
        raise Invalid(words, field="staff")
    if not reason.strip():
        raise Invalid(_("Say why somebody else takes it."), field="reason")
    return staff


def _leave_round(session: Session, case: ProxyCase, staff_id: int) -> date | None:
    """Take a case that is still to be collected or brought off a planned round that the worker does not walk; its day."""
    if case.visit_id is None or case.state not in {*TO_COLLECT, *TO_DELIVER}:
        return None
    visit = session.get(Visit, case.visit_id)
    if visit is None or visit.state != VisitState.planned or staff_id in {w.staff_id for w in visit.workers}:
        return None
    case.visit_id = None
    return visit.planned_on


def _tell(
    session: Session, actor: Actor, now: datetime, case: ProxyCase, before: Staff | None, day: date | None
) -> None:
    """A line for who has the case now, and for who had it."""
    params = {"number": case.number, "item": case.item_version.name}
    if case.staff_id is not None and case.staff_id != actor.staff_id:
        notify_staff(session, now, case.staff_id, "proxy", GIVEN, params, link=link_of(case))
    if before is not None and before.id != actor.staff_id:
        more = params | {"name": case.staff.name if case.staff else ""}
        more |= {"day": day.isoformat()} if day is not None else {}
        words = GONE if day is None else OFF_ROUND
        notify_staff(session, now, before.id, "proxy", words, more, link=link_of(case))
