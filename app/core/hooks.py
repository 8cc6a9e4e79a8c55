"""Where upper packages hang what the kernel's views need and may not import (ADR: hooks of the kernel).

Each hook is one function, set once by the package that owns the matter. A guard that needs a missing hook refuses:
no reveal without an access log.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a record's history: ``fields`` is [(column, old, new)], protected values already masked. ``table`` tells
    rows that hang on the record from the record itself.
    """

    at: datetime
    by: str
    role: str
    action: str
    reason: str | None = None
    fields: Sequence[tuple[str, Any, Any]] = field(default_factory=tuple)
    table: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a record as its own page tells of it: who, when, what was done, why."""

    at: datetime
    by: str
    role: str
    action: str
    table: str
    detail: str | None = None
    reason: str | None = None


# (table, keys of rows, mapped class)
Rows = tuple[str, Sequence[int], type]


@dataclass(frozen=True, slots=True)
class Access:
    """READ, SEARCH, REVEAL, EXPORT or PRINT of a sensitive record; ``detail`` never holds the value itself."""

    action: str
    table: str
    row_id: int | None = None
    area_id: int | None = None
    detail: str | None = None
    reason: str | None = None


class Missing(RuntimeError):
    """A guard needs a hook that nobody has set."""


_hooks: dict[str, Callable[..., Any]] = {}
NAMES = ("history", "looks", "access", "fresh_login", "give_reason", "in_batch")


def use(name: str, function: Callable[..., Any]) -> None:
    """Set a hook: ``history(session, [Rows], limit) -> [Change]``; ``looks(session, [Rows], limit) -> [Look]``;
    ``access(Access) -> None``, committed before it returns; ``fresh_login() -> None``, raises DomainError when the
    password must be given again; ``give_reason(session, reason) -> None``, stands beside the change in the change log;
    ``in_batch(session, uid)``: what is changed inside carries the batch in the change log.
    """
    if name not in NAMES:
        raise ValueError(f"no hook {name!r}")
    _hooks[name] = function


def history(session: Session, rows: Sequence[Rows], limit: int = 200) -> list[Change]:
    """Changes of some rows, newest first; the caller has found them in the scope of the actor."""
    return list(_required("history")(session, rows, limit))


def looks(session: Session, rows: Sequence[Rows], limit: int = 200) -> list[Look]:
    """Who looked at some rows, newest first; the caller has found them in the scope of the actor."""
    return list(_required("looks")(session, rows, limit))


def record_access(access: Access) -> None:
    """Write the access log; when that fails, so does what was to be logged."""
    _required("access")(access)


def require_fresh_login() -> None:
    """Ask for the password again where the sign-in is old (reveal, export, role change)."""
    if "fresh_login" in _hooks:
        _hooks["fresh_login"]()


def give_reason(session: Session, reason: str) -> None:
    """Pass the reason of a deletion or another reasoned step on to the change log."""
    if "give_reason" in _hooks:
        _hooks["give_reason"](session, reason)


def in_batch(session: Session, uid: str) -> AbstractContextManager[None]:
    """What the session changes inside is written down as one batch; without a change log there is no such edit."""
    found: AbstractContextManager[None] = _required("in_batch")(session, uid)
    return found


def has(name: str) -> bool:
    """Whether a hook is set."""
    return name in _hooks


def _required(name: str) -> Callable[..., Any]:
    try:
        return _hooks[name]
    except KeyError:
        raise Missing(f"hook {name!r} is not set") from None
