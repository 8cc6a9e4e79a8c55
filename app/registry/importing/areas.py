"""Areas as a sheet names them: by code, full name, or a name that only one area of the actor's bears."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import Area, AreaLevel
from app.areas.rules import SEGMENT
from app.core.actor import Actor
from app.core.errors import Invalid
from app.registry.service import wording
from app.registry.service.homes import HOME_KINDS

UNKNOWN = _("There is no area called “%(what)s” among yours.")
SEVERAL = _("Several of your areas are called “%(what)s”: write the code or the name with the community.")
NEEDED = _("Please give the grid or the community.")


@dataclass(frozen=True, slots=True)
class Place:
    """An area with the text by which its addresses begin."""

    id: int
    code: str
    name: str
    path: str
    is_grid: bool
    division: str


def written(names: Mapping[str, str], path: str, *texts: str | None) -> set[str]:
    """Every way in which people write an area: its code, its names, and its own name behind that of one level above after
    the other; without blanks. ``names`` are those of the areas by path.
    """
    found = {squeezed(text) for text in texts} - {""}
    above, text = path, names[path]
    while above := above[:-SEGMENT]:
        text = names.get(above, "") + text
        found.add(squeezed(text))
    return found


def squeezed(text: str | None) -> str:
    """A name without blanks."""
    return "".join((text or "").split())


class Areas:
    """The areas in force of an actor, read once for a sheet (a city has eleven thousand)."""

    def __init__(self, session: Session, actor: Actor) -> None:
        levels = set(wording.words()["division_levels"])
        query = (
            select(Area.id, Area.code, Area.name, Area.full_name, Area.path, AreaLevel.kind, AreaLevel.key)
            .join(AreaLevel, AreaLevel.id == Area.level_id)
            .where(Area.valid_to.is_(None))
            .order_by(Area.path)
        )
        self.by_id: dict[int, Place] = {}
        self.by_path: dict[str, Place] = {}
        self._named: dict[str, list[Place]] = defaultdict(list)
        names: dict[str, str] = {}
        named: dict[str, str] = {}  # what an area adds to the addresses below it
        for key, code, name, full_name, path, kind, level in session.execute(query):
            names[path], named[path] = name, name if level in levels else ""
            ends = range(SEGMENT, len(path) + 1, SEGMENT)
            division = "".join(named.get(path[:end], "") for end in ends)
            place = Place(key, code or "", name, path, kind in HOME_KINDS, division)
            if not actor.covers(path):
                continue
            self.by_id[key] = self.by_path[path] = place
            for word in written(names, path, code, name, full_name):
                self._named[word].append(place)

    def find(self, text: str | None, community: str | None, default: int | None) -> Place:
        """The area a row names; the community narrows it down, or stands for it. Raises Invalid."""
        above = self._one(community, None) if community else None
        if text:
            return self._one(text, above)
        place = above or (self.by_id.get(default) if default is not None else None)
        if place is None:
            raise Invalid(NEEDED, field="area")
        return place

    def _one(self, text: str, above: Place | None) -> Place:
        found = self._named.get(squeezed(text), [])
        if above is not None:
            found = [place for place in found if place.path.startswith(above.path)]
        if len(found) != 1:
            raise Invalid(SEVERAL if found else UNKNOWN, field="area", what=text)
        return found[0]

    def path_of(self, key: int | None) -> str:
        """The path of an area of the actor's, empty for another one."""
        place = self.by_id.get(key or 0)
        return place.path if place is not None else ""

    def grids(self, place: Place) -> list[Place]:
        """The grids in which the homes of an area may lie: itself, or those below."""
        if place.is_grid:
            return [place]
        return [p for path, p in self.by_path.items() if p.is_grid and path.startswith(place.path)]
