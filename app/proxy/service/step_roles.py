"""Who takes a step of a case: the machine with the exceptions of the site. The one place where both come together."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from app.areas.roles import ROLES
from app.core.errors import Invalid
from app.core.workflow import Machine
from app.proxy.choices import Action
from app.proxy.models import ProxyCase, StepRole
from app.proxy.rules.machine import MACHINE
from app.proxy.rules.step_roles import Exception_, changes_for, check_exception, machine_with, need_somebody

KEPT = "proxy.step_roles"
PAGE = "ProxyCaseView"


def exceptions(session: Session) -> tuple[Exception_, ...]:
    """The exceptions of the site; asked once in a transaction."""
    kept = session.info.get(KEPT)
    if kept is None or kept[0] is not session.get_transaction():
        rows = session.execute(
            select(StepRole.action, StepRole.role, StepRole.allowed, StepRole.item_id)
        ).all()
        kept = session.info[KEPT] = (session.get_transaction(), tuple(Exception_(*row) for row in rows))
    found: tuple[Exception_, ...] = kept[1]
    return found


def machine_for(session: Session | None, item_id: int | None) -> Machine:
    """The machine of a service; of services without exceptions of their own where none is named."""
    return MACHINE if session is None else machine_with(changes_for(exceptions(session), item_id))


def machine_of(case: ProxyCase) -> Machine:
    """The machine by which a case moves."""
    return machine_for(object_session(case), case.item_version.item_id)


def own_items(session: Session) -> list[int]:
    """Services with exceptions of their own."""
    return sorted({e.item for e in exceptions(session) if e.item is not None})


def may_take(session: Session, role: str, action: Action) -> bool:
    """Whether a role takes a step in any service."""
    machines = (machine_for(session, item) for item in (None, *own_items(session)))
    return any(role in to.role for machine in machines for _s, a, to in machine.rows() if a is action)


def check(session: Session, row: StepRole) -> None:
    """An exception before it is kept. Raises what the rule does, Invalid for a role that opens no case."""
    check_exception(_of(row), _others(session, row))
    if row.allowed and not ROLES[row.role].permits("can_use", PAGE):
        raise Invalid(_("This role opens no case: it could not take the step."), field="role")


def check_gone(session: Session, row: StepRole) -> None:
    """Before an exception is deleted. Raises Conflict when a step would have nobody without it."""
    need_somebody(_others(session, row))


def _of(row: StepRole) -> Exception_:
    item = row.item_id if row.item is None else row.item.id
    return Exception_(row.action or "", row.role or "", bool(row.allowed), item)


def _others(session: Session, row: StepRole) -> list[Exception_]:
    with session.no_autoflush:
        return [_of(other) for other in session.scalars(select(StepRole)) if other is not row]
