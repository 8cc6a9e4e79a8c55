"""Saved views of a list: what was saved is read again as if it had just been asked for, so rights of today decide."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from flask import flash, request
from werkzeug.datastructures import MultiDict

from app.core.actor import current_actor
from app.core.errors import DomainError, Invalid
from app.core.saved import NOTHING, Kept, SavedView, of_list
from app.core.views import arguments
from app.core.views.columns import ColumnsMixin
from app.core.words import gettext

LONGEST = 4000  # characters of the arguments of a list


@dataclass(slots=True)
class Opened:
    """One list as it is shown: what is asked, by which saved view, with which columns (None: the standard ones)."""

    asked: arguments.ListArgs
    kept: Kept = NOTHING
    view: SavedView | None = None
    columns: list[str] | None = None
    lost: list[str] = field(default_factory=list)


class SavingMixin(ColumnsMixin):
    """Lists that open as somebody saved them."""

    def opened_list(self: Any) -> Opened:
        """The list that the address asks for: ``saved`` names a saved view, ``pick`` lets rows be ticked. Without any
        argument the default of the user opens, else what the view opens with.
        """
        given = request.args
        kept = self.kept_here()
        named = given.get("saved")
        view = kept.by_uid(named) if named else None if given else kept.default
        if named and view is None:
            flash(gettext("This saved view is no longer there."), "warning")
        if view is not None:
            opened = self.open_saved(kept, view, given)
        else:
            asked = arguments.read(self, given) if given else self.first_page()
            opened = Opened(asked, kept)
            opened.columns = self.columns_here(kept.plain)[0]
        opened.asked.picking = bool(given.get("pick")) and bool(self.bulk_here())
        return opened

    def kept_here(self: Any) -> Kept:
        """What the user has saved about this list; signing in has told whether there is anything to ask for."""
        actor, name = current_actor(), type(self).__name__
        if name not in actor.kept_lists or actor.user_id is None:
            return NOTHING
        return of_list(self.session, actor.user_id, name)

    def open_saved(self: Any, kept: Kept, view: SavedView, given: MultiDict[str, str]) -> Opened:
        """A saved view; what the address says beside it counts more. What is no longer allowed is left out and told."""
        has_filters = any(name.startswith("_flt_") for name in given)
        lost, pairs = [], []
        for name, value in view.settings.get("query") or ():
            # of the filters all or none: a field that was emptied by hand stays empty
            if name in given or (has_filters and name.startswith("_flt_")):
                continue
            try:
                arguments.read(self, MultiDict([(name, value)]))
            except DomainError:
                lost.append(self.words_of(name))
            else:
                pairs.append((name, value))
        asked = arguments.read(self, MultiDict([*pairs, *given.items(multi=True)]))
        asked.saved, asked.same_filters = view.uid, not has_filters
        asked.same_order = f"_oc_{asked.prefix}" not in given
        asked.plain_size = next((int(v) for n, v in pairs if n.startswith("psize_")), asked.plain_size)
        columns, gone = self.columns_here(view)
        lost += [gettext("column “%(what)s”", what=self.label_text(name)) for name in gone]
        if lost:
            text = gettext(
                "This saved view can no longer be shown in full. Left out: %(what)s.",
                what=gettext(", ").join(lost),
            )
            flash(text, "warning")
        return Opened(asked, kept, view, columns, lost)

    def words_of(self: Any, argument: str) -> str:
        """An argument of a list in words, by the label of its column."""
        match = arguments.FILTER.fullmatch(argument)
        if match is None:
            return gettext("the order or the size of a page")
        own = self.own_filters.get(match["column"])
        label = own.label if own is not None else self.label_text(match["column"])
        return gettext("filter “%(what)s”", what=str(label))

    def settings_of(self: Any, text: str, columns: list[str] | None) -> dict[str, Any]:
        """What is stored of a list that is shown as ``text`` (its query string) asks; Invalid for what it may not ask."""
        if len(text) > LONGEST:
            raise Invalid()
        asked = arguments.read(self, MultiDict(parse_qsl(text, keep_blank_values=False)))
        return {"query": [list(pair) for pair in asked.pairs()], "columns": columns}

    def saved_context(self: Any, opened: Opened) -> dict[str, Any]:
        """What the bar above a list needs."""
        base = f"/lists/{type(self).__name__}"
        has_default = opened.kept.default is not None
        return {
            "opened": opened,
            "lists_url": base,
            "plain_url": f"{self.route_base}/list/{'?saved=' if has_default else ''}",
            "can_change_many": bool(self.bulk_here()),
        }
