"""Areas: made, changed, closed. Paths are given once, codes are unique per period, the id never changes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import get_history

from app.areas import queries
from app.areas.models import Area, AreaLevel, Post
from app.areas.rules import (
    check_code,
    check_polygon,
    child_path,
    depth_of,
    full_name,
    range_of,
)
from app.areas.service import live
from app.areas.service.rights import area_of, need_area
from app.core import clock, hooks, pinyin
from app.core.actor import Actor
from app.core.errors import Conflict, Invalid

FIXED = ("level_id", "parent_id", "path")


def take_number(session: Session, parent: Area | None) -> int:
    """The next child number of a parent (of the top for None); the parent's row stays locked until the commit.

    One UPDATE … RETURNING, so that two clerks who create at once get different numbers; it leaves the version of
    the parent alone, because nobody's open form is outdated by it.
    """
    if parent is None:
        last = session.scalar(select(func.max(Area.path)).where(Area.parent_id.is_(None)))
        return int(last, 36) + 1 if last else 1
    statement = update(Area).where(Area.id == parent.id).values(next_child=Area.next_child + 1)
    statement = statement.returning(Area.next_child).execution_options(synchronize_session=False)
    number = session.scalar(statement) - 1
    session.expire(parent, ["next_child"])
    return number


def create_area(session: Session, area: Area, actor: Actor, now: datetime) -> Area:
    """Put a new area under its parent: ``level_id``, ``parent_id``, ``code`` and ``name`` are given, the rest may be.

    Raises Invalid with the field, NotAllowed outside the actor's areas. In force from today when no day is given.
    """
    with session.no_autoflush:
        level = _level(session, area)
        parent = area_of(session, area.parent_id) if area.parent_id else None
        need_area(actor, parent.path if parent else "")
        area.valid_from = area.valid_from or clock.to_local(now).date()
        _check_place(area, level, parent)
        number = take_number(session, parent)
        area.path = child_path(parent.path if parent else "", number)
        area.depth = depth_of(area.path) - 1
        _check_facts(session, area, level)
        _spell(area, [*queries.ancestor_names(session, area.path), area.name])
    session.add(area)
    session.flush()
    return area


def change_area(session: Session, area: Area, actor: Actor, now: datetime) -> Area:
    """Check and complete a changed area; its new name goes into the full names below it.

    Level, parent and the last day are not changed here: that is a plan's matter (S0-15) or `close_area`'s.
    """
    need_area(actor, area.path)
    if any(get_history(area, name).has_changes() for name in (*FIXED, "valid_to")):
        raise Conflict(_("Level and place of an area change by a plan with an effective date only."))
    renamed = get_history(area, "name").has_changes()
    with session.no_autoflush:
        _check_facts(session, area, _level(session, area))
    session.flush()
    if renamed:
        respell(session, area)
    return area


def close_area(
    session: Session, area: Area, last_day: date, reason: str, actor: Actor, now: datetime
) -> Area:
    """End an area that holds nothing any more. Raises Conflict with what still stands in it.

    An area with people in it is ended by a plan that says where they go.
    """
    need_area(actor, area.path)
    if not (reason or "").strip():
        raise Invalid(_("Please give a reason."), field="reason")
    if area.valid_to is not None:
        raise Conflict(_("This area has been closed."))
    if area.valid_from and last_day < area.valid_from:
        raise Invalid(_("The last day lies before the first."), field="valid_to")
    standing = [*_standing(session, area, last_day)]
    if standing:
        text = _("Still in this area: %(what)s. Divide it by a plan first.", what=_Listed(standing))
        raise Conflict(text, standing={key: count for key, _label, count in standing})
    area.valid_to = last_day
    hooks.give_reason(session, reason.strip())
    session.flush()
    return area


def reopen_area(session: Session, area: Area, reason: str, actor: Actor, now: datetime) -> Area:
    """Take back a closing, when the code has not been given to another area and no plan ended it."""
    need_area(actor, area.path)
    if not (reason or "").strip():
        raise Invalid(_("Please give a reason."), field="reason")
    if area.valid_to is None or queries.successors(session, [area.id]):
        raise Conflict(_("This area cannot be opened again."))
    with session.no_autoflush:
        area.valid_to = None
        _check_code_free(session, area)
    hooks.give_reason(session, reason.strip())
    session.flush()
    return area


def respell(session: Session, area: Area) -> None:
    """Full names of an area and everything below it anew (after a new name or another parent)."""
    above = queries.ancestor_names(session, area.path)
    rows = session.scalars(select(Area).where(Area.path.between(*range_of(area.path))).order_by(Area.path))
    names: dict[str, list[str]] = {}
    for row in rows:
        line = [*(above if row.id == area.id else names[row.path[:-4]]), row.name]
        names[row.path] = line
        _spell(row, line)
    session.flush()


def _spell(area: Area, names: list[str]) -> None:
    area.full_name = full_name(names)
    area.name_pinyin, initials = pinyin.spell(area.name, 160)
    area.name_initials = initials[:80]


def _level(session: Session, area: Area) -> AreaLevel:
    level = session.get(AreaLevel, area.level_id) if area.level_id else None
    if level is None:
        raise Invalid(_("Please choose the level."), field="level")
    return level


def _check_place(area: Area, level: AreaLevel, parent: Area | None) -> None:
    allowed = [key for key in (level.parent_keys or "").split(",") if key]
    if parent is None:
        if level.kind != "division":
            raise Invalid(_("This level stands below another one."), field="parent")
        return
    if parent.level.key not in allowed:
        text = _("A %(level)s does not stand below a %(above)s.", level=level.name, above=parent.level.name)
        raise Invalid(text, field="parent")
    if not parent.is_valid_on(area.valid_from):  # type: ignore[arg-type]
        raise Invalid(_("The area above is not in force on that day."), field="parent")


def _check_facts(session: Session, area: Area, level: AreaLevel) -> None:
    area.name = (area.name or "").strip()
    if not area.name:
        raise Invalid(_("Please fill in the name."), field="name")
    parent_code = queries.nearest_digit_code(session, area.path)
    area.code = check_code(area.code, level.code_pattern, parent_code=parent_code)
    _check_code_free(session, area)
    area.polygon = check_polygon(area.polygon)
    for low, high in ((area.band_min, area.band_max), (area.valid_from, area.valid_to)):
        if low is not None and high is not None and low > high:
            field = "valid_to" if isinstance(low, date) else "band_max"
            raise Invalid(_("The end lies before the beginning."), field=field)
    if min(area.band_min or 0, area.declared_households or 0, area.declared_persons or 0) < 0:
        raise Invalid(_("A number cannot be below zero."), field="declared_households")


def _check_code_free(session: Session, area: Area) -> None:
    query = select(Area.id).where(
        Area.code == area.code, *queries.overlapping(Area, area.valid_from, area.valid_to)
    )
    if area.id is not None:
        query = query.where(Area.id != area.id)
    if session.scalar(query.limit(1)) is not None:
        raise Invalid(_("The code %(code)s is taken.", code=area.code), field="code")


def _standing(session: Session, area: Area, last_day: date) -> list[tuple[str, Any, int]]:
    """What a closing would leave without a place: (key, label, count)."""
    after = last_day + timedelta(days=1)
    children = select(func.count(Area.id)).where(
        Area.path.between(*range_of(area.path)),
        Area.id != area.id,
        or_(Area.valid_to.is_(None), Area.valid_to >= after),
    )
    posts = select(func.count(Post.id)).where(
        Post.area_id == area.id, or_(Post.valid_to.is_(None), Post.valid_to >= after)
    )
    found = [
        ("areas", _("Areas below it"), session.scalar(children) or 0),
        ("posts", _("Posts"), session.scalar(posts) or 0),
        *((one.key, one.label, live.count_in(session, one, [area.id])) for one in live.registered()),
    ]
    return [entry for entry in found if entry[2]]


class _Listed:
    """``label count`` pairs joined when the text is taken, in the reader's language."""

    def __init__(self, entries: list[tuple[str, Any, int]]) -> None:
        self.entries = entries

    def __str__(self) -> str:
        return ", ".join(f"{label} {count}" for _key, label, count in self.entries)
