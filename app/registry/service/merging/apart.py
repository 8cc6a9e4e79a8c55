"""A merge taken apart (S4-61): what goes back, what stays where it is, and what must be taken back before."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.core import hooks
from app.core.actor import Actor
from app.core.errors import Conflict, NotAllowed, NotFound
from app.registry.choices import EventKind
from app.registry.choices.duplicates import DuplicateAction
from app.registry.models import (
    DuplicatePair,
    HouseholdMember,
    LifeEvent,
    LifeEventPerson,
    Person,
    PersonArea,
    PersonMerge,
)
from app.registry.service import duplicates
from app.registry.service.duplicates import pairs
from app.registry.service.merging import homes, papers, parts
from app.registry.service.merging.follow import Pointer, pointers
from app.registry.service.merging.join import locked_people, seen_by
from app.registry.service.merging.kept import end_of_chain
from app.registry.service.merging.ledger import Left, revert

STAYS = "stays"
# kept by the program itself beside what people enter
BOOKKEEPING = frozenset({"person_area", "person_source"})
DONE = _("This merge has been taken apart already.")
MERGED_ON = _("Another merge rests on this one. Take that one apart first.")
DELETED = _("The record was deleted since. Restore it first.")


@dataclass(frozen=True)
class Apart:
    """What taking a merge apart did beside putting everything back.

    ``left`` are values that were changed since and stay as they are; ``changed`` are rows (table, key) that went back to
    the other record as they are now, though something was written into them since.
    """

    merge: PersonMerge
    left: list[Left]
    changed: list[tuple[str, int]] = field(default_factory=list)


def undo(wide: Session, uid: str, *, reason: str, actor: Actor, now: datetime) -> Apart:
    """Take a merge apart: every value goes back unless it was changed since; those are named and left.

    What was entered on the merged record since then stays with it. Raises NotFound when the actor does not see the
    record or worked on neither side; Conflict when it was taken apart already, when another merge or a life event rests on
    it (``merge`` or ``event`` in its data is the uid of that one).
    """
    row = wide.scalars(select(PersonMerge).where(PersonMerge.uid == uid).with_for_update()).one_or_none()
    if row is None:
        raise NotFound()
    people = locked_people(wide, row.kept_id, row.gone_id)
    kept, gone = people[row.kept_id], people[row.gone_id]
    _may_take_apart(wide, actor, row, gone)
    wide.refresh(row)
    refuse_later(wide, row, kept)
    hooks.give_reason(wide, reason)
    changed = _changed_since(wide, row)
    left = revert(wide, row.moved)
    left += homes.one_home_each(wide, kept, row.moved)
    left += papers.one_card_each(wide, row, now)
    _reopened(wide, row, now)
    row.undone_at, row.undone_by, row.undo_reason = now, actor.user_id, reason.strip()[:200]
    pair = wide.get(DuplicatePair, row.pair_id) if row.pair_id else None
    if pair is not None:
        pairs.step(wide, pair, DuplicateAction.undo, reason=reason, actor=actor, now=now)
    wide.flush()
    wide.expire_all()
    for key in (kept.id, gone.id):
        duplicates.review(wide, key, actor=actor, now=now)
    return Apart(row, left, changed)


def _reopened(wide: Session, row: PersonMerge, now: datetime) -> None:
    """What the merge closed by a step is open again by a step."""
    steps = {p.column.table.name: p.follow.step for p in pointers() if p.follow and p.follow.step}
    classes: dict[str, type] = {m.class_.__tablename__: m.class_ for m in Person.registry.mappers}
    for operation in row.moved:
        step = steps.get(operation["table"])
        if step and "state" in operation.get("columns", ()):
            before, after = operation["columns"]["state"][::-1]
            item: Any = wide.get(classes[operation["table"]], operation["id"])
            if item is not None and item.state == after:
                parts.write_step(wide, item, (step[0], step[2]), before, now)


def refuse_later(wide: Session, row: PersonMerge, kept: Person) -> None:
    """The newest first: a merge or an event entered on top looked at both records as one."""
    if row.undone_at is not None:
        raise Conflict(DONE)
    if (later := later_merge(wide, row)) is not None:
        raise Conflict(MERGED_ON, merge=later.uid)
    if kept.deleted_at is not None:
        raise Conflict(DELETED)
    if (event := _later_event(wide, row)) is not None:
        text = _(
            "A later event rests on this merge: %(kind)s on %(day)s. Take that one back first and enter it anew.",
            kind=EventKind.label_of(event.kind),
            day=event.happened_on.isoformat(),
        )
        raise Conflict(text, event=event.uid)


def later_merge(wide: Session, row: PersonMerge) -> PersonMerge | None:
    """The newest merge on top of this one: of the record that stayed into another, or of a third one into it."""
    query = select(PersonMerge).where(
        PersonMerge.undone_at.is_(None),
        or_(
            PersonMerge.gone_id == row.kept_id,
            (PersonMerge.kept_id == row.kept_id) & (PersonMerge.id > row.id),
        ),
    )
    return wide.scalars(query.order_by(PersonMerge.id.desc())).first()


def _later_event(wide: Session, row: PersonMerge) -> LifeEvent | None:
    """The newest event since that wrote into a row which came from the other record: only people know whose it was."""
    came = {(op["table"], op["id"]) for op in row.moved if _moves(op)}
    near = select(LifeEventPerson.event_id).where(LifeEventPerson.person_id == row.kept_id)
    theirs = select(HouseholdMember.household_id).where(HouseholdMember.person_id == row.kept_id)
    query = select(LifeEvent).where(
        LifeEvent.created_at > row.created_at,
        LifeEvent.revoked_at.is_(None),
        or_(
            LifeEvent.id.in_(near),
            LifeEvent.household_id.in_(theirs),
            LifeEvent.other_household_id.in_(theirs),
        ),
    )
    for event in wide.scalars(query.order_by(LifeEvent.id.desc())):
        if any((table, key) in came for table, key, _values in (event.undo or {}).get("changed", ())):
            return event
    return None


def _moves(operation: dict[str, Any]) -> bool:
    """Whether the operation handed a row from one record to the other."""
    handed = {p.column.name for p in _moving() if p.column.table.name == operation["table"]}
    return not handed.isdisjoint(operation.get("columns", ()))


@cache
def _moving() -> list[Pointer]:
    return [p for p in pointers() if p.follow is not None and p.follow.way != STAYS]


def _classes() -> dict[str, Any]:
    return {m.class_.__tablename__: m.class_ for m in Person.registry.mappers}


def _changed_since(wide: Session, row: PersonMerge) -> list[tuple[str, int]]:
    """Rows that came from the other record and were written since."""
    classes, found = _classes(), []
    for table, key in dict.fromkeys((op["table"], op["id"]) for op in row.moved if _moves(op)):
        item = wide.get(classes[table], key, execution_options={"with_deleted": True})
        written = getattr(item, "updated_at", None)
        if written is not None and row.created_at is not None and written > row.created_at:
            found.append((table, key))
    return found


def entered_since(session: Session, row: PersonMerge) -> dict[str, int]:
    """How many rows of each table were entered on the merged record since, as far as the session sees them: they stay."""
    classes, counts = _classes(), []
    kept = session.get(Person, row.kept_id)
    if kept is None:
        return {}
    for pointer in _moving():
        model, table = classes[pointer.column.table.name], pointer.column.table.name
        if not hasattr(model, "created_at") or table in BOOKKEEPING:
            continue
        column = getattr(model, pointer.column.name)
        mine = column == (kept.uid if pointer.by_uid else kept.id)
        known = [op["id"] for op in row.moved if op["table"] == table]
        query = select(func.count(model.id)).where(
            mine, model.created_at > row.created_at, model.id.not_in(known)
        )
        counts.append((table, query.scalar_subquery()))
    found = Counter[str]()
    numbers = session.execute(select(*(query for _table, query in counts))).one()
    for (table, _query), number in zip(counts, numbers, strict=True):
        found[table] += number
    return {table: number for table, number in found.items() if number}


def _may_take_apart(wide: Session, actor: Actor, row: PersonMerge, gone: Person) -> None:
    """Whoever sees the merged record and one of the areas that saw the record that went."""
    if actor.read_only:
        raise NotAllowed()
    if not actor.sees_persons:
        raise NotFound()
    if actor.whole_site:
        return
    moved = {
        op["id"]
        for op in row.moved
        if op["table"] == PersonArea.__tablename__ and "person_id" in op.get("columns", ())
    }
    ties = select(PersonArea.area_id).where(PersonArea.id.in_(moved))
    areas = {gone.area_id, *wide.scalars(ties)}
    paths = wide.scalars(select(Area.path).where(Area.id.in_(areas)))
    if not seen_by(wide, actor, [end_of_chain(wide, row.kept_id)]) or not any(
        actor.covers(path) for path in paths
    ):
        raise NotFound()
