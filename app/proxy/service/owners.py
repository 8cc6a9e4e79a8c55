"""Giving a case to another worker: the case stays where it is, who has it in hand changes (S3-55: one owner at any time)."""

from __future__ import annotations

from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.areas.models import Staff
from app.core.actor import Actor
from app.core.errors import Conflict, Invalid, NotAllowed
from app.inbox.service import notify_staff
from app.proxy.choices import Entry, State
from app.proxy.models import CaseStep, ProxyCase
from app.proxy.service import handing, relations
from app.proxy.service.cases import CLOSED, write_entry
from app.proxy.service.notices import N_, link_of

# who hands out work; a worker hands on what is the worker's own
GIVERS = ("workstation", "office_clerk", "town_staff", "center_operator")
GIVEN = N_("Case %(number)s (%(item)s) is yours from now on.")


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


def give(
    session: Session, actor: Actor, now: datetime, case: ProxyCase, staff: Staff | None, reason: str
) -> CaseStep:
    """The case is this worker's from now on; relations are looked at anew, and who is related is told. Originals stay with
    who holds them until they are handed on by name.

    Raises what `need_giver` does, Invalid without a worker of the scope, for the one who has the case, for one who could
    not open it, without a reason.
    """
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
    before, why = case.staff, reason.strip()[:300]
    data = {"from": before.name if before else "", "from_id": case.staff_id, "to": staff.name, "why": why}
    case.staff_id, case.staff = staff.id, staff
    row = write_entry(actor, now, case, Entry.give, data)
    related = relations.look(session, case, now)
    session.flush()
    if staff.id != actor.staff_id:
        params = {"number": case.number, "item": case.item_version.name}
        notify_staff(session, now, staff.id, "proxy", GIVEN, params, link=link_of(case))
    if related:
        relations.tell_handler(session, now, case, staff.id)
    return row
