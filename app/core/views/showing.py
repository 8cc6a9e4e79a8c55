"""One record: its page, its related lists, its history, its remote look-up, the audited reveal of a masked value."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import jsonify, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext
from sqlalchemy import select

from app.core import hooks, policy, reach, search
from app.core.actor import current_actor
from app.core.errors import Invalid, NotAllowed, NotFound
from app.core.interface import UUID_TEXT
from app.core.numbers import whole_number
from app.core.views import arguments, extras
from app.core.views.cells import Cells, name_of, plain, said
from app.core.views.removing import reason_given
from app.core.views.wording import Wording, action_words, look_words

READ_ALONE = frozenset({"L4", "L5", "L4-L5", "viewers"})  # details of a log row that say nothing to people
LOOKUP_SIZE = 20
LOOKUP_PAGES = 50
HISTORY_SIZE = 200


@dataclass(slots=True)
class RelatedList:
    """A list of child records on the page of their parent: the child's view and its key column.

    ``blocks``: the parent cannot be deleted while there are any.
    """

    view: Any
    fk: str
    title: Any = None
    blocks: bool = True


def _detail_words(views: dict[str, Any], look: hooks.Look) -> str:
    """What was looked at: a column by its label, anything else as it was written down."""
    view = views.get(look.table)
    if not look.detail or look.detail in READ_ALONE:
        return ""
    if view is not None and look.detail in view.label_columns:
        return str(view.label(look.detail))
    return said(look.detail)


class ShowMixin:
    """Pages of one record."""

    keeps_viewers = False  # whether the record has a page “who looked at it”

    @expose("/show/<pk>", methods=["GET"])
    @has_access
    def show(self, pk: str) -> Any:
        """The record with its sections; related lists load by themselves."""
        item = self.datamodel.by_key(self.session, pk, options=tuple(self.options(self.show_columns_here())))
        self.reading(item)
        return self.render_template(self.show_template, title=self.show_title, **self.show_context(item))

    def show_context(self, item: Any) -> dict[str, Any]:
        """What the page of a record needs."""
        cells = Cells(self, "page")
        sections = [
            (label, [self.shown_value(cells, item, name) for name in given["fields"]], given)
            for label, given in self.show_sets(item)
        ]
        verbs = ("list", "add", "edit", "delete", "history", "viewers", "restore")
        can = {verb: self.can(verb) for verb in verbs}
        can["edit"] = can["edit"] and self.is_editable(item)
        return {
            "item": item,
            "heading": self.heading(item),
            "key": self.datamodel.key_of(item),
            "sections": sections,
            "related_lists": self.related_shown(),
            "can": can,
            "links": self.links_of(item),
        }

    def related_shown(self) -> list[RelatedList]:
        """The lists below the record that the acting role may see; none on a page that shows their rows itself."""
        return [r for r in self.related_here() if r.view.can("list")]

    def shown_value(self, cells: Cells, item: Any, name: str) -> dict[str, Any]:
        """Label, words and whether the plain value may be asked for."""
        words, fact = cells.of(item, name), self.datamodel.fact(name)
        rule = policy.rule_of(self.datamodel.obj, name) if fact is not None else None
        hidden = rule is not None and bool(words) and words == rule.masked(extras.value_of(item, name))
        may = hidden and self.can("reveal") and extras.may(self.session, cells.actor, "see", item, name)
        wide = fact is not None and fact.kind == "longtext"
        return {"name": name, "label": self.label_text(name), "words": words, "reveal": may, "wide": wide}

    @expose("/show/<pk>/<child>", methods=["GET"])
    @has_access
    @permission_name("show")
    def related_list(self, pk: str, child: str) -> Any:
        """One related list as a piece of a page."""
        item = self.datamodel.by_key(self.session, pk)
        related = next((r for r in self.related_here() if type(r.view).__name__ == child), None)
        if related is None:
            raise NotFound()
        view = related.view
        if not view.can("list"):
            raise NotAllowed()
        asked = arguments.read(view, request.args)
        columns = [
            c
            for c in view.list_columns
            if view.datamodel.facts.get(c, None) is None or view.datamodel.facts[c].fk != related.fk
        ]
        page = view.read_page(asked, getattr(view.datamodel.obj, related.fk) == item.id, columns=columns)
        context = view.list_context(asked, page, columns=columns)
        field = next(
            (n for n in view.add_columns if (f := view.datamodel.facts.get(n)) and f.fk == related.fk), ""
        )
        return view.render_template(
            "appbuilder/general/model/related.html",
            **context,
            parent_url=self.url_show(item),
            piece_url=f"{self.url_show(item)}/{child}",
            add_query=f"?{field}={self.datamodel.key_of(item)}&next={self.url_show(item)}" if field else "",
        )

    @expose("/history/<pk>", methods=["GET"])
    @has_access
    def history(self, pk: str) -> Any:
        """Who changed what and when: the record itself, and the rows that hang on it and may be seen."""
        item = self.datamodel.by_key(self.session, pk)
        about = self.rows_about(item, "history")
        changes = hooks.history(self.session, [rows for _view, rows in about], HISTORY_SIZE)
        return self.render_template(
            "appbuilder/general/model/history.html",
            title=gettext("Change history"),
            item=item,
            heading=self.heading(item),
            key=self.datamodel.key_of(item),
            changes=changes,
            own=self.datamodel.table_name,
            kinds={view.datamodel.table_name: view.show_title for view, _rows in about},
            wordings={view.datamodel.table_name: Wording(view) for view, _rows in about},
            action_words=action_words,
        )

    @expose("/viewers/<pk>", methods=["GET"])
    @has_access
    def viewers(self, pk: str) -> Any:
        """Who looked at the record and at what hangs on it; only on views that keep such a page (``keeps_viewers``)."""
        item = self.datamodel.by_key(self.session, pk)
        about = self.rows_about(item, "viewers")
        return self.render_template(
            "appbuilder/general/model/viewers.html",
            title=gettext("Who looked at it"),
            item=item,
            heading=self.heading(item),
            looks=hooks.looks(self.session, [rows for _view, rows in about], HISTORY_SIZE),
            kinds={view.datamodel.table_name: view.show_title for view, _rows in about},
            look_words=look_words,
            detail_words=partial(_detail_words, {v.datamodel.table_name: v for v, _rows in about}),
        )

    def rows_about(self, item: Any, verb: str) -> list[tuple[Any, hooks.Rows]]:
        """The record and the rows of its related lists, deleted ones too, as far as the role has the same page of them
        and the guard lets the actor see them.
        """
        found: list[tuple[Any, hooks.Rows]] = [
            (self, (self.datamodel.table_name, [item.id], self.datamodel.obj))
        ]
        for related in self.related_here():
            child = related.view.datamodel
            if not related.view.can(verb) or not hasattr(child.obj, "id"):
                continue
            mine = select(child.obj.id).where(getattr(child.obj, related.fk) == item.id)
            ids = list(self.session.scalars(mine.limit(HISTORY_SIZE).execution_options(with_deleted=True)))
            if ids:
                found.append((related.view, (child.table_name, ids, child.obj)))
        return found

    @expose("/lookup", methods=["GET", "POST"])
    @has_access
    def lookup(self) -> Any:
        """Rows of the scope for a remote select: ``q``, ``page`` from 0, or ``id`` for the label of one row.

        The browser sends what is typed by POST, so that no name stands in an address or a log.
        """
        asked = request.values
        key = asked.get("id", "").strip()
        if key:
            row = self.datamodel.by_key(self.session, key)
            return jsonify(results=[self.lookup_row(row)], more=False)
        query = " ".join(asked.get("q", "").split())
        number = whole_number(asked.get("page", "0"), 0, LOOKUP_PAGES, field="page")
        if len(query) > arguments.LONGEST or "\x00" in query:
            raise Invalid()
        rows = self.lookup_rows(query, number)
        return jsonify(results=[self.lookup_row(r) for r in rows[:LOOKUP_SIZE]], more=len(rows) > LOOKUP_SIZE)

    def lookup_rows(self, query: str, page: int) -> list[Any]:
        """One page of rows and one more; order by the first look-up column."""
        model, first = self.datamodel.obj, self.lookup_columns[0]
        nameless = model.__str__ is object.__str__  # called by its first columns
        columns = [*self.lookup_eager, *(self.list_columns if nameless else ())]
        found = select(model).options(*self.options(columns))
        found = found.where(*self.base_where(), *self.lookup_where())
        if query:
            found = found.where(search.matching(model, tuple(self.lookup_columns), query))
        found = reach.sorted_by(self.session, found, model, getattr(model, first), self.datamodel.pk_column)
        return list(self.session.scalars(found.offset(page * LOOKUP_SIZE).limit(LOOKUP_SIZE + 1)).unique())

    def lookup_row(self, row: Any) -> dict[str, str]:
        return {"id": self.datamodel.key_of(row), "text": str(self.lookup_text(row))}

    @expose("/reveal/<pk>/<column>", methods=["POST"])
    @has_access
    @permission_name("reveal")
    def reveal(self, pk: str, column: str) -> Any:
        """The plain value of one masked column, once, with a reason, logged before it is answered."""
        item = self.datamodel.by_key(self.session, pk)
        if column not in self.show_columns_here() or self.datamodel.fact(column) is None:
            raise NotFound()
        if not extras.may(self.session, current_actor(), "see", item, column):
            raise NotAllowed()
        reason = reason_given()
        hooks.require_fresh_login()
        value = self.plain_value(item, column)
        area = getattr(item, "area_id", None)
        hooks.record_access(
            hooks.Access("REVEAL", self.datamodel.table_name, item.id, area, detail=column, reason=reason)
        )
        return jsonify(value=value)

    def plain_value(self, item: Any, column: str) -> str:
        """The value as the reveal shows it."""
        value = extras.value_of(item, column)
        fact = self.datamodel.fact(column)
        if fact.kind == "code":
            from app.core import codes

            return codes.label(self.session, fact.code_list or "", value)
        if fact.kind == "json":
            return "; ".join(f"{k}: {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
        return "" if value is None else plain(value) if extras.is_name(column) else str(value)

    # --- for a domain to override --------------------------------------------------------------------------

    def heading(self, item: Any) -> str:
        """The headline of the record's page."""
        return name_of(item, self)

    def reading(self, item: Any) -> None:
        """Called before a record is shown: the place to log the reading of sensitive records."""

    def lookup_text(self, row: Any) -> str:
        """What tells two rows apart in a select (birth year, address)."""
        return name_of(row, self)

    def lookup_where(self) -> tuple[Any, ...]:
        """Further criteria of the look-up, such as “in force today”."""
        return ()

    def is_key(self, text: str) -> bool:
        return UUID_TEXT.fullmatch(text) is not None
