"""Writing the two logs: changes with their reason, accesses before the answer goes out (guards, section 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.audit import fields, rows
from app.audit.choices import AccessAction
from app.core import clock, hooks
from app.core.actor import Actor, current_actor
from app.core.crypto import ring
from app.core.scope import acting_as, session_actor
from app.core.session import current_unit, unit_of_work

ACTIONS = frozenset(action.value for action in AccessAction)
BATCH = "audit_batch"


@dataclass(frozen=True, slots=True)
class Why:
    """The reason of what is being done, in the words of the person, and a short tag of the business step."""

    reason: str | None = None
    tag: str | None = None


NO_REASON = Why()
_why: ContextVar[Why] = ContextVar("geban_why", default=NO_REASON)


@contextmanager
def reason(text: str | None = None, tag: str | None = None) -> Iterator[None]:
    """Everything changed inside carries this reason and tag; an inner block replaces what it names.

    Inside a unit of work the block flushes at its end, so that what was changed in it does not wait for a later
    flush that would know nothing of the reason.
    """
    outer = _why.get()
    token = _why.set(Why(text or outer.reason, tag or outer.tag))
    try:
        yield
        unit = current_unit()
        if unit is not None:
            unit.flush()
    finally:
        _why.reset(token)


@contextmanager
def in_batch(session: Session, uid: str) -> Iterator[None]:
    """Everything the session changes inside is written down with this batch (an import, its undoing): by it the rows of
    one sheet are found again. Flushes at its end, so that nothing of the batch waits for a later flush.
    """
    outer = session.info.get(BATCH)
    session.info[BATCH] = uid
    try:
        yield
        session.flush()
    finally:
        session.info[BATCH] = outer


def give_reason(session: Session, text: str) -> None:
    """The same for the rest of the session's transaction (the kernel's views know the session only)."""
    session.info["audit_reason"] = text


@dataclass(frozen=True, slots=True)
class Changed:
    """One changed row: ``old`` and ``new`` are values by attribute; an insert has no old ones, a delete no new."""

    model: type
    action: str  # insert update delete restore
    row_id: int
    row_uid: str | None
    area_id: int | None
    old: dict[str, Any]
    new: dict[str, Any]


def action_of(old: dict[str, Any], new: dict[str, Any]) -> str:
    """An update that sets or clears ``deleted_at`` is a deletion or a restoration."""
    if "deleted_at" in new and (old.get("deleted_at") is None) != (new["deleted_at"] is None):
        return "delete" if old.get("deleted_at") is None else "restore"
    return "update"


def record_changes(session: Session, changed: Sequence[Changed], batch: str | None = None) -> None:
    """Write the change log in the transaction of the session; without a ``batch`` that of ``in_batch``, if any."""
    common = _common(session, batch)
    written = []
    for c in changed:
        open_part, closed_part = fields.split(c.model, c.old, c.new)
        if c.action == "update" and open_part == "{}" and closed_part is None:
            continue
        written.append(
            common
            | {
                "area_id": c.area_id,
                "table_name": c.model.__tablename__,  # type: ignore[attr-defined]
                "row_id": c.row_id,
                "row_uid": c.row_uid,
                "action": c.action,
                "changes": open_part,
                "protected": None
                if closed_part is None
                else ring().encrypt(closed_part.encode(), rows.PROTECTED),
            }
        )
    rows.write(session.connection(), "change_log", written)


def record_inserts(
    session: Session, model: type, new: Mapping[str, list[Any]], batch: str | None = None
) -> None:
    """``record_changes`` for new rows of one class that stand as columns (bulk writes): several times as quick a row."""
    opened, closed = fields.split_new(model, new)
    count = len(opened)
    sealed = iter(ring().encrypt_many([text.encode() for text in closed if text is not None], rows.PROTECTED))
    columns = {name: [value] * count for name, value in _common(session, batch).items()} | {
        "area_id": new.get("area_id") or [None] * count,
        "table_name": [model.__tablename__] * count,  # type: ignore[attr-defined]
        "row_id": new["id"],
        "row_uid": new.get("uid") or [None] * count,
        "action": ["insert"] * count,
        "changes": opened,
        "protected": [None if text is None else next(sealed) for text in closed],
    }
    rows.write_columns(session.connection(), "change_log", columns)


def _common(session: Session, batch: str | None) -> dict[str, Any]:
    """What all rows of the log say that are written together: who, when, why, in which batch."""
    actor, why = session_actor(session), _why.get()
    given = why.reason or session.info.get("audit_reason") or actor.system_reason or None
    return _who(actor) | {
        "tag": _cut(why.tag, 60),
        "reason": given,
        "batch": batch or session.info.get(BATCH),
    }


def _who(actor: Actor) -> dict[str, Any]:
    return {
        "at": clock.now(),
        "user_id": actor.user_id,
        "actor": _cut(actor.label, 80) or "",
        "role": _cut(actor.role, 40) or "",
        "origin": _cut(actor.origin, 24) or "",
        "address": _cut(actor.address, 45) or None,
    }


def _cut(text: str | None, length: int) -> str | None:
    return text[:length] if text else text


def log_access(
    action: str,
    table: str | None = None,
    row_id: int | None = None,
    area_id: int | None = None,
    detail: str | None = None,
    reason: str | None = None,
    actor: Actor | None = None,
) -> None:
    """Record READ, SEARCH, REVEAL, EXPORT, PRINT, LOGIN … of sensitive records; committed before it returns.

    Inside a unit of work the row is written with that unit (a second writer would wait for the first for ever on
    SQLite) and is committed with it, before the response as well. ``detail`` never holds personal data.
    """
    if action not in ACTIONS:
        raise ValueError(f"unknown action {action!r}")
    who = actor or current_actor()
    row = _who(who) | {
        "action": action,
        "table_name": table,
        "row_id": row_id,
        "area_id": area_id,
        "detail": _cut(detail, 200),
        "reason": _cut(reason, 200),
    }
    unit = current_unit()
    if unit is not None:
        rows.write(unit.connection(), "access_log", [row])
        return
    with acting_as(who) as session, unit_of_work(session):
        rows.write(session.connection(), "access_log", [row])


def access_hook(access: hooks.Access) -> None:
    """The kernel's access hook."""
    log_access(access.action, access.table, access.row_id, access.area_id, access.detail, access.reason)
