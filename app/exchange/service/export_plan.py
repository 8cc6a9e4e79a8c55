"""From the columns of a view to the values of a sheet: what each reads, and how many rows become values at once.

Rows are read as tuples of what is shown, never as objects, but for a column whose formatter needs one. A column of a related
record (``dwelling.address``) is read by a plan of its own over the view of that record, so that one rule says how a
column looks, wherever it stands. What the policy protects is masked as lists mask it, unless the plan is ``plain`` and the
role may export the value (guards, section 3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from app.core import clock, codes, extra, made_once, policy
from app.core.actor import Actor
from app.core.interface import Fact
from app.core.views.cells import Cells, name_of, plain
from app.core.views.listing import HEAVY
from app.core.views.sheet_cells import SheetCell
from app.core.widgets import view_of
from app.exchange.service.export_words import KINDS, column_label, flat

MOST_NAMES = 20_000  # of related records that are remembered: memory does not grow with the rows


@dataclass(frozen=True, slots=True)
class Column:
    """One column as it is written. ``kind``: text, int, decimal, date, instant; ``masked``: the plain value is held back."""

    name: str
    label: str
    kind: str
    masked: bool
    values: Callable[[Chunk], list[Any]]


class Chunk:
    """Some rows of one view on their way into a sheet."""

    def __init__(self, plan: Plan, session: Session, rows: Sequence[Any]) -> None:
        self.plan, self.session, self.rows = plan, session, rows
        self.keys = [row[0] for row in rows]
        self._items: list[Any] | None = None

    def at(self, place: int) -> list[Any]:
        """The values of one expression."""
        return [row[place] for row in self.rows]

    def items(self) -> list[Any]:
        """The rows as objects, for formatters; read once for all columns that need them."""
        if self._items is None:
            query = self.plan.view.select_of(self.plan.loaded)
            found = by_keys(self.session, query, self.plan.pk, self.keys)
            self._items = [found.get(key) for key in self.keys]
        return self._items


def by_keys(session: Session, query: Any, pk: Any, keys: Iterable[int]) -> dict[int, Any]:
    """Rows of a statement over one class by their keys, as far as the guard lets them be seen."""
    wanted = list(keys)
    if not wanted:
        return {}
    found = session.scalars(
        made_once.by_keys(query, pk), {"keys": wanted}, execution_options={"by_key": True}
    )
    return {getattr(row, pk.key): row for row in found.unique()}


class Plan:
    """What is read for some columns of one view, and how."""

    def __init__(
        self, view: Any, names: Sequence[str], actor: Actor, session: Session, *, is_plain: bool = False
    ) -> None:
        self.view, self.actor, self.session, self.is_plain = view, actor, session, is_plain
        self.model, self.pk = view.datamodel.obj, view.datamodel.pk_column
        self.expressions: list[Any] = [self.pk]
        self.loaded: list[str] = []
        self._places: dict[str, int] = {}
        self.columns = [self._column(name) for name in names]

    def rows(self, chunk: Chunk) -> Iterable[tuple[Any, ...]]:
        """The rows of a chunk as tuples of values, one for each column."""
        return zip(*(column.values(chunk) for column in self.columns), strict=True)

    def of_keys(self, session: Session, keys: Iterable[int]) -> dict[int, tuple[Any, ...]]:
        """Values of some rows by key, as far as the guard lets them be seen."""
        wanted = list(keys)
        if not wanted:
            return {}
        query = select(*self.expressions).where(self.pk.in_(wanted), *self.view.base_where())
        chunk = Chunk(self, session, session.execute(query, execution_options={"by_key": True}).all())
        return dict(zip(chunk.keys, self.rows(chunk), strict=True))

    # --- one column -------------------------------------------------------------------------------------------

    def _read(self, attribute: str) -> int:
        """The place of an attribute among what is read."""
        if attribute not in self._places:
            self._places[attribute] = len(self.expressions)
            self.expressions.append(getattr(self.model, attribute))
        return self._places[attribute]

    def _column(self, name: str) -> Column:
        label = column_label(self.view, name)
        cell = self.view.sheet_cells.get(name)
        if cell is not None:
            return self._declared(name, label, cell)
        if "." in name:
            return self._related(name, label)
        own = extra.column_of(self.model, name)
        if own is not None:
            return self._custom(name, label, own)
        fact = self.view.datamodel.facts.get(name)
        if name in self.view.formatters_columns or fact is None:
            return self._formatted(name, label)
        return self._of_relation(name, label, fact) if fact.kind == "relation" else self._of_fact(label, fact)

    def _declared(self, name: str, label: str, cell: SheetCell) -> Column:
        """A column that the view says how to read; ``gather`` gives plain values, the policy masks them."""
        gather = cell.gather
        if gather is None:
            places, make = [self._read(attribute) for attribute in cell.reads], cell.make or (lambda v: v)
            return Column(
                name,
                label,
                cell.kind,
                False,
                lambda chunk: [make(*v) for v in zip(*map(chunk.at, places), strict=True)],
            )
        mask = self._mask(*cell.protects) if cell.protects else None

        def values(chunk: Chunk) -> list[Any]:
            found = gather(chunk.session, chunk.keys)
            return [found.get(key) for key in chunk.keys]

        return Column(name, label, cell.kind, mask is not None, _masked(values, mask))

    def _related(self, name: str, label: str) -> Column:
        """A column of the record that a column names: read by the plan of its own view."""
        step, _dot, last = name.partition(".")
        fact: Fact = self.view.datamodel.facts[step]
        place, view = self._read(fact.fk or step), view_of(fact.target)  # type: ignore[arg-type]
        inner = Plan(view, [last], self.actor, self.session, is_plain=self.is_plain)
        (column,) = inner.columns

        def values(chunk: Chunk) -> list[Any]:
            keys = chunk.at(place)
            found = inner.of_keys(chunk.session, {key for key in keys if key is not None})
            return [found[key][0] if key in found else None for key in keys]

        return Column(name, label, column.kind, column.masked, values)

    def _custom(self, name: str, label: str, own: extra.ExtraColumn) -> Column:
        """A field that an administrator has added."""
        place, kind = self._read(own.store), KINDS.get(own.kind, "text")
        is_open = own.is_open or self._mask(self.model, name) is None
        if not is_open:
            return Column(
                name,
                label,
                "text",
                True,
                lambda chunk: [
                    policy.HIDDEN if own.read({own.store: v}) is not None else None for v in chunk.at(place)
                ],
            )
        word = self._wording(own.kind, None, own.code_list)
        return Column(
            name,
            label,
            kind,
            False,
            lambda chunk: _worded((own.read({own.store: v}) for v in chunk.at(place)), word),
        )

    def _formatted(self, name: str, label: str) -> Column:
        """What a formatter or a property of the row makes, as the list shows it."""
        self.loaded.append(name)
        read = Cells(self.view, "list").column(name)
        return Column(
            name,
            label,
            "text",
            False,
            lambda chunk: [None if item is None else flat(read(item)) for item in chunk.items()],
        )

    def _of_relation(self, name: str, label: str, fact: Fact) -> Column:
        """The name of a related record; what lies outside the scope stays empty."""
        place, target, known = self._read(fact.fk or name), fact.target, dict[int, str]()
        view: Any = view_of(target)  # type: ignore[arg-type]
        query = _lean(self.view, target, view)

        def values(chunk: Chunk) -> list[Any]:
            keys = chunk.at(place)
            if len(known) > MOST_NAMES:
                known.clear()
            new = {key for key in keys if key is not None and key not in known}
            found = by_keys(chunk.session, query, target.id, new)  # type: ignore[union-attr]
            for key in new:
                known[key] = name_of(found[key], view) if key in found else ""
            return [known.get(key) for key in keys]

        return Column(name, label, "text", False, values)

    def _of_fact(self, label: str, fact: Fact) -> Column:
        """A column of the table itself."""
        place, mask = self._read(fact.name), self._mask(self.model, fact.name)
        if mask is not None:
            return Column(fact.name, label, "text", True, _masked(lambda chunk: chunk.at(place), mask))
        choices = self.view.choices_columns.get(fact.name)
        word = self._wording(fact.kind, choices, fact.code_list)
        kind = "text" if choices is not None else KINDS.get(fact.kind, "text")
        return Column(fact.name, label, kind, False, lambda chunk: _worded(chunk.at(place), word))

    def _mask(self, model: type, name: str) -> Callable[[Any], str] | None:
        """What hides the values of a column, or None where this export may carry them in plain."""
        rule = policy.rule_of(model, name)
        if rule is None or (rule.in_list and rule.allows("see", self.actor.role)):
            return None
        if self.is_plain and policy.may(self.actor, "export", model, name):
            return None
        return rule.masked

    def _wording(self, kind: str, choices: Any, code_list: str | None) -> Callable[[Any], Any] | None:
        """What puts a value into words; None where the value itself is written."""
        if choices is not None:
            return cache(lambda value: flat(Cells.choice(choices, value, badges=False)))
        if kind == "code":
            known = {code: c.label for code, c in codes.codes(self.session, code_list or "").items()}
            return lambda value: known.get(value, value)
        if kind == "instant":
            return lambda value: clock.to_local(value).replace(tzinfo=None)
        if kind == "json":
            return lambda value: (
                "; ".join(f"{k}: {v}" for k, v in value.items()) if isinstance(value, dict) else value
            )
        return plain if kind in {"bool", "other"} else None


def _worded(values: Iterable[Any], word: Callable[[Any], Any] | None) -> list[Any]:
    if word is None:
        return list(values)
    return [None if value is None else word(value) for value in values]


def _masked(
    read: Callable[[Chunk], list[Any]], mask: Callable[[Any], str] | None
) -> Callable[[Chunk], list[Any]]:
    if mask is None:
        return read
    return lambda chunk: [None if value is None or value == "" else mask(value) for value in read(chunk)]


def _lean(view: Any, target: Any, target_view: Any) -> Any:
    """Related records as far as their names need them."""
    if target.__str__ is object.__str__ and target_view is not None:
        return target_view.select_of(target_view.list_columns)
    facts = view.facts_on(target, HEAVY | {"longtext"})
    heavy = [f.name for f in facts if f.kind in HEAVY or f.length is None]
    return select(target).options(
        *(defer(getattr(target, name)) for name in heavy), *view.without_stamps(target)
    )
