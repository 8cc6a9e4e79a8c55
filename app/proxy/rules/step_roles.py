"""Who takes a step, as a site may change it: a role that may as well, or may not, everywhere or in one service. Pure.

The machine says who takes each step as the program comes; what a site changes are exceptions to it. Who decides a case is no
matter of roles but of the service (its department, or the town's window): those rows stay. Roles that only look, or that
administer the site, never take a step; and no step is left without a role.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from flask_babel import lazy_gettext as _

from app.core.errors import Conflict, Invalid
from app.core.workflow import Machine, To
from app.proxy.choices import Action
from app.proxy.rules.machine import MACHINE
from app.proxy.rules.roles import BLIND, DECIDERS, NEVER, ROLES

Change = tuple[str, str, bool]  # action, role, whether it may


@dataclass(frozen=True)
class Exception_:
    """One exception; ``item`` is the id of a service, or None for all of them."""

    action: str
    role: str
    allowed: bool
    item: int | None = None


def _is_open(to: To) -> bool:
    """Whether a site may say who takes this row: not where a case is decided."""
    return to.role != DECIDERS


CHANGEABLE = tuple(a for a in Action if any(_is_open(to) for _s, action, to in MACHINE.rows() if action is a))


def changes_for(exceptions: Iterable[Exception_], item: int | None) -> frozenset[Change]:
    """What holds for a service (None: for services without exceptions of their own): its own counts before the site's."""
    found: dict[tuple[str, str], bool] = {}
    for one in sorted(exceptions, key=lambda e: e.item is not None):
        if one.item is None or one.item == item:
            found[one.action, one.role] = one.allowed
    return frozenset((action, role, allowed) for (action, role), allowed in found.items())


@lru_cache(maxsize=256)
def machine_with(changes: frozenset[Change]) -> Machine:
    """The machine under these exceptions; the program's own where there are none. A row that would have nobody (two
    administrators at once) keeps its roles.
    """
    if not changes:
        return MACHINE
    rows = MACHINE.rows()
    return replace(
        MACHINE, table={(s, a): replace(to, role=_roles(to, str(a), changes) or to.role) for s, a, to in rows}
    )


def _roles(to: To, action: str, changes: Collection[Change]) -> tuple[str, ...]:
    if not _is_open(to):
        return to.role
    more = tuple(r for a, r, may in sorted(changes) if a == action and may and r not in to.role)
    less = {r for a, r, may in changes if a == action and not may}
    return tuple(r for r in (*to.role, *more) if r not in less)


def check_exception(one: Exception_, others: Collection[Exception_]) -> None:
    """Raises Invalid for an exception that cannot be or changes nothing, Conflict for one that is there already, or by which
    a step would have nobody. ``others`` are the site's other exceptions.
    """
    action = Action.parse(one.action, field="action")
    if action not in CHANGEABLE:
        raise Invalid(
            _("Who decides a case is set with the service: its department, or the window of the town."),
            field="action",
        )
    if one.role not in ROLES:
        raise Invalid(_("This choice does not exist."), field="role")
    if one.role in NEVER:
        raise Invalid(_("This role only looks or administers: it never takes a step."), field="role")
    if one.allowed and action is Action.book and one.role in BLIND:
        raise Invalid(_("This role sees no residents: there is nobody whom it could book for."), field="role")
    if any((o.action, o.role, o.item) == (one.action, one.role, one.item) for o in others):
        raise Conflict(_("There is such an exception already: change that one."), field="role")
    before, after = (changes_for(rules, one.item) for rules in (others, [*others, one]))
    rows = [to for _s, a, to in MACHINE.rows() if a is action]
    if all(_roles(to, one.action, before) == _roles(to, one.action, after) for to in rows):
        raise Invalid(_("This changes nothing: that is so already."), field="allowed")
    need_somebody([*others, one])


def need_somebody(exceptions: Collection[Exception_]) -> None:
    """Raises Conflict when a step would have no role any more, at the site or in a service."""
    for item in {None, *(e.item for e in exceptions)}:
        changes = changes_for(exceptions, item)
        for _state, action, to in MACHINE.rows():
            if not _roles(to, str(action), changes):
                words = _("Nobody could take the step “%(step)s” any more.", step=action.label)
                raise Conflict(words, field="allowed")
