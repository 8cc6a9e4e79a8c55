"""Rows of a register's sheet: which records their cells name, by what their own record is known again, and on which rows
above they rely.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.areas.models import Area
from app.core import widgets as w
from app.core.actor import Actor
from app.core.crypto import blind
from app.core.interface import facts_of
from app.core.sheets import Row
from app.exchange.rules import imports as rules
from app.exchange.service.resolving import BY_COLUMN
from app.exchange.service.rows import RowWriter
from app.exchange.service.specs import Spec, Way, view_called
from app.registry.importing.areas import squeezed
from app.registry.service.compared import Compared

ALIKE = 50  # records that say the same in the open, among which the rest is compared
# columns by which other rows name a record of their own register
NAMING = (*BY_COLUMN, "short_name", "full_name", "house_no")


class KnownRows(RowWriter):
    """The part of the writer of a mounted view that only reads."""

    def __init__(self, session: Session, actor: Actor, options: dict[str, Any], spec: Spec) -> None:
        super().__init__(session, actor, options)
        self.spec, self.view = spec, view_called(spec.view)
        self.model: Any = self.view.datamodel.obj
        self.compared = Compared(actor, self.register())
        self._queries: dict[tuple[str, ...], Any] = {}
        self._relation_names: dict[str, type] | None = None
        self._there: dict[str, set[str]] = {}  # values of this chunk that the register has
        self._top: int | None = None  # the last record before this sheet
        self._born: dict[tuple[type, int], Hashable] = {}  # records of a dry run -> their row

    def register(self) -> str:
        return str(self.model.__tablename__)

    def know(self, row: Row, word: str) -> None:
        related = self._related(row)
        ways = self._ways(row, related)
        other = self.brought.first(ways[0].mark, row.number) if ways else None
        self._note(row, related, ways)
        if word == "changed" and other is not None:
            self.brought.changed(other, row.number)

    def _note(self, row: Row, related: dict[str, Any], ways: Sequence[Way]) -> bool:
        names = self._names(row, related) if self.stands_alone else ()
        return self.brought.note(row.number, [way.mark for way in ways], names, self._beside(related))

    def _related(self, row: Row) -> dict[str, Any]:
        """The records that the cells of relations name."""
        area = next(
            (self.find(row, k, Area) for k in rules.AREA_KEYS if self.value(row, k) is not None), None
        )
        found: dict[str, Any] = {}
        for key, model in self._relations().items():
            if model is Area and key in rules.AREA_KEYS:
                found[key] = area
            else:
                found[key] = self.find(row, key, model, area.id if area is not None else None)
        return found

    def _relations(self) -> dict[str, type]:
        if self._relation_names is None:
            form = self._form(is_new=True)
            self._relation_names = {
                f.name: f.model for f in form if isinstance(f, w.RemoteField) and f.name not in self.spec.omit
            }
            self.stands_alone = self.model in self._relation_names.values()
        return self._relation_names

    # --- what rows of a sheet have to do with each other ------------------------------------------------------------

    def chunk_begins(self, rows: Sequence[Row]) -> None:
        """Whether rows name each other, and which values of this chunk the register has: asked once, not row by row."""
        self._relations()
        if self.spec.by_all and self._top is None:
            self._top = self.session.scalar(select(func.max(self.model.id))) or 0
        self._there = {key: self._present(key, rows) for key in self._asked()}

    def _asked(self) -> set[str]:
        """Of each way to know a record one column that stands in the open."""
        open_keys = ([k for k in keys if facts_of(self.model)[k].kind == "text"] for keys in self.spec.keys)
        return {keys[0] for keys in open_keys if keys}

    def _present(self, key: str, rows: Sequence[Row]) -> set[str]:
        values = {value.strip() for row in rows if isinstance(value := self.value(row, key), str)}
        column = getattr(self.model, key)
        return set(self.session.scalars(select(column).where(column.in_(values)).distinct()))

    def _may_be_known(self, row: Row) -> bool:
        """Whether it is worth while to ask for the record of a row that no other row of the sheet has touched."""
        if self.spec.match is not None:
            return True
        for keys in self.spec.keys:
            if any(self.value(row, key) in (None, "") for key in keys):
                continue
            key = next((k for k in keys if k in self._there), None)
            return key is None or self.value(row, key).strip() in self._there[key]
        return True

    def find(self, row: Row, key: str, model: type, area_id: int | None = None) -> Any:
        """The record that a cell names; rows above may have made it."""
        if self.stands_alone and model is self.model and (text := self.value(row, key)) is not None:
            for number in self.brought.named(squeezed(str(text)), row.number):
                self.rely(number)
        return super().find(row, key, model, area_id)

    def _names(self, row: Row, related: dict[str, Any]) -> list[str]:
        """By what other rows may name the record of this one."""
        own = [str(value) for key in NAMING if (value := self.value(row, key)) not in (None, "")]
        above = next((r for r in related.values() if type(r) is self.model), None)
        if isinstance(above, Area) and (name := self.value(row, "name")):
            own += self.resolver.area_names.below(above, str(name))
        return list(dict.fromkeys(squeezed(text) for text in own))

    def _beside(self, related: dict[str, Any]) -> list[Hashable]:
        """Marks of the records that this one hangs on, where the register's check looks at what else hangs on them."""
        return [
            ("beside", key, self._token(r))
            for key, r in related.items()
            if key in self.spec.beside and r is not None
        ]

    def _token(self, value: Any) -> Hashable:
        """What stands for a value in a mark. A record that a dry run has made has another key in each chunk."""
        key = getattr(value, "id", None)
        if key is None:
            return value.strip() if isinstance(value, str) else value
        return self._born.get((type(value), key), key)

    def taken_back(self) -> None:
        self.compared.write()
        self._born.clear()
        if self.stands_alone:
            self.resolver.forget()

    # --- known again ----------------------------------------------------------------------------------------------

    def _ways(self, row: Row, related: dict[str, Any]) -> list[Way]:
        """The ways by which the record of a row is known again: the first one counts, by the others rows further down may
        mean it.
        """
        if self.spec.match is not None:
            found = self.spec.match(self, row, related)
            return [found] if found is not None else []
        ways = []
        for keys in self.spec.keys:
            values = [related[k] if k in related else self.value(row, k) for k in keys]
            if all(v not in (None, "") for v in values):
                mark = (keys, tuple(self._token(v) for v in values))
                ways.append(Way(mark, partial(self._by, keys, values)))
        return ways if ways or not self.spec.by_all else [self._whole(row, related)]

    def _whole(self, row: Row, related: dict[str, Any]) -> Way:
        """A row that has no key: its record says all that the row says."""
        brought = {key: self.value(row, key) for key in (*self.fixed, *row.values)}
        given = {k: related.get(k, v) for k, v in sorted(brought.items()) if v not in (None, "")}
        mark = ("all", tuple((key, self._token(value)) for key, value in given.items()))
        return Way(mark, partial(self._like, given), whole=True)

    def _like(self, given: dict[str, Any]) -> Any:
        """The record from before this sheet that says all this (of the sheet's own rows the marks tell). What stands closed
        in it, or is a custom field, is compared here.
        """
        facts = facts_of(self.model)
        open_keys = tuple(k for k in given if k in facts and facts[k].kind != "secret")
        closed = {k: v for k, v in given.items() if k not in open_keys}
        query = self._query_of(open_keys, ALIKE).where(self.model.id <= self._top)
        found = self.session.scalars(query, self._bound(open_keys, given))
        return next((one for one in found if self._says(one, closed)), None)

    def _says(self, record: Any, closed: dict[str, Any]) -> bool:
        if not closed:
            return True
        self.resolver.lookups.ask()
        columns = {c.name: c for c in self.view.known_extras()}
        held = (columns[k].read(record) if k in columns else getattr(record, k, None) for k in closed)
        says = all(one == value for one, value in zip(held, closed.values(), strict=True))
        self.resolver.lookups.answer(says)
        return says

    def _by(self, keys: tuple[str, ...], values: list[Any]) -> Any:
        given = dict(zip(keys, values, strict=True))
        is_closed = any(facts_of(self.model)[key].kind == "secret" for key in keys)
        if is_closed:
            self.resolver.lookups.ask()
        found = self.session.scalars(self._query_of(keys, 1), self._bound(keys, given)).first()
        if is_closed:
            self.resolver.lookups.answer(found is not None)
        return found

    def _bound(self, keys: Sequence[str], given: dict[str, Any]) -> dict[str, Any]:
        return {f"key_{at}": self._plain(key, given[key]) for at, key in enumerate(keys)}

    def _query_of(self, keys: tuple[str, ...], most: int) -> Any:
        """The statement is made once for each way to know a record, not for each row."""
        if keys not in self._queries:
            self._queries[keys] = self._query(keys, most)
        return self._queries[keys]

    def _query(self, keys: tuple[str, ...], most: int) -> Any:
        query = select(self.model).order_by(self.model.id).limit(most)
        for at, key in enumerate(keys):
            query = query.where(self._column(key) == bindparam(f"key_{at}"))
        if hasattr(self.model, "valid_to"):
            query = query.where(self.model.valid_to.is_(None))
        return query

    def _column(self, key: str) -> Any:
        fact = facts_of(self.model)[key]
        if fact.kind == "secret":
            return getattr(self.model, f"{key}_index")
        return getattr(self.model, (fact.fk or key) if fact.kind == "relation" else key)

    def _plain(self, key: str, value: Any) -> Any:
        kind = facts_of(self.model)[key].kind
        if kind == "relation":
            return value.id
        if kind == "secret":
            return blind("phone", str(value))
        return value.strip() if isinstance(value, str) else value
