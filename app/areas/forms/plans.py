"""The page of a plan: what was typed, read into a definition, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from flask_babel import lazy_gettext as _
from werkzeug.datastructures import MultiDict

from app.areas.choices import PlanKind
from app.areas.models import Area, Post
from app.areas.queries.ground import GroundGroup
from app.areas.service.plans.definition import SIDES, PieceSpec, Shape
from app.core.choices import Choice
from app.core.numbers import whole_number
from app.core.views.fields import RecordForm
from app.core.widgets import ChoiceField, DayField, Needed, RemoteField, TextField

MOST = 12


class Mode(Choice):
    """How the page asks; two of them are transfers."""

    split = "split", _("Split an area into several"), "blue"
    merge = "merge", _("Merge areas into one"), "purple"
    homes = "homes", _("Give homes to a neighbour"), "green"
    place = "place", _("Put an area under another one"), "grey"

    @property
    def kind(self) -> PlanKind:
        return PlanKind(self.value) if self.value in ("split", "merge") else PlanKind.transfer


class StartForm(RecordForm):
    """Which area, and what is to be done with it."""

    source = RemoteField(_("Area"), [Needed()], model=Area)
    form = ChoiceField(_("What is to be done"), [Needed()], source=Mode)


class HeadForm(RecordForm):
    """What every plan has."""

    title = TextField(_("Name of the plan"), [Needed()], length=120)
    effective_on = DayField(_("Takes effect on"), [Needed()])
    parent = RemoteField(_("New area above"), model=Area)


@dataclass
class PieceInput:
    """One area of the future as typed."""

    key: str
    code: str = ""
    name: str = ""
    boundary: dict[str, str] = field(default_factory=dict)
    posts: set[str] = field(default_factory=set)


@dataclass
class PlanInput:
    """All of the page beside its head: areas by uid, and for each piece of ground the key of its piece."""

    mode: Mode
    pieces: list[PieceInput] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=dict)
    grounds: dict[str, str] = field(default_factory=dict)
    children: dict[str, str] = field(default_factory=dict)

    def piece(self, key: str) -> PieceInput:
        return next(piece for piece in self.pieces if piece.key == key)


def typed(mode: Mode, data: MultiDict[str, str]) -> PlanInput:
    """Read the posted page. Unknown keys are left out; the preview judges the rest."""
    number = min(whole_number(data.get("count", "2"), 0, 99, field="count"), MOST)
    number = 1 if mode in (Mode.merge, Mode.place) else max(number, 2)
    found = PlanInput(mode, [_piece(f"p{n}", data) for n in range(1, number + 1)], data.getlist("other"))
    if mode is Mode.homes:
        found.pieces = []
    for name, value in data.items():
        prefix, _dash, uid = name.partition("-")
        target = {"group": found.groups, "ground": found.grounds, "child": found.children}.get(prefix)
        if target is not None and value:
            target[uid] = value
    return found


def _piece(key: str, data: MultiDict[str, str]) -> PieceInput:
    return PieceInput(
        key,
        data.get(f"{key}-code", "").strip(),
        data.get(f"{key}-name", "").strip()[:80],
        {side: text for side in SIDES if (text := data.get(f"{key}-{side}", "").strip()[:200])},
        set(data.getlist(f"{key}-posts")),
    )


def shape_of(
    typed_in: PlanInput,
    source: Area,
    others: Iterable[Area],
    parent: Area | None,
    ground: list[GroundGroup],
    posts: Iterable[Post],
) -> Shape:
    """The plan that the page describes. Ground that the actor does not see cannot be named."""
    areas = list(others)
    if typed_in.mode is Mode.place:
        piece = typed_in.pieces[0]
        spec = PieceSpec("p1", piece.code, piece.name, id=source.id)
        return Shape(PlanKind.transfer, (source.id,), (spec,), parent.id if parent else 0)
    if typed_in.mode is Mode.homes:
        return _homes_shape(typed_in, source, areas, ground)
    children = {area.uid: area.id for area in areas} if typed_in.mode is Mode.split else {}
    post_ids = {post.uid: post.id for post in posts}
    specs = tuple(
        PieceSpec(
            piece.key,
            piece.code,
            piece.name,
            rest=number == 0,
            children=_named(typed_in.children, children, piece.key),
            posts=tuple(post_ids[uid] for uid in sorted(piece.posts) if uid in post_ids),
            boundary=piece.boundary,
            **_ground_for(typed_in, ground, piece.key),
        )
        for number, piece in enumerate(typed_in.pieces)
    )
    sources = (source.id, *(area.id for area in areas)) if typed_in.mode is Mode.merge else (source.id,)
    return Shape(typed_in.mode.kind, sources, specs)


def _homes_shape(typed_in: PlanInput, source: Area, areas: list[Area], ground: list[GroundGroup]) -> Shape:
    pieces = [PieceSpec("p0", id=source.id)]
    pieces += [
        PieceSpec(f"p{number}", id=area.id, **_ground_for(typed_in, ground, area.uid))
        for number, area in enumerate(areas, 1)
    ]
    return Shape(PlanKind.transfer, (source.id, *(area.id for area in areas)), tuple(pieces))


def _ground_for(typed_in: PlanInput, ground: list[GroundGroup], key: str) -> dict[str, tuple[int, ...]]:
    """What was given to one piece by name: whole buildings and single homes."""
    groups = {group.uid: group.id for group in ground if group.id is not None}
    rows = {row.uid: row.id for group in ground for row in group.rows}
    return {"groups": _named(typed_in.groups, groups, key), "grounds": _named(typed_in.grounds, rows, key)}


def _named(choice: Mapping[str, str], ids: Mapping[str, int], key: str) -> tuple[int, ...]:
    return tuple(ids[uid] for uid, wanted in choice.items() if wanted == key and uid in ids)


def mode_of(shape: Shape) -> Mode:
    """The page that shows a plan."""
    if shape.kind != PlanKind.transfer:
        return Mode(shape.kind.value)
    return Mode.place if shape.moves_area else Mode.homes


def stored(
    shape: Shape, ground: list[GroundGroup], areas: Mapping[int, Area], posts: Iterable[Post]
) -> PlanInput:
    """The page of a stored plan, to go on typing."""
    mode = mode_of(shape)
    group_uids = {group.id: group.uid for group in ground if group.id is not None}
    row_uids = {row.id: row.uid for group in ground for row in group.rows}
    post_uids = {post.id: post.uid for post in posts}
    found = PlanInput(mode)
    for piece in shape.pieces:
        target = areas[piece.id].uid if mode is Mode.homes and piece.id in areas else piece.key
        found.groups.update({group_uids[i]: target for i in piece.groups if i in group_uids})
        found.grounds.update({row_uids[i]: target for i in piece.grounds if i in row_uids})
        found.children.update({areas[i].uid: target for i in piece.children if i in areas})
        if mode is not Mode.homes:
            held = {post_uids[i] for i in piece.posts if i in post_uids}
            found.pieces.append(PieceInput(piece.key, piece.code, piece.name, dict(piece.boundary), held))
    found.others = [areas[i].uid for i in shape.sources[1:] if i in areas]
    return found
