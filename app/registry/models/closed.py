"""Closed groups: special groups of level 5, which are there for those who hold the grant by name (guards, section 3)."""

from __future__ import annotations

from typing import Any

from flask_appbuilder import Model
from sqlalchemy import and_, or_, select
from sqlalchemy.sql import Select

from app.core.actor import Actor
from app.registry.choices import CLOSED_LEVEL


def open_to(group: Any, actor: Actor) -> Any:
    """The one rule of closed groups, over the columns of a row of ``person_group``: a group of level 5 is there for those
    who hold the grant by its name, for people of the area of the grant; visits, proposals and lines of the day about it
    ask the same (guards, section 3).
    """
    parts = [
        and_(group.group_code == code, group.person_id.in_(_tied_within(lo, hi)))
        for code, lo, hi in actor.grants_in
    ]
    return or_(group.level != CLOSED_LEVEL, group.group_code.in_(sorted(actor.grants)), *parts)


def _tied_within(lo: str, hi: str) -> Select[Any]:
    link, area = (Model.metadata.tables[name] for name in ("person_area", "area"))
    tied = select(link.c.person_id).join(area, area.c.id == link.c.area_id)
    return tied.where(link.c.valid_to.is_(None), area.c.path.between(lo, hi))
