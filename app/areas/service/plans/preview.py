"""What a plan would do: numbers for each piece, new codes below, and all errors and warnings (S0-15)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.areas import queries
from app.areas.choices import PlanKind
from app.areas.models import Area, AreaPlan, Post
from app.areas.service import live
from app.areas.service.plans.assign import Assignment, assign, row_targets
from app.areas.service.plans.definition import PieceSpec, Shape, read_shape
from app.areas.service.plans.findings import Draft, findings
from app.areas.service.plans.recode import Recode, recode_below
from app.core.errors import DomainError, Finding, error


@dataclass
class PieceView:
    """Numbers of one piece: live rows by kind key, measured households, posts that go on, areas below."""

    key: str
    code: str
    name: str
    area_id: int | None = None
    counts: dict[str, int] = field(default_factory=dict)
    households: int | None = None
    posts: int = 0
    children: int = 0

    def add(self, one: live.Live, count: int) -> None:
        self.counts[one.key] = self.counts.get(one.key, 0) + count
        if one.measures:
            self.households = (self.households or 0) + count


@dataclass
class Preview:
    """The whole answer. ``moving`` counts rows that change their area; ``ending`` posts end without a successor."""

    shape: Shape | None
    pieces: list[PieceView]
    findings: list[Finding]
    recodes: list[Recode] = field(default_factory=list)
    moving: dict[str, int] = field(default_factory=dict)
    ending: int = 0

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.is_error]

    def numbers(self) -> dict[str, Any]:
        """What is kept with the plan: numbers only, words are found again in the reader's language."""
        names = ("key", "code", "name", "counts", "households", "posts", "children")
        pieces = [{name: getattr(piece, name) for name in names} for piece in self.pieces]
        return {"pieces": pieces, "moving": self.moving, "ending": self.ending}


def preview(session: Session, plan: AreaPlan, today: date) -> Preview:
    """Count and check a plan as things stand now; nothing changes. Numbers are whole, whoever asks."""
    try:
        shape = read_shape(plan.kind, plan.definition)
    except DomainError as refusal:
        return Preview(None, [], [error("unreadable", refusal.field, refusal.message)])
    with live.whole(session) as reader:
        return _preview(reader, plan, shape, today)


def open_posts(session: Session, area_ids: tuple[int, ...], day: date) -> list[Post]:
    """Posts of areas that are held on a day or later, in the order they were given."""
    query = select(Post).where(Post.area_id.in_(area_ids), *queries.overlapping(Post, day, None))
    return list(session.scalars(query.order_by(Post.id)))


def completed(session: Session, shape: Shape, day: date) -> Shape:
    """The plan with what goes without saying: a merger takes all areas below and all posts, the piece of the rest
    takes the areas below that nobody named.
    """
    rest = shape.rest
    if rest is None:
        return shape
    given = {child for piece in shape.pieces for child in piece.children}
    left = [
        c.id for source in shape.sources for c in queries.children(session, source, day) if c.id not in given
    ]
    posts = list(rest.posts)
    if shape.kind == PlanKind.merge:
        posts = [post.id for post in open_posts(session, shape.sources, day)]
    whole = replace(rest, children=(*rest.children, *left), posts=tuple(posts))
    return replace(shape, pieces=tuple(whole if piece.key == rest.key else piece for piece in shape.pieces))


def _preview(session: Session, plan: AreaPlan, shape: Shape, today: date) -> Preview:
    shape = completed(session, shape, plan.effective_on)
    sources = {area.id: area for area in session.scalars(select(Area).where(Area.id.in_(shape.sources)))}
    draft = Draft(plan.id, plan.effective_on, shape, sources, assign(session, shape))
    views = {piece.key: _view(piece, sources) for piece in shape.pieces}
    moving = _count_rows(session, shape, draft.assignment, views)
    for piece in shape.pieces:
        tops = piece.children if not shape.moves_area else shape.sources
        _count_below(session, views[piece.key], tops, own=not shape.moves_area)
    result = Preview(shape, [views[piece.key] for piece in shape.pieces], [], moving=moving)
    result.recodes = recode_below(session, shape, sources, plan.effective_on)
    result.ending = _ending(session, shape, plan.effective_on)
    result.findings = findings(session, draft, {key: view.households for key, view in views.items()}, today)
    return result


def _view(piece: PieceSpec, sources: dict[int, Area]) -> PieceView:
    area = sources.get(piece.id or 0)
    code = piece.code or (area.code if area else "")
    name = piece.name or (area.name if area else "")
    return PieceView(piece.key, code, name, piece.id, posts=len(piece.posts), children=len(piece.children))


def _count_rows(
    session: Session, shape: Shape, assignment: Assignment, views: dict[str, PieceView]
) -> dict[str, int]:
    moving: dict[str, int] = {}
    if assignment.home and live.measure() is not None:
        for view in views.values():
            view.households = 0
    for one in live.registered():
        for _row, area_id, key in row_targets(session, one, shape, assignment):
            views[key].add(one, 1)
            if views[key].area_id != area_id or shape.moves_area:
                moving[one.key] = moving.get(one.key, 0) + 1
    return moving


def _count_below(session: Session, view: PieceView, tops: tuple[int, ...], *, own: bool) -> None:
    """Rows of the areas below that go along with a piece count for it (a community with its grids)."""
    paths = session.scalars(select(Area.path).where(Area.id.in_(tops))).all()
    inside = [
        row for path in paths for row in session.scalars(select(Area.id).where(queries.below(path, own=own)))
    ]
    for one in live.registered() if inside else ():
        count = session.scalar(select(func.count()).select_from(one.rows(inside).subquery())) or 0
        if count:
            view.add(one, count)


def _ending(session: Session, shape: Shape, day: date) -> int:
    if shape.kind == PlanKind.transfer:
        return 0
    going_on = {post for piece in shape.pieces for post in piece.posts}
    return sum(1 for post in open_posts(session, shape.sources, day) if post.id not in going_on)
