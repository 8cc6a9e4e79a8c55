"""Taking back an event that was entered by mistake: its rows are put back, unless something later rests on them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask_appbuilder import Model
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, inspect, select
from sqlalchemy.orm import Session

from app.core import hooks, removal
from app.core.actor import Actor
from app.core.errors import Conflict, DomainError, Invalid
from app.core.models import Deletable
from app.registry.choices import EventKind
from app.registry.models import Dwelling, Household, LifeEvent, Person, PersonArea
from app.registry.service import groups_gone, proposals, proposals_groups, removals
from app.registry.service.checks import expect_version
from app.registry.service.life import obstacles
from app.registry.service.life.journal import TRACKED, held, plain, typed
from app.registry.service.life.obstacles import Key

# nothing rests on these: who confirmed, what was proposed, who else was there; the targets of campaigns follow the homes
LOOSE = frozenset({"person_source", "life_event", "life_event_person", "proposal", "campaign_target"})
LAST = ("household", "person", "dwelling")  # what others hang on goes last


def revoke(
    session: Session,
    event: LifeEvent,
    reason: str,
    *,
    actor: Actor,
    now: datetime,
    version: int | str | None = None,
) -> LifeEvent:
    """Put back what the event closed and opened. The event's row stays, marked, with the reason.

    Raises Conflict that names what stands in the way: a later event, a row that was changed since, something that
    hangs on a record the event made, a proposal that was carried out.
    """
    words = " ".join(reason.split())
    if len(words) < 2:
        raise Invalid(_("Please give a reason."), field="reason")
    expect_version(event, version)
    if event.revoked_at is not None:
        raise Conflict(_("This event has been revoked already."))
    if not event.undo:
        raise Conflict(_("This event cannot be put back from here."), finding="no_undo")
    hooks.give_reason(session, words[:200])
    made, changed = _load(session, event)
    _refuse_later(session, event, made, changed)
    proposals.drop_of(session, event, actor=actor, now=now)
    try:
        _put_back(session, made, changed, actor, now)
    except DomainError as refusal:
        if refusal.status != 403:
            raise
        raise obstacles.elsewhere(event) from None
    event.revoked_at, event.revoked_by, event.revoke_reason = now, actor.user_id, words[:200]
    session.flush()
    for person in (row for row, _values in made if isinstance(row, Person)):
        groups_gone.ask(session, person, now=now)
    if event.kind == EventKind.death:
        proposals_groups.ask(session, event, now=now)
    return event


def _load(
    session: Session, event: LifeEvent
) -> tuple[list[tuple[Any, dict[str, Any]]], list[tuple[Any, dict[str, list[Any]]]]]:
    """Rows that the event made, and rows that it changed, each with what is noted of it."""
    made = [(_row(session, event, table, key), values) for table, key, values in event.undo["made"]]
    changed = [(_row(session, event, table, key), values) for table, key, values in event.undo["changed"]]
    return made, changed


def _row(session: Session, event: LifeEvent, table: str, key: int) -> Any:
    cls = TRACKED[table]
    query = select(cls).where(inspect(cls).columns["id"] == key).execution_options(with_deleted=True)
    row = session.scalars(query).one_or_none()
    if row is None:
        raise obstacles.merged(session, event, {(table, key)}) or obstacles.elsewhere(event)
    return row


def _refuse_later(session: Session, event: LifeEvent, made: Any, changed: Any) -> None:
    for row, values in made:
        now_held = held(row)
        if any(now_held.get(k) != v for k, v in values.items()):
            raise obstacles.conflict(session, event, row)
    known = {(row.__tablename__, row.id) for row, _values in (*made, *changed)}
    for row, values in changed:
        if any(plain(getattr(row, k)) != new for k, (_old, new) in values.items()):
            raise obstacles.conflict(session, event, row)
        if values.get("valid_to", [0])[0] is None:
            _refuse_lost_place(session, event, row, known)
    for row, _values in made:
        if isinstance(row, Person | Household | Dwelling):
            _refuse_hanging(session, event, row, known)


def _refuse_hanging(session: Session, event: LifeEvent, row: Any, known: set[Key]) -> None:
    """What was entered about a record that the event made would be left without it."""
    for other in _hanging(session, row):
        if (other.__tablename__, other.id) not in known:
            more = obstacles.word(other)
            text = _("Something was entered later about %(what)s: %(more)s.", what=str(row), more=more)
            raise Conflict(text, finding="later")
    if obstacles.hangs_elsewhere(row, pointing(row), known):
        raise obstacles.elsewhere(event)


def _refuse_lost_place(session: Session, event: LifeEvent, row: Any, known: set[Key]) -> None:
    """Nobody goes back into a household or a home that has ended since, nor under another head, to whom the relation of
    then says nothing.
    """
    for place in (getattr(row, "household", None), getattr(row, "dwelling", None)):
        if place is None or (place.__tablename__, place.id) in known:
            continue
        if place.valid_to is not None or obstacles.later_event(
            session, event, (place.__tablename__, place.id)
        ):
            raise obstacles.conflict(session, event, place)


def _hanging(session: Session, row: Any) -> Iterator[Any]:
    """Rows of any table that point at a record."""
    for query in pointing(row):
        yield from session.scalars(query)


def pointing(row: Any) -> Iterator[Select[Any]]:
    """Queries for what points at a record: read off the foreign keys, so that no table is forgotten."""
    for mapper in Model.registry.mappers:
        cls = mapper.class_
        if not cls.__module__.startswith("app.") or getattr(cls, "__tablename__", "") in LOOSE:
            continue
        for attribute in mapper.column_attrs:
            column = attribute.columns[0]
            if any(key.column.table.name == row.__tablename__ for key in column.foreign_keys):
                yield select(cls).where(getattr(cls, attribute.key) == row.id).limit(20)


def _put_back(session: Session, made: Any, changed: Any, actor: Actor, now: datetime) -> None:
    """Made rows leave before old ones return (one open membership a household); ties to areas leave last of all."""
    rows = [row for row, _values in made]
    _delete([r for r in rows if isinstance(r, Deletable) and r.__tablename__ not in LAST], actor, now)
    session.flush()
    _restore(session, [pair for pair in changed if isinstance(pair[0], PersonArea)])
    _restore(session, [pair for pair in changed if not isinstance(pair[0], PersonArea)])
    people = {row.id for row in rows if isinstance(row, Person)}
    for row in rows:
        # the recycle bin shows a record by its ties
        if not isinstance(row, Deletable) and getattr(row, "person_id", None) not in people:
            session.delete(row)
    session.flush()
    for table in LAST:
        _delete([row for row in rows if row.__tablename__ == table], actor, now)
        session.flush()


def _restore(session: Session, pairs: Any) -> None:
    for row, values in pairs:
        for key, (old, _new) in values.items():
            setattr(row, key, typed(type(row), key, old))
    session.flush()


def _delete(rows: Any, actor: Actor, now: datetime) -> None:
    for row in rows:
        removal.take_away(row, removals.REVOKED, by=actor.user_id, now=now)
