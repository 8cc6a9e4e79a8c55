"""Statements of lists that are put together once and run with every page (speed.md)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select

from app.core.criteria import steady


def counting(pk: Any, cap: int, *where: ColumnElement[bool]) -> Any:
    """How many rows meet the criteria, ``cap`` + 1 at most."""
    inner = select(pk).where(*where).limit(cap + 1).subquery()
    return select(func.count()).select_from(inner)


@lru_cache(maxsize=256)
def counting_all(pk: Any, cap: int) -> Any:
    """The same without criteria."""
    return steady(counting(pk, cap))


@lru_cache(maxsize=512)
def in_key_order(pk: Any, descending: bool, size: int, is_beyond: bool) -> Any:
    """Keys of a list without filters, from the first on or from ``beyond`` on."""
    query = select(pk).order_by(pk.desc() if descending else pk.asc()).limit(size)
    if is_beyond:
        query = query.where(pk < bindparam("beyond") if descending else pk > bindparam("beyond"))
    return steady(query)


@lru_cache(maxsize=512)
def one_row(model: Any, column: Any, deleted: bool, options: tuple[Any, ...]) -> Any:
    """The row with this public ``key``, or the one of the recycle bin."""
    query = select(model).where(column == bindparam("key")).options(*options)
    return steady(query.where(model.deleted_at.is_not(None)) if deleted else query)


@lru_cache(maxsize=512)
def at(column: Any, pk: Any, key: Any) -> Any:
    """Where the row with this public ``key`` stands in an order."""
    return steady(select(column, pk).where(key == bindparam("key")))


@lru_cache(maxsize=256)
def by_keys(query: Select[Any], pk: Any) -> Any:
    """The rows of ``query``, which a list makes once, by their ``keys``."""
    return steady(query.where(pk.in_(bindparam("keys", expanding=True))))
