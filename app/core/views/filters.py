"""Filters of a list: which comparisons a column knows, how they read a value and what SQL they make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, or_, select

from app.core import extra, search
from app.core.clock import day_bounds
from app.core.dates import parse_day
from app.core.errors import DomainError, Invalid
from app.core.interface import Fact, Interface, facts_of
from app.core.widgets import INT_MAX, INT_MIN


@dataclass(frozen=True, slots=True)
class Active:
    """One filter of one request: the argument as it came and the criterion that it means."""

    column: str
    op: int
    raw: str
    where: ColumnElement[bool]

    @property
    def argument(self) -> str:
        return f"_flt_{self.op}_{self.column}"


@dataclass(frozen=True, slots=True)
class Own:
    """A filter that a view makes itself, over a column of which only a part is open: its words, the values that may be
    chosen, and the criterion of one of them. ``pairs`` is empty for who may not filter by it.
    """

    label: Any
    pairs: Callable[[], Sequence[tuple[str, Any]]]
    where: Callable[[str], ColumnElement[bool]]

    def active(self, column: str, raw: str) -> Active:
        """The filter of a request; Invalid for a value that is not offered."""
        if raw.strip() not in dict(self.pairs()):
            raise Invalid(gettext("This list cannot be filtered that way."), field=column)
        return Active(column, 0, raw, self.where(raw.strip()))


@dataclass(frozen=True, slots=True)
class Op:
    """A comparison: its words and what it makes of (attribute, value)."""

    label: Any
    make: Callable[[Any, Any], ColumnElement[bool]]


EQUAL = Op(_("is"), lambda a, v: a == v)
FROM = Op(_("from"), lambda a, v: a >= v)
TO = Op(_("to"), lambda a, v: a <= v)
PREFIX = Op(_("begins with"), lambda a, v: search.starts_with(a, v))
CONTAINS = Op(_("contains"), lambda a, v: a.contains(v, autoescape=True))
_SPAN = (EQUAL, FROM, TO)
OPS: dict[str, tuple[Op, ...]] = {
    "text": (CONTAINS, PREFIX, EQUAL),
    "longtext": (CONTAINS,),
    "int": _SPAN,
    "decimal": _SPAN,
    "date": _SPAN,
    "instant": (
        Op(_("on"), lambda a, v: (a >= day_bounds(v)[0]) & (a < day_bounds(v)[1])),
        Op(_("from"), lambda a, v: a >= day_bounds(v)[0]),
        Op(_("to"), lambda a, v: a < day_bounds(v)[1]),
    ),
    "bool": (EQUAL,),
    "code": (EQUAL,),
    "relation": (EQUAL,),
}


def ops_of(fact: Fact) -> tuple[Op, ...]:
    """The comparisons a column may be filtered with."""
    return OPS.get(fact.kind, ())


def parse(view: Any, column: str, op: int, raw: str) -> Active:
    """The filter that an argument means; Invalid when the column has no such comparison or the value is bad."""
    fact = view.datamodel.fact(column)
    ops = ops_of(fact)
    if op >= len(ops):
        raise Invalid(gettext("This list cannot be filtered that way."), field=column)
    value = _value(fact, raw.strip(), column, view)
    if fact.kind == "relation":
        local, outer = _attribute(view.datamodel, f"{column.rpartition('.')[0]}.{fact.fk}".lstrip("."))
        return Active(column, op, raw, outer(_related(view, fact, value, local)))
    custom = extra.column_of(view.datamodel.obj, column)
    if custom is not None:
        return Active(column, op, raw, ops[op].make(custom.expression(view.datamodel.obj), value))
    attribute, outer = _attribute(view.datamodel, column)
    where = ops[op].make(attribute, value)
    if ops[op] is CONTAINS and fact.kind == "text":
        chars = search.contains(attribute.class_, attribute.key, value)
        where = where if chars is None else chars
    more = view.also_filters.get(column)
    if more is not None:
        where = or_(where, more(value, ops[op]))
    return Active(column, op, raw, outer(where))


def _attribute(interface: Interface, column: str) -> tuple[Any, Callable[[Any], Any]]:
    """The mapped attribute of a (dotted) column and how its criterion reaches the list's own rows."""
    model: Any = interface.obj
    *steps, last = column.split(".")
    relations = []
    for step in steps:
        relations.append(getattr(model, step))
        model = facts_of(model)[step].target

    def outer(where: Any) -> Any:
        for relation in reversed(relations):
            where = relation.has(where)
        return where

    return getattr(model, last), outer


def _value(fact: Fact, raw: str, column: str, view: Any) -> Any:
    if "\x00" in raw:
        raise Invalid(gettext("There are characters in it that cannot be stored."), field=column)
    readers: dict[str, Callable[[str], Any]] = {
        "int": _whole,
        "decimal": _number,
        "date": parse_day,
        "instant": parse_day,
    }
    try:
        if fact.kind in readers:
            return readers[fact.kind](raw)
        if fact.kind == "bool":
            return {"1": True, "0": False}[raw]
    except DomainError as refused:
        raise Invalid(refused.message, field=column) from None
    except (KeyError, ValueError, ArithmeticError):
        raise Invalid(gettext("This value is not valid."), field=column) from None
    return raw


def _whole(raw: str) -> int:
    number = int(raw) if len(raw) < 13 else INT_MAX + 1
    if not INT_MIN <= number <= INT_MAX:
        raise ValueError(raw)
    return number


def _number(raw: str) -> Any:
    from decimal import Decimal

    number = Decimal(raw) if len(raw) < 32 else Decimal("NaN")
    if not number.is_finite():
        raise ValueError(raw)
    return number


def _related(view: Any, fact: Fact, key: str, local: Any) -> ColumnElement[bool]:
    """Rows whose key column ``local`` names the row with this public key; for an area, its whole subtree."""
    target: Any = fact.target
    interface = Interface(target)
    row = interface.by_key(view.session, key)
    if target.__table__.name == "area":
        found: ColumnElement[bool] = local.in_(
            select(target.id).where(target.path.between(row.path, row.path + "~"))
        )
        return found
    same: ColumnElement[bool] = local == row.id
    return same
