"""ModelView: FAB's CRUD view with our own insides. A domain declares columns; nothing else is shown or taken in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from typing import Any

from flask import current_app, url_for
from flask_appbuilder import ModelView as FabModelView
from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement

from app.core import extra, policy, words
from app.core.criteria import Loads
from app.core.interface import Interface, facts_of, relation_of
from app.core.paging import SIZES
from app.core.views.base import COMMON_LABELS, BaseView
from app.core.views.editing import EditMixin
from app.core.views.exporting import ExportMixin
from app.core.views.extras import ExtraMixin
from app.core.views.fields import Builder, RecordForm
from app.core.views.filters import Op, Own, ops_of
from app.core.views.listing import ListMixin
from app.core.views.removing import RemoveMixin
from app.core.views.showing import RelatedList, ShowMixin

OFF = frozenset({"download", "action", "action_post"})
# choices of columns of one list of which the statements are kept
CHOICES = 64


class NoFilters:
    """FAB looks for its filter object here. Each look gets a new one: nothing of a request stays on the view."""

    def __get__(self, view: Any, _owner: type) -> Any:
        return self if view is None else view.datamodel.get_filters([])

    def __set__(self, _view: Any, _value: Any) -> None:
        """FAB assigns one at start; it is not kept."""


class ModelView(
    ExtraMixin, ListMixin, EditMixin, RemoveMixin, ShowMixin, ExportMixin, BaseView, FabModelView
):
    """Declare ``datamodel``, ``list_columns``, ``*_fieldsets``, ``search_columns`` … (allow-lists)."""

    datamodel: Interface
    list_template = "appbuilder/general/model/list.html"
    show_template = "appbuilder/general/model/show.html"
    add_template = "appbuilder/general/model/add.html"
    edit_template = "appbuilder/general/model/edit.html"
    page_size = SIZES[0]
    base_order = ("id", "desc")
    order_keys: dict[str, str] = {}  # shown column -> column that is sorted by (name -> name_pinyin)
    eager: tuple[str, ...] = ()  # relations that formatters read
    lookup_columns: tuple[str, ...] = ("name",)
    lookup_eager: tuple[str, ...] = ()  # relations that lookup_text reads
    own_filters: dict[str, Own] = {}  # argument -> a filter of the view itself
    # column -> what a filter of it finds beside: (value, comparison) -> criterion on the rows of the list
    also_filters: Mapping[str, Callable[[Any, Op], ColumnElement[bool]]] = {}
    choices_columns: dict[str, Any] = {}  # column -> Choice class, dict or pairs
    list_links: list[tuple[Any, Any, str]] = []
    row_actions: list[tuple[Any, Any, str]] = []
    related: list[RelatedList] = []
    is_main = True  # this view answers look-ups and links for its model
    empty_hint: Any = _("Nothing here yet.")
    # filters of the list as it opens (argument → value): a work list shows what is to be done
    opens_with: Mapping[str, str] = {}
    title = ""

    _filters = NoFilters()

    def __init__(self, **kwargs: Any) -> None:
        self._options_of = lru_cache(CHOICES)(lambda columns: [Loads(self.loads([*columns]))])
        self._select_of = lru_cache(CHOICES)(self._make_select)
        off = OFF if self.keeps_viewers else OFF | {"viewers"}
        self.exclude_route_methods = off | set(self.exclude_route_methods)
        # a list that names its rights is exported by role, as the others are
        if "can_list" in (self.base_permissions or ()):
            self.base_permissions = [*self.base_permissions, "can_export"]
        super().__init__(**kwargs)

    # --- what FAB builds at start ------------------------------------------------------------------------------

    def _init_properties(self) -> None:
        """Allow-lists from the declaration; a name that the model does not have stops the start."""
        if self.base_filters:
            raise ValueError(f"{type(self).__name__}: use base_where() in place of base_filters")
        self.related_views, self._related_views = [], []
        self.label_columns = dict(self.label_columns or {})
        for name in ("description_columns", "validators_columns", "formatters_columns"):
            setattr(self, name, dict(getattr(self, name) or {}))
        self.add_form_extra_fields = dict(self.add_form_extra_fields or {})
        self.edit_form_extra_fields = dict(self.edit_form_extra_fields or {})
        self.search_columns = list(self.search_columns or [])
        self.list_columns = list(self.list_columns or [])
        shown = list(self.list_columns)
        self.show_fieldsets, self.show_columns = _sets(self.show_fieldsets, self.show_columns or shown)
        self.add_fieldsets, self.add_columns = _sets(self.add_fieldsets, self.add_columns or [])
        self.edit_fieldsets, self.edit_columns = _sets(
            self.edit_fieldsets, self.edit_columns or self.add_columns
        )
        model = self.datamodel.obj
        if self.order_columns is None:
            self.order_columns = [c for c in shown if self.sortable(model, self.order_keys.get(c, c))]
        self._check_lists()

    def _check_lists(self) -> None:
        model, me = self.datamodel.obj, type(self).__name__
        for name in self.order_columns:
            if not self.sortable(model, self.order_keys.get(name, name)):
                raise ValueError(f"{me}: cannot sort by {name!r}")
        for name in self.search_columns:
            fact = self.datamodel.fact(name)
            if fact is None or not ops_of(fact) or not self._is_open(name):
                raise ValueError(f"{me}: cannot filter by {name!r}")
        for name in (*self.eager, *self.lookup_eager):
            at = model
            for step in name.split("."):
                relation = relation_of(at, step)
                if relation is None:
                    raise ValueError(f"{me}: {name!r} is no relation that could be loaded")
                at = relation.mapper.class_
        for name in (*self.list_columns, *self.show_columns):
            known = (
                self.datamodel.fact(name) is not None
                or hasattr(model, name)
                or name in self.formatters_columns
            )
            if not known:
                raise ValueError(f"{me}: {model.__name__} has no {name!r}")

    def _is_open(self, name: str) -> bool:
        """Whether a (dotted) column may be asked for in a list: a filter on a masked value would be an oracle."""
        *steps, last = name.split(".")
        model: Any = self.datamodel.obj
        for step in steps:
            model = facts_of(model)[step].target
        return policy.is_open(model, last)

    def _init_forms(self) -> None:
        """Forms are built on first use: the views of related models may not be there yet."""

    def _init_titles(self) -> None:
        for name in ("list_title", "show_title", "add_title", "edit_title"):
            if not getattr(self, name):
                raise ValueError(f"{type(self).__name__}: {name} is missing")
        self.title = self.list_title

    @cached_property
    def add_form(self) -> type[RecordForm]:  # type: ignore[override]
        return Builder(self, self.add_columns, self.add_form_extra_fields).form_class()

    @cached_property
    def edit_form(self) -> type[RecordForm]:  # type: ignore[override]
        return Builder(self, self.edit_columns, self.edit_form_extra_fields).form_class()

    def create_blueprint(
        self, appbuilder: Any, endpoint: str | None = None, static_folder: str | None = None
    ) -> Any:
        views = current_app.extensions.setdefault("geban_views", {})
        if self.is_main or self.datamodel.obj not in views:
            views[self.datamodel.obj] = self
        return super().create_blueprint(appbuilder, endpoint, static_folder)

    # --- words and links ----------------------------------------------------------------------------------------

    def label(self, name: str) -> Any:
        """The label of a column: the view's own, the common one, else the last part of its name."""
        custom = extra.column_of(self.datamodel.obj, name)
        if custom is not None:
            return custom.label
        found = self.label_columns.get(name) or COMMON_LABELS.get(name)
        return found if found is not None else self._prettify_column(name.rpartition(".")[2])

    def label_text(self, name: str) -> str:
        """The same in the language of the page, found once for each language."""
        if name.startswith(extra.PREFIX):
            return str(self.label(name))
        kept = words.catalogue().labels
        if (self, name) not in kept:
            kept[self, name] = str(self.label(name))
        return kept[self, name]

    def url_show(self, row: Any) -> str:
        """Address of a record's page."""
        return f"{self.route_base}/show/{self.datamodel.key_of(row)}"

    def home_url(self) -> str:
        return f"{self.route_base}/list/"

    def related_here(self) -> list[RelatedList]:
        """The related lists with their mounted views in place of the classes."""
        mounted = current_app.extensions.get("geban_pages", {})
        found = []
        for r in self.related:
            view = mounted.get(r.view if isinstance(r.view, str) else r.view.__name__)
            if view is not None:
                found.append(RelatedList(view, r.fk, r.title or view.list_title, r.blocks))
        return found

    def links_of(self, item: Any = None) -> list[tuple[str, str]]:
        """The extra buttons of the list (no item) or of a record's page."""
        return self._resolved(self.list_links if item is None else self.row_actions, item)

    def actions_here(self) -> list[tuple[str, Any]]:
        """The extra buttons of rows that the acting role may press, the same for all of them: (label, target)."""
        return self._permitted(self.row_actions)

    def _permitted(self, links: list[tuple[Any, Any, str]]) -> list[tuple[str, Any]]:
        return [(str(label), target) for label, target, needs in links if self._permits(needs)]

    def _resolved(self, links: list[tuple[Any, Any, str]], row: Any) -> list[tuple[str, str]]:
        return self.addressed(self._permitted(links), row)

    def addressed(self, links: list[tuple[str, Any]], row: Any) -> list[tuple[str, str]]:
        """Buttons with the address they have for a row; those without one are left out."""
        return [(label, url) for label, target in links if (url := self._target(target, row))]

    def _permits(self, permission: str) -> bool:
        """``can_edit`` on this view, or ``can_use:ProxyDesk`` on another."""
        if not permission:
            return True
        verb, _sep, view = permission.partition(":")
        return self.can(verb.removeprefix("can_")) if not view else self.appbuilder.sm.has_access(verb, view)

    def _target(self, target: str | Callable[[Any], str | None], row: Any) -> str | None:
        if callable(target):
            return target(row) if row is not None else target(None)
        return url_for(target, **({} if row is None else {"pk": self.datamodel.key_of(row)}))

    # --- for a domain to override --------------------------------------------------------------------------------

    def base_where(self) -> tuple[ColumnElement[bool], ...]:
        """Criteria of every list of this view, on top of the guard (not in place of it)."""
        return ()


def _sets(fieldsets: Any, columns: list[str]) -> tuple[list[tuple[Any, dict[str, Any]]], list[str]]:
    """Fieldsets and the flat list of their columns; a plain list of columns makes one section without a title."""
    if not fieldsets:
        fieldsets = [("", {"fields": list(columns)})] if columns else []
    sets = [(label, dict(given)) for label, given in fieldsets]
    return sets, [name for _label, given in sets for name in given["fields"]]
