"""Who hears of a step: the department when a case comes in, the owner of the case when it comes back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.inbox.service import notify_staff, notify_unit
from app.proxy.choices import Action
from app.proxy.models import ProxyCase


def N_(text: str) -> str:  # the message tools look for this name
    """Mark a message that is translated when it is read."""
    return text


CAME_IN = N_("Case %(number)s (%(item)s) has come in.")
NEWS = N_("News of case %(number)s (%(item)s).")
ASKED = N_("Your opinion is asked in case %(number)s (%(item)s).")
ANSWERED = N_("An opinion has come in case %(number)s (%(item)s).")
CALLED_OFF = N_("Case %(number)s: taking over the original was called off.")
TO_UNIT = frozenset({Action.submit, Action.correct})
TO_STAFF = frozenset(
    {
        Action.request_supplement,
        Action.reject,
        Action.accept,
        Action.approve,
        Action.refuse,
        Action.return_previous,
        Action.return_to_start,
        Action.withdraw,
        Action.lapse,
        Action.reopen,
    }
)
RETURNS_TO_UNIT = frozenset({Action.supply, Action.reopen})
BACK_TO_UNIT = frozenset({"prechecking", "processing"})


def link_of(case: ProxyCase) -> str:
    """The page of a case."""
    return link_to(case.uid)


def link_to(uid: str) -> str:
    """The page of the case with this uid."""
    return f"/cases/show/{uid}"


def tell_unit(session: Session, now: datetime, case: ProxyCase, org_unit_id: int, words: str) -> None:
    """A line for an office about a case."""
    params = {"number": case.number, "item": case.item_version.name}
    notify_unit(session, now, org_unit_id, "proxy", words, params, link=link_of(case))


def tell(session: Session, actor: Actor, now: datetime, case: ProxyCase, action: Action) -> None:
    """Put a line into the inbox of whoever is to act next. No personal data stands in it."""
    params = {"number": case.number, "item": case.item_version.name}
    comes_in = action in TO_UNIT or (action in RETURNS_TO_UNIT and case.state in BACK_TO_UNIT)
    if comes_in and case.department_id:
        notify_unit(session, now, case.department_id, "proxy", CAME_IN, params, link=link_of(case))
    elif action in TO_STAFF and case.staff_id and case.staff_id != actor.staff_id:
        notify_staff(session, now, case.staff_id, "proxy", NEWS, params, link=link_of(case))
