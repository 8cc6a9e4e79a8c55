"""Everything that hangs on one record, in one statement of narrow rows: the columns that a page shows and no others.

Each kind of row is a branch of one UNION ALL, its columns laid into slots by their type, so that a row is as wide as its
widest kind and the database plans each branch by itself. The guard of the session puts its criterion into every branch:
what is out of scope, deleted or without a grant is not read. The rows are plain values, not entities: a page
writes nothing, and an entity costs more than its row. Putting the statement together, and its key for the
cache of SQLAlchemy, costs more than running it: both are made once for each choice of parts.
"""

from __future__ import annotations

import itertools
from collections import namedtuple
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Numeric,
    String,
    bindparam,
    cast,
    literal_column,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from app.core.models import BigKey, Instant
from app.registry.queries.parts import ME

ME_UID: Any = bindparam("me_uid", type_=String)
PERIOD = "valid_from valid_to"
# the type of a slot; a column goes to the first one that its own type belongs to
SLOTS: tuple[tuple[type, Any], ...] = (
    (Instant, Instant()),
    (Date, Date()),
    (Integer, BigKey),
    (Numeric, Numeric(12, 2)),
    (String, String()),
)
_numbers = itertools.count()


@dataclass(frozen=True, eq=False)
class Beside:
    """A row that comes along with each row of a part: ``None`` where there is none that the actor sees, or with
    ``must`` then no row at all. ``columns`` are names, ``id`` comes by itself; ``words`` is the one it is called by.
    """

    model: Any
    on: ColumnElement[bool]
    columns: str
    words: str = ""
    must: bool = False


@dataclass(frozen=True, eq=False)
class Narrow:
    """Rows of ``model`` that meet ``on``, a criterion on ``ME`` or ``ME_UID``, with their ``columns`` and what comes
    beside; ``words`` is the column that a row is called by. ``newest`` are the columns by which the ``most`` newest rows
    are found; without them all are read.
    """

    key: str
    model: Any
    columns: str
    on: ColumnElement[bool]
    beside: tuple[Beside, ...] = ()
    newest: tuple[Any, ...] = ()
    most: int = 20
    words: str = ""


def load(session: Session, owner: Any, me: int, uid: str, parts: Sequence[Narrow]) -> dict[str, list[Any]]:
    """Rows by key of their part: ``(row, *beside)`` by primary key, the newest first where a part asks for these. One
    statement over the record of the class ``owner``; none for no parts.
    """
    found: dict[str, list[Any]] = {part.key: [] for part in parts}
    if not parts:
        return found
    statement, readers = _statement(owner, tuple(parts))
    lists = list(found.values())
    for row in session.execute(statement, {"me": me, "me_uid": uid}):
        lists[row[1]].append(readers[row[1]](row))
    for part, rows in zip(parts, lists, strict=True):
        if not part.newest:
            rows.sort(key=_by_key)
    return found


def _by_key(row: Any) -> int:
    return int(row[0].id)


@lru_cache(maxsize=256)  # a choice for each page and set of rights
def _statement(owner: Any, parts: tuple[Narrow, ...]) -> tuple[Any, tuple[Callable[[Any], Any], ...]]:
    layouts = [_Layout(part) for part in parts]
    widths = [max(len(layout.slots[kind]) for layout in layouts) for kind in range(len(SLOTS))]
    branches = [layout.select(n, widths) for n, layout in enumerate(layouts)]
    hung: Any = union_all(*branches).subquery("hung")
    _key_once(hung)
    # beside the record itself: the guard reaches into a subquery, not into a bare union
    query = select(owner.id, *hung.c).select_from(owner).join(hung, true()).where(owner.id == ME)
    return query.execution_options(by_key=True), tuple(layout.reader(widths) for layout in layouts)


def _key_once(element: Any) -> None:
    """The key of an element that never changes stands for it, its bound values follow it: a statement of twenty tables
    is not walked through for each request.
    """
    # a value that is named in many branches is told once
    binds = list({bind.key: bind for bind in element._generate_cache_key().bindparams}.values())
    token = (type(element), next(_numbers))

    def gen_cache_key(anon_map: Any, bindparams: list[Any]) -> tuple[Any, ...]:
        if not anon_map.get_anon(element)[1]:  # each of its columns asks again
            bindparams.extend(binds)
        return token

    element.__dict__["_gen_cache_key"] = gen_cache_key


def _number(n: int) -> Any:
    return literal_column(str(n), Integer).label("n")


class _Layout:
    """In which slots the columns of a part lie."""

    def __init__(self, part: Narrow) -> None:
        self.part = part
        self.slots: list[list[Any]] = [[] for _slot in SLOTS]
        self.owners = [(part.model, part.columns), *((b.model, b.columns) for b in part.beside)]
        self.places: list[list[tuple[int, int]]] = []
        for model, columns in self.owners:
            self.places.append([self._place(getattr(model, name)) for name in ("id", *columns.split())])

    def _place(self, column: Any) -> tuple[int, int]:
        kind = next((n for n, (known, _slot) in enumerate(SLOTS) if isinstance(column.type, known)), None)
        if kind is None:  # an encrypted column above all
            raise TypeError(f"{column} has no place among the rows of a page")
        self.slots[kind].append(column)
        return kind, len(self.slots[kind]) - 1

    def select(self, n: int, widths: list[int]) -> Any:
        part = self.part
        columns = [
            slot[place] if place < len(slot) else cast(null(), SLOTS[kind][1])
            for kind, (slot, width) in enumerate(zip(self.slots, widths, strict=True))
            for place in range(width)
        ]
        query = select(_number(n), *(c.label(f"c{at}") for at, c in enumerate(columns))).select_from(
            part.model
        )
        for beside in part.beside:
            query = query.join(beside.model, beside.on, isouter=not beside.must)
        query = query.where(part.on)
        if not part.newest:
            return query
        # SQLite takes no order inside a branch, so the order stands in a table of its own
        return select(*query.order_by(*(c.desc() for c in part.newest)).limit(part.most).subquery().c)

    def reader(self, widths: list[int]) -> Callable[[Any], Any]:
        """Makes ``(row, *beside)`` of a row of the statement, which begins with the key of the record and the number."""
        starts = list(itertools.accumulate(widths, initial=2))
        makers = []
        called = (self.part.words, *(beside.words for beside in self.part.beside))
        for (_model, columns), places, words in zip(self.owners, self.places, called, strict=True):
            make = _class(("id", *columns.split()), words)._make
            makers.append((make, _several([starts[kind] + at for kind, at in places])))
        (make, pick), others = makers[0], makers[1:]

        def read(row: Any) -> Any:
            found = [make(pick(row))]
            for maker, chosen in others:
                values = chosen(row)
                found.append(None if values[0] is None else maker(values))
            return tuple(found)

        return read


def _several(places: list[int]) -> Callable[[Any], tuple[Any, ...]]:
    pick = itemgetter(*places)
    return pick if len(places) > 1 else lambda row: (pick(row),)


@lru_cache(maxsize=512)
def _class(names: tuple[str, ...], words: str) -> Any:
    """Values by name."""
    base = namedtuple("Values", names)  # type: ignore[misc]
    if not words:
        return base
    return type("Values", (base,), {"__slots__": (), "__str__": lambda self: getattr(self, words) or ""})
