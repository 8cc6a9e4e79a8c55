"""Custom fields of the person that are asked in some areas only, or granted by name in some: taken and demanded there, row
by row.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from app.core import extra, policy
from app.core.actor import Actor
from app.core.extra import ExtraColumn
from app.core.views.extras import NOT_YOURS
from app.registry.importing.areas import Areas
from app.registry.importing.lines import Line
from app.registry.models import Person

NEEDED_HERE = _("“%(field)s” is asked in this area: please fill it in.")
NOT_ASKED = _("“%(field)s” is not asked in this area; it is left out.")


def by_area(session: Session, areas: Areas, lines: Sequence[Line], actor: Actor) -> None:
    """Refuse rows that lack what their area asks for, or bring what the actor may not type there; leave out what the area
    does not ask.
    """
    columns = [c for c in extra.columns(session, Person) if c.paths or is_granted_in_part(actor, c)]
    needed = {c.name for c in columns if c.is_required and c.is_fillable(session)}
    for line in lines if columns else ():
        path = _path(line, areas)
        mine = {c.name for c in columns if policy.may(actor, "edit", Person, c.name, (path,))}
        _settle(line, path, columns, needed, mine)


def is_granted_in_part(actor: Actor, column: ExtraColumn) -> bool:
    """Whether the actor may type the field in a part of the acting areas only."""
    may = policy.may(actor, "edit", Person, column.name)
    return not may and policy.may_somewhere(actor, "edit", Person, column.name)


def _path(line: Line, areas: Areas) -> str:
    """Where the person will belong: the grid of the home, else the area of the row."""
    place = areas.by_id.get(line.home.area_id) if line.home is not None and line.home.area_id else None
    return str((place or line.area).path)


def _settle(line: Line, path: str, columns: Sequence[ExtraColumn], needed: set[str], mine: set[str]) -> None:
    for column in columns:
        is_given = line.values.get(column.name) is not None
        if is_given and not column.is_asked_in(path):
            line.values = {key: value for key, value in line.values.items() if key != column.name}
            line.remark(NOT_ASKED, field=column.label)
        elif is_given and column.name not in mine:
            line.refuse(NOT_YOURS)
        elif not is_given and column.name in needed & mine and column.is_asked_in(path):
            line.refuse(NEEDED_HERE, field=column.label)
