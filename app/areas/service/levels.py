"""Levels of the tree and role schemes: data that a county names and orders as it likes (S0-07, S1-46, S3-06)."""

from __future__ import annotations

import re
from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import get_history

from app.areas.choices import LevelKind
from app.areas.models import Area, AreaLevel, RoleScheme, RoleSchemeSeat
from app.areas.service.rights import area_of, need_area
from app.core.actor import Actor
from app.core.errors import Conflict, Invalid

KEY = re.compile(r"[a-z][a-z0-9_]{1,23}")


def save_level(session: Session, level: AreaLevel, actor: Actor, now: datetime) -> AreaLevel:
    """Check and keep a level. Its key is how rows and other levels name it and never changes; a pattern of codes
    that cannot be read, or that the areas of the level do not fit, is refused: it would stop every later edit.
    """
    need_area(actor, "")
    with session.no_autoflush:
        level.key = (level.key or "").strip()
        if KEY.fullmatch(level.key) is None:
            raise Invalid(_("A key has small letters, digits and underscores."), field="key")
        if level.id is not None and any(get_history(level, name).has_changes() for name in ("key", "kind")):
            raise Conflict(_("Key and kind of a level never change."), field="key")
        LevelKind.parse(level.kind, field="kind")
        level.name = (level.name or "").strip()
        if not level.name:
            raise Invalid(_("Please fill in the name."), field="name")
        _check_same(session, level)
        _check_parents(session, level)
        _check_pattern(session, level)
        if level.band_min is not None and level.band_max is not None and level.band_min > level.band_max:
            raise Invalid(_("The end lies before the beginning."), field="band_max")
    session.add(level)
    session.flush()
    return level


def drop_level(session: Session, level: AreaLevel, actor: Actor) -> None:
    """Delete a level that no area and no other level uses."""
    need_area(actor, "")
    used = session.scalar(select(func.count(Area.id)).where(Area.level_id == level.id)) or 0
    below = [
        row.name for row in session.scalars(select(AreaLevel)) if level.key in row.parent_keys.split(",")
    ]
    if used or below:
        raise Conflict(_("This level is in use."))
    session.delete(level)
    session.flush()


def save_scheme(session: Session, scheme: RoleScheme, actor: Actor, now: datetime) -> RoleScheme:
    """Check and keep a role scheme: the seats that areas of a level should have filled."""
    with session.no_autoflush:
        need_area(actor, area_of(session, scheme.area_id).path if scheme.area_id else "")
        scheme.key = (scheme.key or "").strip()
        if KEY.fullmatch(scheme.key) is None:
            raise Invalid(_("A key has small letters, digits and underscores."), field="key")
        same = select(RoleScheme.id).where(RoleScheme.key == scheme.key)
        if scheme.id is not None:
            same = same.where(RoleScheme.id != scheme.id)
        if session.scalar(same.limit(1)) is not None:
            raise Invalid(_("This key is taken."), field="key")
        if scheme.level_id is None:
            raise Invalid(_("Please choose the level."), field="level_id")
    session.add(scheme)
    session.flush()
    return scheme


def save_seat(session: Session, seat: RoleSchemeSeat, actor: Actor, now: datetime) -> RoleSchemeSeat:
    """Check and keep a seat: a position stands in a scheme once, and 1 to 99 are needed."""
    with session.no_autoflush:
        scheme = session.get(RoleScheme, seat.scheme_id or 0)
        if scheme is None:
            raise Invalid(_("This choice does not exist."), field="scheme_id")
        need_area(actor, area_of(session, scheme.area_id).path if scheme.area_id else "")
        if not 1 <= (seat.needed or 0) <= 99:
            raise Invalid(_("Between 1 and 99 are needed."), field="needed")
        same = select(RoleSchemeSeat.id).where(
            RoleSchemeSeat.scheme_id == seat.scheme_id, RoleSchemeSeat.position == seat.position
        )
        if seat.id is not None:
            same = same.where(RoleSchemeSeat.id != seat.id)
        if session.scalar(same.limit(1)) is not None:
            raise Conflict(_("The scheme has this position already."), field="position")
    session.add(seat)
    session.flush()
    return seat


def _check_same(session: Session, level: AreaLevel) -> None:
    same = select(AreaLevel.id).where(AreaLevel.key == level.key)
    if level.id is not None:
        same = same.where(AreaLevel.id != level.id)
    if session.scalar(same.limit(1)) is not None:
        raise Invalid(_("This key is taken."), field="key")


def _check_parents(session: Session, level: AreaLevel) -> None:
    keys = [key.strip() for key in (level.parent_keys or "").split(",") if key.strip()]
    ranks = dict(session.execute(select(AreaLevel.key, AreaLevel.rank)).all())
    for key in keys:
        # grids may be divided into grids of their own level's kind, so an equal rank is fine; an upper one is not
        if key not in ranks or ranks[key] > level.rank:
            raise Invalid(_("Levels above must exist and stand before this one."), field="parent_keys")
    level.parent_keys = ",".join(dict.fromkeys(keys))


def _check_pattern(session: Session, level: AreaLevel) -> None:
    level.code_pattern = (level.code_pattern or "").strip() or None
    if level.code_pattern is None:
        return
    try:
        pattern = re.compile(level.code_pattern)
    except re.error:
        raise Invalid(_("This is not a pattern of codes, such as [0-9]{15}."), field="code_pattern") from None
    if level.id is None or not get_history(level, "code_pattern").has_changes():
        return
    codes = session.scalars(select(Area.code).where(Area.level_id == level.id, Area.valid_to.is_(None)))
    misfit = next((code for code in codes if pattern.fullmatch(code) is None), None)
    if misfit is not None:
        raise Invalid(_("The code %(code)s is in use and does not fit.", code=misfit), field="code_pattern")
