"""What a plan says, as it is stored in ``AreaPlan.definition`` (JSON) and as the services read it.

    {"sources": [area ids], "parent": area id or null,
     "pieces": [{"key": "p1", "id": null, "code": "…", "name": "…", "rest": true, "grounds": [ids], "groups": [ids],
                 "children": [area ids], "posts": [post ids], "boundary": {"east": "…"}}]}

Split: one source, new pieces; merger: several sources, one new piece; transfer of dwellings: every source is a piece
with its ``id``; transfer of one area: ``parent`` is its new parent. A split and a merger always make new areas and
close the old ones, so that an id means the same ground for ever; a piece may take over the code of a source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _

from app.areas.choices import PlanKind
from app.core.errors import Invalid
from app.core.interface import BIGGEST_KEY
from app.core.numbers import whole_number

SIDES = ("east", "south", "west", "north")
MOST_PIECES = 40


@dataclass(frozen=True)
class PieceSpec:
    """An area as it will stand. ``grounds`` and ``groups`` are what it gets by name; ``rest`` takes all else."""

    key: str
    code: str = ""
    name: str = ""
    id: int | None = None
    rest: bool = False
    grounds: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()
    children: tuple[int, ...] = ()
    posts: tuple[int, ...] = ()
    boundary: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Shape:
    """The whole plan."""

    kind: PlanKind
    sources: tuple[int, ...]
    pieces: tuple[PieceSpec, ...]
    parent: int | None = None

    @property
    def moves_area(self) -> bool:
        """One area goes under another parent."""
        return self.parent is not None

    @property
    def rest(self) -> PieceSpec | None:
        """The piece that takes what nobody named; None in a transfer, where it stays."""
        if self.kind == PlanKind.transfer or not self.pieces:
            return None
        return next((piece for piece in self.pieces if piece.rest), self.pieces[0])


def read_shape(kind: str, data: Any) -> Shape:
    """The plan of stored or posted data. Raises Invalid where it is not of the form above."""
    if not isinstance(data, Mapping):
        raise Invalid(_("The plan cannot be read."), field="definition")
    pieces = data.get("pieces") or []
    if not isinstance(pieces, list) or len(pieces) > MOST_PIECES:
        raise Invalid(_("The plan cannot be read."), field="definition")
    return Shape(
        PlanKind.parse(kind, field="kind"),
        _ids(data.get("sources")),
        tuple(_piece(number, piece) for number, piece in enumerate(pieces, 1)),
        _id(data.get("parent")),
    )


def store(shape: Shape) -> dict[str, Any]:
    """The JSON of a plan."""
    pieces = [
        {
            "key": piece.key,
            "id": piece.id,
            "code": piece.code,
            "name": piece.name,
            "rest": piece.rest,
            "grounds": list(piece.grounds),
            "groups": list(piece.groups),
            "children": list(piece.children),
            "posts": list(piece.posts),
            "boundary": dict(piece.boundary),
        }
        for piece in shape.pieces
    ]
    return {"sources": list(shape.sources), "parent": shape.parent, "pieces": pieces}


def _piece(number: int, data: Any) -> PieceSpec:
    if not isinstance(data, Mapping):
        raise Invalid(_("The plan cannot be read."), field="definition")
    boundary = data.get("boundary") or {}
    if not isinstance(boundary, Mapping):
        raise Invalid(_("The plan cannot be read."), field="definition")
    return PieceSpec(
        key=str(data.get("key") or f"p{number}")[:8],
        code=str(data.get("code") or "").strip(),
        name=str(data.get("name") or "").strip()[:80],
        id=_id(data.get("id")),
        rest=bool(data.get("rest")),
        grounds=_ids(data.get("grounds")),
        groups=_ids(data.get("groups")),
        children=_ids(data.get("children")),
        posts=_ids(data.get("posts")),
        boundary={side: str(boundary[side]).strip()[:200] for side in SIDES if boundary.get(side)},
    )


def _id(value: Any) -> int | None:
    if value is None or value == "":
        return None
    return whole_number(value, 0, BIGGEST_KEY, field="definition", message=_("The plan cannot be read."))


def _ids(values: Any) -> tuple[int, ...]:
    if values is None:
        return ()
    if not isinstance(values, list):
        raise Invalid(_("The plan cannot be read."), field="definition")
    return tuple(found for value in values if (found := _id(value)) is not None)
