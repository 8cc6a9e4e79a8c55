"""Call-backs after a bad rating: opened for somebody else than who was rated, tried, closed with what came of it.

The nearest station above the case gets it, its leader first, else the town. Reminders and escalation go by the rules of
the site (`callback` in `escalation_rule`); no file is closed while one is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.areas.service.calendars import calendar_for
from app.core import codes
from app.core.actor import Actor
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.core.sla import Unit, deadline
from app.inbox.service import notify_staff
from app.proxy.choices import RATINGS
from app.proxy.models import CaseCallback, ProxyCase
from app.proxy.rules.callbacks import LEAST_WORDS, check_closing, need_other, time_for
from app.proxy.rules.limits import CALLBACK
from app.proxy.service.earlier import had_before
from app.proxy.service.limits import site_limits
from app.proxy.service.notices import N_, link_of
from app.proxy.service.openers import Opener, openers

LEVELS = ("workstation", "town_staff")  # who calls back: the nearest desk of the first, else of the second
CALL_ORDER = ("workstation", "office_clerk", "town_staff", "center_operator")
CALLERS = frozenset(CALL_ORDER)


OPENED = N_("Case %(number)s (%(item)s) was rated badly: please call the resident back.")
GIVEN = N_("The call-back in case %(number)s (%(item)s) was given to you.")


def rated_staff(case: ProxyCase) -> set[int]:
    """Whose work a rating is about: who carries the case or has carried it, and who handed the result over."""
    found = {case.staff_id, *had_before(case), *(d.staff_id for d in case.deliveries)}
    return {n for n in found if n is not None}


def open_ones(case: ProxyCase) -> list[CaseCallback]:
    """Call-backs that are not closed."""
    return [c for c in case.callbacks if c.closed_at is None]


def need_level(session: Session, rating: str, *, field: str = "rating") -> None:
    """Raises Invalid for what is none of the five levels."""
    if rating not in {code for code, _label in codes.choices(session, RATINGS)}:
        raise Invalid(_("This rating does not exist."), field=field)


def after_rating(
    session: Session, now: datetime, case: ProxyCase, rating: str, words: str
) -> CaseCallback | None:
    """Open a call-back where the rating is a bad one, due by the limit of the site; while one is open a second bad rating
    adds none.
    """
    limit = time_for(rating, site_limits(session).get(CALLBACK))
    if limit is None or open_ones(case):
        return None
    due = deadline(now, limit[0], Unit(limit[1]), calendar_for(session, case.area_id))
    row = CaseCallback(rating=rating, words=words[:300] or None, opened_at=now, due_at=due.at)
    row.case_id, row.provisional = case.id, due.provisional
    row.staff_id = somebody_else(case, now)
    case.callbacks.append(row)
    session.flush()
    if row.staff_id is not None:
        params = {"number": case.number, "item": case.item_version.name}
        notify_staff(session, now, row.staff_id, "proxy", OPENED, params, link=link_of(case), level="warn")
    return row


def callers(case: ProxyCase, now: datetime, roles: Sequence[str] = LEVELS) -> list[Opener]:
    """Who may call back for a case: the nearest station first, its leader before the others, then the levels above; nobody
    who was rated.
    """
    rated = rated_staff(case)
    return [one for one in openers(case, now, roles) if one.staff_id not in rated]


def somebody_else(case: ProxyCase, now: datetime) -> int | None:
    """Staff id of who calls back first: at the nearest station above the case, else in the town. None where nobody sits;
    the escalation tells the level above.
    """
    found = callers(case, now)
    return found[0].staff_id if found else None


def receivers(case: ProxyCase, now: datetime, row: CaseCallback) -> list[Opener]:
    """Who a call-back may be given to: whoever may handle it and has it not."""
    return [c for c in callers(case, now, CALL_ORDER) if c.staff_id != row.staff_id]


def hand_over(
    session: Session, actor: Actor, now: datetime, case: ProxyCase, uid: str, *, to: str, reason: str
) -> Opener:
    """Give an open call-back to somebody else (``to``: uid of the staff member) for a reason; attempts and day stay as they
    are. Raises what `need_handler` does; Invalid for nobody, for who was rated, for who has it, and without a reason.
    """
    row = need_handler(actor, case, uid)
    found = next((c for c in receivers(case, now, row) if c.uid == to), None)
    if found is None:
        raise Invalid(_("Choose somebody who may call back and was not rated."), field="to")
    if len(reason.strip()) < LEAST_WORDS:
        raise Invalid(_("Say why somebody else calls back."), field="reason")
    row.staff_id = found.staff_id
    session.flush()
    if found.staff_id != actor.staff_id:
        params = {"number": case.number, "item": case.item_version.name}
        notify_staff(session, now, found.staff_id, "proxy", GIVEN, params, link=link_of(case), level="warn")
    return found


def may_handle(actor: Actor, case: ProxyCase) -> bool:
    """Whether the acting post may call back for this case."""
    mine = not actor.read_only and actor.role in CALLERS
    return mine and actor.staff_id is not None and actor.staff_id not in rated_staff(case)


def need_handler(actor: Actor, case: ProxyCase, uid: str) -> CaseCallback:
    """The open call-back of a case, for who may handle it. Raises NotFound, Conflict when it is closed, NotAllowed."""
    row = next((c for c in case.callbacks if c.uid == uid), None)
    if row is None:
        raise NotFound()
    if actor.read_only or actor.role not in CALLERS:
        raise NotAllowed()
    need_other(actor.staff_id, rated_staff(case))
    if row.closed_at is not None:
        raise Conflict(_("This call-back is closed."))
    return row


def tried(actor: Actor, now: datetime, case: ProxyCase, uid: str) -> CaseCallback:
    """One more attempt that reached nobody. Whoever makes it has it in hand from now on."""
    row = need_handler(actor, case, uid)
    row.attempts, row.called_at, row.staff_id = row.attempts + 1, now, actor.staff_id
    return row


def close(
    session: Session, actor: Actor, now: datetime, case: ProxyCase, uid: str, **said: Any
) -> CaseCallback:
    """Close with ``outcome``, ``answer`` in words and, where the resident gives one, ``new_rating``. The rating of the
    case stays as it was given. Raises what `need_handler` and `check_closing` do, Invalid for a level that is none.
    """
    row = need_handler(actor, case, uid)
    answer, rating = str(said.get("answer") or "").strip(), said.get("new_rating") or None
    # a talk that was had is the last attempt; one that was not is counted where it was made
    attempts = row.attempts if said.get("outcome") == "unreachable" else row.attempts + 1
    row.outcome = check_closing(said.get("outcome"), answer, attempts)
    if rating is not None:
        need_level(session, rating, field="new_rating")
    if attempts != row.attempts:
        row.called_at = now
    row.attempts, row.answer, row.new_rating = attempts, answer, rating
    row.closed_at, row.closed_by, row.staff_id = now, actor.label, actor.staff_id
    return row
