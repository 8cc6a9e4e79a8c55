"""In which order the rows of a ledger stand: codes as in their list, areas as in their tree, rows without a value last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flask_babel import gettext
from sqlalchemy import case, select
from sqlalchemy.orm import Session

from app.core import codes, extra, policy
from app.core.errors import Invalid
from app.core.interface import Fact
from app.core.paging import Keyset
from app.core.widgets.chosen import choice_pairs

Orders = Sequence[tuple[str, bool]]  # (column, descending)
SORTED = frozenset({"text", "longtext", "int", "decimal", "bool", "date", "instant", "code"})


def is_sortable(view: Any, name: str) -> bool:
    """Whether rows may stand in the order of a column: never of one that is masked, for order would tell."""
    model, fact = view.datamodel.obj, view.datamodel.facts.get(name)
    own = extra.column_of(model, name)
    if own is not None:
        return bool(own.is_open)
    if name in view.order_columns:
        return True
    if fact is None or not policy.is_open(model, fact.name):
        return False
    return fact.kind in SORTED or fact.kind == "relation"


def order_by(session: Session, view: Any, orders: Orders) -> list[Any]:
    """ORDER BY items; rows without a value come last either way, and the key at the end keeps the order the same.

    Invalid where a column may not be sorted by.
    """
    pk, items = view.datamodel.pk_column, []
    for name, descending in orders:
        for column in _keys(session, view, name):
            if column is pk:
                return [*items, *Keyset(pk, pk, descending=descending, nullable=False).order()]
            items.append((column.desc() if descending else column.asc()).nulls_last())
    return [*items, pk.desc() if orders and orders[0][1] else pk.asc()]


def _keys(session: Session, view: Any, name: str) -> list[Any]:
    """What the rows are sorted by for a column."""
    if not is_sortable(view, name):
        raise Invalid(gettext("This list cannot be sorted that way."), field=name)
    model = view.datamodel.obj
    own = extra.column_of(model, name)
    if own is not None:
        return _listed(own.expression(model), _code_labels(session, own.code_list))
    fact: Fact | None = view.datamodel.facts.get(name)
    if fact is not None and fact.kind == "relation":
        key, target = getattr(model, fact.fk or name), fact.target
        if hasattr(target, "path"):
            return [select(target.path).where(target.id == key).scalar_subquery()]  # type: ignore[union-attr]
        return [key]
    column = getattr(model, view.order_keys.get(name, name))
    if name in view.choices_columns:
        return _listed(column, choice_pairs(view.choices_columns[name]))
    return _listed(column, _code_labels(session, fact.code_list if fact is not None else None))


def _code_labels(session: Session, code_list: str | None) -> list[tuple[str, Any]]:
    """The codes of a list in its order, with their labels."""
    return [(c.code, c.label) for c in codes.codes(session, code_list).values()] if code_list else []


def _listed(column: Any, pairs: Iterable[tuple[Any, Any]]) -> list[Any]:
    """A column by the place of its values in a list. Values of one label stand together (a code that ended and the one
    that took its place), values that the list does not know behind all others.
    """
    places: dict[Any, int] = {}
    first: dict[str, int] = {}
    for value, label in pairs:
        places[value] = first.setdefault(str(label), len(first))
    if not places:
        return [column]
    place = case(places, value=column, else_=None)
    return [place, case((place.is_(None), column), else_=None)]
