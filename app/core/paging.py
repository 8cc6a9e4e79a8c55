"""Pages of a list: keyset next/previous, capped count (speed.md).

The cursor in a URL is the public key of a row, never a value such as a name; the sort value is read again under
the guard, so a foreign anchor gives nothing and a deleted one falls back to the first page.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

COUNT_CAP = 10_000
SIZES = (25, 50, 100, 200)
FARTHEST = 10_000  # rows that a page number may skip; beyond that one filters or pages on


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
    inner = select(pk).where(*where).limit(COUNT_CAP + 1).subquery()
    query = select(func.count()).select_from(inner).execution_options(**options)
    found = session.scalar(query) or 0
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
    """Read one page of ``query`` (a select of one entity): an anchor look-up at most, then size + 1 rows.

    The count is taken only when the rows do not show it by themselves.
    """
    backwards = cursor.before is not None
    anchor = _anchor(session, keyset, key, cursor.before or cursor.after)
    if anchor is None:
        backwards = False
    query = query.where(*where).order_by(*keyset.order(backwards=backwards)).limit(cursor.size + 1)
    if anchor is not None:
        query = query.where(keyset.beyond(*anchor, backwards=backwards))
    elif cursor.page:
        query = query.offset(cursor.page * cursor.size)
    rows = list(session.scalars(query.execution_options(**options)).unique())
    more, rows = len(rows) > cursor.size, rows[: cursor.size]
    if backwards:
        rows.reverse()
    started = anchor is None and not cursor.page
    page = Page(rows, has_next=backwards or more, has_previous=more if backwards else not started)
    if started and not more:
        page.count = Count(len(rows))
    else:
        page.count = capped_count(session, keyset.pk, *where, **options)
    return page


def _anchor(session: Session, keyset: Keyset, key: Any, wanted: str | int | None) -> tuple[Any, Any] | None:
    if wanted is None:
        return None
    row = session.execute(select(keyset.column, keyset.pk).where(key == wanted)).one_or_none()
    return None if row is None else (row[0], row[1])
