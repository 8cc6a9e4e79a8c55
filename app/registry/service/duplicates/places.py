"""Where a pair is settled: the lowest area above both records, through whatever ties they have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.choices import LevelKind
from app.areas.models import Area, AreaLevel
from app.areas.queries.tree import prefixes
from app.registry.models import PersonArea
from app.registry.service.duplicates.facts import chunks


class Places:
    """Paths of the areas that see each record, and the areas above them."""

    def __init__(self, paths: dict[int, set[str]], areas: dict[str, tuple[int, str]]) -> None:
        self.paths, self.areas = paths, areas

    def common(self, a: int, b: int) -> tuple[int, bool]:
        """(lowest area that sees both records, whether it lies above the communities)."""
        best = max(
            ((_shared(x, y), x, y) for x in self.paths[a] for y in self.paths[b]),
            key=lambda found: (len(found[0]), found),
        )
        shared, x, y = best
        below = [prefixes(path, own=True) for path in (x, y)]
        steps = {path for line in below for path in line if len(path) > len(shared)}
        across = any(self.areas[path][1] == LevelKind.division for path in steps)
        return self.areas[shared][0], across


def _shared(x: str, y: str) -> str:
    """The path of the lowest area above (or at) both; a site has one root."""
    common = prefixes(x, own=True)[0]
    for one, other in zip(prefixes(x, own=True), prefixes(y, own=True), strict=False):
        if one != other:
            break
        common = one
    return common


def places_of(session: Session, people: Collection[int]) -> Places:
    """Read the ties of these records and the areas above them: two statements for each 900."""
    paths: dict[int, set[str]] = defaultdict(set)
    for chunk in chunks(sorted(people)):
        ties = (
            select(PersonArea.person_id, Area.path)
            .join(Area, Area.id == PersonArea.area_id)
            .where(PersonArea.person_id.in_(chunk), PersonArea.valid_to.is_(None))
        )
        for person, path in session.execute(ties):
            paths[person].add(path)
    wanted = {above for found in paths.values() for path in found for above in prefixes(path, own=True)}
    areas = {}
    for some in chunks(sorted(wanted)):  # type: ignore[arg-type]
        query = select(Area.path, Area.id, AreaLevel.kind).join(AreaLevel, AreaLevel.id == Area.level_id)
        for path, key, kind in session.execute(query.where(Area.path.in_(some))):
            areas[path] = (key, kind)
    return Places(paths, areas)
