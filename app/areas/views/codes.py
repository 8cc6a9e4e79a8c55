"""Pages of the code lists: standard ones are read, local ones are edited (house: code lists are data with a source)."""

from __future__ import annotations

from typing import Any

from flask import flash, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from app.areas.rules.relied import is_relied_on
from app.areas.service import codes as service
from app.areas.views.common import at_form
from app.core import clock
from app.core.actor import current_actor
from app.core.codes import CodeItem, CodeList
from app.core.hooks import give_reason
from app.core.numbers import whole_number
from app.core.session import unit_of_work
from app.core.views import Interface, ModelView, RelatedList, badge, expose, has_access, permission_name
from app.core.views.ending import EndPage


class CodeListView(ModelView):
    """Lists of codes with their standard. A locked list follows its standard and is not edited here."""

    route_base = "/code-lists"
    datamodel = Interface(CodeList)
    list_title = _("Code lists")
    show_title = _("Code list")
    add_title = _("Add a code list")
    edit_title = _("Change the code list")
    base_order = ("label", "asc")
    exclude_route_methods = {"delete", "restore", "deleted"}
    label_columns = {
        "name": _("Name in the system"),
        "label": _("Designation"),
        "standard": _("Standard or source"),
        "locked": _("Locked"),
        "lock": _("Edited"),
    }
    list_columns = ["label", "name", "standard", "lock"]
    search_columns = ["label", "name", "standard", "locked"]
    formatters_columns = {
        "lock": lambda row: (
            badge(_("by its standard only"), "grey") if row.locked else badge(_("by administrators"), "blue")
        )
    }
    add_fieldsets = [(_("Code list"), {"fields": ["label", "name", "standard", "note"]})]
    edit_fieldsets = [(_("Code list"), {"fields": ["label", "standard", "note"]})]
    show_fieldsets = [(_("Code list"), {"fields": ["label", "name", "standard", "lock", "note"]})]
    related = [RelatedList("CodeItemView", "list_id")]
    lookup_columns = ("label", "name")

    row_actions = [(_("Order of the codes"), lambda row: _order_url(row), "can_edit")]

    def is_editable(self, item: CodeList) -> bool:
        return not item.locked

    @expose("/order/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def order(self, pk: str) -> Any:
        """In which order the codes of a local list are offered: each gets a number, the smallest stands first."""
        if request.method == "POST":
            with unit_of_work(self.session) as session:
                item = self.datamodel.by_key(session, pk)
                given = [(self._place(code), code.seq, code.id) for code in item.items]
                service.reorder(
                    session, item, [key for *_place, key in sorted(given)], current_actor(), clock.now()
                )
                where = self.url_show(item)
            flash(gettext("Saved."), "success")
            return self.go(where)
        item = self.datamodel.by_key(self.session, pk)
        self.may_edit(item)
        return self.render_template(
            "areas/code_order.html", title=_("Order of the codes"), item=item, back=self.url_show(item)
        )

    @staticmethod
    def _place(code: CodeItem) -> int:
        """The number typed for a code; without one it keeps its place."""
        text = request.form.get(f"place-{code.id}", "").strip()
        return whole_number(text, 0, 10_000, field=f"place-{code.id}") if text else code.seq

    def save(self, session: Any, item: Any, form: Any, is_new: bool) -> None:
        with at_form(form):
            service.save_list(session, item, current_actor(), clock.now())


def _order_url(row: CodeList) -> str | None:
    return None if row.locked else url_for("CodeListView.order", pk=row.uid)


class CodeItemView(EndPage, ModelView):
    """Codes of a list. A code is ended by its last day, never renumbered and never deleted."""

    route_base = "/codes"
    datamodel = Interface(CodeItem)
    list_title = _("Codes")
    show_title = _("Code")
    add_title = _("Add a code")
    edit_title = _("Change the code")
    base_order = ("seq", "asc")
    exclude_route_methods = {"delete", "restore", "deleted"}
    label_columns = {
        "list_id": _("Code list"),
        "code_list": _("Code list"),
        "label": _("Designation"),
        "label_en": _("English name"),
        "seq": _("Order"),
        "extra": _("Attributes (JSON)"),
    }
    description_columns = {
        "valid_to": _("Records keep an ended code and show its name; new records cannot choose it."),
        "extra": _("Only where a list asks for it."),
    }
    list_columns = ["code", "label", "label_en", "seq", "valid_from", "valid_to"]
    search_columns = ["code", "label", "code_list"]
    add_fieldsets = [
        (_("Code"), {"fields": ["list_id", "code", "label", "label_en", "seq"]}),
        (_("Further"), {"fields": ["valid_from", "valid_to", "extra"]}),
    ]
    edit_fieldsets = [
        (_("Code"), {"fields": ["label", "label_en", "seq"]}),
        (_("Further"), {"fields": ["valid_from", "valid_to", "extra"]}),
    ]
    show_fieldsets = [
        (
            _("Code"),
            {"fields": ["code_list", "code", "label", "label_en", "seq", "valid_from", "valid_to", "extra"]},
        )
    ]
    eager = ("code_list",)
    row_actions = [(_("End this code"), lambda row: _end_url(row), "can_edit")]
    lookup_columns = ("label", "code")

    def is_editable(self, item: CodeItem) -> bool:
        return not item.code_list.locked

    @expose("/end/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def end(self, pk: str) -> Any:
        """Take the code out of the selects after a day; records that hold it keep showing its name."""

        def end(session: Any, item: CodeItem, form: Any, actor: Any, now: Any) -> None:
            give_reason(session, form.reason.data)
            service.end_item(session, item, form.last_day.data, actor, now)

        note = _("Records keep an ended code and show its name; new records cannot choose it.")
        return self.end_page(pk, title=_("End this code"), note=note, end=end)

    def save(self, session: Any, item: Any, form: Any, is_new: bool) -> None:
        with at_form(form):
            service.save_item(session, item, current_actor(), clock.now())


def _end_url(row: CodeItem) -> str | None:
    """The page that ends a code, for codes of local lists that may be ended and have not been."""
    is_over = row.valid_to is not None or row.code_list.locked
    return (
        None
        if is_over or is_relied_on(row.code_list.name, row.code)
        else url_for("CodeItemView.end", pk=row.uid)
    )
