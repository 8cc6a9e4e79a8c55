"""How a value stands in a list or on a page: no raw code, no None, no True; protected values behind their mask."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from operator import attrgetter
from typing import Any

from markupsafe import Markup

from app.core import clock, codes, extra, policy
from app.core.actor import Actor, current_actor
from app.core.choices import Choice
from app.core.interface import Fact, Interface
from app.core.views.drawing import safe
from app.core.widgets import view_of
from app.core.words import gettext


def badge(label: Any, colour: str = "grey") -> Markup:
    """A small coloured word; the colour never carries the meaning alone."""
    # both have been escaped
    return Markup(f'<span class="gb-badge gb-{safe(colour)}">{safe(label)}</span>')  # noqa: S704


def plain(value: Any) -> str:
    """Any value as words, without knowledge of its column."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if isinstance(value, Choice):
        return str(value.label)
    if isinstance(value, datetime):
        return clock.to_local(value).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, list | tuple | set):
        return gettext(", ").join(plain(v) for v in value)
    return str(value)


def said(text: str | None) -> str:
    """A sentence of the program that a log keeps in English, in the reader's language; people's words as they are."""
    return gettext(text) if text else ""


def name_of(row: Any, view: Any = None) -> str:
    """What people call a record: its own name, else its first two columns as its list shows them."""
    view = view or view_of(type(row))
    if type(row).__str__ is not object.__str__ or view is None:
        return str(row)
    cells = Cells(view, "list")
    words = (cells.of(row, column) for column in view.list_columns)
    shown = [w.striptags() if isinstance(w, Markup) else w for w in words if w]
    return " · ".join(shown[:2]) or str(view.show_title)


def extra_words(session: Any, column: extra.ExtraColumn, value: Any, raw: Any = None) -> str:
    """A value of a custom field in words; ``raw`` stands for what the field cannot hold (a mask)."""
    if value is None:
        return plain(raw)
    return codes.label(session, column.code_list or "", value) if column.kind == "code" else plain(value)


def _worded(found: Any) -> str | Markup:
    return found if isinstance(found, Markup) else plain(found)


def _called(value: Any) -> str:
    return plain(value() if callable(value) else value)


class Cells:
    """Renders the columns of one view for one actor; made once per request."""

    def __init__(self, view: Any, place: str) -> None:
        self.view, self.place = view, place
        self.session = view.session
        self.actor: Actor = current_actor()
        self._readers: dict[str, Callable[[Any], str | Markup]] = {}
        self._links: dict[Any, str | Markup] = {}

    def of(self, row: Any, name: str) -> str | Markup:
        """The cell of a column: formatter, mask, then the kind of the column."""
        return self.column(name)(row)

    def column(self, name: str) -> Callable[[Any], str | Markup]:
        """What makes the cells of a column; what does not depend on the row is found out once."""
        reader = self._readers.get(name)
        if reader is None:
            reader = self._readers[name] = self._reader(name)
        return reader

    def _reader(self, name: str) -> Callable[[Any], str | Markup]:
        formatter = self.view.formatters_columns.get(name)
        if formatter is not None:
            return lambda row: _worded(formatter(row))
        custom = extra.column_of(self.view.datamodel.obj, name)
        if custom is not None:
            return lambda row: self._custom(row, custom)
        if "." in name:
            return lambda row: self._through(row, name)
        fact = self.view.datamodel.facts.get(name)
        if fact is None:
            return lambda row: _called(getattr(row, name))
        return self._of_fact(name, fact)

    def _of_fact(self, name: str, fact: Fact) -> Callable[[Any], str | Markup]:
        """A column of the view's own model: what is open is read and worded without asking the policy of each row."""
        key, model = attrgetter(fact.attribute or name), self.view.datamodel.obj
        if policy.rule_of(model, name) is not None:
            return lambda row: self.typed(row, name, fact, key(row))
        word = self._wording(name, fact)

        def cell(row: Any) -> str | Markup:
            value = key(row)
            return "" if value is None else word(value)

        return cell

    def _custom(self, row: Any, column: extra.ExtraColumn) -> str:
        """A custom field: masked as its level says."""
        value = column.read(row)
        shown = policy.shown(self.actor, type(row), column.name, value, place=self.place)
        return str(shown) if shown is not value else extra_words(self.session, column, value)

    def _wording(self, name: str, fact: Fact) -> Callable[[Any], str | Markup]:
        """What puts values of an open column into words; few different values are put into words once."""
        choices = self.view.choices_columns.get(name)
        if choices is not None:
            return cache(lambda value: self.choice(choices, value))
        if fact.kind == "code":
            return cache(lambda value: codes.label(self.session, fact.code_list or "", value))
        return self.link if fact.kind == "relation" else plain

    def _through(self, row: Any, name: str) -> str | Markup:
        """A column of a related row."""
        owner, (*steps, last) = row, name.split(".")
        for step in steps:
            owner = getattr(owner, step, None)
            if owner is None:
                return ""
        fact = Interface(type(owner)).fact(last)
        if fact is None:
            return _called(getattr(owner, last))
        return self.typed(owner, last, fact, getattr(owner, fact.attribute or last))

    def typed(self, owner: Any, name: str, fact: Fact, value: Any) -> str | Markup:
        shown = policy.shown(self.actor, type(owner), name, value, place=self.place)
        if shown is not value:
            return str(shown)
        if value is None:
            return ""
        choices = self.view.choices_columns.get(name) if isinstance(owner, self.view.datamodel.obj) else None
        if choices is not None:
            return self.choice(choices, value)
        if fact.kind == "code":
            return codes.label(self.session, fact.code_list or "", value)
        if fact.kind == "relation":
            return self.link(value)
        return plain(value)

    @staticmethod
    def choice(choices: Any, value: Any, *, badges: bool = True) -> str | Markup:
        source = choices() if callable(choices) and not isinstance(choices, type) else choices
        if isinstance(source, type) and issubclass(source, Choice):
            try:
                member = source(value)
            except ValueError:
                return str(value)
            return badge(member.label, member.badge) if badges else str(member.label)
        return str(dict(source).get(value, value))

    def link(self, target: Any) -> str | Markup:
        """The related row by its name, as a link where the actor may open it; rows of a list share a few."""
        if target not in self._links:
            self._links[target] = self._link(target)
        return self._links[target]

    @staticmethod
    def _link(target: Any) -> str | Markup:
        view = view_of(type(target))
        if view is None or not view.can("show"):
            return name_of(target, view)
        return Markup('<a href="{}">{}</a>').format(view.url_show(target), name_of(target, view))
