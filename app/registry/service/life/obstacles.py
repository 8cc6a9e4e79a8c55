"""What stands in the way of a revocation, in words: a later event, a merge, a change, another area."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.areas.rules import SEGMENT
from app.core.errors import Conflict
from app.core.models import AreaBound
from app.core.scope import unscoped
from app.registry.choices import EventKind
from app.registry.models import LifeEvent, LifeEventPerson, Person, PersonMerge
from app.registry.models.people import PersonChild
from app.registry.service.life.journal import TRACKED

Key = tuple[str, int]


def conflict(session: Session, event: LifeEvent, row: Any) -> Conflict:
    """Name what rests on the row: a later event or a merge, the newer one first, or else the row that was changed."""
    key = (row.__tablename__, row.id)
    later = later_event(session, event, key)
    merge = merged(session, event, {key}, later)
    if merge is not None:
        return merge
    if later is not None:
        text = _(
            "A later event rests on this one: %(kind)s on %(day)s. Revoke that one first.",
            kind=EventKind.label_of(later.kind),
            day=later.happened_on.isoformat(),
        )
        return Conflict(text, finding="later_event")
    text = _("This was changed since: %(what)s. Put it right by hand.", what=word(row))
    return Conflict(text, finding="changed")


def later_event(session: Session, event: LifeEvent, key: Key) -> LifeEvent | None:
    """The next event that stands and touched the row."""
    people = [part.person_id for part in event.people]
    homes = [i for part in event.undo.values() for t, i, _v in part if t == "dwelling"]
    near = select(LifeEventPerson.event_id).where(LifeEventPerson.person_id.in_(people))
    query = select(LifeEvent).where(
        LifeEvent.id > event.id,
        LifeEvent.revoked_at.is_(None),
        LifeEvent.id.in_(near)
        | (LifeEvent.dwelling_id.is_not(None) & LifeEvent.dwelling_id.in_(homes))
        | LifeEvent.household_id.in_([event.household_id, event.other_household_id])
        | LifeEvent.other_household_id.in_([event.household_id, event.other_household_id]),
    )
    for later in session.scalars(query.order_by(LifeEvent.id)):
        rows = [(t, i) for part in (later.undo or {}).values() for t, i, _v in part]
        if key in rows:
            return later
    return None


def merged(
    session: Session, event: LifeEvent, rows: Collection[Key], later: LifeEvent | None = None
) -> Conflict | None:
    """The refusal where rows of the event went into another record since, unless a later event comes before the merge on
    the way back. Merges are taken apart from the last one on.
    """
    with unscoped("a merge stands in the way of a revocation: into which record?") as wide:
        merge = _merge_of(wide, event, rows)
        if merge is None or (later is not None and later.created_at > merge.created_at):
            return None
        uid, kept_id, gone = merge.uid, merge.kept_id, merge.gone_name
    kept = session.scalars(select(Person).where(Person.id == kept_id)).one_or_none()
    if kept is None:
        text = _(
            "The record of %(gone)s was merged since into one that your areas do not see. Whoever is responsible for"
            " %(area)s can take the merge apart and then revoke this event.",
            gone=gone,
            area=_common(event),
        )
        return Conflict(text, finding="merged")
    text = _(
        "The record of %(gone)s was merged since into %(kept)s. Take the merge apart first, then revoke this event.",
        gone=gone,
        kept=kept.name,
    )
    return Conflict(text, finding="merged", merge=uid, kept=kept.uid)


def _merge_of(wide: Session, event: LifeEvent, rows: Collection[Key]) -> PersonMerge | None:
    """The newest merge in force that moved or changed one of the rows."""
    query = select(PersonMerge).where(
        PersonMerge.undone_at.is_(None),
        PersonMerge.created_at >= event.created_at,
        or_(
            PersonMerge.kept_id.in_(people := _people(event)),
            PersonMerge.gone_id.in_(people),
        ),
    )
    for merge in wide.scalars(query.order_by(PersonMerge.id.desc())):
        if any((op["table"], op["id"]) in rows for op in merge.moved):
            return merge
    return None


def _people(event: LifeEvent) -> set[int]:
    """Keys of all people of an event: as it was entered, and as merges have renamed them since."""
    found = {part.person_id for part in event.people}
    for part in event.undo.values():
        for table, key, values in part:
            mine = values.get("person_id") if isinstance(values, dict) else None
            found |= {key} if table == "person" else set()
            found |= set(mine) if isinstance(mine, list) else {mine}
    return {key for key in found if key is not None}


def elsewhere(event: LifeEvent) -> Conflict:
    """The refusal where the event touched something outside the actor's areas: who may revoke it. Nothing is changed."""
    text = _(
        "Part of this event lies outside your areas by now. Whoever is responsible for %(area)s can revoke it;"
        " everything stays as it is until then.",
        area=_common(event),
    )
    return Conflict(text, finding="elsewhere")


def _common(event: LifeEvent) -> str:
    """The smallest area that holds everything the event touched, as it stands now."""
    with unscoped("which area holds all that an event touched? only its name is told") as wide:
        ids = {event.area_id}
        for table, key, _values in (row for part in event.undo.values() for row in part):
            cls: Any = TRACKED[table]
            row = wide.get(cls, key, execution_options={"with_deleted": True})
            people = [row.person] if isinstance(row, PersonChild) else [row]
            ids |= {one.area_id for one in (row, *people) if isinstance(one, AreaBound)}
        paths = list(wide.scalars(select(Area.path).where(Area.id.in_(ids))))
        path = paths[0]
        while not all(other.startswith(path) for other in paths):
            path = path[:-SEGMENT]
        return wide.scalars(select(Area.name).where(Area.path == path)).first() or ""


def hangs_elsewhere(row: Any, queries: Iterable[Select[Any]], known: Collection[Key]) -> bool:
    """Whether something outside the actor's areas points at a record. What hangs on a person is seen with the person, or by
    named grant only: it is not told of, and stays with the record.
    """
    with unscoped("does anything outside the actor's areas rest on what an event made?") as wide:
        return any(
            (other.__tablename__, other.id) not in known
            for query in queries
            for other in wide.scalars(query)
            if not isinstance(other, PersonChild)
        )


def word(row: Any) -> str:
    """What a clerk calls the row."""
    owner = getattr(row, "person", None) or getattr(row, "household", None) or row
    name = str(owner) if type(owner).__str__ is not object.__str__ else ""
    words = {
        "person": gettext("the record of %(name)s", name=name),
        "household": gettext("the household %(name)s", name=name),
        "household_member": gettext("the membership of %(name)s", name=name),
        "residence": gettext("the home of %(name)s", name=name),
        "person_area": gettext("the area of %(name)s", name=name),
        "person_document": gettext("a document of %(name)s", name=name),
        "person_name": gettext("a name of %(name)s", name=name),
        "person_group": gettext("a special group of %(name)s", name=name),
        "consent_task": gettext("the consent for %(name)s", name=name),
        "tenancy": gettext("the tenancy of %(name)s", name=name),
        "dwelling": gettext("the home %(name)s", name=name),
    }
    return words.get(row.__tablename__, gettext("another entry"))
