"""Re-dividing grids: is a plan to split, merge or transfer sound? (S0-15; principles S0-13, S0-14)

A plan says which areas it touches, what stands afterwards, and where every dwelling of the touched areas goes. It
takes effect on a day; until then it is only a preview, so everything found is data, not an exception.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import date

from flask_babel import lazy_gettext as _

from app.areas.rules.paths import is_within, parent_path
from app.areas.rules.size import BAND, band_finding
from app.core.errors import Finding, error, warning

SPLIT, MERGE, TRANSFER = "split", "merge", "transfer"


@dataclass(frozen=True)
class AreaFact:
    """An area as it stands. `members` are the ids of the dwellings in it; `busy`: another plan waits for it."""

    id: int
    code: str
    level: str
    path: str
    members: frozenset[int] = frozenset()
    valid_from: date | None = None
    valid_to: date | None = None
    busy: bool = False


@dataclass(frozen=True)
class Piece:
    """An area as it will stand. `id` is set when an existing area lives on under this piece.

    `households` is the number of living households that will be in it, when it is known.
    """

    code: str
    level: str
    parent_path: str
    members: frozenset[int] = frozenset()
    id: int | None = None
    households: int | None = None
    has_worker: bool = True


@dataclass(frozen=True)
class Plan:
    """Split: one source, several pieces. Merge: several sources, one piece. Transfer: dwellings between existing
    areas (as many pieces as sources, the same ids), or one area that gets another parent.
    """

    kind: str
    effective: date
    sources: tuple[AreaFact, ...]
    pieces: tuple[Piece, ...]
    band: tuple[int | None, int | None] = field(default=BAND)


def plan_findings(plan: Plan, today: date, live_codes: Collection[str] = ()) -> list[Finding]:
    """All errors and warnings of a plan; it may be scheduled when none is an error.

    `live_codes` are the codes in force on the effective day (the sources' own codes may be among them).
    """
    check = _SHAPES.get(plan.kind)
    if check is None:
        return [error("kind", "kind", _("This kind of plan does not exist."))]
    findings = [*_date_findings(plan, today), *check(plan)]
    if plan.sources and plan.pieces:
        findings += [*_member_findings(plan), *_code_findings(plan, live_codes), *_piece_warnings(plan)]
    return findings


def _date_findings(plan: Plan, today: date) -> Iterable[Finding]:
    if plan.effective < today:
        yield error("past", "effective_on", _("The effective date lies in the past."))
    for source in plan.sources:
        begun = source.valid_from is None or source.valid_from < plan.effective
        ended = source.valid_to is not None and source.valid_to < plan.effective
        if not begun or ended:
            text = _("%(code)s is not in force on the day before.", code=source.code)
            yield error("not_in_force", "effective_on", text, ref=source.code)
        if source.busy:
            text = _("Another plan for %(code)s is waiting.", code=source.code)
            yield error("busy", "sources", text, ref=source.code)


def _split(plan: Plan) -> Iterable[Finding]:
    if len(plan.sources) != 1 or len(plan.pieces) < 2:
        yield error("split_shape", "pieces", _("A split makes at least two areas from one."))
    yield from _same_place(plan)


def _merge(plan: Plan) -> Iterable[Finding]:
    if len(plan.sources) < 2 or len(plan.pieces) != 1:
        yield error("merge_shape", "sources", _("A merger makes one area from at least two."))
    yield from _same_place(plan)


def _same_place(plan: Plan) -> Iterable[Finding]:
    """All on one level under one parent: a grid never crosses a community (DB6101/T 3185)."""
    levels = {one.level for one in (*plan.sources, *plan.pieces)}
    parents = {parent_path(one.path) for one in plan.sources} | {one.parent_path for one in plan.pieces}
    if len(levels) > 1:
        yield error("levels", "pieces", _("All areas of the plan must be of the same level."))
    if len(parents) > 1:
        yield error("parents", "pieces", _("All areas of the plan must lie under the same area."))


def _transfer(plan: Plan) -> Iterable[Finding]:
    """Either one area under a new parent, or dwellings between areas that all live on where they are."""
    after = {piece.id: piece for piece in plan.pieces}
    if not plan.sources or sorted(_ids(plan.sources)) != sorted(_ids(plan.pieces)):
        yield error(
            "transfer_shape", "pieces", _("A transfer keeps the areas; it moves dwellings or one area.")
        )
        return
    moved = [one for one in plan.sources if after[one.id].parent_path != parent_path(one.path)]
    shifted = [one for one in plan.sources if after[one.id].members != one.members]
    if moved and len(plan.sources) > 1:
        yield error("transfer_shape", "pieces", _("Move one area at a time to another parent."))
    if not moved and not shifted:
        yield error("nothing", "pieces", _("The plan changes nothing."))
    for one in moved:
        if is_within(after[one.id].parent_path, one.path):
            yield error("own_child", "pieces", _("An area cannot lie below itself."), ref=one.code)
    for one in plan.sources:
        if after[one.id].level != one.level:
            yield error("levels", "pieces", _("A transfer does not change the level."), ref=one.code)


def _member_findings(plan: Plan) -> Iterable[Finding]:
    """Seamless and without overlap: every dwelling in exactly one piece (S0-14)."""
    before = {member for source in plan.sources for member in source.members}
    counts = Counter(member for piece in plan.pieces for member in piece.members)
    without = len(before - counts.keys())
    twice = sum(1 for count in counts.values() if count > 1)
    foreign = len(counts.keys() - before)
    if without:
        yield error("gap", "pieces", _("%(count)s dwellings have no grid after the change.", count=without))
    if twice:
        yield error("overlap", "pieces", _("%(count)s dwellings would be in two grids.", count=twice))
    if foreign:
        text = _("%(count)s dwellings do not belong to the areas of this plan.", count=foreign)
        yield error("foreign", "pieces", text)


def _code_findings(plan: Plan, live_codes: Collection[str]) -> Iterable[Finding]:
    free = set(live_codes) - {source.code for source in plan.sources}
    for code, count in Counter(piece.code for piece in plan.pieces).items():
        if count > 1 or code in free:
            yield error("code_taken", "pieces", _("The code %(code)s is taken.", code=code), ref=code)


def _piece_warnings(plan: Plan) -> Iterable[Finding]:
    for piece in plan.pieces:
        size = band_finding(piece.households, plan.band, ref=piece.code)
        if size is not None:
            yield size
        if not piece.has_worker:
            text = _("%(code)s would have no grid worker.", code=piece.code)
            yield warning("vacant", "pieces", text, ref=piece.code)


def _ids(areas: Iterable[AreaFact | Piece]) -> list[int]:
    return [one.id if one.id is not None else -1 for one in areas]


_SHAPES: dict[str, Callable[[Plan], Iterable[Finding]]] = {SPLIT: _split, MERGE: _merge, TRANSFER: _transfer}
