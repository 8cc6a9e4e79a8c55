"""The list: filters as plain fields, keyset pages, few SQL statements, rows that hold only what is shown."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from markupsafe import Markup
from sqlalchemy import ColumnElement, Select, inspect, select
from sqlalchemy.orm import RelationshipProperty, defer, joinedload, selectinload
from werkzeug.datastructures import MultiDict

from app.core import codes, policy, removal, scope, widgets
from app.core.interface import Fact, Interface, facts_of, relation_of
from app.core.paging import SIZES, Keyset, Page, fetch
from app.core.session import only_reading
from app.core.views import arguments, drawing, extras, filters
from app.core.views.cells import Cells
from app.core.views.picking import PickMixin
from app.core.views.saving import SavingMixin
from app.core.widgets.drawn import options
from app.core.words import gettext

HEAVY = frozenset({"secret", "json", "binary"})
# who made and changed a row stands on its history page; in a list it costs more than what is shown
STAMPS = frozenset(
    "created_at created_by updated_at updated_by deleted_by delete_reason deleted_step".split()
)


@dataclass(slots=True)
class FilterField:
    """One filter control of the page: its arguments, words and present values."""

    column: str
    label: str
    control: str  # text | select | remote | span
    inputs: list[tuple[str, str, str]]  # (argument, word of the comparison, value)
    choices: list[tuple[str, str]]
    view: Any = None
    chosen: str = ""

    @property
    def options(self) -> Markup:
        """The choices of a select, the present one marked."""
        return options(self.choices, self.inputs[0][2])


class ListMixin(SavingMixin, PickMixin):
    """Everything a ModelView needs to show many rows."""

    def options(self, columns: list[str]) -> list[Any]:
        """Load options: relations that are shown come with the rows, protected and bulky columns stay away.

        They depend on the columns alone, so they are made once; of the many choices of columns the latest are kept.
        """
        return self._options_of(tuple(columns))  # type: ignore[no-any-return]

    def select_of(self, columns: list[str]) -> Select[Any]:
        """The statement of a list that shows these columns, made once."""
        return self._select_of(tuple(columns))  # type: ignore[no-any-return]

    def _make_select(self, columns: tuple[str, ...]) -> Select[Any]:
        return select(self.datamodel.obj).options(*self.options([*columns]))

    def loads(self, columns: list[str]) -> list[Any]:
        """The same one by one; a view adds what its formatters read beside the relations of ``eager``."""
        model = self.datamodel.obj
        shown = {name.split(".")[0] for name in columns} | extras.stores(model, columns)
        loads = [defer(getattr(model, f.name)) for f in self.facts_on(model, HEAVY) if f.name not in shown]
        loads += self.without_stamps(model, shown)
        for name in {**dict.fromkeys(columns), **dict.fromkeys(self.eager)}:
            load, at = None, model
            for step in name.split("."):
                relation = relation_of(at, step)
                if relation is None:
                    break
                load, at = self.follow(load, relation), relation.mapper.class_
            if load is not None:
                loads.append(load)
        return loads

    @staticmethod
    def facts_on(model: type, kinds: frozenset[str]) -> list[Fact]:
        return [f for f in facts_of(model).values() if f.kind in kinds]

    @staticmethod
    def without_stamps(model: type, shown: Collection[str] = ()) -> list[Any]:
        """Options that leave out who made and changed a row."""
        there = inspect(model).column_attrs
        return [defer(getattr(model, name)) for name in sorted(STAMPS) if name in there and name not in shown]

    def follow(self, load: Any, relation: RelationshipProperty[Any]) -> Any:
        """Open classes (areas) are joined; guarded ones are read by key, so that the guard cannot spoil the plan.

        Protected columns and texts without a bound stay away; a bounded one (the address of a home) may be its name.
        """
        attribute, target = relation.class_attribute, relation.mapper.class_
        strategy = selectinload if relation.uselist or scope.is_guarded(target) else joinedload
        step = getattr(load, strategy.__name__)(attribute) if load is not None else strategy(attribute)
        facts = self.facts_on(target, HEAVY | {"longtext"})
        heavy = [defer(getattr(target, f.name)) for f in facts if f.kind in HEAVY or f.length is None]
        return step.options(*heavy, *self.without_stamps(target))

    def keyset(self, order: str, descending: bool) -> Keyset:
        """The order of a list as (column, pk)."""
        pk = self.datamodel.pk_column
        name = self.order_keys.get(order, order)
        column = getattr(self.datamodel.obj, name)
        if column.key == pk.key:
            return Keyset(pk, pk, descending=descending, nullable=False)
        fact = self.datamodel.facts[name]
        return Keyset(column, pk, descending=descending, nullable=fact.nullable)

    def read_page(
        self,
        asked: arguments.ListArgs,
        *extra: ColumnElement[bool],
        deleted: bool = False,
        columns: list[str] | None = None,
    ) -> Page:
        """The rows of one page. At most: anchor, rows, count, one statement per guarded relation shown."""
        where = (*extra, *self.base_where(), *(f.where for f in asked.filters))
        options: dict[str, Any] = {"with_deleted": True} if deleted else {}
        if deleted:
            model = self.datamodel.obj
            where = (*where, model.deleted_at.is_not(None), removal.put_away_rows(model))
        query = self.select_of(columns or self.list_columns_here())
        keyset = self.keyset(asked.order, asked.descending)
        return fetch(
            self.session, query, keyset, self.datamodel.key_column, asked.cursor, where=where, **options
        )

    def filter_fields(self, asked: arguments.ListArgs) -> list[FilterField]:
        """The filter controls of this list, filled with what was asked."""
        own = [(name, found, list(found.pairs())) for name, found in self.own_filters.items()]
        mine = [
            FilterField(name, str(f.label), "select", [(f"_flt_0_{name}", "", asked.value(name))], pairs)
            for name, f, pairs in own
            if pairs
        ]
        return [*mine, *(self.filter_field(name, asked) for name in self.search_columns_here())]

    def filter_field(self, name: str, asked: arguments.ListArgs) -> FilterField:
        fact: Fact = self.datamodel.fact(name)
        ops = filters.ops_of(fact)
        label = self.label_text(name)
        first = (f"_flt_0_{name}", str(ops[0].label), asked.value(name))
        if fact.kind == "code":
            pairs = list(codes.choices(self.session, fact.code_list or "", keep=asked.value(name)))
            return FilterField(name, label, "select", [first], pairs)
        if name in self.choices_columns:
            pairs = widgets.choice_pairs(self.choices_columns[name])
            return FilterField(name, label, "select", [first], pairs)
        if fact.kind == "bool":
            return FilterField(name, label, "select", [first], [("1", gettext("Yes")), ("0", gettext("No"))])
        if fact.kind == "relation":
            return self.remote_filter(name, label, first, fact)
        if fact.kind in {"int", "decimal", "date", "instant"}:
            span = [(f"_flt_{op}_{name}", str(ops[op].label), asked.value(name, op)) for op in (1, 2)]
            if first[2]:
                span.insert(0, first)
            return FilterField(name, label, "span", span, [])
        return FilterField(name, label, "text", [first], [])

    def remote_filter(self, name: str, label: str, first: tuple[str, str, str], fact: Fact) -> FilterField:
        view, chosen = widgets.view_of(fact.target), ""  # type: ignore[arg-type]
        if first[2]:
            row = Interface(fact.target).by_key(self.session, first[2])  # type: ignore[arg-type]
            chosen = widgets.lookup_label(fact.target, row)  # type: ignore[arg-type]
        return FilterField(name, label, "remote", [first], [], view, chosen)

    @expose("/list/")
    @has_access
    def list(self) -> Any:
        """The list page."""
        only_reading(self.session)
        opened = self.opened_list()
        asked, columns = opened.asked, opened.columns
        page = self.read_page(asked, columns=columns)
        return self.render_template(
            self.list_template,
            title=self.list_title,
            **self.list_context(asked, page, columns=columns),
            **self.saved_context(opened),
            filter_fields=self.filter_fields(asked),
        )

    @expose("/deleted/")
    @has_access
    @permission_name("restore")
    def deleted(self) -> Any:
        """The recycle bin: what was deleted, by whom and why."""
        self.must_be_deletable()
        columns = [*self.list_columns[:4], "deleted_at", "delete_reason"]
        asked = arguments.read(self, request.args)
        page = self.read_page(asked, deleted=True, columns=columns)
        return self.render_template(
            "appbuilder/general/model/deleted.html",
            title=gettext("Recycle bin"),
            **self.list_context(asked, page, columns=columns),
        )

    def list_context(
        self, asked: arguments.ListArgs, page: Page, *, columns: list[str] | None = None
    ) -> dict[str, Any]:
        """What the table template needs, computed rather than called for from the template."""
        columns = columns or self.list_columns_here()
        cells = Cells(self, "list")
        key_of, labels = self.datamodel.key_of, [self.label_text(name) for name in columns]
        readers, actions = [cells.column(name) for name in columns], self.actions_here()
        rows = []
        for row in page.rows:
            values = [read(row) for read in readers]
            title = values[0].striptags() if isinstance(values[0], Markup) else values[0]
            rows.append(
                {
                    "key": key_of(row),
                    "row": row,
                    "title": title,
                    "cells": list(zip(labels, values, strict=True)),
                    "actions": self.addressed(actions, row),
                }
            )
        numbers = {at for at, name in enumerate(columns) if at and self.is_number(name)}
        classes = self.classes_of(columns, numbers)
        can = {verb: self.can(verb) for verb in ("show", "add", "edit", "delete", "restore", "list")}
        return {
            "asked": asked,
            "page": page,
            "rows": rows,
            "body": drawing.rows(rows, labels, classes, self.route_base, can, self, picking=asked.picking),
            "columns": [
                (name, label, name in self.order_columns) for name, label in zip(columns, labels, strict=True)
            ],
            "numbers": numbers,
            "sizes": SIZES,
            "base": self.route_base,
            "can": can,
        }

    def classes_of(self, columns: list[str], numbers: set[int]) -> dict[int, str]:
        """CSS classes of the cells by column: numbers stand under each other, a day is not broken in two."""
        facts = [self.datamodel.fact(name) for name in columns]
        days = {at: "gb-day" for at, fact in enumerate(facts) if fact is not None and fact.kind == "date"}
        return days | dict.fromkeys(numbers, "gb-num")

    def is_number(self, name: str) -> bool:
        """Whether a column holds counts or amounts, which stand right-aligned under each other."""
        fact = self.datamodel.fact(name)
        plain_words = name in self.formatters_columns or name in self.choices_columns
        return fact is not None and fact.kind in {"int", "decimal"} and not plain_words

    def first_page(self) -> arguments.ListArgs:
        """The list as it opens, without any argument."""
        return arguments.read(self, MultiDict(self.opens_with))

    @staticmethod
    def sortable(model: type, name: str) -> bool:
        fact = facts_of(model).get(name)
        return (
            fact is not None
            and fact.is_sortable
            and policy.is_open(model, name)
            and name in inspect(model).columns
        )
