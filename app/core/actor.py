"""Who is acting: one value in a context variable, read by scope, audit and services.

A person may hold several posts; one *acting role* is in force at a time and its areas are the areas of all
posts of that role which are valid today. Permission and scope are therefore one decision: what the acting
role may do, it may do in the acting areas and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Actor:
    """The person, command or job on whose behalf the code runs.

    ``ranges`` are (lo, hi) bounds of ``area.path`` (subtrees); ``whole_site`` means no area criterion at all;
    ``org_unit_ids`` are the departments whose handed-over cases the actor sees; ``grants`` are the special
    groups of level L5 opened to the actor by name wherever the actor acts, ``grants_in`` those opened in a part of it
    only, as (group, lo, hi); ``sees_persons`` is false for roles that run the system but
    have no business with residents (administrators, auditors). ``kept_lists`` are the lists about which the person
    has saved something (app/core/saved): of all others nothing need be asked.
    """

    user_id: int | None = None
    staff_id: int | None = None
    label: str = ""
    role: str = ""
    ranges: tuple[tuple[str, str], ...] = ()
    whole_site: bool = False
    org_unit_ids: tuple[int, ...] = ()
    read_only: bool = True
    permissions: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)
    grants: frozenset[str] = frozenset()
    grants_in: tuple[tuple[str, str, str], ...] = ()
    sees_persons: bool = False
    origin: str = "web"
    address: str = ""
    system_reason: str = ""
    kept_lists: frozenset[str] = field(default=frozenset(), repr=False, compare=False)

    @property
    def is_system(self) -> bool:
        """True inside ``unscoped(reason)``: the guard stands aside, audit still records."""
        return bool(self.system_reason)

    @property
    def named_groups(self) -> frozenset[str]:
        """The groups of level L5 that are opened to the actor by name, if only in a part of the acting areas."""
        return self.grants.union(group for group, _lo, _hi in self.grants_in)

    def is_granted(self, name: str, paths: Collection[str] = ()) -> bool:
        """Whether a group or a field of level L5 is opened by name for a record that stands in the areas of ``paths``."""
        return name in self.grants or any(
            group == name and any(lo <= path <= hi for path in paths) for group, lo, hi in self.grants_in
        )

    def may(self, permission: str, view: str) -> bool:
        """Whether the acting role holds ``permission`` (``can_edit``) on the FAB view name ``view``."""
        return self.is_system or (permission, view) in self.permissions

    def covers(self, path: str) -> bool:
        """Whether an area path lies in the acting areas."""
        return self.is_system or self.whole_site or any(lo <= path <= hi for lo, hi in self.ranges)


NOBODY = Actor()
_current: ContextVar[Actor] = ContextVar("geban_actor", default=NOBODY)


def current_actor() -> Actor:
    """The acting person, or ``NOBODY``, who sees and may write nothing."""
    return _current.get()


def set_actor(actor: Actor) -> None:
    """Set the actor for the rest of this context (the request edge calls it once)."""
    _current.set(actor)


@contextmanager
def as_actor(actor: Actor) -> Iterator[Actor]:
    """Set the actor inside a block. Session-owning code uses ``scope.acting_as`` instead."""
    token = _current.set(actor)
    try:
        yield actor
    finally:
        _current.reset(token)
