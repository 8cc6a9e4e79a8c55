"""Many small tables of one record in one statement.

Each table is joined to a slot of its own, so that its rows stand below those of the others and never multiply with them.
The session guard puts its criterion into the join of each table: what is out of scope, deleted or without a grant is not
loaded. Putting the statement together costs more than running it: it is made once for each choice of parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, literal, select, union_all
from sqlalchemy.orm import Session, defer

from app.core.interface import facts_of
from app.core.models import BigKey

HEAVY = frozenset({"secret", "json", "binary"})


# the record whose parts are loaded, in the criteria of its parts; the second one of a page that shows two
ME: Any = bindparam("me", type_=BigKey)
OTHER: Any = bindparam("other", type_=BigKey)


@dataclass(frozen=True, eq=False)
class Part:
    """Rows of ``model`` (a class or an alias) that meet ``on``, a criterion on ``ME``; ``beside`` are further (class,
    criterion) that come along with each row, None where there is none. ``plain`` names protected columns that are
    wanted all the same.
    """

    key: str
    model: Any
    on: ColumnElement[bool]
    beside: tuple[tuple[Any, ColumnElement[bool]], ...] = ()
    plain: frozenset[str] = frozenset()


def load(
    session: Session, parts: Sequence[Part], me: int, other: int | None = None
) -> dict[str, list[tuple[Any, ...]]]:
    """Rows by key of their part, ordered by primary key: ``(row, *beside)``. One statement; none for no parts.

    ``other`` is the second record of parts whose criteria name two.
    """
    found: dict[str, list[tuple[Any, ...]]] = {part.key: [] for part in parts}
    if not parts:
        return found
    for row in session.execute(
        _statement(tuple(parts)), {"me": me} if other is None else {"me": me, "other": other}
    ):
        part, at = parts[row[0]], 1
        at += sum(1 + len(p.beside) for p in parts[: row[0]])
        own = tuple(row[at : at + 1 + len(part.beside)])
        if own[0] is not None:
            found[part.key].append(own)
    for rows in found.values():
        rows.sort(key=lambda r: r[0].id)
    return found


@lru_cache(maxsize=256)  # a choice for each page and set of rights
def _statement(parts: tuple[Part, ...]) -> Any:
    slots = union_all(*(select(literal(n).label("n")) for n in range(len(parts)))).subquery("slots")
    entities: list[Any] = [slots.c.n]
    for part in parts:
        entities += [part.model, *(model for model, _on in part.beside)]
    query: Any = select(*entities).select_from(slots)
    for n, part in enumerate(parts):
        query = query.outerjoin(part.model, and_(slots.c.n == n, part.on))
        query = query.options(*_lean(part.model, part.plain))
        for model, on in part.beside:
            query = query.outerjoin(model, on).options(*_lean(model, part.plain))
    return query


def _lean(model: Any, plain: frozenset[str]) -> list[Any]:
    """Encrypted and bulky columns stay in the database unless they are asked for."""
    mapped = getattr(model, "__mapper__", None) or model._aliased_insp.mapper
    names = [f.name for f in facts_of(mapped.class_).values() if f.kind in HEAVY and f.name not in plain]
    return [defer(getattr(model, name)) for name in names]
