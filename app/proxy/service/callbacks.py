"""Call-backs after a bad rating: opened for somebody else than who was rated, tried, closed with what came of it.

The nearest station above the case gets it, its leader first, else the town. Reminders and escalation go by the rules of
the site (`callback` in `escalation_rule`); no file is closed while one is open.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Account, Area, Post
from app.areas.queries import in_force
from app.areas.rules import parent_path
from app.areas.service.calendars import calendar_for
from app.core import codes
from app.core.actor import Actor
from app.core.clock import to_local
from app.core.errors import Conflict, Invalid, NotAllowed, NotFound
from app.core.scope import unscoped
from app.core.sla import Unit, deadline
from app.inbox.service import notify_staff
from app.proxy.choices import RATINGS
from app.proxy.models import CaseCallback, ProxyCase
from app.proxy.rules.callbacks import check_closing, days_for, need_other
from app.proxy.service.notices import N_, link_of

LEVELS = ("workstation", "town_staff")  # who calls back: the nearest desk of the first, else of the second
CALLERS = frozenset({*LEVELS, "office_clerk", "center_operator"})


OPENED = N_("Case %(number)s (%(item)s) was rated badly: please call the resident back.")


def rated_staff(case: ProxyCase) -> set[int]:
    """Whose work a rating is about: who carries the case, and who handed the result over."""
    return {n for n in (case.staff_id, *(d.staff_id for d in case.deliveries)) if n is not None}


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
    """Open a call-back where the rating is a bad one; while one is open a second bad rating adds none."""
    levels = {code: found.attributes for code, found in codes.codes(session, RATINGS).items()}
    days = days_for(rating, levels)
    if days is None or open_ones(case):
        return None
    due = deadline(now, days, Unit.work_day, calendar_for(session, case.area_id))
    row = CaseCallback(rating=rating, words=words[:300] or None, opened_at=now, due_at=due.at)
    row.case_id, row.provisional = case.id, due.provisional
    row.staff_id = somebody_else(case, now)
    case.callbacks.append(row)
    session.flush()
    if row.staff_id is not None:
        params = {"number": case.number, "item": case.item_version.name}
        notify_staff(session, now, row.staff_id, "proxy", OPENED, params, link=link_of(case), level="warn")
    return row


def somebody_else(case: ProxyCase, now: datetime) -> int | None:
    """Staff id of who calls back: at the nearest station above the case (its leader first), else in the town; nobody who
    was rated. None where nobody sits; the escalation tells the level above.
    """
    above, rated = [case.area.path], rated_staff(case)
    while above[-1]:
        above.append(parent_path(above[-1]))
    query = (
        select(Post.role, Area.path, Post.is_station_leader, Post.staff_id)
        .join(Area, Area.id == Post.area_id)
        .join(Account, Account.staff_id == Post.staff_id)
        .where(Post.role.in_(LEVELS), Post.deleted_at.is_(None), *in_force(Post, to_local(now).date()))
        .where(Area.path.in_(above))
    )
    with unscoped("proxy: who calls back sits above the scope of the worker") as other:
        rows = [row for row in other.execute(query) if row[3] not in rated]
    ranked = sorted(rows, key=lambda r: (LEVELS.index(r[0]), -len(r[1]), not r[2], r[3]))
    return ranked[0][3] if ranked else None


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
