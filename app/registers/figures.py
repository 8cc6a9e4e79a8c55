"""How many rows of a register there are, by area and code: which community lacks which of the six (S4-25…30), how many
devices a town has (S1-05), how many volunteers a grid (S4-80).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from flask import current_app, request
from flask_babel import lazy_gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.areas.models import Area, AreaLevel
from app.areas.queries.tree import below, in_force
from app.areas.views.common import area_asked
from app.core import clock, codes
from app.core.errors import Invalid, NotAllowed, NotFound
from app.core.views import BaseView, expose, has_access, permission_name
from app.registers.base import Register
from app.registers.found import REGISTERS

MOST = 600  # areas of one page
WHERE_WANTED = "community"  # what every community should have


@dataclass(frozen=True)
class Line:
    """An area with its count for each code; ``lacking`` are the wanted codes of which it has none."""

    uid: str
    name: str
    counts: Counter[str]
    lacking: frozenset[str]


class RegisterFigures(BaseView):
    """One page for all registers that name a code to count by."""

    route_base = "/registerfigures"
    title = _("Figures by area")

    @expose("/<name>")
    @has_access
    @permission_name("use")
    def counted(self, name: str) -> str:
        """The areas of one level below an area, with their counts."""
        view = self.register(name)
        area, day = area_asked(self.session), clock.today()
        levels = levels_below(self.session, area, day)
        level = self._level(view, levels)
        lines = lines_of(self.session, view, area, level, day)
        used = {code for line in lines for code in line.counts} | set(view.wanted)
        kinds = [pair for pair in codes.choices(self.session, code_list_of(view)) if pair[0] in used]
        return self.render_template(
            "registers/figures.html",
            register=view,
            title=view.list_title,
            area=area,
            level=level,
            levels=levels,
            kinds=kinds,
            lines=lines[:MOST],
            cut=len(lines) > MOST,
            sums=[sum(line.counts[code] for line in lines) for code, _label in kinds],
            total=sum(line.counts.total() for line in lines),
            lacking=[line for line in lines if line.lacking],
        )

    def register(self, name: str) -> Any:
        """The mounted register of a name; NotFound for one without figures, NotAllowed where the role may not read it."""
        known = {cls.__name__ for cls in REGISTERS if cls.figures}
        view = current_app.extensions["geban_pages"].get(name) if name in known else None
        if view is None:
            raise NotFound()
        if not view.can("list"):
            raise NotAllowed()
        return view

    def _level(self, view: Register, levels: list[tuple[str, str]]) -> str:
        asked, known = request.args.get("level", ""), [key for key, _name in levels]
        if asked and asked not in known:
            raise Invalid(_("There are no areas of this level here."), field="level")
        if not asked and view.wanted and WHERE_WANTED in known:
            return WHERE_WANTED
        return asked or next(iter(known[1:] or known), "")


def code_list_of(view: Register) -> str:
    """The list of the codes by which a register is counted."""
    return str(view.datamodel.facts[view.figures].code_list)


def levels_below(session: Session, area: Area, day: Any) -> list[tuple[str, str]]:
    """(key, name) of the levels that a subtree holds, from that of its top."""
    query = (
        select(AreaLevel.key, AreaLevel.name)
        .join(Area, Area.level_id == AreaLevel.id)
        .where(below(area.path), *in_force(Area, day))
        .group_by(AreaLevel.key, AreaLevel.name, AreaLevel.rank)
        .order_by(AreaLevel.rank)
    )
    return [(key, name) for key, name in session.execute(query)]


def lines_of(session: Session, view: Register, area: Area, level: str, day: Any) -> list[Line]:
    """The areas of a level in the order of the tree. A row counts for the area that holds its own; rows that stand
    higher up belong to none of them.
    """
    tops = session.scalars(
        select(Area)
        .join(AreaLevel, AreaLevel.id == Area.level_id)
        .where(below(area.path), AreaLevel.key == level, *in_force(Area, day))
        .order_by(Area.path)
    ).all()
    counts = counts_by_path(session, view, area)
    lines = []
    for top in tops:
        inside: Counter[str] = Counter()
        for path, found in counts.items():
            if path.startswith(top.path):
                inside.update(found)
        lacking = frozenset(code for code in view.wanted if not inside[code])
        lines.append(Line(top.uid, top.name, inside, lacking))
    return lines


def counts_by_path(session: Session, view: Register, area: Area) -> dict[str, Counter[str]]:
    """How many rows of each code stand at each path below an area; the guard cuts the rows to the actor's."""
    model: Any = view.datamodel.obj
    kind = getattr(model, view.figures)
    query = (
        select(Area.path, kind, func.count(model.id))
        .join(Area, Area.id == model.area_id)
        .where(below(area.path), *view.counted)
        .group_by(Area.path, kind)
    )
    found: dict[str, Counter[str]] = {}
    for path, code, count in session.execute(query):
        found.setdefault(path, Counter())[code or ""] += count
    return found
