"""Pages of a list: keyset next/previous, capped count (speed.md).

The cursor in a URL is the public key of a row, never a value such as a name; the sort value is read again under
the guard, so a foreign anchor gives nothing and a deleted one falls back to the first page.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.core import made_once, reach, scope

COUNT_CAP = 10_000
SIZES = (25, 50, 100, 200)
FARTHEST = 250_000  # rows that a page number may skip; beyond that one filters or pages on


@dataclass(frozen=True, slots=True)
class Count:
    """Number of rows; ``capped`` means “this many or more”."""

    value: int
    capped: bool = False

    def __str__(self) -> str:
        return f"{self.value:,}+" if self.capped else f"{self.value:,}"


@dataclass(slots=True)
class Cursor:
    """Where a page starts. At most one of ``after``, ``before`` and ``page`` is set."""

    size: int = SIZES[0]
    after: str | None = None
    before: str | None = None
    page: int = 0


@dataclass(slots=True)
class Page:
    """Rows of one page and which neighbours exist."""

    rows: list[Any] = field(default_factory=list)
    has_next: bool = False
    has_previous: bool = False
    count: Count | None = None


def capped_count(
    session: Session, pk: InstrumentedAttribute[Any], *where: ColumnElement[bool], **options: Any
) -> Count:
    """Count at most 10,000 rows; what is beyond is shown as “10,000+”."""
    query = made_once.counting(pk, COUNT_CAP, *where) if where else made_once.counting_all(pk, COUNT_CAP)
    found = session.scalar(query, execution_options=options) or 0
    return Count(COUNT_CAP, True) if found > COUNT_CAP else Count(found)


class Keyset:
    """Order by (column, pk), both in one direction; NULLs last when ascending, first when descending.

    That is PostgreSQL's own order, so a plain btree serves both directions.
    """

    def __init__(self, column: Any, pk: Any, *, descending: bool, nullable: bool) -> None:
        self.column, self.pk, self.descending, self.nullable = column, pk, descending, nullable

    @property
    def by_pk(self) -> bool:
        return self.column is self.pk

    def fenced(self) -> Keyset:
        """The same order, hidden from indexes: for the sake of 26 rows a database would walk through a whole city in
        this order, where the few rows of the scope are read and sorted in a millisecond.
        """
        pk = func.coalesce(self.pk, self.pk)
        column = pk if self.by_pk else func.coalesce(self.column, self.column)
        return Keyset(column, pk, descending=self.descending, nullable=self.nullable)

    def order(self, *, backwards: bool = False) -> list[Any]:
        """ORDER BY items; ``backwards`` for the page before an anchor."""
        down = self.descending != backwards
        direction = (lambda c: c.desc()) if down else (lambda c: c.asc())
        if self.by_pk:
            return [direction(self.pk)]
        first = direction(self.column)
        if self.nullable:
            first = first.nulls_first() if down else first.nulls_last()
        return [first, direction(self.pk)]

    def beyond(self, value: Any, pk: Any, *, backwards: bool = False) -> ColumnElement[bool]:
        """Rows that come after the anchor (value, pk) in this order."""
        down = self.descending != backwards
        if self.by_pk:
            return self.pk < pk if down else self.pk > pk
        if not self.nullable:
            mine = tuple_(self.column, self.pk)
            anchor = tuple_(literal(value, self.column.type), literal(pk, self.pk.type))
            return mine < anchor if down else mine > anchor
        same = self.column.is_(None) if value is None else self.column == value
        tie = and_(same, self.pk < pk if down else self.pk > pk)
        if value is None:
            return or_(tie, self.column.is_not(None)) if down else tie
        if down:
            return or_(self.column < value, tie)
        return or_(self.column > value, tie, self.column.is_(None))


def fetch(
    session: Session,
    query: Select[Any],
    keyset: Keyset,
    key: Any,
    cursor: Cursor,
    *,
    where: tuple[ColumnElement[bool], ...] = (),
    **options: Any,
) -> Page:
    """Read one page of ``query`` (a select of one entity): an anchor look-up at most, the keys of the page, its rows,
    and the count where the rows do not show it by themselves.
    """
    backwards = cursor.before is not None
    anchor = _anchor(session, keyset, key, cursor.before or cursor.after)
    if anchor is None:
        backwards = False
    asked = _Asked(session, keyset, where, anchor, backwards, cursor, options)
    rows, more, count = asked.page(query)
    if backwards:
        rows.reverse()
    started = anchor is None and not cursor.page
    page = Page(rows, has_next=backwards or more, has_previous=more if backwards else not started)
    if started and not more:
        page.count = Count(len(rows))
    else:
        page.count = Count(min(count, COUNT_CAP), count > COUNT_CAP) if count is not None else asked.count()
    return page


@dataclass(slots=True)
class _Asked:
    """What one page asks of the database, by the plan that fits the scope of the actor."""

    session: Session
    keyset: Keyset
    where: tuple[ColumnElement[bool], ...]
    anchor: tuple[Any, Any] | None
    backwards: bool
    cursor: Cursor
    options: dict[str, Any]

    @property
    def model(self) -> Any:
        return self.keyset.pk.class_

    @property
    def is_narrow(self) -> bool:
        return reach.is_narrow(scope.session_actor(self.session), self.model)

    @property
    def is_fenced(self) -> bool:
        """Whether the scope is read first and sorted then. In key order SQLite goes through the scope as it is."""
        on_sqlite = self.session.get_bind().dialect.name == "sqlite"
        return self.is_narrow and not (on_sqlite and self.keyset.by_pk)

    def page(self, query: Select[Any]) -> tuple[list[Any], bool, int | None]:
        """The rows, whether there are more, and how many in all where that was no further work."""
        size, count = self.cursor.size, None
        keys = self._first_keys()
        if keys is not None:
            return self.rows(query, keys[:size]), len(keys) > size, None
        if self.is_narrow or self.cursor.page:
            keys, count = self.keys()
            return self.rows(query, keys[:size]), len(keys) > size, count
        found = list(self.session.scalars(self._cut(query, self.keyset)).unique())
        return found[:size], len(found) > size, None

    def _cut(self, query: Select[Any], keyset: Keyset) -> Select[Any]:
        """The statement with filters, order and place of this page, and one row more."""
        query = query.where(*self.where).order_by(*keyset.order(backwards=self.backwards))
        if self.anchor is not None:
            query = query.where(keyset.beyond(*self.anchor, backwards=self.backwards))
        elif self.cursor.page:
            query = query.offset(self.cursor.page * self.cursor.size)
        return query.limit(self.cursor.size + 1).execution_options(**self.options)

    def _first_keys(self) -> list[int] | None:
        """The keys of this page and one more out of the areas, for the plain list in key order."""
        if self.where or self.options or not self.keyset.by_pk or self.cursor.page:
            return None
        down = self.keyset.descending != self.backwards
        beyond = self.anchor[1] if self.anchor else None
        size = self.cursor.size + 1
        return reach.first_keys(self.session, self.model, descending=down, beyond=beyond, count=size)

    def keys(self) -> tuple[list[Any], int | None]:
        """Keys of the page and one more; the number of all rows where it was no further work."""
        keyset = self.keyset.fenced() if self.is_fenced else self.keyset
        counted = self.is_fenced and self.anchor is None
        columns = [self.keyset.pk, func.count().over()] if counted else [self.keyset.pk]
        plain = not (self.where or self.options or self.cursor.page) and keyset is self.keyset
        if plain and keyset.by_pk:
            rows = self._plain_keys()
        else:
            rows = self.session.execute(self._cut(select(*columns), keyset)).all()
        return [row[0] for row in rows], rows[0][1] if counted and rows else None

    def _plain_keys(self) -> Any:
        """The keys of a list without filters in the order of its keys."""
        down = self.keyset.descending != self.backwards
        query = made_once.in_key_order(self.keyset.pk, down, self.cursor.size + 1, self.anchor is not None)
        return self.session.execute(query, {"beyond": self.anchor[1]} if self.anchor else None).all()

    def rows(self, query: Select[Any], keys: list[Any]) -> list[Any]:
        """The rows of these keys in their order; still guarded, the keys only make it a matter of 25 look-ups."""
        if not keys:
            return []
        options = {"by_key": True} | self.options
        rows = self.session.scalars(
            made_once.by_keys(query, self.keyset.pk), {"keys": keys}, execution_options=options
        )
        found = {getattr(row, self.keyset.pk.key): row for row in rows.unique()}
        return [found[key] for key in keys if key in found]

    def count(self) -> Count:
        """How many rows there are, capped. What took long is believed for a minute, page after page."""
        key = self._key() if _slow else None
        known = _slow.get(key) if key is not None else None
        started = time.monotonic()
        if known is not None and started < known[0]:
            return known[1]
        found = self._count()
        if time.monotonic() - started > SLOW:
            if len(_slow) >= KEPT:
                _slow.clear()
            _slow[key or self._key()] = started + BELIEVED, found
        return found

    def _count(self) -> Count:
        if not self.is_fenced:
            return capped_count(self.session, self.keyset.pk, *self.where, **self.options)
        # a limit inside would make PostgreSQL hope for an early end and walk through the city
        query = select(func.count()).select_from(self.model).where(*self.where)
        found = self.session.scalar(query.execution_options(**self.options)) or 0
        return Count(min(found, COUNT_CAP), found > COUNT_CAP)

    def _key(self) -> str:
        """Database, actor, class and filters with their values."""
        keys = [criterion._generate_cache_key() for criterion in self.where]
        values = [(key.key, [bind.effective_value for bind in key.bindparams]) for key in keys if key]
        bind = self.session.get_bind()
        return repr((id(bind), scope.session_actor(self.session), self.model, self.options, values))


SLOW, BELIEVED, KEPT = 0.1, 60.0, 500  # seconds, seconds, counts
_slow: dict[str, tuple[float, Count]] = {}


def _anchor(session: Session, keyset: Keyset, key: Any, wanted: str | int | None) -> tuple[Any, Any] | None:
    if wanted is None:
        return None
    row = session.execute(made_once.at(keyset.column, keyset.pk, key), {"key": wanted}).one_or_none()
    return None if row is None else (row[0], row[1])
