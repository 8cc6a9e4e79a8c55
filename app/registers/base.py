"""What a register needs beyond core: its rows belong to an area, its view is read off the columns (docs/registers.md).

A register may still say anything that a ModelView may say; what it leaves out is derived here when it is mounted.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _
from markupsafe import Markup
from sqlalchemy import inspect, select
from sqlalchemy.orm import Mapped, declared_attr, relationship

from app.areas import shared  # noqa: F401  the guard of SharedBelow
from app.areas.models import Area
from app.areas.service import live
from app.core import policy
from app.core.actor import current_actor
from app.core.interface import Fact
from app.core.models import Record, Scoped, SharedBelow
from app.core.views import Interface, ModelView
from app.core.views.filters import Own
from app.core.widgets import RemoteField
from app.core.words import gettext

IN_LIST, IN_SEARCH = 6, 8  # columns beside the area
LISTED = frozenset({"text", "int", "decimal", "bool", "date", "code", "relation"})
SOUGHT = frozenset({"text", "bool", "date", "code"})
SMALL = ("community", "grid", "cell")  # levels on which what is entered is one's own


class Entry(Scoped, Record):
    """A row of a register: it belongs to an area, has versions and a recycle bin, and is in the change log."""

    __abstract__ = True

    @declared_attr
    def area(cls) -> Mapped[Area]:
        """Where it belongs; the guard reads ``area_id``."""
        return relationship(Area)


class SharedEntry(SharedBelow, Record):
    """A row that applies to everything below its area and is read there (app/areas/shared.py)."""

    __abstract__ = True

    @declared_attr
    def area(cls) -> Mapped[Area]:
        """Where it stands; the guard reads ``area_id``."""
        return relationship(Area)


class Register(ModelView):
    """A view over one kind of ``Entry``. Declare ``datamodel``, ``list_title`` and ``show_title``, and where it stands.

    ``section`` is the section of the side bar (app/menu.py). ``is_lasting`` rows stand for something that is there, and go
    over to the new grid when areas are divided anew; what has happened stays with the area of its day. The name of the
    class ends with "Register": by it the roles are granted (app/areas/roles.py).

    ``known_by`` are the columns by which a row of a sheet is the record that is there already, such as the number of a
    licence: with all of them equal it is the same, whatever else differs. What happens again and again (a wish, a lesson, a
    good deed) has none: two rows are one only where all that they say is equal. People are never known by their names.
    """

    section = "units"
    icon = "fa-clipboard-list"
    in_menu = True
    is_lasting = False
    known_by: tuple[str, ...] = ()
    takes_files = False  # the form sends a file (app/registers/papers.py)
    settled = ""  # the day that closes a row: the list opens with those that have none
    figures = ""  # the code by which the rows are counted by area (app/registers/figures.py)
    counted: tuple[Any, ...] = ()  # criteria of the rows that count there
    wanted: tuple[str, ...] = ()  # codes of it of which every community should have one

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.__name__.endswith("Register"):
            raise TypeError(f"{cls.__name__}: the name of a register ends with “Register”")
        if cls.is_lasting:
            live.register_live(cls.datamodel.table_name, cls.datamodel.obj, label=cls.list_title)

    def _init_properties(self) -> None:
        facts, own = self.datamodel.facts, own_columns(self.datamodel.obj)
        self.label_columns = labels_of(facts, own) | dict(self.label_columns or {})
        helped = {name: info["help"] for name, info in own.items() if info["help"]}
        self.description_columns = helped | dict(self.description_columns or {})
        addresses = {name: partial(_address, name) for name, info in own.items() if info.get("web")}
        self.formatters_columns = addresses | dict(self.formatters_columns or {})
        if self.settled:
            self.own_filters = {"open": open_or_settled(getattr(self.datamodel.obj, self.settled))}
            self.opens_with = self.opens_with or {"_flt_0_open": "1"}
        if self.figures:
            self.list_links = [
                *self.list_links,
                (_("Figures by area"), self.figures_url, "can_use:RegisterFigures"),
            ]
        self.derived(list(own), [_shown_as(facts, name) for name in own])
        super()._init_properties()

    def derived(self, own: list[str], shown: list[str]) -> None:
        """Fill in the lists that were not declared: ``own`` as they are typed, ``shown`` as they are read."""
        if not (self.add_columns or self.add_fieldsets):
            self.add_columns = ["area_id", *own]
        if not (self.show_columns or self.show_fieldsets):
            self.show_columns = ["area", *shown]
        if not self.list_columns:
            self.list_columns = [*self.open_ones(shown, LISTED)[:IN_LIST], "area"]
        if not self.search_columns:
            self.search_columns = [*self.open_ones(own, SOUGHT)[:IN_SEARCH], "area"]
        if not hasattr(self.datamodel.obj, self.lookup_columns[0]):
            self.lookup_columns = tuple(self.open_ones(own, frozenset({"text"}))[:2])

    def open_ones(self, names: list[str], kinds: frozenset[str]) -> list[str]:
        """The columns of some kinds that may stand in a list and be asked for."""
        facts, model = self.datamodel.facts, self.datamodel.obj
        return [n for n in names if n in facts and facts[n].kind in kinds and policy.is_open(model, n)]

    def figures_url(self, _row: Any) -> str:
        """Where the rows are counted by area."""
        return url_for("RegisterFigures.counted", name=type(self).__name__)

    def _init_titles(self) -> None:
        self.add_title = self.add_title or _("New entry: %(register)s", register=self.show_title)
        self.edit_title = self.edit_title or _("Change: %(register)s", register=self.show_title)
        super()._init_titles()

    def prefill_from_address(self, form: Any) -> None:
        """What is entered from the page of another record belongs to the same area, other things to one's own."""
        super().prefill_from_address(form)
        if "area_id" not in form or form.area_id.data is not None:
            return
        named = (f.data for f in form if isinstance(f, RemoteField) and f.name != "area_id")
        area_id = next((row.area_id for row in named if getattr(row, "area_id", None)), None)
        form.area_id.data = self.session.get(Area, area_id) if area_id else self.own_area()

    def own_area(self) -> Area | None:
        """The community (or grid) that the actor works in; None for a town or a county, where there is a choice."""
        tops = [low for low, _high in current_actor().ranges]
        found = self.session.scalars(select(Area).where(Area.path.in_(tops)).limit(2)).all()
        return found[0] if len(found) == 1 and found[0].level.key in SMALL else None

    def is_editable(self, item: Any) -> bool:
        """What is read from an area above is changed there only."""
        return current_actor().covers(item.area.path)

    def show_context(self, item: Any) -> dict[str, Any]:
        """No button for what the actor may not do to this record."""
        context = super().show_context(item)
        context["can"]["delete"] = context["can"]["delete"] and self.is_editable(item)
        return context

    def check(self, session: Any, item: Any, form: Any, is_new: bool) -> None:
        """A record that the actor does not see cannot be chosen, and is not lost either when something else is changed."""
        for field in form:
            if isinstance(field, RemoteField) and field.as_id and getattr(item, field.name) is None:
                before = inspect(item).attrs[field.name].history.deleted
                if before and before[0] and session.get(field.model, before[0]) is None:
                    setattr(item, field.name, before[0])


def own_columns(model: type) -> dict[str, dict[str, Any]]:
    """The columns that a register declares, in their order: name → what it says of them."""
    return {c.key: c.info for c in inspect(model).columns if "label" in c.info}


def labels_of(facts: dict[str, Fact], own: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The words of the columns, and of the relations that stand beside a key."""
    keys = {name: info["label"] for name, info in own.items()}
    return keys | {f.name: keys[f.fk] for f in facts.values() if f.fk in keys}


def _shown_as(facts: dict[str, Fact], name: str) -> str:
    """A key is shown by the record that it names."""
    if facts[name].kind != "relation":
        return name
    return next((f.name for f in facts.values() if f.fk == name and f.name != name), name)


def _address(name: str, row: Any) -> Any:
    """An address on the web as a link into a window of its own; anything else as it was typed."""
    address = getattr(row, name) or ""
    if not address.startswith(("http://", "https://")):
        return address
    words = Markup('<a href="{0}" target="_blank" rel="noopener noreferrer">{0}</a>')
    return words.format(address)


def open_or_settled(day: Any) -> Own:
    """The filter of a list by whether the day of settling is there."""
    pairs = lambda: [("1", gettext("Not yet settled")), ("0", gettext("Settled"))]  # noqa: E731
    return Own(_("State"), pairs, lambda value: day.is_(None) if value == "1" else day.is_not(None))


__all__ = ["Entry", "Interface", "Register", "SharedEntry"]
